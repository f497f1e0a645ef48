"""Searches along a trip and by drive time, over HTTP, against the estimate of roads itself."""

from typing import Any

import pytest

from geo.places import find
from geo.points import METRES_PER_MILE, Point, miles
from geo.roads import road_m
from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import delivery, load, pickup

LANES = [
    ("Dallas, TX", "Atlanta, GA"), ("Shreveport, LA", "Birmingham, AL"), ("Atlanta, GA", "Dallas, TX"),
    ("Tulsa, OK", "Memphis, TN"), ("Vicksburg, MS", "Meridian, MS"), ("Denver, CO", "Omaha, NE"),
    ("Milwaukee, WI", "Muskegon, MI"), ("Tyler, TX", "Jackson, MS"),
]  # fmt: skip
TRIP = {"from": {"place": "Dallas, TX"}, "to": {"place": "Atlanta, GA"}}


@pytest.fixture
def lanes(shipper: Member) -> dict[str, tuple[Point, Point, float]]:
    """By reference: where the loads begin and end, and their miles."""
    made = {}
    for number, (a, b) in enumerate(LANES):
        reference = f"R-{number}"
        stops = [pickup(place=a), delivery(place=b, lat=None, lon=None)]
        answer = shipper.post("/v1/loads", json=load(reference=reference, stops=stops))
        assert answer.status_code == 201, answer.text
        made[reference] = find(a).point, find(b).point, answer.json()["loaded_miles"]
    return made


def out_of_route_mi(start: Point, end: Point, lane: tuple[Point, Point, float]) -> float:
    first, last, loaded = lane
    added = road_m(start, first) + loaded * METRES_PER_MILE + road_m(last, end) - road_m(start, end)
    return max(0.0, miles(added))


@pytest.mark.parametrize("most", [0, 40, 120, 1000])
def test_along_a_road(
    carrier: Member, lanes: dict[str, tuple[Point, Point, float]], most: float
) -> None:
    start, end = find("Dallas, TX").point, find("Atlanta, GA").point
    added = {name: out_of_route_mi(start, end, lane) for name, lane in lanes.items()}
    body = {"along": TRIP | {"max_out_of_route_mi": most}, "sort": "out_of_route", "limit": 2}
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = carrier.post("/v1/search", json=body | {"cursor": cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert {item["reference"] for item in items} == {n for n, mi in added.items() if mi <= most}
    assert page["total"] == len(items)
    for item in items:
        assert item["out_of_route_mi"] == pytest.approx(added[item["reference"]], abs=1e-6)
        first, last, _ = lanes[item["reference"]]
        along = miles(road_m(start, first)), miles(road_m(start, end) - road_m(last, end))
        assert item["along_mi"] == pytest.approx(along, abs=1e-6)
    assert [item["out_of_route_mi"] for item in items] == sorted(
        item["out_of_route_mi"] for item in items
    )
    assert page["along"]["trip_mi"] == pytest.approx(miles(road_m(start, end)))
    line = page["along"]["line"]
    assert (line["type"], line["coordinates"][0]) == ("LineString", list(start))


def test_along_a_road_in_the_form_of_a_url(
    carrier: Member, lanes: dict[str, tuple[Point, Point, float]]
) -> None:
    body = {"along": TRIP | {"max_out_of_route_mi": 100}, "equipment": ["van"]}
    url = {
        "along_from": "Dallas, TX", "along_to": "Atlanta, GA", "along_max_out_of_route_mi": "100",
        "equipment": "V",
    }  # fmt: skip
    by_url = carrier.get("/v1/search", params=url)
    assert by_url.json() == carrier.post("/v1/search", json=body).json()
    geojson = carrier.get("/v1/search", params=url, headers={"Accept": "application/geo+json"})
    assert geojson.json()["along"] == by_url.json()["along"]


def test_hours_of_driving_are_an_area(
    carrier: Member, lanes: dict[str, tuple[Point, Point, float]]
) -> None:
    center = find("Shreveport, LA").point
    for hours in (0, 2.5, 6, 100):
        area = {"within_hours": hours, "of": {"place": "Shreveport, LA"}}
        for end, place in (("pickup", 0), ("delivery", 1)):
            expected = {
                name
                for name, lane in lanes.items()
                if road_m(center, (lane[0], lane[1])[place]) <= hours * 50 * METRES_PER_MILE
            }
            found = carrier.post("/v1/search", json={end: area}).json()["items"]
            assert {item["reference"] for item in found} == expected
    url = {"pickup_within_hours": "2.5", "pickup_of": "Shreveport, LA"}
    assert carrier.get("/v1/search", params=url).json()["total"] > 0
    hexes = carrier.post("/v1/search/hexes", json={"pickup": area})
    assert hexes.json()["total"] == len(lanes)


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({"along": TRIP | {"max_out_of_route_mi": 10**9}}, "/along/max_out_of_route_mi", "1000"),
        ({"along": TRIP | {"max_out_of_route_mi": -1}}, "/along/max_out_of_route_mi", "0"),
        ({"along": TRIP | {"to": TRIP["from"]}}, "/along", "different"),
        ({"along": TRIP | {"to": {"lat": 21.31, "lon": -157.86}}}, "/along", "48 contiguous states"),
        ({"along": TRIP | {"to": {"place": "Atlantis, GA"}}}, "/along/to/place", "no such"),
        ({"along": {"from": TRIP["from"]}}, "/along/to", "required"),
        ({"sort": "out_of_route"}, "/sort", "needs along"),
        ({"pickup": {"within_hours": 3}}, "/pickup", "together"),
        ({"pickup": {"of": TRIP["to"]}}, "/pickup", "exactly one"),
        ({"pickup": {"within_hours": 101, "of": TRIP["to"]}}, "/pickup/within_hours", "100"),
        ({"pickup": {"within_hours": 1, "of": {"zip": "00000"}}}, "/pickup/of/zip", "no such"),
    ],
)  # fmt: skip
def test_trips_and_drives_that_are_none(
    carrier: Member, body: dict[str, Any], pointer: str, message: str
) -> None:
    answer = carrier.post("/v1/search", json=body)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]
