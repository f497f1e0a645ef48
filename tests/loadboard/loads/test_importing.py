"""Importing files: what is stored, what is refused and how the report says so."""

import asyncio
import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import at, delivery, everything, kinds, load, pickup, rows
from tests.loadboard.test_constraints import LOAD, insert

HEADER = (
    "reference", "equipment", "full", "weight_lb", "length_ft", "hazmat", "commodity", "rate_usd", "posted_miles",
    "pickup_place", "pickup_from", "pickup_to", "delivery_lat", "delivery_lon", "delivery_from", "delivery_to",
)  # fmt: skip


def flat(**changes: Any) -> dict[str, Any]:
    """The contract's example as a row of a file."""
    return {
        "reference": "A-1001",
        "equipment": "van",
        "full": "yes",
        "weight_lb": "42000",
        "length_ft": "53",
        "hazmat": "no",
        "commodity": "paper",
        "rate_usd": "1850.00",
        "posted_miles": "790",
        "pickup_place": "Dallas, TX",
        "pickup_from": at(0),
        "pickup_to": at(6),
        "delivery_lat": "33.749",
        "delivery_lon": "-84.388",
        "delivery_from": at(24),
        "delivery_to": at(36),
        **changes,
    }


def as_csv(records: Sequence[dict[str, Any]], ending: str = "\n") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]), lineterminator=ending)
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def as_ndjson(records: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def send(who: Member, content: bytes, **params: Any) -> httpx.Response:
    return who.post("/v1/loads/import", params=params, content=content)


def counts(answer: httpx.Response) -> tuple[int, int, int, int]:
    assert answer.status_code == 200, answer.text
    report = answer.json()
    return report["created"], report["updated"], report["unchanged"], report["refused"]


def found(answer: httpx.Response) -> list[tuple[int, str]]:
    return [(refusal["line"], refusal["pointer"]) for refusal in answer.json()["refusals"]]


def test_every_form_of_a_load_gives_the_same_listing(shipper: Member) -> None:
    shipper.post("/v1/loads", json=load(reference="posted"))
    for name, content in (
        ("csv", as_csv([flat(reference="csv")])),
        ("flat", as_ndjson([flat(reference="flat")])),
        ("typed", as_ndjson([flat(reference="typed", weight_lb=42000, length_ft=53, rate_usd=1850.0, full=True,
                                  hazmat=False, posted_miles=790, delivery_lat=33.749, delivery_lon=-84.388)])),
        ("nested", as_ndjson([load(reference="nested")])),
        ("packed", gzip.compress(as_csv([flat(reference="packed")]))),
    ):  # fmt: skip
        assert counts(send(shipper, content)) == (1, 0, 0, 0), name
    listings = shipper.get("/v1/loads").json()["items"]
    own = {"id", "reference", "first_posted_at", "updated_at", "confirmed_at", "flags"}
    bare = [{key: item[key] for key in item.keys() - own} for item in listings]
    assert bare == [bare[0]] * 6


def test_a_posted_load_imported_again_is_the_same_load(shipper: Member, database_url: str) -> None:
    shipper.post("/v1/loads", json=load())
    before = everything(database_url)
    for content in (as_csv([flat()]), as_ndjson([flat()]), as_ndjson([load()])):
        assert counts(send(shipper, content)) == (0, 0, 1, 0)
    assert everything(database_url) == before


def test_the_same_file_again_changes_nothing_and_changed_rows_update(
    shipper: Member, database_url: str
) -> None:
    records = [flat(reference=f"R{n}") for n in range(20)]
    assert counts(send(shipper, as_csv(records))) == (20, 0, 0, 0)
    before = everything(database_url)
    assert counts(send(shipper, as_csv(records))) == (0, 0, 20, 0)
    assert everything(database_url) == before
    changed = [flat(reference=f"R{n}", rate_usd="1.01") for n in (3, 7)]
    more = [*records[:3], changed[0], *records[4:7], changed[1], flat(reference="new")]
    assert counts(send(shipper, as_csv(more))) == (1, 2, 6, 0)
    assert kinds(database_url)[20:] == ["load.posted", "load.updated", "load.updated"]
    stored = rows(database_url, "SELECT reference, version FROM load WHERE rate_cents = 101")
    assert {(row["reference"], row["version"]) for row in stored} == {("R3", 2), ("R7", 2)}
    assert send(shipper, as_csv(changed)).json()["unchanged"] == 2


def test_assumptions_fill_what_is_missing_and_last(
    shipper: Member, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = {name: flat()[name] for name in ("reference", "equipment", "pickup_place")}
    to = {"delivery_lat": "33.749", "delivery_lon": "-84.388"}
    file = as_csv(
        [
            bare | to | {"pickup_to": at(6), "weight_lb": ""},
            bare | to | {"pickup_to": "", "weight_lb": "5", "reference": "B"},
        ]
    )
    assume = ["pickup_from=now", "pickup_to=now+72h", "weight_lb=40000"]
    answer = send(shipper, file, assume=assume)
    assert counts(answer) == (2, 0, 0, 0)
    assert answer.json()["assumed"] == {"pickup_from": 2, "pickup_to": 1, "weight_lb": 1}
    newer, older = shipper.get("/v1/loads").json()["items"]
    assert (older["weight_lb"], newer["weight_lb"]) == (40000, 5)
    assert older["stops"][0]["window"]["to"] == at(6)
    window = newer["stops"][0]["window"]
    opened = datetime.fromisoformat(window["from"])
    assert abs(opened - datetime.now(UTC)) < timedelta(minutes=1)
    assert datetime.fromisoformat(window["to"]) - opened == timedelta(hours=72)
    before = everything(database_url)
    # Later the assumed moments are others, and the file is still the same file.
    assert counts(send(shipper, file, assume=assume)) == (0, 0, 2, 0)
    assert everything(database_url) == before
    assert counts(send(shipper, file, assume=[*assume[:2], "weight_lb=1"])) == (0, 1, 1, 0)


def test_columns_of_other_boards_are_mapped_and_refused_by_their_own_names(
    shipper: Member, database_url: str
) -> None:
    theirs = {
        "reference": "Load #",
        "equipment": "Trailer",
        "rate_usd": "Pay, total",
        "pickup_place": "Origin",
        "pickup_from": "Ready",
        "delivery_lat": "Lat",
        "weight_lb": "Lbs",
    }
    strange = [
        flat(reference="ok"),
        flat(reference="a", equipment="spaceship"),
        flat(reference="b", rate_usd="1850.005"),
        flat(reference="c", pickup_place="Nowhere, ZZ"),
        flat(reference="d", pickup_from="tomorrow"),
        flat(reference="e", delivery_lat="91"),
        flat(reference="f", weight_lb="-4", rate_usd="0", full="maybe"),
        flat(reference="g", weight_lb="-4", rate_usd="0", delivery_lat=""),
        flat(reference=""),
        flat(reference="h", pickup_from=at(6), pickup_to=at(0)),
        flat(reference="i", delivery_from=at(-9), delivery_to=at(-8)),
        flat(reference="j", pickup_from="", pickup_to=""),
        flat(reference="k", pickup_from=at(-99), pickup_to=at(-98)),
    ]
    records = [{theirs.get(key, key): value for key, value in row.items()} for row in strange]
    records = [record | {"Broker phone": "none"} for record in records]
    answer = send(shipper, as_csv(records), map=[f"{their}={our}" for our, their in theirs.items()])
    assert counts(answer) == (1, 0, 0, 12)
    assert answer.json()["unused_columns"] == ["Broker phone"]
    assert sorted(found(answer)) == sorted([
        (3, "/Trailer"), (4, "/Pay, total"), (5, "/Origin"), (6, "/Ready"), (7, "/Lat"), (8, "/full"),
        (9, "/Lbs"), (9, "/Pay, total"), (9, "/delivery_place"), (10, "/Load #"), (11, "/Ready"), (12, "/delivery_to"),
        (13, "/Ready"), (13, "/pickup_to"), (14, "/pickup_to"),
    ])  # fmt: skip
    assert kinds(database_url) == ["load.posted"]


def test_a_refused_line_of_nested_json_is_named_by_pointer(shipper: Member) -> None:
    lines = [
        load(reference="a", weight_lb=-1),
        load(reference="b", stops=[pickup(), delivery(lat=91)]),
        load(reference="c", unknown=1),
        load(reference="d", stops=[pickup(place="Nowhere, ZZ"), delivery()]),
        {"reference": "e", "stops": []},
        load(reference="f"),
    ]
    junk = (
        b'{"reference": \n[1]\nnull\n\n  \n{"a": NaN}\n"text"\n{"x": "\\ud800"}\n\xef\xbb\xbf{}\n'
    )
    answer = send(shipper, as_ndjson(lines) + junk)
    assert counts(answer)[0] == 1
    assert found(answer)[:7] == [
        (1, "/weight_lb"), (2, "/stops/1/lat"), (3, "/unknown"), (5, "/equipment"), (5, "/stops"), (7, ""), (8, ""),
    ]  # fmt: skip
    assert (4, "/stops/0/place") in found(answer)
    assert {line for line, _ in found(answer)} == {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 14, 15}
    assert counts(answer)[3] == 12


def test_a_misspelt_column_stops_the_import(shipper: Member, database_url: str) -> None:
    wrong = {
        "weight_lbs": ({**flat(), "weight_lbs": "1"}, {}),
        "pickup_palce": ({**flat(), "pickup_palce": "x"}, {}),
        "Nope": (flat(), {"map": ["Nope=reference"]}),
        "rate": (flat(), {"map": ["commodity=rate"]}),
        "/reference is said by two columns": (flat(), {"map": ["commodity=reference"]}),
        "theirs=ours": (flat(), {"map": ["reference"]}),
        "ours=value": (flat(), {"assume": ["weight_lb"]}),
        "did you mean weight_lb": (flat(), {"assume": ["weight=5"]}),
        "has nothing for reference, equipment": ({"x": "1", "y": "2"}, {}),
    }
    for words, (record, params) in wrong.items():
        answer = send(shipper, as_csv([record]), **params)
        assert answer.status_code == 422, words
        assert words in answer.json()["detail"], words
    assert send(shipper, as_csv([flat()]), mapp="a=b").json()["errors"][0]["pointer"] == "/mapp"
    assert everything(database_url) == [[], [], []]


def test_fields_of_flat_json_are_held_to_the_same_names(shipper: Member) -> None:
    records = [
        flat(reference="a", phone="none"),
        flat(reference="b", weight_lbs=5),
        flat(reference="c", remark=None),
    ]
    answer = send(shipper, as_ndjson(records))
    assert counts(answer) == (2, 0, 0, 1)
    assert found(answer) == [(2, "/weight_lbs")]
    assert answer.json()["unused_columns"] == ["phone", "remark"]


def test_the_odd_ways_in_which_csv_is_written(shipper: Member, database_url: str) -> None:
    record = flat(commodity='5" pipe, "galvanised"\nsecond line')
    as_it_is = as_csv([record], "\r\n")
    assert counts(send(shipper, as_it_is)) == (1, 0, 0, 0)
    [stored] = rows(database_url, "SELECT commodity FROM load")
    assert stored["commodity"] == record["commodity"]
    same = [
        b"\xef\xbb\xbf" + as_it_is,
        as_it_is.replace(b"\r\n", b"\n"),
        as_it_is.rstrip(),
        as_it_is + b"\r\n\r\n\n",
        as_it_is.replace(b"\r\n", b"\r\n\r\n\r\n", 1),
        as_csv([{key: f"  {value} " for key, value in record.items()}]),
        b"".join(gzip.compress(part) for part in (as_it_is[:200], as_it_is[200:])),
        as_csv([dict(reversed(record.items())) | {"length_ft": "53.0", "full": "TRUE", "hazmat": "0"}]),
    ]  # fmt: skip
    for content in same:
        assert counts(send(shipper, content)) == (0, 0, 1, 0), content
    bare = as_csv([flat(reference="mac")], "\r")
    assert counts(send(shipper, bare)) == (1, 0, 0, 0)


def test_lines_that_are_broken_spoil_only_themselves(shipper: Member) -> None:
    header, good = as_csv([flat(reference="GOOD")]).splitlines()

    def numbered(n: int) -> bytes:
        return good.replace(b"GOOD", b"G%d" % n)

    lines = [
        header,
        numbered(2),
        b"short,row",
        numbered(4) + b",more",
        numbered(5).replace(b"paper", b'"pa"per'),
        numbered(6).replace(b"paper", b"p" * 1_500_000),
        numbered(7).replace(b"paper", b"p" * 200_000),
        numbered(8).replace(b"paper", b"p" * 201),
        b"," * header.count(b","),
        numbered(10),
        numbered(11).replace(b"paper", b'"never closed').replace(b'"Dallas, TX"', b"Dallas TX"),
        numbered(12),
    ]
    answer = send(shipper, b"\n".join(lines))
    assert counts(answer) == (2, 0, 0, 8)
    refused = dict(reversed(found(answer)))
    assert refused == {
        3: "", 4: "", 5: "", 6: "", 7: "", 8: "/commodity", 9: "/reference", 11: "",
    }  # fmt: skip
    assert "line 12" in answer.json()["refusals"][-1]["message"]
    stored = [item["reference"] for item in shipper.get("/v1/loads").json()["items"]]
    assert stored == ["G10", "G2"]
    line = json.dumps(flat(reference="N", commodity="x" * 1_200_000)).encode()
    answer = send(shipper, line + b"\n" + as_ndjson([flat(reference="after")]))
    assert (counts(answer), found(answer)) == ((1, 0, 0, 1), [(1, "")])


def test_a_file_that_cant_be_read_to_its_end_changes_nothing(
    shipper: Member, carrier: Member, database_url: str
) -> None:
    good = as_csv([flat(reference=f"R{n}") for n in range(3000)])
    packed = gzip.compress(good)
    bad = {
        "empty": b"",
        "empty gzip": gzip.compress(b""),
        "blank": b" \n\n",
        "latin-1": good + "café".encode("latin-1"),
        "utf-16": good.decode().encode("utf-16"),
        "truncated": packed[: len(packed) // 2],
        "cut before its sum": packed[:-8],
        "damaged": packed[:500] + b"\0\0\0\0" + packed[504:],
        "trailing": packed + b"garbage",
        "binary": good + b"\0",
        "image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "cut character": good + "é".encode()[:1],
        "array": b"[" + json.dumps(load()).encode() + b"]",
        "header twice": b"reference,reference\n",
        "quote": b'"reference,equipment\n' + good,
        "wide": b"," * 2_000_000 + b"\n",
        "one field": b"x" * 2_000_000,
    }
    for name, content in bad.items():
        answer = send(shipper, content)
        assert answer.status_code == 422, (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert answer.json()["errors"][0]["message"], name
    assert send(carrier, good).status_code == 403
    assert everything(database_url) == [[], [], []]


async def _claiming(client: httpx.AsyncClient, size: int) -> httpx.Response:
    request = client.build_request(
        "POST", "/v1/loads/import", content=as_csv([flat()]), headers={"Content-Length": str(size)}
    )
    return await client.send(request)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    shipper: Member, database_url: str
) -> None:
    answer = shipper.service.run(_claiming(shipper.client, 4097 << 20))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert everything(database_url) == [[], [], []]


def test_of_more_than_a_thousand_refusals_the_rest_is_counted(shipper: Member) -> None:
    answer = send(shipper, as_csv([flat(reference=f"R{n}", hazmat="?") for n in range(1_203)]))
    assert counts(answer) == (0, 0, 0, 1_203)
    assert len(answer.json()["refusals"]) == 1_000
    assert answer.json()["refusals_left_out"] == 203


def test_a_reference_that_comes_again_in_a_file(shipper: Member, database_url: str) -> None:
    first, other = flat(), flat(rate_usd="1")
    file = as_csv([first, flat(reference="B"), first, other, flat(reference="C")])
    answer = send(shipper, file)
    assert counts(answer) == (3, 0, 1, 1)
    assert found(answer) == [(5, "/reference")]
    assert "line 2" in answer.json()["refusals"][0]["message"]
    before = everything(database_url)
    assert counts(send(shipper, file)) == (0, 0, 4, 1)
    assert everything(database_url) == before


def test_a_closed_load_is_not_reopened(shipper: Member, database_url: str) -> None:
    load_id = shipper.post("/v1/loads", json=load()).json()["id"]
    shipper.post(f"/v1/loads/{load_id}/cancel", headers={"If-Match": "*"})
    before = everything(database_url)
    assert counts(send(shipper, as_csv([flat()]))) == (0, 0, 1, 0)
    answer = send(shipper, as_csv([flat(rate_usd="3")]))
    assert (counts(answer), found(answer)) == ((0, 0, 0, 1), [(2, "/reference")])
    assert everything(database_url) == before


async def _both(client: httpx.AsyncClient, files: list[bytes]) -> list[httpx.Response]:
    sent = (client.post("/v1/loads/import", content=file) for file in files)
    return await asyncio.gather(*sent)


def test_files_with_the_same_loads_in_another_order_at_once(
    shipper: Member, database_url: str
) -> None:
    for rate in ("1", "2"):
        records = [flat(reference=f"R{n}", rate_usd=rate) for n in range(1_000)]
        files = [as_csv(records), as_csv(records[::-1]), as_csv(records[500:] + records[:500])]
        answers = shipper.service.run(_both(shipper.client, files))
        done = [counts(answer) for answer in answers]
        assert sum(created + updated for created, updated, _, _ in done) == 1_000
        assert [sum(each) for each in done] == [1_000] * 3
    assert kinds(database_url) == ["load.posted"] * 1_000 + ["load.updated"] * 1_000


async def _while_held(
    client: httpx.AsyncClient, files: list[bytes], holder: psycopg.Connection, database_url: str
) -> list[httpx.Response]:
    """Sends the files, and lets the holder go when all of them wait for it."""
    sent = [asyncio.create_task(client.post("/v1/loads/import", content=file)) for file in files]
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    for _ in range(200):
        await asyncio.sleep(0.05)
        if len(rows(database_url, waiting)) == len(files):
            break
    holder.rollback()
    return await asyncio.gather(*sent)


def test_imports_wait_for_each_other_in_one_direction(shipper: Member, database_url: str) -> None:
    for number in range(3):
        both = [flat(reference=f"{name}{number}") for name in ("A", "B")]
        # Whichever of the four goes on first, it must not find the last one in its way.
        files = [*[as_csv(both)] * 3, as_csv(both[::-1])]
        with psycopg.connect(database_url) as holder:
            held = {"organization_id": shipper.sender.organization_id, **both[0]}
            insert(
                holder,
                "load",
                LOAD | {name: held[name] for name in ("organization_id", "reference")},
            )
            sent = _while_held(shipper.client, files, holder, database_url)
            answers = shipper.service.run(sent)
        done = [counts(answer) for answer in answers]
        assert sorted(done) == [(0, 0, 2, 0)] * 3 + [(2, 0, 0, 0)]
