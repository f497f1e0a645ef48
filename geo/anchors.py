"""Anchors: what is known on a grid, from which the minimum for a point near by is found quickly.

For an anchor, `reach` is the estimate to every junction, and `entry` the best way to it over one
leg and one chain. A leg is a metric, so for a point whose leg to the anchor is s, both are off by
s at most; every bound that lets a junction be passed over rests on that.
"""

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from geo.compiled import borrowed, code_folder, compiled
from geo.coverage import are_covered
from geo.ground import Ground, Spot, entry_ticks, ground, node_leg, point_leg, room, stand
from geo.legs import FAR, least_ticks, square
from geo.network import Floats, Ints, gnomonic, unit_vectors

SLACK = 1024
"""Ticks by which legs may miss the triangle inequality, from the stand-off of corners: 8 m."""
_WEST, _SOUTH, _STEP = -125.75, 24.0, 0.5
_COLUMNS, _ROWS = 118, 52
# Ticks that an entry may fall behind before how far no longer matters: 100 km.
_BEHIND = 12_800_000


class Tables(NamedTuple):
    """What is known at each anchor, by junction; ticks. `order` has first what falls least behind.

    An entry that falls behind the reach by more than 100 km stands there as 100 km or more.
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
    """A grid of anchors; what is not `filled` of their tables is when it is needed."""

    def __init__(
        self, g: Ground, kept: Tables | None = None, filled: NDArray[np.bool_] | None = None
    ) -> None:
        self.lons, self.lats = _grid()
        self._xyz = unit_vectors(self.lons, self.lats)
        self._xy = gnomonic(self._xyz)
        # Memory that is not written to is not taken.
        self.tables = kept or Tables(*(np.empty(_shape(), dtype=kind) for kind in _KINDS))
        self._ground = g
        self._filled = np.zeros(_shape()[0], dtype=np.bool_) if filled is None else filled
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
                self.fill(np.unique(chosen))
        return Spots(xyz, xy, chosen, strays)

    def fill(self, wanted: Ints) -> None:
        """Fill in the rows of those anchors that have none yet."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(self._fill_one, wanted[~self._filled[wanted]]))

    def _fill_one(self, anchor: int) -> None:
        xyz, xy = self._xyz[anchor], self._xy[anchor]
        rows = (table[anchor] for table in self.tables)
        _fill_rows(self._ground, xyz, xy, room(), *rows)
        self._filled[anchor] = True


@cache
def anchors() -> Anchors:
    """The anchors of the contiguous United States: those that `keep` made, else empty ones."""
    folder = beside_code("anchors")
    if folder is not None and folder.exists():
        # Mapped, so that all processes share them; nothing is written to what is filled.
        kept = (np.asarray(np.load(folder / f"{name}.npy", "c")) for name in Tables._fields)
        return Anchors(ground(), Tables(*kept), np.load(folder / "filled.npy"))
    return Anchors(ground())


def keep() -> None:
    """Fill the tables of all anchors on covered ground, and keep them for every later process.

    They take about a minute of one core, and 70 MB beside the machine code.
    """
    folder = beside_code("anchors")
    if folder is None or folder.exists():
        return
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    part.mkdir(parents=True)
    files = zip(Tables._fields, _KINDS, strict=True)
    tables = Tables(
        *(open_memmap(part / f"{name}.npy", "w+", kind, _shape()) for name, kind in files)
    )
    filled = np.zeros(_shape()[0], dtype=np.bool_)
    made = Anchors(ground(), Tables(*map(np.asarray, tables)), filled)
    reach = np.linspace(-0.5, 0.5, 9) * _STEP
    wanted = np.zeros(_shape()[0], dtype=np.bool_)
    for east in reach:
        for north in reach:
            wanted |= are_covered(made.lons + east, made.lats + north)
    made.fill(np.flatnonzero(wanted))
    np.save(part / "filled.npy", filled)
    part.rename(folder)
    # What older sources left behind.
    for other in folder.parent.parent.iterdir():
        if other.is_dir() and other != folder.parent:
            shutil.rmtree(other, ignore_errors=True)


_KINDS = (np.int32, np.int32, np.uint16)


def _shape() -> tuple[int, int]:
    return _COLUMNS * _ROWS, len(ground().junctions)


def _grid() -> tuple[Floats, Floats]:
    row, column = np.divmod(np.arange(_COLUMNS * _ROWS), _COLUMNS)
    return _WEST + (column + 0.5) * _STEP, _SOUTH + (row + 0.5) * _STEP


def beside_code(name: str) -> Path | None:
    """A folder beside the machine code, which is kept by what the sources say; None if it is not."""
    folder = code_folder()
    return folder and folder / name


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
    reach[:] = home_leg + g.table[home]
    for j in np.argsort(g.table[home]):
        entry[j] = entry_ticks(g, at, j, reach[j] + _BEHIND)
        if entry[j] < reach[j]:
            for k in range(len(g.junctions)):
                reach[k] = min(reach[k], entry[j] + g.table[j, k])
    order[:] = np.argsort(entry - reach)


@compiled
def _nearest_junction(g: Ground, at: Spot) -> tuple[int, int]:
    """The junction to which the leg is least, and that leg."""
    home, home_leg = 0, FAR
    for j in range(len(g.junctions)):
        node = g.junctions[j]
        if least_ticks(square(at.xyz, g.xyz[node])) < home_leg:
            leg = node_leg(g, at, node, home_leg)
            home, home_leg = (j, leg) if leg < home_leg else (home, home_leg)
    return home, home_leg
