"""One day of a real board, imported as it is. The file is no part of the project; see the README."""

import csv
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.loadboard.conftest import Member

REAL_DAY = Path(
    os.environ.get(
        "LOADBOARD_REAL_DAY",
        Path(__file__).parents[4] / "shared" / "data" / "loads-2023-11-19.csv",
    )
)
COLUMNS = {
    "loadId": "reference",
    "originLatitude": "pickup_lat",
    "originLongitude": "pickup_lon",
    "destinationLatitude": "delivery_lat",
    "destinationLongitude": "delivery_lon",
    "equipmentType": "equipment",
    "price": "rate_usd",
    "mileage": "posted_miles",
}
ASSUMED = ["pickup_from=now", "pickup_to=now+72h"]


@pytest.mark.skipif(not REAL_DAY.exists(), reason="the day's file is not here")
def test_a_real_day_is_taken_whole_and_unaltered(shipper: Member, carrier: Member) -> None:
    rows = list(csv.DictReader(REAL_DAY.read_text().splitlines()))
    first, again = (send(shipper).json() for _ in range(2))
    assert (first["created"], first["refused"]) == (len(rows), 0), first["refusals"]
    assert (again["unchanged"], again["refused"]) == (len(rows), 0)
    stored = {load["reference"]: load for load in found(carrier)}
    assert {key: told(load) for key, load in stored.items()} == {
        row["loadId"]: as_filed(row) for row in rows
    }
    errors = [
        abs(load["loaded_miles"] / load["posted_miles"] - 1)
        for load in stored.values()
        if load["posted_miles"] > 50
    ]
    assert len(errors) > 400
    assert sum(errors) / len(errors) <= 0.035


def send(shipper: Member) -> httpx.Response:
    maps = [f"{theirs}={ours}" for theirs, ours in COLUMNS.items()]
    query = {"map": maps, "assume": ASSUMED}
    return shipper.post("/v1/loads/import", params=query, content=REAL_DAY.read_bytes())


def found(carrier: Member) -> list[dict[str, Any]]:
    loads: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = carrier.post("/v1/search", json={"limit": 200, "cursor": cursor}).json()
        loads += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            assert len(loads) == page["total"]
            return loads


def told(load: dict[str, Any]) -> tuple[Any, ...]:
    pickup, delivery = load["stops"]
    ends = (pickup["lat"], pickup["lon"], delivery["lat"], delivery["lon"])
    return (*ends, load["equipment"], load["rate_cents"], load["posted_miles"])


def as_filed(row: dict[str, str]) -> tuple[Any, ...]:
    names = ("originLatitude", "originLongitude", "destinationLatitude", "destinationLongitude")
    ends = (float(row[name]) for name in names)
    return (
        *ends,
        row["equipmentType"].lower(),
        round(float(row["price"]) * 100),
        float(row["mileage"]),
    )
