"""Loads along a trip and areas by road against the definition, load by load."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import Circle
from geo.coverage import is_covered
from geo.fields import field_of
from geo.geodesy import great_circle_m
from geo.known import Known, nothing
from geo.points import METRES_PER_MILE, Point, metres
from geo.roads import road_m, roads_m
from matching.board import View
from matching.corridor import Along, Trip, along
from matching.search import Wanted, find
from matching.sites import Reachable
from tests.geo.test_known import OUTSIDE, some
from tests.geo.test_roads import corner_points, offset, random_points
from tests.matching.loads import ATLANTA, DALLAS, DAY, load, loads, passes
from tests.matching.test_search import made_board, wanted

CHICAGO, MUSKEGON = Point(-87.63, 41.88), Point(-86.25, 43.23)
SEAS_AWAY = [Point(-157.86, 21.31), Point(2.35, 48.86), Point(83.2, -32.8)]
Row = dict[str, Any]
Truth = dict[int, tuple[float, float, float]]


@contextmanager
def knowing(found: Known) -> Iterator[None]:
    """Only these places are known."""
    with ExitStack() as patches:
        for name in ("accesses", "fields", "nearby", "roads"):
            patches.enter_context(patch(f"geo.{name}.known", lambda: found))
        field_of.cache_clear()
        yield
    field_of.cache_clear()


def beside(point: Point, east_m: float, north_m: float) -> Point:
    return Point(*map(float, offset(point, east_m, north_m)))


def pool() -> list[Point]:
    """Known places, points beside them and by the water, points all over and where nothing holds."""
    places = [Point(place.real, place.imag) for place in some().places.tolist()]
    near = [beside(at, 900.0 * (n % 7 - 3), 7e3 * (n % 3 - 1)) for n, at in enumerate(places)]
    spread = map(Point, *(column.tolist() for column in random_points(40, seed=9)))
    return [*places, *near, *spread, *corner_points()[::9], *OUTSIDE, *SEAS_AWAY]


POOL = pool()
COVERED = [CHICAGO, DALLAS, *(point for point in POOL if is_covered(point))]
known_or_not = st.booleans().map(lambda known: some() if known else nothing())
trips = (
    st.tuples(st.integers(0, len(COVERED) - 1), st.sampled_from([MUSKEGON, ATLANTA]))
    .map(lambda ends: (COVERED[ends[0]], ends[1]))
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: Trip(*ends))
)


def some_rows(rng: np.random.Generator, trip: Trip, count: int) -> list[Row]:
    """Loads of all kinds; many begin or end near the ends of the trip."""
    ends = [
        trip.start,
        trip.end,
        *(beside(end, 4e3, -9e3) for end in (trip.start, trip.end)),
    ]
    choice = [*POOL, *ends * 20]
    picked = [[choice[at] for at in rng.integers(len(choice), size=count)] for _ in range(2)]
    pickups, deliveries = (np.array(points).T for points in picked)
    direct = great_circle_m(*pickups, *deliveries)
    ways = rng.choice([1.0, 1.0, 1.2, 3.0], count) * direct
    by_road = rng.integers(2, size=count) == 1
    ways[by_road] = roads_m(*pickups[:, by_road], *deliveries[:, by_road])
    return [
        load(
            number,
            picked[0][number],
            picked[1][number],
            loaded_tenths=int(np.rint(ways[number] / METRES_PER_MILE * 10.0)),
            equipment=int(rng.integers(4)),
            full=bool(rng.integers(2)),
            pickup_from=int(rng.integers(0, 3)) * DAY,
            pickup_to=int(rng.integers(3, 6)) * DAY,
            open_until=int(rng.integers(1, 6)) * DAY,
            pickup_state=int(rng.integers(3)),
            delivery_state=int(rng.integers(3)),
        )
        for number in range(count)
    ]


def measured(rows: list[Row], trip: Trip) -> Truth:
    """What each load adds to the trip, and where along it its ends are, with no place known."""
    with knowing(nothing()):
        whole = road_m(trip.start, trip.end)
        found: Truth = {}
        for row in rows:
            to = road_m(trip.start, Point(row["pickup_lon"], row["pickup_lat"]))
            onward = road_m(Point(row["delivery_lon"], row["delivery_lat"]), trip.end)
            added = to + row["loaded_tenths"] / 10 * METRES_PER_MILE + onward - whole
            found[row["id"]] = max(0.0, added), to, whole - onward
    return found


def listed(view: View, found: Along) -> Truth:
    columns = (view.take("id", found.rows), *found[1:])
    return {
        id: (added, to, on)
        for id, added, to, on in zip(*(c.tolist() for c in columns), strict=True)
    }


def check(
    view: View, rows: list[Row], asked: Wanted, trip: Trip, most_m: float, truth: Truth
) -> None:
    expected = {
        row["id"]: truth[row["id"]]
        for row in rows
        if passes(row, asked) and truth[row["id"]][0] <= most_m
    }
    assert listed(view, along(view, asked, trip, most_m)) == expected


@given(st.data(), trips, st.integers(0, 2**32 - 1), known_or_not, wanted())
@settings(max_examples=80)
def test_finds_exactly_what_lies_along(
    data: st.DataObject, trip: Trip, seed: int, found: Known, asked: Wanted
) -> None:
    rows = some_rows(np.random.default_rng(seed), trip, 40)
    truth = measured(rows, trip)
    exact = sorted({added for added, _, _ in truth.values()})
    least, middle = exact[0], exact[len(exact) // 3]
    cut = data.draw(st.sampled_from([0, 20, 40]))
    with knowing(found):
        view = made_board(rows, cut).view
        limits = [0.0, least, middle, np.nextafter(middle, 0.0), metres(100.0), exact[-1], 1e12]
        for most_m in limits:
            check(view, rows, Wanted(0), trip, most_m, truth)
        area = Circle(trip.start, metres(300.0))
        for part in (asked, replace(asked, pickup=area), Wanted(0, None, frozenset(["AL"]))):
            check(view, rows, part, trip, exact[-1], truth)


def test_a_load_that_lies_on_the_way_adds_nothing() -> None:
    tenths = int(great_circle_m(*DALLAS, *ATLANTA) / METRES_PER_MILE * 10.0)
    trip, rows = Trip(DALLAS, ATLANTA), [load(1, loaded_tenths=tenths), load(2, ATLANTA, DALLAS)]
    view = made_board(rows, 1).view
    whole = road_m(DALLAS, ATLANTA)
    assert listed(view, along(view, Wanted(0), trip, 0.0)) == {1: (0.0, 0.0, whole)}
    check(view, rows, Wanted(0), trip, 2.0 * whole + metres(790.0), measured(rows, trip))


def test_loaded_miles_may_be_rounded_to_less_than_the_great_circle() -> None:
    trip, rows = Trip(DALLAS, ATLANTA), []
    for number in range(40):
        delivery = beside(DALLAS, -200.0 * number - 9e3, 900.0)
        tenths = np.rint(great_circle_m(*DALLAS, *delivery) / METRES_PER_MILE * 10.0)
        rows.append(load(number, DALLAS, delivery, loaded_tenths=int(tenths)))
    view, truth = made_board(rows, 40).view, measured(rows, trip)
    for added, _, _ in truth.values():
        check(view, rows, Wanted(0), trip, added, truth)


@pytest.mark.parametrize("found", [some(), nothing()], ids=["some", "none"])
def test_sites_that_come_later_and_merges_change_nothing(found: Known) -> None:
    trip, most_m = Trip(CHICAGO, ATLANTA), metres(600.0)
    rows = some_rows(np.random.default_rng(3), trip, 60)
    truth = measured(rows, trip)
    with knowing(found):
        board = made_board(rows[:20], 10)
        for first in (20, 40):
            check(board.view, rows[:first], Wanted(0), trip, most_m, truth)
            board.apply(loads(rows[first : first + 20]))
        before = board.view
        board.merge()
        for view in (before, board.view):
            check(view, rows, Wanted(0), trip, most_m, truth)
        assert len(along(before, Wanted(0), trip, most_m).rows) >= 5


@given(st.integers(0, len(POOL) - 1).map(POOL.__getitem__), st.integers(0, 2**32 - 1), known_or_not)
@settings(max_examples=30)
def test_finds_exactly_what_is_reached(of: Point, seed: int, found: Known) -> None:
    rows = some_rows(np.random.default_rng(seed), Trip(CHICAGO, DALLAS), 30)
    with knowing(nothing()):
        ways = {
            row["id"]: road_m(of, Point(row["delivery_lon"], row["delivery_lat"])) for row in rows
        }
    exact = sorted(ways.values())
    middle = exact[10]
    with knowing(found):
        view = made_board(rows, 15).view
        for most_m in (0.0, exact[0], middle, np.nextafter(middle, 0.0), exact[-1], 1e8):
            asked = Wanted(0, delivery=Reachable(of, float(most_m)))
            reached = view.take("id", find(view, asked)).tolist()
            assert sorted(reached) == [id for id, way in ways.items() if way <= most_m]


def test_a_trip_may_begin_and_end_in_areas_by_road() -> None:
    trip = Trip(CHICAGO, ATLANTA)
    rows = some_rows(np.random.default_rng(4), trip, 80)
    view, truth = made_board(rows, 50).view, measured(rows, trip)
    near = Reachable(CHICAGO, 60_000.0)
    found = listed(view, along(view, Wanted(0, pickup=near), trip, metres(900.0)))
    assert found == {
        id: way for id, way in truth.items() if way[0] <= metres(900.0) and way[1] <= 60_000.0
    }
    assert 0 < len(found) < len(rows)


@pytest.mark.parametrize("point", [*OUTSIDE, *SEAS_AWAY, Point(np.nan, 33.0), Point(1e9, 1e9)])
def test_a_trip_has_its_ends_where_road_estimates_hold(point: Point) -> None:
    for ends in ((point, DALLAS), (DALLAS, point)):
        with pytest.raises(ValueError, match="48 contiguous states"):
            Trip(*ends)


def test_a_trip_leads_somewhere() -> None:
    with pytest.raises(ValueError, match="different points"):
        Trip(DALLAS, Point(*DALLAS))


@pytest.mark.parametrize("limit", [-1.0, np.nan, np.inf])
def test_limits_are_numbers_from_nought_up(limit: float) -> None:
    view = made_board([load(1)], 1).view
    with pytest.raises(ValueError, match="at least 0"):
        along(view, Wanted(0), Trip(DALLAS, ATLANTA), limit)
    with pytest.raises(ValueError, match="at least 0"):
        Reachable(DALLAS, limit)


@pytest.mark.parametrize("point", [Point(181.0, 0.0), Point(0.0, -90.1), Point(np.nan, 0.0)])
def test_a_way_begins_at_a_point(point: Point) -> None:
    with pytest.raises(ValueError, match="longitude"):
        Reachable(point, 1.0)


def test_an_empty_board_has_nothing_along() -> None:
    view = made_board([], 0).view
    assert [len(column) for column in along(view, Wanted(0), Trip(DALLAS, ATLANTA), 1e6)] == [0] * 4
