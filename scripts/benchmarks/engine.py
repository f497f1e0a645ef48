"""Searches of the board in memory, in this process, beside the same in SQL on GiST indexes.

Both answer the total, and ids in order: no listings, which the service keeps elsewhere.
"""

from collections.abc import Iterable

import searches
from boards import board
from comparing import check_equal
from figures import MANY, Figure, medians, seconds
from held import forget_covers, held, query
from rivals import COVERING_LANE, LANE, POINT_GIST, Rival, hits

from loadboard.search.chosen import found_rows
from loadboard.search.schemas import Search
from matching.search import find


def board_area(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The cover is worked out anew in each pair."""
    return _compare(name, goal, loads, pairs, searches.areas(), POINT_GIST, anew=True)


def board_lane_cold(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Both covers are worked out anew in each pair."""
    return _compare_lanes(name, goal, loads, pairs, anew=True)


def board_lane_warm(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The rows of both ends are known, as the service keeps them of towns that were asked for before."""
    return _compare_lanes(name, goal, loads, pairs, anew=False)


def _compare_lanes(
    name: str, goal: float | None, loads: int, pairs: int | None, *, anew: bool
) -> Figure:
    """Beside both indexes of two ends, each of which stands alone; the better one counts."""
    wanted = list(searches.lanes(searches.LANES))
    figures = [
        _compare(name, goal, loads, pairs, wanted, by, anew=anew) for by in (LANE, COVERING_LANE)
    ]
    return min(figures, key=lambda figure: figure.ratio)


def _compare(
    name: str,
    goal: float | None,
    loads: int,
    pairs: int | None,
    wanted: Iterable[Search],
    by: Rival,
    *,
    anew: bool,
) -> Figure:
    on, count, rival = board(loads), pairs or MANY, by.bare
    rows_of = find if anew else found_rows
    view = held(on).view
    with on.connect() as connection, rival.indexed(connection):
        each = searches.asked(wanted, on)
        queries = [query(asked) for asked in each]
        for asked, ours in zip(each, queries, strict=True):
            check_equal(asked, ours.run(view, rows_of), hits(rival.run(connection, asked)))

        def in_memory(number: int) -> float:
            if anew:
                forget_covers()
            return seconds(lambda: queries[number % len(each)].run(view, rows_of))

        times = medians(
            count,
            in_memory,
            lambda number: seconds(lambda: rival.run(connection, each[number % len(each)])),
        )
    return Figure(name, times[0] * 1000, times[1] * 1000, "ms", goal, count, loads)
