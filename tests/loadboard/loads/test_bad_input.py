"""Input that must be refused by name, or shown as the text that it is; and never changes anything."""

import json
from typing import Any

import httpx

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import (
    at,
    delivery,
    everything,
    load,
    pickup,
    rows,
    window,
)
from tests.loadboard.loads.test_importing import as_csv, as_ndjson, counts, flat, send

HUGE = 10**30
NO_NUMBERS: list[Any] = [0, -1, HUGE, -HUGE, "42000", True, False, [], {}, float("nan"), float("inf"), 10**400]  # fmt: skip
NO_TIMES: list[Any] = [
    1795500000, 1795500000.5, "1795500000", "2026-11-24", "2027-01-01T00:00:00", "tomorrow",
    "2027-13-01T00:00:00Z", "2027-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
    "1999-12-31T00:00:00Z", True, "", "T", "2027-01-01T00:00:00+99:00", [], {}, "2101-01-01T00:00:00Z",
]  # fmt: skip
DEEP = "[" * 100_000 + "]" * 100_000
JSON = {"Content-Type": "application/json"}
HOSTILE = (
    "'; DROP TABLE load; --",
    "1' OR '1'='1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>&amp;&lt;",
    "$$; SELECT pg_sleep(9); $$",
    "%s %(x)s {0} ${jndi:ldap://x} \\N \\. \\x41",
    "tab\there\nand a line",
    "日本語 🚚 \u202eright to left \u0301combining \ufeff",
    '"quoted", \'single\', `tick`; \\" \\\\',
    "null",
)


def stop(**changes: Any) -> list[dict[str, Any]]:
    """Two stops, the first of them changed."""
    return [{"kind": "pickup", "window": window(0, 6), **changes}, delivery()]


# What is wrong, as a change of the contract's example, by the pointers that must be named.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("/unknown", {"unknown": 1}),
    ("/id", {"id": 1}),
    ("/version", {"version": 9}),
    ("/reference", {"reference": ""}),
    ("/reference", {"reference": "  "}),
    ("/reference", {"reference": "x" * 101}),
    ("/reference", {"reference": 5}),
    ("/reference", {"reference": None}),
    ("/reference", {"reference": "a\0b"}),
    ("/reference", {"reference": "a\x1bb"}),
    ("/reference", {"reference": "\ud800"}),
    ("/reference", {"reference": ["A"]}),
    ("/commodity", {"commodity": "x" * 201}),
    ("/commodity", {"commodity": "\udfff"}),
    ("/commodity", {"commodity": {"a": 1}}),
    ("/equipment", {"equipment": "spaceship"}),
    ("/equipment", {"equipment": "\ud800"}),
    ("/equipment", {"equipment": "x" * 100_000}),
    ("/equipment", {"equipment": True}),
    ("/full", {"full": "yes"}),
    ("/full", {"full": 1}),
    ("/hazmat", {"hazmat": "false"}),
    ("/hazmat", {"hazmat": 0}),
    ("/currency", {"currency": "EUR"}),
    ("/currency", {"currency": "usd"}),
    *(
        (f"/{name}", {name: value})
        for name in ("weight_lb", "length_ft", "rate_cents")
        for value in NO_NUMBERS
    ),
    # Nought miles are posted where both ends are one town.
    *(("/posted_miles", {"posted_miles": value}) for value in NO_NUMBERS[1:]),
    ("/weight_lb", {"weight_lb": 42000.0}),
    ("/rate_cents", {"rate_cents": 1850.5}),
    ("/rate_cents", {"rate_cents": 1e3}),
    *(
        ("/expires_at", {"expires_at": value})
        for value in NO_TIMES
    ),
    ("/stops", {"stops": []}),
    ("/stops", {"stops": [pickup()]}),
    ("/stops", {"stops": [delivery(window=None), pickup()]}),
    ("/stops", {"stops": [pickup(), pickup()]}),
    ("/stops", {"stops": [pickup(window=None), delivery()]}),
    ("/stops", {"stops": [pickup(), *[delivery()] * 20]}),
    ("/stops", {"stops": "x"}),
    ("/stops", {"stops": {"0": pickup(), "1": delivery()}}),
    ("/stops", {"stops": [pickup(), delivery(window=window(-9, -8))]}),
    ("/stops/0", {"stops": [None, delivery()]}),
    ("/stops/0", {"stops": stop()}),
    ("/stops/0", {"stops": stop(place="Dallas, TX", zip="75201")}),
    ("/stops/0", {"stops": stop(lat=33.0)}),
    ("/stops/0/lat", {"stops": stop(lat=91, lon=0)}),
    ("/stops/0/lat", {"stops": stop(lat=-90.0000001, lon=0)}),
    ("/stops/0/lat", {"stops": stop(lat="33", lon=0)}),
    ("/stops/0/lat", {"stops": stop(lat=float("nan"), lon=0)}),
    ("/stops/0/lat", {"stops": stop(lat=True, lon=0)}),
    ("/stops/0/lon", {"stops": stop(lat=0, lon=180.5)}),
    ("/stops/0/lon", {"stops": stop(lat=0, lon=HUGE)}),
    ("/stops/0/place", {"stops": stop(place="Nowhere, ZZ")}),
    ("/stops/0/place", {"stops": stop(place="Springfield")}),
    ("/stops/0/place", {"stops": stop(place="x" * 121)}),
    ("/stops/0/place", {"stops": stop(place="")}),
    ("/stops/0/place", {"stops": stop(place="\ud800")}),
    ("/stops/0/zip", {"stops": stop(zip="00000")}),
    ("/stops/0/zip", {"stops": stop(zip=75201)}),
    ("/stops/0/zip", {"stops": stop(zip="75201-12345")}),
    ("/stops/0/zip", {"stops": stop(zip="٧٥٢٠١")}),
    ("/stops/0/kind", {"stops": stop(place="Dallas, TX", kind="visit")}),
    ("/stops/0/extra", {"stops": stop(place="Dallas, TX", extra=1)}),
    ("/stops/0/window", {"stops": stop(place="Dallas, TX", window=window(6, 0))}),
    ("/stops/0/window", {"stops": stop(place="Dallas, TX", window=at(0))}),
    ("/stops/0/window/to", {"stops": stop(place="Dallas, TX", window={"from": at(0)})}),
    ("/stops/0/window/from", {"stops": stop(place="Dallas, TX", window={"from": 0, "to": at(0)})}),
    ("/stops/0/window/until", {"stops": stop(place="Dallas, TX", window=window(0, 6) | {"until": 1})}),
    ("/stops/0/window/to", {"stops": stop(place="Dallas, TX", window=window(-90, -80))}),
    *((("/stops/0/place"), {"stops": stop(place=text)}) for text in HOSTILE),
]  # fmt: skip
# Bodies that are no load at all.
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "cut off": json.dumps(load()).encode()[:-20],
    "no JSON": b"<load/>",
    "an array": b"[]",
    "a text": b'"load"',
    "null": b"null",
    "a number": b"5",
    "trailing": json.dumps(load()).encode() + b"x",
    "latin-1": json.dumps(load(commodity="caf\xe9"), ensure_ascii=False).encode("latin-1"),
    "deep": DEEP.encode(),
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep inside": json.dumps(load()).encode()[:-1] + b', "x": ' + DEEP.encode() + b"}",
    "deep enough to be read": b'{"stops": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
    "huge integer": b'{"weight_lb": ' + b"9" * 100_000 + b"}",
    "binary": bytes(range(256)),
    "utf-16": json.dumps(load()).encode("utf-16") + b"\xff",
    "a lone surrogate for a name": b'{"\\ud800": 1}',
    "a name twice": json.dumps(load()).encode()[:-1] + b', "rate_cents": 1}',
    "a name twice within": json.dumps(load()).encode().replace(b'"lat"', b'"lat": 1.5, "lat"'),
}


def is_problem(answer: httpx.Response, status: int | None = None) -> bool:
    return (
        400 <= answer.status_code < 500
        and status in (None, answer.status_code)
        and answer.headers["content-type"] == "application/problem+json"
        and bool(answer.json()["detail"])
    )


def pointers(answer: httpx.Response) -> set[str]:
    return {error["pointer"] for error in answer.json()["errors"] if error["message"]}


def body(content: Any) -> bytes:
    return json.dumps(content).encode()


def test_a_wrong_load_is_refused_by_name(shipper: Member, database_url: str) -> None:
    shown = shipper.post("/v1/loads", json=load(reference="stays")).json()
    before = everything(database_url)
    headers = {**JSON, "If-Match": '"1"'}
    wrong = []
    for pointer, change in WRONG:
        posted = shipper.post("/v1/loads", content=body(load() | change), headers=JSON)
        if not (is_problem(posted, 422) and pointers(posted) == {pointer}):
            wrong.append(("POST", pointer, change, posted.status_code, posted.text[:200]))
        changed = shipper.patch(f"/v1/loads/{shown['id']}", content=body(change), headers=headers)
        by_null = {"/reference"} if change == {"reference": None} else {pointer}
        if not (is_problem(changed, 422) and pointers(changed) == by_null):
            wrong.append(("PATCH", pointer, change, changed.status_code, changed.text[:200]))
    assert wrong == []
    assert everything(database_url) == before


def test_a_wrong_row_is_refused_by_name(shipper: Member, database_url: str) -> None:
    changes = [
        (f"/{name}", {name: value})
        for name in ("weight_lb", "length_ft", "rate_usd", "posted_miles", "delivery_lat", "delivery_lon")
        for value in (str(HUGE), "NaN", "inf", "-Infinity", "1e400", "0x10", "1,000", "$5", "ten", "1 2", "--1")
    ] + [
        (f"/{name}", {name: value})
        for name in ("weight_lb", "rate_usd", "length_ft")
        for value in ("0", "-1")
    ] + [
        (f"/{name}", {name: value})
        for name in ("pickup_from", "pickup_to", "delivery_from", "delivery_to")
        for value in ("1795500000", "2027-01-01", "2027-01-01T00:00:00", "now+", "now+5", "NOW", "11/24/2026 08:00")
    ] + [
        ("/equipment", {"equipment": "x"}),
        ("/full", {"full": "2"}),
        ("/hazmat", {"hazmat": "maybe"}),
        ("/commodity", {"commodity": "\x01"}),
        ("/weight_lb", {"weight_lb": "42000.5"}),
        ("/rate_usd", {"rate_usd": "1850.001"}),
        *(("/pickup_place", {"pickup_place": text}) for text in HOSTILE),
    ]  # fmt: skip
    records = [flat(reference=f"R{n}") | change for n, (_, change) in enumerate(changes)]
    for content, first in ((as_csv(records), 2), (as_ndjson(records), 1)):
        answer = send(shipper, content)
        assert counts(answer) == (0, 0, 0, len(changes))
        named = {(refusal["line"], refusal["pointer"]) for refusal in answer.json()["refusals"]}
        lines = [
            1 + sum(r.get("pickup_place", "").count("\n") for r in records[:n]) + n + 1
            for n in range(len(records))
        ]
        numbers = lines if first == 2 else range(1, len(records) + 1)
        expected = {(line, pointer) for line, (pointer, _) in zip(numbers, changes, strict=True)}
        assert named == expected
    assert everything(database_url) == [[], [], []]


def test_a_broken_body_is_refused(shipper: Member, database_url: str) -> None:
    shown = shipper.post("/v1/loads", json=load(reference="stays")).json()
    before = everything(database_url)
    headers = {**JSON, "If-Match": '"1"'}
    wrong = []
    for name, content in BROKEN.items():
        answers = (
            shipper.post("/v1/loads", content=content, headers=JSON),
            shipper.post("/v1/loads", content=content, headers={"Content-Type": "text/plain"}),
            shipper.patch(f"/v1/loads/{shown['id']}", content=content, headers=headers),
        )
        wrong += [(name, a.status_code, a.text[:200]) for a in answers if not is_problem(a)]
    assert wrong == []
    assert everything(database_url) == before


def test_a_body_of_five_megabytes_is_too_large(shipper: Member, database_url: str) -> None:
    path = f"/v1/loads/{shipper.post('/v1/loads', json=load()).json()['id']}"
    before = everything(database_url)
    headers = {**JSON, "If-Match": '"1"'}
    large = body(load(commodity="x" * 5_000_000))

    async def chunks() -> Any:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    for method, url in (
        ("POST", "/v1/loads"), ("PATCH", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/confirm"),
    ):  # fmt: skip
        assert is_problem(shipper.request(method, url, content=large, headers=headers), 413), url
    for method, url in (("POST", "/v1/loads"), ("PATCH", path)):
        answer = shipper.request(method, url, content=chunks(), headers=headers)
        assert is_problem(answer, 413), url
        assert answer.json()["type"] == "/problems/too-large"
    assert everything(database_url) == before


def test_hostile_text_is_text(shipper: Member, carrier: Member, database_url: str) -> None:
    for text in HOSTILE:
        answer = shipper.post("/v1/loads", json=load(reference=text, commodity=text))
        shown = answer.json()
        assert answer.status_code == 201, (text, answer.text)
        expected = text.strip()
        assert (shown["reference"], shown["commodity"]) == (expected, expected)
        assert carrier.get(f"/v1/loads/{shown['id']}").json()["commodity"] == expected
        again = {"If-Match": '"1"'}
        back = shipper.patch(f"/v1/loads/{shown['id']}", json={"commodity": None}, headers=again)
        assert back.json()["commodity"] is None
        headers = {"If-Match": '"2"'}
        there = shipper.patch(f"/v1/loads/{shown['id']}", json={"commodity": text}, headers=headers)
        assert there.json()["commodity"] == expected
    file = [flat(reference=f"file {text}", commodity=text) for text in HOSTILE]
    assert counts(send(shipper, as_csv(file))) == (len(HOSTILE), 0, 0, 0)
    assert counts(send(shipper, as_ndjson(file))) == (0, 0, len(HOSTILE), 0)
    stored = {
        row["reference"]: row["commodity"] for row in rows(database_url, "SELECT * FROM load")
    }
    texts = {text.strip(): text.strip() for text in HOSTILE}
    assert stored == texts | {f"file {text}".strip(): text.strip() for text in HOSTILE}
    found = carrier.post("/v1/search", json={"limit": 200}).json()["items"]
    assert {item["reference"]: item["commodity"] for item in found} == stored


def test_unknown_parameters_are_refused(shipper: Member, database_url: str) -> None:
    path = f"/v1/loads/{shipper.post('/v1/loads', json=load()).json()['id']}"
    before = everything(database_url)
    headers = {"If-Match": '"1"'}
    for method, url, content in (
        ("POST", "/v1/loads", load(reference="B")), ("GET", "/v1/loads", None), ("GET", path, None),
        ("PATCH", path, {"rate_cents": 7}), ("POST", f"{path}/cancel", None), ("POST", f"{path}/confirm", None),
        ("GET", f"{path}/route", None), ("POST", "/v1/loads/import", None), ("GET", "/v1/me", None),
        ("GET", "/v1/equipment", None), ("POST", "/v1/search", {}), ("POST", "/v1/search/hexes", {}),
    ):  # fmt: skip
        answer = shipper.request(method, f"{url}?dry_run=1", json=content, headers=headers)
        assert is_problem(answer, 422), (method, url, answer.text)
        assert pointers(answer) == {"/dry_run"}
    assert everything(database_url) == before


def test_odd_headers(shipper: Member, database_url: str) -> None:
    path = f"/v1/loads/{shipper.post('/v1/loads', json=load()).json()['id']}"
    before = everything(database_url)
    for url, content in (
        ("/v1/loads", load(reference="B")),
        (f"{path}/cancel", None),
        (f"{path}/confirm", None),
    ):
        headers = {"If-Match": '"1"', "Idempotency-Key": "k" * 100_000}
        answer = shipper.post(url, json=content, headers=headers)
        assert is_problem(answer, 422), url
        assert pointers(answer) == {"/Idempotency-Key"}
    for headers in (
        {"Content-Type": "application/json; charset=\xff"},
        {"Content-Type": "multipart/form-data"},
    ):
        answer = shipper.post(
            "/v1/loads", content=b"{}", headers=httpx.Headers(headers, encoding="latin-1")
        )
        assert is_problem(answer), headers
    wrong = {
        "limit": ["0", "201", "-1", "x", "1e9", "", str(HUGE)],
        "status": ["open", "\0"],
        "cursor": ["x", "é", "A" * 501],
    }
    for name, values in wrong.items():
        for value in values:
            answer = shipper.get("/v1/loads", params={name: value})
            assert is_problem(answer, 422), (name, value)
            assert pointers(answer) == {f"/{name}"}
    assert everything(database_url) == before


def test_the_same_key_may_come_again(shipper: Member, database_url: str) -> None:
    headers = {"Idempotency-Key": "5f1e"}
    statuses = [
        shipper.post("/v1/loads", json=load(), headers=headers).status_code for _ in range(3)
    ]
    assert statuses == [201, 201, 201]
    assert len(everything(database_url)[0]) == 1
