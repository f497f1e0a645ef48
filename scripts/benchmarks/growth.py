"""How the time of a search grows with the board, while what it finds stays as much."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from boards import START, board
from figures import MANY, Figure, Unequal, medians, seconds, tell
from held import Query, loads_of
from numpy.typing import NDArray
from searches import PICKED_UP, RADIUS_MI

from geo import places
from geo.areas import Circle
from geo.geodesy import distances_m
from geo.points import Point, metres
from loadboard.search.searching import microseconds
from matching.board import Board, View
from matching.columns import Loads
from matching.search import Wanted, find

# Of the measured board: a tenth of its loads, and its loads three times.
SHARE, COPIES = 10, 3
FACTOR = SHARE * COPIES
LIMIT = 50
# Large towns would not do: alone they have more loads than a small board has around them.
TOWNS = (
    "Waco, TX", "Rockford, IL", "Macon, GA", "Bakersfield, CA", "Reading, PA", "Pueblo, CO",
    "Jackson, TN", "Topeka, KS", "Lima, OH", "Hickory, NC", "Flagstaff, AZ", "Yakima, WA",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """A search of the small board, and one of the large board that finds as much."""

    wide: Query
    narrow: Query


def growth(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The large board's time, and what the small board's would grow to if it grew with the loads.

    The covers are known: they are worked out without the board, and the narrow ones faster.
    """
    rows, count = loads_of(board(loads)), pairs or MANY
    small, large = Board([rows[::SHARE]]).view, Board(_copies(rows)).view
    each = list(_pairs(small, large))
    for pair in each:
        found, many = pair.wide.run(small).total, pair.narrow.run(large).total
        if found != many:
            raise Unequal(f"{found} hits of the small board, {many} of the large")
    tell(f"  hits: {sorted(pair.wide.run(small).total for pair in each)}")
    ours, peer = medians(
        count,
        lambda number: seconds(lambda: each[number % len(each)].narrow.run(large)),
        lambda number: FACTOR * seconds(lambda: each[number % len(each)].wide.run(small)),
    )
    return Figure(name, ours * 1000, peer * 1000, "ms", goal, count, loads)


def _copies(rows: Loads) -> Iterator[Loads]:
    step = int(rows["id"].max()) + 1
    for number in range(COPIES):
        copy = rows.copy()
        copy["id"] += number * step
        yield copy


def _pairs(small: View, large: View) -> Iterator[Pair]:
    first, last = map(microseconds, PICKED_UP)
    vans = Wanted(
        now=microseconds(START), window_from=first, window_to=last, equipment=frozenset({"van"})
    )
    for town in TOWNS:
        if (radii := _radii(small, large, vans, places.find(town).point)) is not None:
            wide, narrow = (Query(replace(vans, pickup=circle), LIMIT) for circle in radii)
            yield Pair(wide, narrow)
        else:
            tell(f"  no two circles around {town} hold as many loads")


def _radii(small: View, large: View, vans: Wanted, center: Point) -> tuple[Circle, Circle] | None:
    """Circles that hold equally many, as near as can be to what the small board has within 150 miles."""
    (near, few), (far, many) = (_counts(view, vans, center) for view in (small, large))
    equal, of_small, of_large = np.intersect1d(few, many, return_indices=True)
    if not len(equal):
        return None
    usual = few[max(np.searchsorted(near, metres(RADIUS_MI)) - 1, 0)]
    best = int(np.argmin(np.abs(equal - usual)))
    return _up_to(center, near, of_small[best]), _up_to(center, far, of_large[best])


def _counts(
    view: View, vans: Wanted, center: Point
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The distances at which loads begin, in order, and how many begin up to each."""
    sites, counts = np.unique(view.take("pickup", find(view, vans)), return_counts=True)
    points = view.sites.points.of(sites)
    away, places_ = np.unique(distances_m(center, points.lons, points.lats), return_inverse=True)
    return away, np.bincount(places_, weights=counts).cumsum().astype(np.int64)


def _up_to(center: Point, away: NDArray[np.float64], last: int) -> Circle:
    """The circle that ends half way to the next site."""
    beyond = away[last + 1] if last + 1 < len(away) else away[last] + 1.0
    return Circle(center, float(away[last] + beyond) / 2)
