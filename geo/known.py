"""Points whose accesses to the network are known beforehand: all towns and ZIP codes.

Loads are posted at few different points. What takes most of the time of an estimate, finding how
its ends get onto the network, is done once for those, and kept on disk by `geo.accesses.keep`.
"""

import gzip
import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.anchors import beside_code
from geo.compiled import compiled
from geo.coverage import are_covered
from geo.network import Floats, Ints

Places = NDArray[np.complex128]
Junctions = NDArray[np.uint16]
Ticks = NDArray[np.int32]

# The columns of longitude and latitude.
_LISTS = {"towns.tsv.gz": (2, 3), "zips.tsv.gz": (3, 4)}


class Ways(NamedTuple):
    """The accesses of point i are from `starts[i]` to `starts[i + 1]`: junctions, and ticks."""

    starts: Ints
    junctions: Junctions
    ticks: Ticks


class Known(NamedTuple):
    """Covered points, longitude + latitude · i in rising order, and what is known of each.

    The columns of `geo.anchors.Spots`, then those of `Ways`.
    """

    places: Places
    xyz: Floats
    xy: Floats
    anchors: Ints
    strays: Ints
    starts: Ints
    junctions: Junctions
    ticks: Ticks


@compiled
def least_onward(ways: Ticks, junctions: Junctions, ticks: Ticks) -> int:
    """The least sum of ticks to a junction and the ways from there, in 32 bits.

    No sum comes near to 2^31, which is 16,777 km. Half the width is thrice the speed here: the
    compiler takes several at once.
    """
    least = np.int32(2**31 - 1)
    for k in range(len(junctions)):
        least = min(least, np.int32(ways[junctions[k]] + ticks[k]))
    return int(least)


@cache
def known() -> Known:
    """The points that were kept; none if nothing was."""
    folder = known_folder()
    return load(folder) if folder is not None and folder.exists() else nothing()


def known_folder() -> Path | None:
    """Where `known` looks; None where no machine code is kept."""
    return beside_code("known")


def nothing() -> Known:
    """No points at all."""
    plane = np.empty((0, 2))
    none = np.empty(0, dtype=np.int64)
    return Known(
        *(np.empty(0, dtype=np.complex128), np.empty((0, 3)), plane, none, none),
        *(np.zeros(1, dtype=np.int64), np.empty(0, np.uint16), np.empty(0, np.int32)),
    )


def load(folder: Path) -> Known:
    """What `save` left, mapped, so that all processes share it."""
    columns = (np.load(folder / f"{name}.npy", "c") for name in Known._fields)
    return Known(*map(np.asarray, columns))


def save(found: Known, folder: Path) -> None:
    """Write points to a folder that does not exist yet; it appears when it is whole."""
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    part.mkdir(parents=True)
    for name in Known._fields:
        np.save(part / f"{name}.npy", getattr(found, name))
    part.rename(folder)


def rows_of(found: Known, lons: ArrayLike, lats: ArrayLike) -> Ints:
    """The row of each point, degrees, shape (n,): of the very same numbers. -1 where there is none."""
    wanted = _places(lons, lats)
    if not len(found.places):
        return np.full(len(wanted), -1)
    rows = np.minimum(np.searchsorted(found.places, wanted), len(found.places) - 1)
    return np.where(found.places[rows] == wanted, rows, -1)


def all_places() -> Places:
    """The points of all towns and ZIP codes that are covered, each once, in rising order."""
    points = [
        [float(row[column]) for column in columns]
        for file, columns in _LISTS.items()
        for row in _rows(file)
    ]
    lons, lats = np.array(points).T
    inside = are_covered(lons, lats)
    return np.unique(_places(lons[inside], lats[inside]))


def _rows(file: str) -> list[list[str]]:
    text = gzip.decompress((files("geo") / "data" / file).read_bytes()).decode()
    return [line.split("\t") for line in text.splitlines()]


def _places(lons: ArrayLike, lats: ArrayLike) -> Places:
    degrees = np.stack((np.atleast_1d(lons), np.atleast_1d(lats)), axis=-1).astype(np.float64)
    return degrees.view(np.complex128)[:, 0]
