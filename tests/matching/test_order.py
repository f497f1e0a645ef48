"""Rows by site, and chains of those that came later, against plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.areas import Circle
from geo.points import Point, metres
from matching.board import Board
from matching.order import by_number, lanes, spans, taken
from matching.search import Wanted, find
from tests.matching.loads import ATLANTA, DALLAS, load, loads

SITES = 40
ends = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, SITES - 1)), max_size=400
)  # few sites to begin at, so that each has many rows
chosen = st.lists(st.booleans(), min_size=SITES, max_size=SITES)


def ints(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


@given(ends, chosen, chosen)
def test_rows_of_a_lane_are_found_in_order(
    rows: list[tuple[int, int]], begin: list[bool], end: list[bool]
) -> None:
    pickups, deliveries = (ints([row[i] for row in rows]) for i in (0, 1))
    order, _ = by_number(deliveries, np.arange(len(rows), dtype=np.int32), SITES)
    order, starts = by_number(pickups, order, SITES)
    ordered = [rows[at] for at in order]
    assert ordered == sorted(rows)
    sites = np.flatnonzero(begin)
    assert spans(starts, sites).tolist() == [i for i, row in enumerate(ordered) if begin[row[0]]]
    assert lanes(starts, sites, deliveries[order], np.array(end)).tolist() == [
        i for i, row in enumerate(ordered) if begin[row[0]] and end[row[1]]
    ]


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_rows_count_on_from_one_column_to_the_other(old: list[int], new: list[int]) -> None:
    values = [*old, *new]
    rows = list(range(len(values)))[::-2]
    assert taken(ints(old), ints(new), ints(rows)).tolist() == [values[row] for row in rows]


def test_an_older_view_finds_none_of_what_came_later() -> None:
    board, places = Board([loads([load(1)])]), [DALLAS, ATLANTA, Point(-90.0, 35.0)]
    views = [board.view]
    for id in range(2, 200):
        board.apply(loads([load(id, places[id % 3], places[id // 3 % 3])]))
        views.append(board.view)
    areas = [None, *(Circle(at, metres(20)) for at in places)]
    for last, view in enumerate(views, start=1):
        for pickup in (0, 1, 2, 3):
            for delivery in (0, 1, 2, 3):
                rows = find(view, Wanted(0, areas[pickup], areas[delivery]))
                expected = [
                    id
                    for id in range(1, last + 1)
                    if pickup in (0, 1 if id == 1 else id % 3 + 1)
                    and delivery in (0, 2 if id == 1 else id // 3 % 3 + 1)
                ]
                assert sorted(view.take("id", rows).tolist()) == expected
