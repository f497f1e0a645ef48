"""Road miles between any two points of the contiguous United States, estimated.

The estimate is the least of the straight leg and of all ways leg, network, leg, over all pairs of
nodes of the freeway network; a leg is 1.3 times the great circle, round the water that bars it. It
is the same both ways, never below the great circle, and over a step of s metres it changes by 1.3 s
at most (and a few centimetres, for lengths are whole ticks of 1/128 m), unless the step crosses a
barrier or leaves the covered region. Where either end is not covered, it is 1.3 × great circle.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from geo.anchors import anchors
from geo.coverage import are_covered
from geo.ground import ground, room
from geo.known import Known, known, rows_of
from geo.legs import straight_m
from geo.network import TICKS_PER_METRE, Floats, Ints
from geo.pairs import chains, known_ticks, pair_ticks
from geo.points import Point

# Pairs below which another thread costs more than it spares.
_PART = 1_000


def road_m(p: Point, q: Point) -> float:
    """Estimated road metres from `p` to `q`; see `roads_m`."""
    return float(roads_m(p.lon, p.lat, q.lon, q.lat)[0])


def roads_m(lons1: ArrayLike, lats1: ArrayLike, lons2: ArrayLike, lats2: ArrayLike) -> Floats:
    """Estimated road metres between pairs of points, degrees that broadcast to shape (n,).

    Where `geo.coverage.are_covered` is false of either end: 1.3 × great circle.
    """
    columns = (np.atleast_1d(column) for column in (lons1, lats1, lons2, lats2))
    ends = np.stack(np.broadcast_arrays(*columns)).astype(np.float64)
    kept = known()
    starts, goals = rows_of(kept, *ends[:2]), rows_of(kept, *ends[2:])
    both = (starts >= 0) & (goals >= 0)
    metres = np.empty(len(both))
    metres[both] = _of_known(kept, starts[both], goals[both]) / TICKS_PER_METRE
    if not both.all():
        metres[~both] = _found_m(ends[:, ~both])
    return metres


def _of_known(kept: Known, starts: Ints, goals: Ints) -> Ints:
    """Ticks between known points: by start, whose accesses then stay at hand, on all cores."""
    by_start = np.argsort(starts, kind="stable")
    parts = np.array_split(by_start, min(os.cpu_count() or 1, len(starts) // _PART + 1))

    def ticks_of(part: Ints) -> Ints:
        return known_ticks(ground(), chains(), kept, starts[part], goals[part], room())

    ticks = np.empty(len(starts), dtype=np.int64)
    if len(parts) == 1:
        ticks[by_start] = ticks_of(by_start)
    else:
        with ThreadPoolExecutor(len(parts)) as threads:
            ticks[by_start] = np.concatenate(list(threads.map(ticks_of, parts)))
    return ticks


def _found_m(ends: Floats) -> Floats:
    """The same of pairs of any points, the rows of `ends`, without knowing their accesses."""
    inside = are_covered(ends[0], ends[1]) & are_covered(ends[2], ends[3])
    near = anchors()
    starts, goals = near.spots(*ends[:2, inside]), near.spots(*ends[2:, inside])
    metres = straight_m(*ends)
    ticks = pair_ticks(ground(), chains(), near.tables, starts, goals, room())
    metres[inside] = ticks / TICKS_PER_METRE
    return metres
