"""How points get onto the network: the junctions that matter for each, and the ways to them."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.anchors import SLACK, Spots, Tables, anchors
from geo.anchors import keep as keep_anchors
from geo.compiled import borrowed, compiled
from geo.coverage import are_covered
from geo.ground import Ground, Spot, entry_ticks, ground, node_leg, room, stand
from geo.known import (
    Junctions,
    Known,
    Places,
    Ticks,
    Ways,
    all_places,
    known,
    known_folder,
    nothing,
    rows_of,
    save,
)
from geo.network import Floats, Ints


@dataclass(frozen=True)
class Accesses:
    """Points, degrees, and their accesses to the network, made by `accesses`.

    `spots` are the points that are covered, `inside` their numbers. Spot s has the accesses from
    `starts[s]` to `starts[s + 1]`: a junction, and the way to it in ticks.
    """

    lons: Floats
    lats: Floats
    inside: Ints
    spots: Spots
    starts: Ints
    junctions: Junctions
    ticks: Ticks

    @property
    def nbytes(self) -> int:
        """The memory that the arrays take, in bytes."""
        arrays = (self.lons, self.lats, self.inside, *self.spots, self.starts, self.junctions)
        return sum(array.nbytes for array in (*arrays, self.ticks))


def accesses(lons: ArrayLike, lats: ArrayLike) -> Accesses:
    """Prepare points, degrees, shape (n,), for `geo.fields`.

    Only accesses are kept that no other beats and that are no mere detour on the straight leg.
    Every estimate is the least over these at both ends, over the straight leg, and over the ways
    along one chain: of the ways that are shortest take one with the fewest edges, and neither its
    first nor its last junction was dropped.
    """
    lons, lats = np.atleast_1d(lons).astype(np.float64), np.atleast_1d(lats).astype(np.float64)
    kept = known()
    rows = rows_of(kept, lons, lats)
    covered = rows >= 0
    covered[~covered] = are_covered(lons[~covered], lats[~covered])
    inside = np.flatnonzero(covered)
    rows = rows[inside]
    new = inside[rows < 0]
    found, ways = _found(lons[new], lats[new])
    columns = zip(Spots(*kept[1:5]), found, strict=True)
    spots = Spots(*(_filled(rows, *pair) for pair in columns))
    rows[rows < 0] = -1 - np.arange(len(new))
    return Accesses(lons, lats, inside, spots, *_merged(rows, Ways(*kept[5:]), ways))


def keep() -> None:
    """Keep the anchors, and the accesses of all towns and ZIP codes, for every later process.

    Beside the anchors they take about 45 s of two cores, and 30 MB.
    """
    keep_anchors()
    folder = known_folder()
    if folder is not None and not folder.exists():
        save(prepared(all_places()), folder)


def prepared(places: Places) -> Known:
    """Covered points, in rising order and each once, with their accesses; on all cores."""
    anchors()
    parts = np.array_split(places, min(len(places), 64))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda part: _found(part.real, part.imag), parts))
    columns = zip(*(spots for spots, _ in found), strict=True)
    spots = Spots(*(np.concatenate(column) for column in columns))
    counts = np.concatenate([np.diff(ways.starts) for _, ways in found])
    junctions = np.concatenate([ways.junctions for _, ways in found])
    ticks = np.concatenate([ways.ticks for _, ways in found])
    return Known(places, *spots, np.concatenate(([0], np.cumsum(counts))), junctions, ticks)


def _found(lons: Floats, lats: Floats) -> tuple[Spots, Ways]:
    """Covered points, as spots, and their accesses."""
    if not len(lons):
        return Spots(*nothing()[1:5]), Ways(*nothing()[5:])
    near = anchors()
    spots = near.spots(lons, lats)
    return spots, Ways(*_accesses(ground(), near.tables, spots, room()))


def _filled(rows: Ints, kept: NDArray[Any], found: NDArray[Any]) -> NDArray[Any]:
    """The rows of `kept`, and where they are below 0 those of `found` in their order."""
    column = np.empty((len(rows), *kept.shape[1:]), dtype=kept.dtype)
    column[rows >= 0] = kept[rows[rows >= 0]]
    column[rows < 0] = found
    return column


@compiled
def _merged(rows: Ints, kept: Ways, found: Ways) -> tuple[Ints, Junctions, Ticks]:
    """The accesses of the rows of `kept`, and for -1 - k those of the row k of `found`."""
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    for i in range(len(rows)):
        ways, row = (kept, rows[i]) if rows[i] >= 0 else (found, -1 - rows[i])
        starts[i + 1] = starts[i] + ways.starts[row + 1] - ways.starts[row]
    junctions = np.empty(starts[-1], dtype=np.uint16)
    ticks = np.empty(starts[-1], dtype=np.int32)
    for i in range(len(rows)):
        ways, row = (kept, rows[i]) if rows[i] >= 0 else (found, -1 - rows[i])
        first, end = ways.starts[row], ways.starts[row + 1]
        junctions[starts[i] : starts[i + 1]] = ways.junctions[first:end]
        ticks[starts[i] : starts[i + 1]] = ways.ticks[first:end]
    return starts, junctions, ticks


@compiled
def _accesses(g: Ground, tables: Tables, spots: Spots, legs: Ints) -> tuple[Ints, Junctions, Ticks]:
    """Where each spot's accesses start, and the accesses; `legs` is `room`."""
    g, tables, spots = borrowed(g), borrowed(tables), borrowed(spots)
    starts = np.zeros(len(spots.xyz) + 1, dtype=np.int64)
    size = 64 * len(spots.xyz) + len(g.junctions)
    junctions, ticks = np.empty(size, dtype=np.uint16), np.empty(size, dtype=np.int32)
    on, ways = np.empty((2, len(g.junctions)), dtype=np.int64)
    end = 0
    for i in range(len(spots.xyz)):
        at = stand(spots.xyz[i], spots.xy[i], legs[0])
        found = _candidates(g, tables, at, spots.anchors[i], spots.strays[i], on, ways)
        if end + found > len(ticks):
            junctions = np.concatenate((junctions, np.empty_like(junctions)))
            ticks = np.concatenate((ticks, np.empty_like(ticks)))
        for k in range(found):
            if not _is_beaten(g, on, ways, k) and _is_of_use(g, at, on[k], ways[k]):
                junctions[end], ticks[end] = on[k], ways[k]
                end += 1
        starts[i + 1] = end
    return starts, junctions[:end].copy(), ticks[:end].copy()


@compiled
def _candidates(
    g: Ground, tables: Tables, at: Spot, anchor: int, stray: int, on: Ints, ways: Ints
) -> int:
    """List, by way, the junctions that may not be beaten for a point so near its anchor."""
    entry, reach = tables.entry[anchor], tables.reach[anchor]
    found = 0
    for j in tables.order[anchor]:
        if entry[j] - reach[j] > 2 * stray + SLACK:
            break
        ceiling = reach[j] + stray + SLACK
        way = entry_ticks(g, at, j, ceiling)
        if way < ceiling:
            on[found], ways[found] = j, way
            found += 1
    by_way = np.argsort(ways[:found])
    on[:found], ways[:found] = on[:found][by_way], ways[:found][by_way]
    return found


@compiled
def _is_beaten(g: Ground, on: Ints, ways: Ints, k: int) -> bool:
    """Whether one of the accesses before k leads to its junction in less."""
    row, i = g.table[on[k]], 0
    while i < k and ways[i] + row[on[i]] >= ways[k]:
        i += 1
    return i < k


@compiled
def _is_of_use(g: Ground, at: Spot, junction: int, way: int) -> bool:
    """Whether the way comes along a chain, or leads on to some next node in less than a leg."""
    if way < node_leg(g, at, g.junctions[junction]):
        return True
    for a in range(g.arm_start[junction], g.arm_start[junction + 1]):
        chain = g.arms[a] >> 1
        here, step = g.chain_start[chain], 1
        if g.arms[a] & 1:
            here, step = g.chain_start[chain + 1] - 1, -1
        onward = way + abs(g.chain_along[here + step] - g.chain_along[here])
        if node_leg(g, at, g.chain_nodes[here + step], onward + 1) > onward:
            return True
    return False
