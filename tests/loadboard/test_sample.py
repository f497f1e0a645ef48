"""Sample loads: the same for the same seed, priced as on a spot market, and as old as on one."""

from datetime import UTC, datetime, timedelta

from loadboard.sample import AGE, INSTANT, generate, seed_board
from tests.loadboard.conftest import Member, Service

START = datetime(2026, 11, 2, tzinfo=UTC)


def test_the_same_seed_gives_the_same_loads() -> None:
    assert list(generate(200, 7, START)) == list(generate(200, 7, START))
    assert list(generate(200, 7, START)) != list(generate(200, 8, START))


def test_some_of_those_with_a_rate_may_be_booked_at_once() -> None:
    loads = list(generate(1_000, 1, START))
    rated = [load for load in loads if load.rate_cents is not None]
    assert all(load in rated for load in loads if load.instant == "everyone")
    instant = sum(load.instant == "everyone" for load in rated)
    assert abs(instant / len(rated) - INSTANT) < 0.05


def test_a_board_is_seeded_once_with_loads_of_all_ages(
    service: Service, shipper: Member, carrier: Member
) -> None:
    now = datetime.now(UTC)
    told: list[int] = []
    for new in (150, 0):
        assert service.run(seed_board(shipper.sender, 150, 1, now, told.append)) == new
    assert sum(told) == 300
    found = carrier.post("/v1/search", json={"limit": 200}).json()
    posted = {load["reference"]: load["first_posted_at"] for load in found["items"]}
    assert found["total"] == len(posted) == 150
    ages = sorted(now - datetime.fromisoformat(at) for at in posted.values())
    assert ages[0] == timedelta(0)
    assert timedelta(hours=3) < ages[len(ages) // 2] < timedelta(hours=9)
    assert timedelta(hours=18) < ages[-1] <= AGE


def test_rates_are_those_of_a_spot_market(
    service: Service, shipper: Member, carrier: Member
) -> None:
    service.run(seed_board(shipper.sender, 3_000, 1, datetime.now(UTC), lambda _: None))
    for equipment, usual in (("van", 210), ("reefer", 250), ("flatbed", 260)):
        asked = {"equipment": [equipment], "full": True, "resolution": 1}
        hexagons = carrier.post("/v1/search/hexes", json=asked).json()["features"]
        largest = max(hexagons, key=lambda hexagon: hexagon["properties"]["count"])["properties"]
        assert abs(largest["median_rate_per_mile_cents"] - usual) < 0.15 * usual
