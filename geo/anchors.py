"""Anchors: what is known on a grid, from which the minimum for a point near by is found quickly.

For an anchor, `reach` is the estimate to every junction, and `entry` the best way to it over one
leg and one chain. A leg is a metric, so for a point whose leg to the anchor is s, both are off by
s at most; every bound that lets a junction be passed over rests on that.
"""

import threading
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import borrowed, compiled
from geo.ground import Ground, Spot, entry_ticks, ground, node_leg, point_leg, room, stand
from geo.legs import FAR
from geo.network import Floats, Ints, gnomonic, unit_vectors

SLACK = 1024
"""Ticks by which legs may miss the triangle inequality, from the stand-off of corners: 8 m."""
_WEST, _SOUTH, _STEP = -125.75, 24.0, 0.5
_COLUMNS, _ROWS = 118, 52
# Ticks that an entry may fall behind before how far no longer matters: 250 km.
_BEHIND = 32_000_000


class Tables(NamedTuple):
    """What is known at each anchor, by junction; ticks. `order` has first what falls least behind.

    An entry that falls behind the reach by more than 250 km stands there as just that.
    """

    entry: NDArray[np.int32]
    reach: NDArray[np.int32]
    order: NDArray[np.uint16]


class Spots(NamedTuple):
    """Points that are covered, the anchor of each, and the leg to it in ticks."""

    xyz: Floats
    xy: Floats
    anchors: Ints
    strays: Ints


class Anchors:
    """A grid of anchors, whose tables are filled row by row as they are needed."""

    def __init__(self, g: Ground) -> None:
        shape = (_COLUMNS * _ROWS, len(g.junctions))
        row, column = np.divmod(np.arange(shape[0]), _COLUMNS)
        self._xyz = unit_vectors(_WEST + (column + 0.5) * _STEP, _SOUTH + (row + 0.5) * _STEP)
        self._xy = gnomonic(self._xyz)
        # Memory that is not written to is not taken.
        self.tables = Tables(
            entry=np.empty(shape, dtype=np.int32),
            reach=np.empty(shape, dtype=np.int32),
            order=np.empty(shape, dtype=np.uint16),
        )
        self._ground = g
        self._filled = np.zeros(shape[0], dtype=np.bool_)
        self._lock = threading.Lock()

    def spots(self, lons: Floats, lats: Floats) -> Spots:
        """The points, degrees, each with an anchor whose rows are filled."""
        xyz = unit_vectors(lons, lats)
        xy = gnomonic(xyz)
        columns = np.clip((lons - _WEST) / _STEP, 0, _COLUMNS - 1).astype(np.int64)
        rows = np.clip((lats - _SOUTH) / _STEP, 0, _ROWS - 1).astype(np.int64)
        chosen, strays = _choose(self._ground, xyz, xy, rows, columns, self._xyz, self._xy, room())
        if not self._filled[chosen].all():
            with self._lock:
                self._fill(np.unique(chosen))
        return Spots(xyz, xy, chosen, strays)

    def _fill(self, wanted: Ints) -> None:
        for anchor in wanted[~self._filled[wanted]]:
            xyz, xy = self._xyz[anchor], self._xy[anchor]
            rows = (table[anchor] for table in self.tables)
            _fill_rows(self._ground, xyz, xy, room(), *rows)
            self._filled[anchor] = True


@cache
def anchors() -> Anchors:
    """The anchors of the contiguous United States."""
    return Anchors(ground())


@compiled
def _choose(
    g: Ground,
    xyz: Floats,
    xy: Floats,
    rows: Ints,
    columns: Ints,
    at: Floats,
    at_xy: Floats,
    legs: Ints,
) -> tuple[Ints, Ints]:
    """The anchor to which the leg is least, of the one in the middle of a point's square and four
    neighbours: another's is less where water is between."""
    chosen, strays = np.zeros_like(rows), np.full(len(rows), FAR, dtype=np.int64)
    g = borrowed(g)
    for i in range(len(rows)):
        spot = stand(xyz[i], xy[i], legs[0])
        for dy, dx in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)):
            row = min(max(rows[i] + dy, 0), _ROWS - 1)
            anchor = row * _COLUMNS + min(max(columns[i] + dx, 0), _COLUMNS - 1)
            middle = stand(at[anchor], at_xy[anchor], legs[1])
            stray = point_leg(g, spot, middle, strays[i])
            if stray < strays[i]:
                chosen[i], strays[i] = anchor, stray
    return chosen, strays


@compiled
def _fill_rows(
    g: Ground,
    xyz: Floats,
    xy: Floats,
    legs: Ints,
    entry: NDArray[np.int32],
    reach: NDArray[np.int32],
    order: NDArray[np.uint16],
) -> None:
    """Fill in an anchor's rows, beginning with what is reached by way of a junction near by."""
    g = borrowed(g)
    at = stand(xyz, xy, legs[0])
    home, home_leg = _nearest_junction(g, at)
    for j in range(len(g.junctions)):
        reach[j] = home_leg + g.table[home, j]
        entry[j] = entry_ticks(g, at, j, reach[j] + _BEHIND)
    for j in np.argsort(entry):
        if entry[j] < reach[j]:
            for k in range(len(g.junctions)):
                reach[k] = min(reach[k], entry[j] + g.table[j, k])
    order[:] = np.argsort(entry - reach)


@compiled
def _nearest_junction(g: Ground, at: Spot) -> tuple[int, int]:
    """The junction to which the leg is least, and that leg."""
    home, home_leg = 0, FAR
    for j in range(len(g.junctions)):
        leg = node_leg(g, at, g.junctions[j], home_leg)
        if leg < home_leg:
            home, home_leg = j, leg
    return home, home_leg
