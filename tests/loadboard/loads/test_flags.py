"""What is odd about a posting, and what it was before."""

from datetime import timedelta
from typing import Any

import orjson
import psycopg
import pytest

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import START, at, delivery, load, pickup
from tests.loadboard.networks.test_networks import add, make

MERGE = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


def post(poster: Member, reference: str, **said: Any) -> dict[str, Any]:
    answer = poster.post("/v1/loads", json=load(reference=reference, **said))
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def flags(carrier: Member) -> dict[str, list[str]]:
    """By reference, as they stand on results; each load by itself must tell the same."""
    found = carrier.post("/v1/search", json={}).json()["items"]
    for item in found:
        assert carrier.get(f"/v1/loads/{item['id']}").json()["flags"] == item["flags"]
    return {item["reference"]: item["flags"] for item in found}


def book(database_url: str, load_id: int) -> None:
    """As a booking leaves a load."""
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE load DROP CONSTRAINT IF EXISTS load_status_check")
        connection.execute(
            "UPDATE load SET status = 'booked', version = version + 1 WHERE id = %s", [load_id]
        )


def test_the_same_freight_of_one_poster_is_a_duplicate(
    shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    post(shipper, "A")
    post(shipper, "B", rate_cents=1, posted_miles=1, commodity="PAPER")
    post(other_shipper, "C")
    other: list[dict[str, Any]] = [
        {"weight_lb": 41_999},
        {"equipment": "reefer"},
        {"commodity": "steel"},
    ]
    for n, said in enumerate(other):
        post(shipper, f"D{n}", **said)
    day = (START + timedelta(days=1)).isoformat()
    moved = [pickup(window={"from": day, "to": day}), delivery(window=None)]
    post(shipper, "E", stops=moved)
    post(shipper, "F", stops=[pickup(place="Waco, TX"), delivery()])
    found = flags(carrier)
    assert found.pop("B") == ["duplicate"]
    assert set(map(tuple, found.values())) == {()}


def test_what_is_closed_has_no_duplicate(shipper: Member, carrier: Member) -> None:
    first = post(shipper, "A")
    shipper.post(f"/v1/loads/{first['id']}/cancel", headers={"If-Match": "*"})
    assert post(shipper, "B")["flags"] == []
    # A load is no duplicate of itself, and every version is judged anew.
    second = shipper.get("/v1/loads").json()["items"][0]
    path = f"/v1/loads/{second['id']}"
    assert shipper.patch(path, json={"rate_cents": 7}, headers=MERGE).json()["flags"] == []
    post(shipper, "C")
    assert shipper.patch(path, json={"rate_cents": 8}, headers=MERGE).json()["flags"] == [
        "duplicate"
    ]
    changed = shipper.patch(path, json={"weight_lb": 1}, headers=MERGE).json()
    assert changed["flags"] == []
    assert flags(carrier) == {"B": [], "C": ["duplicate"]}


def test_freight_that_was_booked_here_and_is_posted_again_is_flagged(
    shipper: Member, other_shipper: Member, carrier: Member, database_url: str
) -> None:
    book(database_url, post(shipper, "A")["id"])
    post(other_shipper, "again")
    post(shipper, "B")
    post(shipper, "else", weight_lb=1)
    assert flags(carrier) == {"again": ["reposted"], "B": ["reposted"], "else": []}


def test_flags_tell_nothing_of_private_loads(
    shipper: Member, carrier: Member, database_url: str
) -> None:
    core = make(shipper, "Core")
    post(shipper, "private", audience={"networks": [core]})
    book(database_url, post(shipper, "booked", audience={"networks": [core]})["id"])
    post(shipper, "public")
    assert flags(carrier) == {"public": []}
    add(shipper, core, carrier)
    post(shipper, "other", audience={"networks": [core]})
    assert flags(carrier) == {"private": [], "public": [], "other": ["duplicate"]}


@pytest.mark.parametrize("batched", [True, False])
def test_an_import_flags_its_own_duplicates(
    shipper: Member, carrier: Member, batched: bool
) -> None:
    loads = [load(reference="A"), load(reference="B"), load(reference="C", weight_lb=7)]
    files = [loads] if batched else [[each] for each in loads]
    for lines in files:
        content = b"\n".join(map(orjson.dumps, lines))
        kind = {"Content-Type": "application/x-ndjson"}
        report = shipper.post("/v1/loads/import", content=content, headers=kind).json()
        assert report["created"] == len(lines), report
    assert flags(carrier) == {"A": [], "B": ["duplicate"], "C": []}


def test_the_history_tells_the_rates_and_times_of_every_version(
    shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    first = post(shipper, "A")
    path = f"/v1/loads/{first['id']}"
    changed = shipper.patch(path, json={"rate_cents": 190_000}, headers=MERGE).json()
    stops = [pickup(window={"from": at(1), "to": at(2)}), delivery(window=None)]
    shipper.patch(path, json={"stops": stops}, headers=MERGE)
    confirmed = shipper.post(f"{path}/confirm").json()["confirmed_at"]
    history = carrier.get(f"{path}/history").json()
    assert history["confirmed_at"] == confirmed
    assert [item["version"] for item in history["items"]] == [1, 2, 3]
    assert [item["rate_cents"] for item in history["items"]] == [185_000, 190_000, 190_000]
    assert [item["happened"] for item in history["items"]] == ["load.posted"] + ["load.updated"] * 2
    assert [item["at"] for item in history["items"][:2]] == [
        first["first_posted_at"],
        changed["updated_at"],
    ]
    assert history["items"][2]["windows"] == [{"from": at(1), "to": at(2)}, None]
    assert other_shipper.get(f"{path}/history").status_code == 404
    shipper.post(f"{path}/cancel", headers={"If-Match": "*"})
    assert carrier.get(f"{path}/history").status_code == 404
    assert [i["status"] for i in shipper.get(f"{path}/history").json()["items"]][-1] == "cancelled"


def test_a_cancelled_load_keeps_the_reason(shipper: Member, carrier: Member) -> None:
    for n, reason in enumerate(["covered_elsewhere", "no_longer_needed", None]):
        load_id = post(shipper, f"R{n}")["id"]
        path = f"/v1/loads/{load_id}/cancel"
        wrong = shipper.post(path, headers={"If-Match": "*"}, json={"reason": "because"})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/reason")
        body = {"reason": reason} if reason else None
        assert shipper.post(path, headers={"If-Match": "*"}, json=body).status_code == 200
        assert shipper.get(f"/v1/loads/{load_id}").json().get("cancel_reason") == reason
