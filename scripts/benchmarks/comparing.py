"""Searches of ours beside rivals, on one connection."""

from collections.abc import Iterable

import rivals
import searches
from boards import Board, board
from figures import MANY, Figure, Unequal, medians, seconds
from rivals import Rival
from searches import Asked

from loadboard.search.schemas import Search


def compare(
    name: str,
    goal: float | None,
    loads: int,
    pairs: int | None,
    wanted: Iterable[Search],
    by: Rival,
) -> Figure:
    """The cover is worked out anew in each pair: the service would have kept it for a town."""
    on, count = board(loads), pairs or MANY
    ours, peer = _times(on, list(wanted), by, count)
    return Figure(name, ours * 1000, peer * 1000, "ms", goal, count, loads)


def _times(on: Board, wanted: list[Search], by: Rival, pairs: int) -> tuple[float, float]:
    with on.connect() as connection, by.indexed(connection):
        each = searches.asked(wanted, on)
        for asked in each:
            check_equal(
                asked,
                searches.hits(asked.run(connection), asked),
                rivals.hits(by.run(connection, asked)),
            )

        def ours(asked: Asked) -> None:
            asked.cover()
            asked.run(connection)

        return medians(
            pairs,
            lambda number: seconds(lambda: ours(each[number % len(each)])),
            lambda number: seconds(lambda: by.run(connection, each[number % len(each)])),
        )


def check_equal(asked: Asked, ours: searches.Hits, peer: searches.Hits) -> None:
    if ours != peer:
        raise Unequal(f"{ours.total} hits and {peer.total} of {asked.search.model_dump_json()}")
