"""H3 cells as signed 64-bit integers, and covers of areas by ranges of them.

At a fixed resolution all index descendants of a cell are one contiguous range of integers, so an
area becomes a short list of ranges. Cells are not nested on the ground, though: children stick out
of their parent, so a cover reckons with the reach of a cell's descendants, not with its outline.

The layout of the integer (https://h3geo.org/docs/core-library/h3Indexing): resolution in bits 52
to 55, base cell in bits 45 to 51, then fifteen digits of three bits, coarsest first; digits 0 to 6
are used, and those past the resolution are 7.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from geo.areas import Area, Floats, Mask
from geo.geodesy import great_circle_m
from geo.points import Point

Cells = NDArray[np.int64]

MAX_RESOLUTION = 15
REACH = 1.10
"""Descendants of a cell lie within this many of its circumradii from its centre.

Measured 1.067 at most, found by climbing from hundreds of random cells of several resolutions, and
1.047 at most over all cells of resolutions 0 to 2. In the plane limit the figure is 1.041 for
regular hexagons and 1.081 for any that are stretched by 1.2584, the most that the gnomonic
projection of an icosahedron's face does (1 / cos 37.38°, at its corners). The rest is margin, which
also takes up all rounding.
"""

_RESOLUTION_SHIFT = 52
_BASE_CELL_SHIFT = 45
_DIGIT_BITS = 3
_ALL_SIXES = 0o666_666_666_666_666


def cell_of(point: Point, resolution: int) -> int:
    """The H3 cell at `resolution` (0 to 15) that holds the point."""
    _check_resolution(resolution)
    return int(h3.latlng_to_cell(point.lat, point.lon, resolution))


def cells_of(lons: Floats, lats: Floats, resolution: int) -> Cells:
    """The H3 cells at `resolution` that hold the points (degrees, two equal-length arrays).

    Raises ValueError for a number that is not finite.
    """
    _check_resolution(resolution)
    if not (np.isfinite(lons).all() and np.isfinite(lats).all()):
        raise ValueError("longitudes and latitudes are finite numbers")
    found = map(h3.latlng_to_cell, lats.tolist(), lons.tolist(), repeat(resolution))
    return np.fromiter(found, dtype=np.int64, count=len(lons))


def parent(cells: Cells, resolution: int) -> Cells:
    """The index ancestors of the cells at a coarser (or the same) `resolution`."""
    _check_resolution(resolution)
    unused = (1 << _unit(resolution)) - 1
    return _with_resolution(cells, resolution) | unused


def descendants(cell: int, resolution: int) -> tuple[int, int]:
    """First and last of the range, inclusive, that holds all index descendants at `resolution`.

    Raises ValueError when `resolution` is coarser than the cell's own.
    """
    low, high = _spans(np.array([cell], dtype=np.int64), resolution)[0].tolist()
    return low, high


def center(cell: int) -> Point:
    """The centre of the cell."""
    lat, lon = h3.cell_to_latlng(cell)
    return Point(lon, lat)


def boundary(cell: int) -> list[Point]:
    """The cell's outline as a closed ring, counter-clockwise, fit for GeoJSON.

    Longitudes are counted on from the centre, so that a cell across the antimeridian is one whole
    ring and not torn over the map; they may then pass ±180.
    """
    middle = center(cell).lon
    ring = [
        Point(middle + (lon - middle + 180.0) % 360.0 - 180.0, lat)
        for lat, lon in h3.cell_to_boundary(cell)
    ]
    return [*ring, ring[0]]


@dataclass(frozen=True, eq=False)
class Cover:
    """Ranges of cells at one resolution that hold every point of an area.

    Both arrays have a row (low, high) for each range, ends included, sorted and disjoint, also from
    each other. A point whose cell is in `inside` is certainly in the area; one whose cell is in
    `edge` needs the exact test; any other is certainly not in it.
    """

    inside: Cells
    edge: Cells

    def contains(self, cells: Cells) -> tuple[Mask, Mask]:
        """For an array of cells, which are in `inside` and which in `edge`."""
        return _in_ranges(self.inside, cells), _in_ranges(self.edge, cells)


def cover(area: Area, resolution: int, max_ranges: int = 512) -> Cover:
    """Ranges of cells at `resolution` that hold every point of the area.

    Descends from the 122 base cells, a level at a time, and refines the cells that neither lie
    within the area nor apart from it, down to `resolution` or as long as `max_ranges` cells are
    enough (never stopping above the base cells). Neighbours are joined, so the ranges are fewer:
    by the default some 100 to 250, of which about a tenth of the area's size lies outside it.
    No point is missed, since descendants lie within `REACH` circumradii of a cell's centre.
    """
    _check_resolution(resolution)
    inside, edge = _sorted_out(area, _base_cells())
    level = 0
    while level < resolution and edge.size:
        finer_inside, finer_edge = _sorted_out(area, _children_of(edge["id"]))
        if len(inside) + len(finer_inside) + len(finer_edge) > max_ranges:
            break
        inside, edge = np.concatenate((inside, finer_inside)), finer_edge
        level += 1
    return Cover(_ranges(inside["id"], level, resolution), _ranges(edge["id"], level, resolution))


# A cell with its centre in degrees and the great-circle reach of its descendants in metres.
_DISC = np.dtype([("id", "i8"), ("lon", "f8"), ("lat", "f8"), ("reach_m", "f8")])
Discs = NDArray[np.void]


def _sorted_out(area: Area, discs: Discs) -> tuple[Discs, Discs]:
    """The discs that lie within the area, and those that only may touch it."""
    touches, within = area.relate(discs["lon"], discs["lat"], discs["reach_m"])
    return discs[within], discs[touches & ~within]


@lru_cache(maxsize=1)
def _base_cells() -> Discs:
    return _discs(sorted(h3.get_res0_cells()))


def _children_of(cells: Cells) -> Discs:
    """As bytes, since to join arrays of records numpy compares their types one by one."""
    return np.frombuffer(b"".join(map(_children, cells.tolist())), dtype=_DISC)


@lru_cache(maxsize=1 << 17)
def _children(cell: int) -> bytes:
    """Kept, for asking H3 costs more than all else in a cover; about 60 MB when full."""
    return _discs(h3.cell_to_children(cell)).tobytes()


def _discs(cells: list[int]) -> Discs:
    outlines = [h3.cell_to_boundary(cell) for cell in cells]
    sizes = [len(outline) for outline in outlines]
    centers = np.array([h3.cell_to_latlng(cell) for cell in cells])
    from_lat, from_lon = np.repeat(centers, sizes, axis=0).T
    to_lat, to_lon = np.concatenate(outlines).T
    distances = great_circle_m(from_lon, from_lat, to_lon, to_lat)
    circumradii = np.maximum.reduceat(distances, np.cumsum([0, *sizes[:-1]]))
    discs = np.empty(len(cells), dtype=_DISC)
    discs["id"], discs["lon"], discs["lat"] = cells, centers[:, 1], centers[:, 0]
    discs["reach_m"] = REACH * circumradii
    return discs


def _ranges(cells: Cells, level: int, resolution: int) -> Cells:
    """The cells' ranges at `resolution`, sorted, those that follow on each other joined.

    No cell is finer than `level`.
    """
    spans = _spans(cells, level)
    spans = spans[np.argsort(spans[:, 0])]
    ordinals = _ordinals(spans, level)
    apart = ordinals[1:, 0] != ordinals[:-1, 1] + 1
    firsts = np.flatnonzero(np.r_[True, apart][: len(spans)])
    lasts = np.r_[firsts[1:] - 1, len(spans) - 1][: len(firsts)]
    lows = _spans(spans[firsts, 0], resolution)[:, 0]
    highs = _spans(spans[lasts, 1], resolution)[:, 1]
    return np.column_stack((lows, highs))


def _spans(cells: Cells, resolution: int) -> Cells:
    """For each cell a row: first and last of its descendants at `resolution`."""
    _check_resolution(resolution)
    own = cells >> _RESOLUTION_SHIFT & 0xF
    if (own > resolution).any():
        raise ValueError(f"a cell has no descendants at the coarser resolution {resolution}")
    free = (1 << _DIGIT_BITS * (MAX_RESOLUTION - own)) - 1
    unused = (1 << _unit(resolution)) - 1
    low = _with_resolution(cells, resolution) & ~free | unused
    return np.column_stack((low, low | free & _ALL_SIXES))


def _ordinals(cells: Cells, level: int) -> Cells:
    """Consecutive numbers for consecutive cells of a level: base cell and digits in base 7."""
    ordinals = cells >> _BASE_CELL_SHIFT & 0x7F
    for resolution in range(1, level + 1):
        ordinals = ordinals * 7 + (cells >> _unit(resolution) & 0x7)
    return ordinals


def _unit(resolution: int) -> int:
    """How far left in the integer the digit of `resolution` stands."""
    return _DIGIT_BITS * (MAX_RESOLUTION - resolution)


def _with_resolution(cells: Cells, resolution: int) -> Cells:
    return cells & ~(0xF << _RESOLUTION_SHIFT) | (resolution << _RESOLUTION_SHIFT)


def _in_ranges(ranges: Cells, cells: Cells) -> Mask:
    if not len(ranges):
        return np.zeros(len(cells), dtype=np.bool_)
    at = np.searchsorted(ranges[:, 0], cells, side="right") - 1
    return np.asarray((at >= 0) & (cells <= ranges[at, 1]), dtype=np.bool_)


def _check_resolution(resolution: int) -> None:
    if not 0 <= resolution <= MAX_RESOLUTION:
        raise ValueError(f"a resolution is between 0 and {MAX_RESOLUTION}, not {resolution}")
