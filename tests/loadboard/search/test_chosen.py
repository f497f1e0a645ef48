"""What is kept of areas and lanes is what a search finds anew, whatever became of the board meanwhile."""

import gc
import random
import weakref
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import Circle
from geo.points import Point, metres
from loadboard.search.chosen import chosen, found_rows, is_quick
from matching.board import Board, View
from matching.columns import NEVER
from matching.search import Wanted, find
from tests.matching.loads import ATLANTA, DALLAS, load, loads

NEAR_DALLAS, NEAR_ATLANTA = Circle(DALLAS, metres(80)), Circle(ATLANTA, metres(80))
TEXAS = frozenset({"TX"})
ENDS = [
    (pickup, delivery)
    for pickup in (None, NEAR_DALLAS, TEXAS)
    for delivery in (None, NEAR_ATLANTA, TEXAS)
]


def row(rng: random.Random, id: int, version: int) -> dict[str, Any]:
    pickup, delivery = (
        Point(town.lon + rng.choice((0.0, 0.5, 1.0, 2.0)), town.lat) for town in (DALLAS, ATLANTA)
    )
    states = {"pickup_state": rng.randrange(50), "delivery_state": rng.randrange(50)}
    return load(id, pickup, delivery, version=version, equipment=rng.randrange(3), **states)


def check(view: View, asked: Wanted) -> None:
    """Twice: what was found first is kept."""
    for _ in range(2):
        assert sorted(found_rows(view, asked).tolist()) == sorted(find(view, asked).tolist())
        for area in {asked.pickup, asked.delivery} - {None}:
            assert area is not None
            assert chosen(view.sites, area).tolist() == view.sites.chosen(area).tolist()


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(["post", "close", "merge"]), max_size=8))
@settings(max_examples=60)
def test_finds_what_a_search_finds_through_changes_and_merges(seed: int, steps: list[str]) -> None:
    rng = random.Random(seed)
    board = Board([loads(row(rng, id, 1) for id in range(1, 60))])
    views = [board.view]
    for version, step in enumerate(steps, start=2):
        if step == "merge":
            board.merge()
        else:
            posted = [row(rng, rng.randrange(1, 90), version)] if step == "post" else []
            board.apply(loads(posted), [] if posted else [(rng.randrange(1, 90), version)])
        views.append(board.view)
    for view in rng.sample(views, min(3, len(views))):
        for pickup, delivery in ENDS:
            asked = Wanted(0, pickup, delivery)
            check(view, asked)
            check(view, replace(asked, equipment=frozenset({"van"})))


def test_a_lane_is_quick_once_it_is_known_until_the_next_merge() -> None:
    board = Board([loads([load(1), load(2)])])
    asked = Wanted(0, NEAR_DALLAS, NEAR_ATLANTA)
    board.merge()
    assert not is_quick(board.view, asked)
    found_rows(board.view, asked)
    assert is_quick(board.view, asked)
    board.apply(loads([load(3)]))
    assert is_quick(board.view, asked)
    board.merge()
    assert not is_quick(board.view, asked)


def test_rows_that_are_kept_keep_no_board() -> None:
    board = Board([loads([load(1)])])
    found_rows(board.view, Wanted(0, NEAR_DALLAS))
    assert board.view.main.columns.died[0] == NEVER
    gone = weakref.ref(board.view.main.by_id)
    del board
    gc.collect()
    assert gone() is None
