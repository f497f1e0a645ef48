"""Searches of the board in memory while changes are applied to it, beside the same on a still board."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import searches
from boards import board
from figures import MANY, Figure, Unequal, medians
from held import Query, held, loads_of, query

from matching.board import Board, View, merge_at
from matching.columns import Loads

A_SECOND = 100
ROUND_S = 0.3
SEED = 3
Change = tuple[Loads, list[tuple[int, int]]]


def search_under_changes(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Searches a second, areas and lanes with covers that are known, one after the other.

    The board that changes is half way from one merge to the next, as it is on average; the still
    board has just been merged.
    """
    on, count = board(loads), pairs or MANY
    rows, still = loads_of(on), held(on)
    wanted = [*searches.areas(), *searches.lanes(searches.LANES)]
    each = [query(asked) for asked in searches.asked(wanted, on)]
    busy = Board([rows])
    changes = _changes(rows)
    busy.apply(*_edits(rows, merge_at(len(rows)) // 2))
    _check_equal(each, busy.view, still.view)

    def changed(_: int) -> float:
        with _applied(busy, changes):
            return _a_second(each, busy)

    rates = medians(count, changed, lambda _: _a_second(each, still))
    _check_equal(each, busy.view, still.view)
    return Figure(name, *rates, "searches/s", goal, count, loads, more_is_better=True)


def _a_second(each: list[Query], on: Board) -> float:
    """Whole rounds, so that both sides search for the same."""
    started, done = time.perf_counter(), 0
    while time.perf_counter() < started + ROUND_S:
        for one in each:
            one.run(on.view)
        done += len(each)
    return done / (time.perf_counter() - started)


def _check_equal(each: list[Query], busy: View, still: View) -> None:
    for one in each:
        if one.run(busy) != one.run(still):
            raise Unequal(f"the board that changes answers {one.wanted} otherwise")


@contextmanager
def _applied(on: Board, changes: Iterator[Change]) -> Iterator[None]:
    """Changes come one by one from another thread; of those that are late, one after the other."""
    over = threading.Event()

    def work() -> None:
        due = time.perf_counter()
        while not over.is_set():
            on.apply(*next(changes))
            due += 1 / A_SECOND
            over.wait(max(due - time.perf_counter(), 0.0))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _edits(rows: Loads, count: int) -> Change:
    """New versions of some loads that say the same as before, so that answers stay equal."""
    rng = np.random.default_rng(SEED)
    edited = rows[rng.choice(len(rows), min(count, len(rows) // 2), replace=False)].copy()
    edited["version"] += 1
    return edited, []


def _changes(rows: Loads) -> Iterator[Change]:
    """Each time a load is posted that no search here looks for, then another is edited, then it is closed."""
    rng, nothing = np.random.default_rng(SEED), rows[:0]
    version = int(rows["version"].max()) + 1
    id = int(rows["id"].max())
    while True:
        id, version = id + 1, version + 1
        posted, edited = (rows[[rng.integers(len(rows))]] for _ in range(2))
        posted["id"], posted["version"], posted["open_until"] = id, 1, 0
        edited["version"] = version
        yield posted, []
        yield edited, []
        yield nothing, [(id, 1)]
