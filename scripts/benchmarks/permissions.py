"""Searches of a carrier in 50 networks and with 1,000 blocks beside the same ones that hide nothing.

A fifth of the loads are for audiences that count the carrier in, and none is of a poster that is blocked:
so both sides find the same, and every load that is found was looked at for it.
"""

from dataclasses import replace

import numpy as np
import searches
from boards import board
from figures import MANY, Figure, Unequal, medians, seconds
from held import Query, loads_of, query

from matching import board as boards
from matching.board import View
from matching.columns import Loads
from matching.sight import sight_of

NETWORKS, BLOCKS, POSTERS = 50, 1_000, 4_000
SEED = 5
ROUNDS = 5


def permissions(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Whole rounds of the searches around towns, covers known."""
    on, count = board(loads), pairs or MANY
    view = boards.Board([_shared_out(loads_of(on))]).view
    plain = [query(asked) for asked in searches.asked(searches.areas(), on)]
    blocked = np.arange(1, 1 + BLOCKS * 5, 5)
    sight = sight_of(range(1, 1 + 20 * NETWORKS, 20), blocked.tolist())
    seeing = [replace(one, wanted=replace(one.wanted, sight=sight)) for one in plain]
    for one, other in zip(seeing, plain, strict=True):
        if one.run(view) != other.run(view):
            raise Unequal(f"who is in networks finds otherwise what {other.wanted} asks for")
    ours, peer = medians(count, lambda _: _rounds(seeing, view), lambda _: _rounds(plain, view))
    return Figure(name, ours * 1000, peer * 1000, "ms", goal, count, loads)


def _rounds(each: list[Query], view: View) -> float:
    """Seconds of one search, over some rounds of all."""
    whole = seconds(lambda: [one.run(view) for _ in range(ROUNDS) for one in each])
    return whole / (ROUNDS * len(each))


def _shared_out(rows: Loads) -> Loads:
    """The loads among posters that are not blocked, a fifth of them for audiences of the networks."""
    rng, shared = np.random.default_rng(SEED), rows.copy()
    shared["organization"] = rng.integers(0, POSTERS, len(rows)) * 5 // 4 + 2
    shared["organization"] += shared["organization"] % 5 == 1
    audiences = rng.integers(0, NETWORKS, len(rows)) * 20 + 1
    shared["audience"] = np.where(rng.random(len(rows)) < 0.2, audiences, 0)
    return shared
