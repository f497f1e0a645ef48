"""Sites: the distinct points, each with its state, at which the loads of a board begin and end.

Many loads share a site, so what is asked of a place is asked once for all of them.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Area, Floats, Mask
from geo.cells import Cells, Cover, cells_of, cover
from geo.compiled import compiled
from geo.fields import field_of
from geo.nearby import Kept, Nearby
from geo.points import Point
from matching.columns import STATE_NUMBERS, Rows

RESOLUTION = 8
ROUNDING_M = 1.0
"""No more than the rounding of floats puts a road below the great circle."""

Numbers = NDArray[np.uint8]
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True)
class Reachable:
    """All points to which it is at most `within_m` metres by road from `of`, as `geo.roads`."""

    of: Point
    within_m: float

    def __post_init__(self) -> None:
        if not (-180.0 <= self.of.lon <= 180.0 and -90.0 <= self.of.lat <= 90.0):
            raise ValueError(f"a point is a longitude and a latitude in degrees, not {self.of}")
        if not (math.isfinite(self.within_m) and self.within_m >= 0.0):
            raise ValueError(f"a way is a finite number of at least 0, not {self.within_m}")


Where = Area | frozenset[str] | Reachable
"""An area, the codes of the states that a stop must be stored under, or what is near by road."""


class Points(NamedTuple):
    """Points in degrees, and the number of the state of each; shape (n,)."""

    lons: Floats
    lats: Floats
    states: Numbers

    def of(self, rows: slice | NDArray[np.integer]) -> "Points":
        return Points(self.lons[rows], self.lats[rows], self.states[rows])


class Sites(NamedTuple):
    """The first `known` rows are sites, and of those the first `ordered` in the order of their cells.

    The room behind them is for sites to come: other views of the same arrays may use it. A site has
    its number as long as `kept`, where what was found about it stands, is the same.
    """

    points: Points
    cells: Cells
    ordered: int
    known: int
    kept: Kept

    def chosen(self, where: Where) -> Mask:
        """Which sites lie in an area or a state, shape (known,)."""
        lons, lats, states = self.points.of(slice(self.known))
        if isinstance(where, frozenset):
            return np.isin(states, [STATE_NUMBERS[code] for code in where])
        if isinstance(where, Reachable):
            return self._reached(where)
        covered = cover_of(where)
        held, edge = self._in_ranges(covered.inside), self._in_ranges(covered.edge)
        later = slice(self.ordered, self.known)
        held[later], edge[later] = covered.contains(self.cells[later])
        unsure = np.flatnonzero(edge)
        held[unsure] = where.contains(lons[unsure], lats[unsure])
        return held

    def _in_ranges(self, ranges: Cells) -> Mask:
        """Of the sites in order, which have their cell in one of the ranges."""
        inside = np.zeros(self.known, dtype=np.bool_)
        cells = self.cells[: self.ordered]
        starts = np.searchsorted(cells, ranges[:, 0], "left")
        ends = np.searchsorted(cells, ranges[:, 1], "right")
        _set(inside, starts, ends)
        return inside

    def _reached(self, area: Reachable) -> Mask:
        """No way by road is below the great circle; bounds by places near by settle most others."""
        nearby = self.nearby()
        near = np.flatnonzero(nearby.great_circles_m(area.of) <= area.within_m + ROUNDING_M)
        least, most = nearby.bounds_m(field_of(area.of), near)
        reached = np.zeros(self.known, dtype=np.bool_)
        reached[near] = most <= area.within_m
        unsure = near[(least <= area.within_m) & (most > area.within_m)]
        reached[unsure] = nearby.roads_m(area.of, unsure) <= area.within_m
        return reached

    def nearby(self) -> Nearby:
        """The sites beside the known places that bound road metres to them."""
        return self.kept.of(self.points.lons[: self.known], self.points.lats[: self.known])

    @property
    def nbytes(self) -> int:
        """The memory of all arrays, in bytes."""
        return self.kept.nbytes + sum(array.nbytes for array in (*self.points, self.cells))


@compiled
def _set(mask: Mask, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> None:
    for i in range(len(starts)):
        mask[starts[i] : ends[i]] = True


@lru_cache(maxsize=5_000)
def cover_of(area: Area) -> Cover:
    """The cover of an area by the cells of sites."""
    return cover(area, RESOLUTION)


def sites_of(points: Points) -> tuple[Sites, Rows]:
    """The sites of any points, and the number of each point's site."""
    firsts, sets = _distinct(points)
    distinct = points.of(firsts)
    cells = cells_of(distinct.lons, distinct.lats, RESOLUTION)
    sites, numbers = in_order(distinct, cells, np.arange(len(cells)))
    return sites, numbers[sets]


def in_order(points: Points, cells: Cells, kept: NDArray[np.intp]) -> tuple[Sites, Rows]:
    """Those points, no two equal, in the order of their cells; and the new number of each old one."""
    kept = kept[np.argsort(cells[kept], kind="stable")]
    numbers = np.full(len(cells), -1, dtype=np.int32)
    numbers[kept] = np.arange(len(kept))
    return Sites(points.of(kept), cells[kept], len(kept), len(kept), Kept()), numbers


def extended(sites: Sites, points: Points) -> tuple[Sites, Rows]:
    """The sites with those of a few points behind them, and the number of each point's site."""
    cells = cells_of(points.lons, points.lats, RESOLUTION)
    starts = np.searchsorted(sites.cells[: sites.ordered], cells, "left")
    if len(sites.cells) < sites.known + len(cells):
        sites = _with_room(sites, 2 * sites.known + len(cells))
    count, numbers = _place(
        sites.points, sites.cells, sites.ordered, sites.known, points, cells, starts
    )
    return sites._replace(known=count), numbers


def _with_room(sites: Sites, size: int) -> Sites:
    old: list[NDArray[Any]] = [*sites.points, sites.cells]
    grown = [np.empty(size, dtype=column.dtype) for column in old]
    for column, wider in zip(old, grown, strict=True):
        wider[: sites.known] = column[: sites.known]
    return sites._replace(points=Points._make(grown[:3]), cells=grown[3])


@compiled
def _place(
    known: Points,
    known_cells: Cells,
    ordered: int,
    count: int,
    points: Points,
    cells: Cells,
    starts: NDArray[np.int64],
) -> tuple[int, Rows]:
    """Write points that are new behind the known ones; how many are known then, and their numbers."""
    numbers = np.empty(len(cells), dtype=np.int32)
    for i in range(len(cells)):
        at = starts[i]
        while at < ordered and known_cells[at] == cells[i] and not _same(known, at, points, i):
            at += 1
        if at >= ordered or known_cells[at] != cells[i]:
            at = ordered
            while at < count and not _same(known, at, points, i):
                at += 1
        if at == count:
            known.lons[at], known.lats[at] = points.lons[i], points.lats[i]
            known.states[at], known_cells[at] = points.states[i], cells[i]
            count += 1
        numbers[i] = at
    return count, numbers


@compiled
def _same(known: Points, k: int, points: Points, i: int) -> bool:
    return bool(
        known.lons[k] == points.lons[i]
        and known.lats[k] == points.lats[i]
        and known.states[k] == points.states[i]
    )


def _distinct(points: Points) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each set of equal points, and to which set each point belongs."""
    # Nought has two signs and is one place.
    lons, lats = ((axis + 0.0).view(np.uint64) for axis in points[:2])
    for multiplier in _MULTIPLIERS:
        keys = (lons * np.uint64(multiplier)) ^ (lons >> np.uint64(29))
        keys = ((keys + lats) * np.uint64(multiplier)) ^ (lats >> np.uint64(31))
        _, firsts, sets = np.unique(keys + points.states, return_index=True, return_inverse=True)
        if all((column[firsts][sets] == column).all() for column in points):
            return firsts, sets
    raise AssertionError("three hashes of these points collide")
