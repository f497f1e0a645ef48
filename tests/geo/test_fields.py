"""Fields, accesses and paths against single estimates."""

import threading
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings

from geo.accesses import accesses
from geo.anchors import Anchors
from geo.fields import Field, field_m
from geo.geodesy import great_circle_m
from geo.ground import ground
from geo.known import nothing
from geo.nearby import Kept
from geo.network import TICKS_PER_METRE, network
from geo.points import Point
from geo.roads import road_m, roads_m
from geo.route import path
from tests.geo.test_known import some
from tests.geo.test_roads import corner_points, places, random_points


def watched_points() -> tuple[list[float], list[float]]:
    """Points all over, at corners of water, on nodes, on one chain, and where nothing holds."""
    lons, lats = (column.tolist() for column in random_points(100, seed=4))
    chain = np.diff(network().chain_start).argmax()
    first, end = network().chain_start[chain : chain + 2]
    nodes = [*network().chain_nodes[first:end], *range(0, len(network().lons), 500)]
    corners = corner_points()[::4]
    lons += [*network().lons[nodes].tolist(), *(p.lon for p in corners), -79.4, 10.0]
    lats += [*network().lats[nodes].tolist(), *(p.lat for p in corners), 43.7, 50.0]
    return lons, lats


@given(places)
@settings(max_examples=10, deadline=None)
def test_a_field_is_the_same_numbers_as_roads(origin: Point) -> None:
    lons, lats = watched_points()
    field = field_m(origin, accesses(lons, lats))
    assert field.tolist() == roads_m(origin.lon, origin.lat, lons, lats).tolist()


@pytest.mark.parametrize("origin", [Point(-157.86, 21.31), Point(-79.4, 43.7)])
def test_a_field_of_a_point_that_is_not_covered(origin: Point) -> None:
    lons, lats = watched_points()
    field = Field(origin).metres(accesses(lons, lats))
    assert field.tolist() == roads_m(origin.lon, origin.lat, lons, lats).tolist()


def test_a_field_from_a_node_of_the_longest_chain() -> None:
    chain = np.diff(network().chain_start).argmax()
    node = network().chain_nodes[network().chain_start[chain] + 7]
    origin = Point(float(network().lons[node]), float(network().lats[node]))
    lons, lats = watched_points()
    field = field_m(origin, accesses(lons, lats))
    assert field.tolist() == roads_m(origin.lon, origin.lat, lons, lats).tolist()


@given(places)
@settings(max_examples=10, deadline=None)
def test_bounds_by_places_near_by_hold(origin: Point) -> None:
    lons, lats = map(np.array, watched_points())
    numbers = np.random.default_rng(8).permutation(len(lons))
    for end in (origin, Point(-157.86, 21.31)):
        exact = roads_m(end.lon, end.lat, lons[numbers], lats[numbers])
        for found in (some(), nothing()):
            with (
                patch("geo.fields.known", lambda f=found: f),
                patch("geo.nearby.known", lambda f=found: f),
            ):
                nearby = Kept().of(lons, lats)
                least, most = nearby.bounds_m(Field(end), numbers)
            assert (least <= exact).all()
            assert (exact <= most).all()
            assert (least[nearby.legs[numbers] == 0.0] == most[nearby.legs[numbers] == 0.0]).all()
            assert (nearby.great_circles_m(end)[numbers] <= exact + 1.0).all()


def test_known_places_have_their_exact_metres_in_any_order() -> None:
    lons, lats = some().places.real, some().places.imag
    with patch("geo.fields.known", some), patch("geo.nearby.known", some):
        field, kept = Field(Point(-90.0, 35.0)), Kept()
        exact = roads_m(-90.0, 35.0, lons, lats)
        for last in (3, 2, 50, len(lons)):
            numbers = np.arange(last)[::-1]
            least, most = kept.of(lons[:last], lats[:last]).bounds_m(field, numbers)
            assert least.tolist() == most.tolist() == exact[numbers].tolist()
            assert field.known_m(numbers).tolist() == exact[numbers].tolist()
    assert kept.nbytes > 0


def test_the_place_near_by_is_the_nearest() -> None:
    lons, lats = random_points(60, seed=6)
    with patch("geo.nearby.known", some), patch("geo.fields.known", some):
        nearby = Kept().of(lons, lats)
        nearby.bounds_m(Field(Point(-90.0, 35.0)), np.arange(60))
    listed = some().places
    away = great_circle_m(lons[:, None], lats[:, None], listed.real, listed.imag)
    assert nearby.places.tolist() == away.argmin(axis=1).tolist()
    assert (nearby.legs >= 1.3 * away.min(axis=1)).all()


def test_accesses_of_no_points() -> None:
    none = accesses([], [])
    assert field_m(Point(-96.8, 32.8), none).shape == (0,)
    assert none.nbytes > 0


def test_anchors_filled_by_many_threads_are_the_same() -> None:
    lons, lats = random_points(60, seed=5)
    shared, alone = Anchors(ground()), Anchors(ground())
    threads = [threading.Thread(target=shared.spots, args=(lons, lats)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = alone.spots(lons, lats).anchors
    assert (shared.tables.entry[rows] == alone.tables.entry[rows]).all()
    assert (shared.tables.reach[rows] == alone.tables.reach[rows]).all()
    assert (shared.tables.order[rows] == alone.tables.order[rows]).all()


@given(places, places)
@settings(max_examples=15, deadline=None)
def test_a_path_is_what_the_estimate_says(p: Point, q: Point) -> None:
    line = path(p, q)
    assert (line[0], line[-1]) == (p, q)
    assert weighed_m(line) == pytest.approx(road_m(p, q), abs=1.0)


def weighed_m(line: list[Point]) -> float:
    """The length of a path, its legs weighted: what lies between two nodes of an edge is road."""
    edges = edge_lengths()
    metres = 0.0
    for a, b in pairwise(line):
        metres += edges.get((a, b), 1.3 * float(great_circle_m(*a, *b)))
    return metres


def edge_lengths() -> dict[tuple[Point, Point], float]:
    roads = network()
    points = [Point(*at) for at in zip(roads.lons.tolist(), roads.lats.tolist(), strict=True)]
    lengths = {}
    for edge, ticks in zip(roads.edges, roads.lengths, strict=True):
        a, b = points[edge[0]], points[edge[1]]
        lengths[a, b] = lengths[b, a] = float(ticks) / TICKS_PER_METRE
    return lengths


def test_a_path_around_the_lake_keeps_off_it() -> None:
    line = path(Point(-87.91, 43.04), Point(-86.25, 43.23))
    assert min(point.lat for point in line) < 41.8
    assert not any(-87.4 < p.lon < -86.6 and p.lat > 42.0 for p in line)


def test_a_path_where_nothing_holds_is_straight() -> None:
    ends = [Point(-157.86, 21.31), Point(-96.8, 32.8)]
    assert path(*ends) == ends
