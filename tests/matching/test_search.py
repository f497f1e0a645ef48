"""Searches on a board against every load looked at by itself."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from geo.areas import Area, Circle, Region
from geo.points import Point, metres
from matching.board import Board, View
from matching.columns import EQUIPMENT_NUMBERS, STATE_NUMBERS, UNKNOWN
from matching.search import Wanted, find, first, per_mile_cents
from matching.sight import sight_of
from tests.geo.shapes import about, areas
from tests.matching.loads import ATLANTA, DALLAS, DAY, load, loads, passes

amounts = st.sampled_from([UNKNOWN, 1, 500, 20_000, 45_000])
limits = st.none() | st.sampled_from([1, 500, 20_000, 45_000])

sights = st.builds(
    sight_of,
    st.frozensets(st.sampled_from([9, 18, 27, 36])),
    st.frozensets(st.integers(0, 3)),
)


def rows_about(area: Area, rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Loads of all kinds that begin or end near the edges of an area."""
    lons, lats = about(area, rng, count)
    points = [Point(*at) for at in zip(lons.tolist(), lats.tolist(), strict=True)]
    return [
        load(
            number,
            *((point, DALLAS) if number % 2 else (ATLANTA, point)),
            equipment=int(rng.integers(4)),
            full=bool(rng.integers(2)),
            hazmat=bool(rng.integers(2)),
            organization=int(rng.integers(3)),
            audience=int(rng.integers(5)) * 9,
            weight_lb=int(rng.choice([UNKNOWN, 1, 500, 45_000])),
            length_ft=float(rng.choice([UNKNOWN, 1.0, 48.1, 500.0])),
            rate_cents=int(rng.choice([UNKNOWN, 500, 20_000])),
            loaded_tenths=int(rng.choice([0, 3, 10_000])),
            pickup_from=int(rng.integers(0, 3)) * DAY,
            pickup_to=int(rng.integers(3, 6)) * DAY,
            open_until=int(rng.integers(1, 6)) * DAY,
            first_posted_at=int(rng.integers(0, 3)) * DAY,
            pickup_state=int(rng.integers(3)),
            delivery_state=int(rng.integers(3)),
        )
        for number, point in enumerate(points, start=1)
    ]


@st.composite
def wanted(draw: st.DrawFn) -> Wanted:
    """Everything but areas."""
    yes_no = st.none() | st.booleans()
    return Wanted(
        now=draw(st.integers(0, 3)) * DAY,
        window_from=draw(st.integers(-1, 5)) * DAY,
        window_to=draw(st.integers(2, 6)) * DAY,
        equipment=draw(st.none() | st.frozensets(st.sampled_from(list(EQUIPMENT_NUMBERS)[:4]))),
        full=draw(yes_no),
        hazmat=draw(yes_no),
        max_weight_lb=draw(limits),
        max_length_ft=draw(st.none() | st.sampled_from([0.5, 48.1, 100.0])),
        min_rate_cents=draw(limits),
        min_rate_per_mile_cents=draw(st.none() | st.sampled_from([0.0, 2.0, 20.0, 1e6])),
        posted_since=draw(st.integers(0, 3)) * DAY,
        include_unknown=draw(st.booleans()),
        organization=draw(st.none() | st.integers(0, 2)),
        sight=draw(st.none() | sights),
    )


def made_board(rows: list[dict[str, Any]], cut: int) -> Board:
    """A board of which the rows from `cut` on came as changes."""
    board = Board([loads(rows[:cut])])
    board.apply(loads(rows[cut:]))
    return board


def check(view: View, rows: list[dict[str, Any]], asked: Wanted) -> None:
    found = view.take("id", find(view, asked)).tolist()
    assert sorted(found) == [row["id"] for row in rows if passes(row, asked)]


@given(st.data(), areas, st.integers(0, 2**32 - 1), wanted())
@settings(max_examples=150)
def test_finds_exactly_what_passes(
    data: st.DataObject, area: Area, seed: int, asked: Wanted
) -> None:
    rows = rows_about(area, np.random.default_rng(seed), 60)
    view = made_board(rows, data.draw(st.sampled_from([0, 30, 60]))).view
    check(view, rows, asked)
    for pickup, delivery in ((area, None), (None, area), (area, area)):
        check(view, rows, replace(asked, pickup=pickup, delivery=delivery))
        check(view, rows, Wanted(0, pickup, delivery))


def test_lanes_are_found_from_either_end() -> None:
    near_dallas, near_atlanta = (Circle(at, metres(20)) for at in (DALLAS, ATLANTA))
    lanes = [(DALLAS, ATLANTA), (ATLANTA, DALLAS), (DALLAS, DALLAS)]
    for many in lanes:
        rows = [load(id, *many) for id in range(1, 20)]
        rows += [load(id, *ends) for id, ends in enumerate(lanes, start=20)]
        view = made_board(rows, 15).view
        check(view, rows, Wanted(0, near_dallas, near_atlanta))
        check(view, rows, Wanted(0, near_atlanta, near_dallas))


def test_states_are_those_of_the_stops() -> None:
    texas, oklahoma = STATE_NUMBERS["TX"], STATE_NUMBERS["OK"]
    rows = [
        load(id, pickup_state=state, delivery_state=other)
        for id, (state, other) in enumerate([(texas, 0), (oklahoma, texas), (0, oklahoma)], start=1)
    ]
    view = made_board(rows, 2).view
    for states in ({"TX"}, {"OK"}, {"TX", "OK"}):
        check(view, rows, Wanted(0, pickup=frozenset(states)))
        check(view, rows, Wanted(0, delivery=frozenset(states)))


@given(
    st.lists(
        st.tuples(st.sampled_from([-1.5, 0.0, 2.0, 7.0]), st.integers(1, 30)),
        unique_by=lambda t: t[1],
    ),
    st.integers(1, 8),
)
def test_the_first_come_in_order_and_page_by_page(
    keyed: list[tuple[float, int]], count: int
) -> None:
    keys, ids = (
        (np.array(column) for column in zip(*keyed, strict=True)) if keyed else (np.empty(0),) * 2
    )
    pages, after = [], None
    while len(page := first(keys, ids.astype(np.int64), count, after)):
        pages += [keyed[at] for at in page]
        assert len(page) <= count
        after = pages[-1]
    assert pages == sorted(keyed)


def test_cents_a_mile() -> None:
    rows = [load(1), load(2, rate_cents=UNKNOWN), load(3, loaded_tenths=0)]
    view = Board([loads(rows)]).view
    assert sorted(per_mile_cents(view, view.rows()).tolist()) == [-1.0, -1.0, 185_000 / 790.0]


@pytest.mark.parametrize("make", [lambda s: s.points.lons, lambda s: s.cells])
def test_equal_points_are_one_site(make: Callable[[Any], Any]) -> None:
    again = [load(1), load(2, Point(DALLAS.lon, DALLAS.lat)), load(3, DALLAS, pickup_state=1)]
    for cut in (0, 1, 3):
        assert len(set(make(made_board(again, cut).view.sites)[:3].tolist())) == 2
        assert made_board(again, cut).view.sites.known == 3


def test_regions_are_found_at_both_names_of_the_antimeridian() -> None:
    east, west = Point(180.0, 10.0), Point(-180.0, 10.0)
    rows = [load(1, east), load(2, west), load(3, Point(-0.0, 0.0))]
    view = made_board(rows, 1).view
    for bounds in ((170, 0, 180, 20), (-180, 0, -170, 20), (-1, -1, 1, 1)):
        check(view, rows, Wanted(0, Region(box(*bounds))))
