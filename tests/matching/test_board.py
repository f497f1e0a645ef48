"""The board against a dictionary: after any changes, in any order, it holds what it must."""

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import Point
from matching.board import Board
from matching.columns import LOAD
from tests.matching.loads import load, loads, standing

PLACES = [Point(-96.797, 32.7767), Point(-84.388, 33.749), Point(0.0, 90.0), Point(-180.0, -0.0)]
Change = tuple[str, dict[str, Any]]


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    """What happens to a few loads: each version of one is said one way, once or more."""
    histories: list[Change] = []
    for id in range(1, draw(st.integers(1, 6)) + 1):
        for version in range(1, draw(st.integers(1, 4)) + 1):
            ends = draw(st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES)))
            rate = draw(st.integers(1, 10**9))
            made = load(id, *ends, version=version, rate_cents=rate, pickup_state=version)
            histories.append((draw(st.sampled_from(["post", "post", "close"])), made))
            if histories[-1][0] == "post" and draw(st.booleans()):
                histories.append(("post", made | {"confirmed_at": draw(st.integers(1, 99))}))
    return histories


def expected(history: list[Change]) -> list[dict[str, Any]]:
    best: dict[int, tuple[tuple[int, float], Change]] = {}
    for what, row in history:
        stamp = row["version"], np.inf if what == "close" else row["confirmed_at"]
        if row["id"] not in best or stamp > best[row["id"]][0]:
            best[row["id"]] = stamp, (what, row)
    return [row for _, (what, row) in (best[id] for id in sorted(best)) if what == "post"]


def tell(board: Board, part: list[Change]) -> None:
    posted = [row for what, row in part if what == "post"]
    closed = [(row["id"], row["version"]) for what, row in part if what == "close"]
    board.apply(loads(posted), closed)


@given(st.data())
@settings(max_examples=200)
def test_changes_in_any_order_and_again_end_the_same(data: st.DataObject) -> None:
    history = data.draw(changes())
    told = data.draw(st.permutations(history + data.draw(st.lists(st.sampled_from(history)))))
    board, at = Board(), 0
    while at < len(told):
        end = at + data.draw(st.integers(1, 4))
        tell(board, told[at:end])
        if data.draw(st.booleans()):
            board.merge()
        at = end
    assert standing(board.view) == expected(history)
    assert len(board) == len(standing(board.view))
    board.merge()
    assert standing(board.view) == expected(history)


@given(changes())
def test_a_board_that_is_filled_equals_one_that_was_told(history: list[Change]) -> None:
    rows = expected(history)
    assert standing(Board([loads(rows[:2]), loads(rows[2:])]).view) == rows


def test_a_view_stays_as_it_was() -> None:
    board = Board([loads(load(id) for id in (1, 2, 3))])
    before, was = board.view, standing(board.view)
    board.apply(loads([load(2, version=2, rate_cents=1), load(4)]), [(1, 2)])
    between, then = board.view, standing(board.view)
    board.merge()
    board.apply(loads([load(5)]), [(2, 3), (4, 2)])
    assert [row["id"] for row in standing(board.view)] == [3, 5]
    assert standing(before) == was
    assert standing(between) == then
    assert [row["id"] for row in then] == [2, 3, 4]


def test_merges_beside_changes_lose_nothing() -> None:
    board = Board([loads(load(id) for id in range(1, 2_001))])
    done = threading.Event()

    def merge() -> None:
        while not done.is_set():
            board.merge()

    thread = threading.Thread(target=merge, daemon=True)
    thread.start()
    alive = dict.fromkeys(range(1, 2001), 1)
    rng = np.random.default_rng(1)
    for step in range(2, 600):
        changed, gone = rng.choice(2_500, 5, replace=False) + 1, int(rng.integers(1, 2_501))
        place = Point(float(rng.uniform(-120, -70)), 40.0)
        board.apply(
            loads(load(int(id), place, version=step) for id in changed if id != gone),
            [(gone, step)],
        )
        alive |= {int(id): step for id in changed}
        alive.pop(gone, None)
        if step % 100 == 0:
            assert {row["id"]: row["version"] for row in standing(board.view)} == alive
    done.set()
    thread.join()
    board.merge()
    assert {row["id"]: row["version"] for row in standing(board.view)} == alive


def test_a_load_is_found_by_its_id() -> None:
    board = Board([loads(load(id) for id in (1, 2, 3))])
    board.apply(loads([load(2, version=2, rate_cents=1), load(4)]), [(1, 2)])
    for id, rate in ((2, 1), (3, 185_000), (4, 185_000)):
        row = board.view.row(id)
        assert row is not None
        at = np.array([row], dtype=np.int32)
        assert board.view.take("id", at).tolist() == [id]
        assert board.view.take("rate_cents", at).tolist() == [rate]
    assert board.view.row(1) is None
    assert board.view.row(5) is None


def test_it_is_due_for_a_merge_when_much_has_come() -> None:
    board = Board()
    assert not board.is_due
    board.apply(loads(load(id) for id in range(1, 9_001)))
    assert board.is_due
    board.merge()
    assert not board.is_due


def test_views_share_a_frozen_state_while_little_changes() -> None:
    board = Board([loads(load(id) for id in range(1, 5_001))])
    first = board.view.frozen
    for version in range(2, 7):
        assert board.view.frozen == first
        board.apply(loads([load(1, version=version)]))
    frozen = board.view.frozen
    assert frozen == (board.view.added, board.view.change) != first
    board.apply(loads([load(2, version=2)]), [(3, 1)])
    assert board.view.frozen == frozen
    board.merge()
    assert board.view.frozen == (0, board.view.change)


@pytest.mark.parametrize("count", [30_000, pytest.param(3_000_000, marks=pytest.mark.long)])
def test_a_load_takes_at_most_150_bytes(count: int) -> None:
    rng = np.random.default_rng(2)
    made = np.zeros(count, dtype=LOAD)
    made["id"] = rng.permutation(count) + 1
    towns = rng.uniform((-120, 26), (-70, 48), (max(count // 100, 1), 2))
    for end in ("pickup", "delivery"):
        made[f"{end}_lon"], made[f"{end}_lat"] = towns[rng.integers(len(towns), size=count)].T
    board = Board([made])
    assert board.view.nbytes <= 150 * count
    board.apply(made[:100])
    board.merge()
    assert board.view.nbytes <= 150 * count
    assert len(board) == count
