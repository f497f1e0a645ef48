"""GET says what POST says, and both answer GeoJSON to those who ask for it."""

import json
from typing import Any

import numpy as np
import pytest

from loadboard.search.urlform import UrlSearch
from tests.loadboard.conftest import Member
from tests.loadboard.search.boards import DALLAS, HOUR, NOW, Board, load
from tests.loadboard.search.test_filters import fill

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-99, 30], [-94, 30], [-94, 34], [-99, 34], [-99, 30]]],
}
LATER = (NOW + 2 * HOUR).isoformat()
NEAR = {"pickup_near": "32.7767,-96.797", "pickup_radius_mi": 60}
NEAR_BODY = {"pickup": {"near": {"lat": 32.7767, "lon": -96.797}, "radius_mi": 60}}

SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    (NEAR, NEAR_BODY),
    (
        {"pickup_near": "Dallas, TX", "pickup_radius_mi": 50},
        {"pickup": {"near": {"place": "Dallas, TX"}, "radius_mi": 50}},
    ),
    (
        {"pickup_near": "75201", "pickup_radius_mi": 50.5},
        {"pickup": {"near": {"zip": "75201"}, "radius_mi": 50.5}},
    ),
    ({"pickup_bbox": "-97.5,32,-96,33.5"}, {"pickup": {"bbox": [-97.5, 32, -96, 33.5]}}),
    ({"pickup_polygon": json.dumps(SQUARE)}, {"pickup": {"polygon": SQUARE}}),
    ({"pickup_states": "TX, OK"}, {"pickup": {"states": ["TX", "OK"]}}),
    (
        {"delivery_near": "29.7604,-95.3698", "delivery_radius_mi": 40},
        {"delivery": {"near": {"lat": 29.7604, "lon": -95.3698}, "radius_mi": 40}},
    ),
    ({"delivery_bbox": "-97,29,-95,33"}, {"delivery": {"bbox": [-97, 29, -95, 33]}}),
    ({"delivery_polygon": json.dumps(SQUARE)}, {"delivery": {"polygon": SQUARE}}),
    ({"delivery_states": "TN,AR"}, {"delivery": {"states": ["TN", "AR"]}}),
    (
        {"pickup_within_hours": 2.5, "pickup_of": "Dallas, TX"},
        {"pickup": {"within_hours": 2.5, "of": {"place": "Dallas, TX"}}},
    ),
    (
        {"delivery_within_hours": 2, "delivery_of": "77002"},
        {"delivery": {"within_hours": 2, "of": {"zip": "77002"}}},
    ),
    (
        {"along_from": "Dallas, TX", "along_to": "29.7604,-95.3698", "along_max_out_of_route_mi": 99},
        {
            "along": {
                "from": {"place": "Dallas, TX"},
                "to": {"lat": 29.7604, "lon": -95.3698},
                "max_out_of_route_mi": 99,
            }
        },
    ),
    ({"pickup_from": LATER}, {"pickup_window": {"from": LATER}}),
    ({"pickup_to": LATER}, {"pickup_window": {"to": LATER}}),
    ({"equipment": "van, Dry Van,FB"}, {"equipment": ["van", "Dry Van", "FB"]}),
    ({"full": "true"}, {"full": True}),
    ({"hazmat": "false"}, {"hazmat": False}),
    ({"max_weight_lb": 20_000}, {"max_weight_lb": 20_000}),
    ({"max_length_ft": 26.5}, {"max_length_ft": 26.5}),
    ({"min_rate_cents": 100_000}, {"min_rate_cents": 100_000}),
    ({"min_rate_per_mile_cents": 500.5}, {"min_rate_per_mile_cents": 500.5}),
    ({"max_age_minutes": 60}, {"max_age_minutes": 60}),
    (
        {"max_weight_lb": 20_000, "include_unknown": "false"},
        {"max_weight_lb": 20_000, "include_unknown": False},
    ),
    (NEAR | {"sort": "distance"}, NEAR_BODY | {"sort": "distance"}),
    ({"sort": "rate", "limit": 3}, {"sort": "rate", "limit": 3}),
]  # fmt: skip


def test_every_parameter_means_what_its_field_means(board: Board, carrier: Member) -> None:
    fill(board, seed=21, number=140)
    everything = carrier.post("/v1/search", json={"limit": 200}).json()["total"]
    for url, body in SAME:
        by_url = carrier.get("/v1/search", params=url)
        by_body = carrier.post("/v1/search", json=body)
        assert by_url.status_code == by_body.status_code == 200, by_url.text
        assert by_url.content == by_body.content, url
        total = by_url.json()["total"]
        assert total, url
        if not url.keys() & {"sort", "limit"} and url:
            assert total < everything, url
        if cursor := by_body.json()["next_cursor"]:
            by_url = carrier.get("/v1/search", params=url | {"cursor": cursor})
            by_body = carrier.post("/v1/search", json=body | {"cursor": cursor})
            assert by_url.content == by_body.content
            assert by_url.json()["items"]
    assert {name for url, _ in SAME for name in url} == UrlSearch.model_fields.keys() - {"cursor"}


@pytest.mark.parametrize("accept", ["application/geo+json", "application/geo+json, */*;q=0.1"])
def test_geojson_has_each_load_at_its_first_pickup(
    board: Board, carrier: Member, accept: str
) -> None:
    fill(board, seed=int(np.uint32(22)), number=70)
    body = {"pickup": {"near": {"lat": DALLAS.lat, "lon": DALLAS.lon}, "radius_mi": 60}, "limit": 5}
    plain = carrier.post("/v1/search", json=body).json()
    url = NEAR | {"limit": 5}
    for answer in (
        carrier.post("/v1/search", json=body, headers={"Accept": accept}),
        carrier.get("/v1/search", params=url, headers={"Accept": accept}),
    ):
        assert answer.headers["content-type"] == "application/geo+json"
        collection = answer.json()
        assert collection["type"] == "FeatureCollection"
        assert [feature["properties"] for feature in collection["features"]] == plain["items"]
        assert len(collection["features"]) == 5
        for feature in collection["features"]:
            assert feature["type"] == "Feature"
            assert feature["id"] == feature["properties"]["id"]
            first = feature["properties"]["stops"][0]
            assert feature["geometry"] == {
                "type": "Point",
                "coordinates": [first["lon"], first["lat"]],
            }
        assert (collection["total"], collection["next_cursor"]) == (
            plain["total"],
            plain["next_cursor"],
        )


def test_json_is_answered_to_everybody_else(board: Board, carrier: Member) -> None:
    board.post([load()])
    for accept in ("*/*", "application/json", "text/html"):
        answer = carrier.get("/v1/search", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["total"] == 1
