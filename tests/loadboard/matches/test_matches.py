"""A truck's best loads over HTTP: terms that add up, plans, refusals, and the reasons for one load."""

from typing import Any

import pytest

from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import at, delivery, load, pickup

TRUCK: dict[str, Any] = {
    "at": {"place": "Dallas, TX"},
    "equipment": "V",
    "length_ft": 53,
    "weight_lb": 44_000,
}


def post(shipper: Member, reference: str, start: str, end: str, **content: Any) -> int:
    window = {"from": at(4), "to": at(30)}
    stops = [pickup(place=start, window=window), delivery(place=end, lat=None, lon=None)]
    answer = shipper.post("/v1/loads", json=load(reference=reference, stops=stops, **content))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def loads(shipper: Member) -> dict[str, int]:
    return {
        "rich": post(shipper, "rich", "Fort Worth, TX", "Memphis, TN", rate_cents=250_000),
        "poor": post(shipper, "poor", "Dallas, TX", "Houston, TX", rate_cents=40_000),
        "unknown": post(shipper, "unknown", "Dallas, TX", "Tulsa, OK", rate_cents=None),
        "far": post(shipper, "far", "Seattle, WA", "Portland, OR", rate_cents=900_000),
        "reefer": post(shipper, "reefer", "Dallas, TX", "Tulsa, OK", equipment="reefer"),
        "heavy": post(shipper, "heavy", "Dallas, TX", "Tulsa, OK", weight_lb=48_000),
    }


def test_the_best_loads_of_a_truck_with_all_that_makes_their_worth(
    carrier: Member, loads: dict[str, int]
) -> None:
    answer = carrier.post("/v1/matches", json={"truck": TRUCK})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    items = page["items"]
    assert [item["load"]["reference"] for item in items] == ["rich", "poor", "unknown"]
    shown = carrier.get(f"/v1/loads/{loads['rich']}").json()
    assert items[0]["load"] == shown
    for item in items[:2]:
        assert item["worth_cents"] == sum(term["cents"] for term in item["terms"])
        terms = {term["name"]: term for term in item["terms"]}
        assert terms["rate"]["cents"] == item["load"]["rate_cents"]
        assert terms["loaded"]["quantity"] == pytest.approx(item["load"]["loaded_miles"], abs=0.05)
        assert terms["deadhead"]["quantity"] == pytest.approx(item["deadhead_mi"], abs=0.05)
        plan = item["plan"]
        assert {"drive", "load", "unload"} <= {step["kind"] for step in plan}
        assert [step["from"] for step in plan[1:]] == [step["to"] for step in plan[:-1]]
        assert item["sentence"]
    assert items[2]["worth_cents"] is None
    assert page["refused"]["deadhead"] == 1
    assert page["refused"]["equipment"] == 1
    assert page["refused"]["weight"] == 1


def test_filters_costs_and_limits_of_a_match(carrier: Member, loads: dict[str, int]) -> None:
    def references(**body: Any) -> list[str]:
        answer = carrier.post("/v1/matches", json={"truck": TRUCK, **body})
        assert answer.status_code == 200, answer.text
        return [item["load"]["reference"] for item in answer.json()["items"]]

    assert references(limit=1) == ["rich"]
    assert references(delivery={"states": ["TX"]}) == ["poor"]
    assert references(min_rate_cents=100_000, include_unknown=False) == ["rich"]
    [free, *_] = carrier.post(
        "/v1/matches",
        json={
            "truck": TRUCK,
            "costs": {"cost_of_mile_cents": 0, "hour_driving_cents": 0, "hour_waiting_cents": 0,
                      "hour_resting_cents": 0, "payment_percent": 0},
        },
    ).json()["items"]  # fmt: skip
    assert free["worth_cents"] == 250_000


def test_matches_of_a_posted_truck_and_why_not(carrier: Member, loads: dict[str, int]) -> None:
    truck = carrier.post("/v1/trucks", json=TRUCK).json()["id"]
    by_id = carrier.post("/v1/matches", json={"truck_id": truck}).json()
    assert [item["load"]["reference"] for item in by_id["items"]] == ["rich", "poor", "unknown"]

    def why(name: str) -> dict[str, Any]:
        query = {"load": loads[name], "truck": truck}
        answer = carrier.get("/v1/matches/why", params=query)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    assert why("rich")["passes"]
    for name, rule in (("far", "deadhead"), ("reefer", "equipment"), ("heavy", "weight")):
        said = why(name)
        failed = [each for each in said["rules"] if not each["passes"]]
        assert not said["passes"]
        assert rule in [each["rule"] for each in failed]
    [weight] = [each for each in why("heavy")["rules"] if each["rule"] == "weight"]
    assert (weight["value"], weight["limit"], weight["short_by"]) == (48_000, 44_000, 4_000)
    assert carrier.post(f"/v1/trucks/{truck}/withdraw").is_success
    assert carrier.post("/v1/matches", json={"truck_id": truck}).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, ""),
        ({"truck": TRUCK, "truck_id": 1}, 422, ""),
        ({"truck": {"equipment": "van"}}, 422, "/truck/at"),
        ({"truck": TRUCK | {"clock": {"drive_left_h": 20}}}, 422, "/truck/clock/drive_left_h"),
        ({"truck": TRUCK | {"trip": {"to": TRUCK["at"]}}}, 422, "/truck/trip/to"),
        ({"truck": TRUCK | {"at": {"place": "Dalas, TX"}}}, 422, "/truck/at/place"),
        ({"truck": TRUCK, "costs": {"payment_percent": 101}}, 422, "/costs/payment_percent"),
        ({"truck": TRUCK, "limit": 201}, 422, "/limit"),
        ({"truck_id": 99}, 404, None),
    ],
)
def test_what_can_not_be_matched_is_refused(
    carrier: Member, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    answer = carrier.post("/v1/matches", json=body)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_shippers_have_no_trucks(shipper: Member) -> None:
    assert shipper.post("/v1/matches", json={"truck": TRUCK}).status_code == 403
    assert shipper.get("/v1/matches/why", params={"load": 1, "truck": 1}).status_code == 403
