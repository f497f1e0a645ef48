"""Where road estimates hold: the 48 contiguous states, and the sea before their coasts."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon, contains_xy, prepare

from geo.barriers import BARRIERS, BORDER, Line
from geo.points import Point

# From Isle Royale westward along the border with Canada, down the Pacific, along the border with
# Mexico, through the Gulf and up the Atlantic; coarse, but right about the towns on both sides.
_REST: Line = (
    *((-66.5, 43.5), (-69.0, 40.5), (-73.0, 38.5), (-74.5, 35.0), (-79.0, 31.0), (-79.5, 25.5)),
    *((-80.5, 24.3), (-83.3, 24.3), (-84.5, 28.0), (-88.5, 28.5), (-94.0, 28.5), (-96.8, 27.0)),
    *(
        (-97.0, 25.97),
        (-97.14, 25.96),
        (-97.5, 25.885),
        (-98.1, 26.06),
        (-98.27, 26.07),
        (-98.66, 26.26),
    ),
    *(
        (-98.8, 26.36),
        (-99.1, 26.42),
        (-99.17, 26.55),
        (-99.45, 27.03),
        (-99.5, 27.34),
        (-99.51, 27.498),
    ),
    *((-99.9, 27.7), (-100.3, 28.28), (-100.51, 28.7), (-100.93, 29.345), (-101.4, 29.77)),
    *((-102.3, 29.88), (-102.7, 29.7), (-102.9, 29.25), (-103.2, 28.98), (-104.0, 29.3)),
    *((-104.37, 29.545), (-104.9, 30.6), (-106.2, 31.47), (-106.38, 31.735), (-106.45, 31.752)),
    *((-106.49, 31.747), (-106.528, 31.783), (-108.208, 31.783), (-108.208, 31.333)),
    *((-111.07, 31.332), (-114.81, 32.494), (-114.72, 32.718), (-117.13, 32.534), (-117.5, 32.5)),
    *((-119.0, 32.5), (-121.0, 33.8), (-123.2, 37.0), (-125.0, 40.3), (-125.2, 43.0)),
    *((-125.6, 48.5), (-124.8, 48.45), (-123.5, 48.23), (-123.2, 48.4), (-123.25, 48.7)),
    *((-123.02, 48.83), (-123.3, 49.002), (-95.153, 49.0), (-95.153, 49.385), (-94.8, 49.32)),
    *((-94.63, 48.76), (-93.35, 48.62), (-92.5, 48.45), (-91.4, 48.07), (-90.8, 48.24)),
    *((-89.6, 48.0), (-88.4, 48.3), (-86.5, 47.6)),
)


def is_covered(point: Point) -> bool:
    """Whether road estimates hold at `point`; see `are_covered`."""
    return bool(are_covered(point.lon, point.lat)[0])


def are_covered(lons: ArrayLike, lats: ArrayLike) -> NDArray[np.bool_]:
    """Whether road estimates hold at each point, degrees; shape (n,).

    They hold in one connected region of the plane of longitude and latitude: the 48 contiguous
    states and waters before them. Its outline with Canada and Mexico is right to about a
    kilometre near towns.
    """
    return np.asarray(contains_xy(_region(), np.atleast_1d(lons), np.atleast_1d(lats)))


@cache
def _region() -> Polygon:
    border = BARRIERS[BORDER]
    region = Polygon((*border[border.index((-84.85, 46.75)) :], *_REST))
    prepare(region)
    return region
