"""Counts and medians by hexagon, against the loads one by one."""

from collections import defaultdict
from statistics import median
from typing import Any

import h3.api.basic_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import Point
from loadboard import cache
from loadboard.settings import settings as service_settings
from tests.geo.shapes import anywhere, seeds
from tests.loadboard.conftest import Caller, Member
from tests.loadboard.search.boards import Board, Made, found, load
from tests.loadboard.search.oracles import RESOLUTION
from tests.loadboard.search.test_areas import on_one_board
from tests.loadboard.search.test_filters import fill, filters


def counted(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = caller.post("/v1/search/hexes", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    collection: dict[str, Any] = answer.json()
    assert collection["type"] == "FeatureCollection"
    return collection


def parent_of(made: Made, resolution: int) -> str:
    cell = h3.latlng_to_cell(made.pickup.lat, made.pickup.lon, RESOLUTION)
    return str(h3.int_to_str(h3.cell_to_parent(cell, resolution)))


def check(board: Board, carrier: Member, body: dict[str, Any], resolution: int) -> None:
    collection = counted(carrier, body | {"resolution": resolution})
    ids = {item["id"] for item in found(carrier, body)}
    groups = defaultdict(list)
    for made in board.loads:
        if made.id in ids:
            groups[parent_of(made, resolution)].append(made.rate_per_mile)
    told = {feature["properties"]["cell"]: feature for feature in collection["features"]}
    assert len(told) == len(collection["features"])
    assert told.keys() == groups.keys()
    assert collection["total"] == len(ids)
    for cell, rates in groups.items():
        properties = told[cell]["properties"]
        known = [rate for rate in rates if rate is not None]
        assert properties["count"] == len(rates)
        told_median = properties["median_rate_per_mile_cents"]
        assert (told_median is None) == (not known)
        assert not known or told_median == pytest.approx(median(known), rel=1e-12)


@given(seeds, filters, st.integers(1, 7))
@settings(on_one_board, max_examples=10)
def test_counts_and_medians_are_those_of_the_loads_that_are_found(
    board: Board, carrier: Member, seed: int, body: dict[str, Any], resolution: int
) -> None:
    fill(board, seed, 60)
    lons, lats = anywhere(np.random.default_rng(seed), 20)
    points = [Point(*at) for at in zip(lons.tolist(), lats.tolist(), strict=True)]
    board.post(load(point, rate_cents=rate) for rate, point in enumerate(points, 1))
    for asked in (body, body | {"pickup": {"bbox": [-100, 30, -90, 40]}}):
        check(board, carrier, asked, resolution)


def test_hexagons_are_closed_rings_around_their_loads(board: Board, carrier: Member) -> None:
    board.post(load(Point(lon, 52.0)) for lon in (-179.99, 179.99, 0.0, 100.5))
    for resolution in range(1, 8):
        features = counted(carrier, {"resolution": resolution})["features"]
        assert features
        for feature in features:
            [ring] = feature["geometry"]["coordinates"]
            assert ring[0] == ring[-1]
            lons, lats = np.array(ring).T
            assert np.ptp(lons) < 90, "a hexagon is torn over the whole map"
            assert lats.min() - 1 < 52.0 < lats.max() + 1
            cell = h3.str_to_int(feature["properties"]["cell"])
            assert h3.get_resolution(cell) == resolution
            assert len(ring) == len(h3.cell_to_boundary(cell)) + 1


def test_an_empty_board_has_no_hexagons(board: Board, carrier: Member) -> None:
    assert counted(carrier, {})["features"] == []
    assert counted(carrier, {})["total"] == 0


def test_hexagons_are_remembered_for_a_moment_and_only_for_the_same_question(
    board: Board, carrier: Member
) -> None:
    board.post([load()])
    assert counted(carrier, {})["total"] == 1
    board.post([load(hazmat=True)])
    assert counted(carrier, {})["total"] == 1
    assert counted(carrier, {"hazmat": True})["total"] == 1
    assert counted(carrier, {"resolution": 4})["total"] == 2
    board.clear_cache()
    assert counted(carrier, {})["total"] == 2


def test_without_redis_searches_and_hexagons_are_answered(
    board: Board, carrier: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.service.run(cache.redis().aclose())
    monkeypatch.setenv("LOADBOARD_REDIS_URL", "unix:///nowhere/redis.sock")
    service_settings.cache_clear()
    cache.redis.cache_clear()
    for number in (1, 2):
        board.post([load()])
        assert counted(carrier, {})["total"] == number
        assert len(found(carrier, {})) == number
