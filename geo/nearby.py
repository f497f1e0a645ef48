"""Points of which the known place at or near each is kept: what bounds road metres to them.

Finding how a point gets onto the network takes 0.8 ms, a known place near by and the leg to it a
few µs. A leg is a metric, so the road metres from anywhere to the point and to that place differ by
the leg at most: that settles for most points whether they are within a limit.
"""

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.anchors import SLACK
from geo.compiled import borrowed, compiled
from geo.coverage import are_covered
from geo.fields import Field
from geo.ground import Ground, ground, point_leg, room, stand
from geo.known import Known, known, rows_of
from geo.legs import LEG_WEIGHT, least_ticks, square, straight_m
from geo.network import TICKS_PER_METRE, Floats, Ints, gnomonic, unit_vectors
from geo.points import Point
from geo.roads import roads_m

Rows = NDArray[np.int32]
_NOT_LOOKED_AT, _NOT_COVERED, _NO_PLACE = -3, -2, -1


class Nearby(NamedTuple):
    """Points, degrees, the row in `known` of the place at or near each, and the leg to it, metres.

    Where road metres are known exactly, the leg is 0: at known places, and where none hold.
    `places` and `legs` are filled in when they are needed.
    """

    lons: Floats
    lats: Floats
    xyz: Floats
    places: Rows
    legs: Floats

    def great_circles_m(self, end: Point) -> Floats:
        """A length that the great circle from `end` to each point is not below, shape (n,).

        Across the country it is 300 m less, and from half around the earth a fifth.
        """
        return _great_circles(unit_vectors(np.array([end.lon]), np.array([end.lat]))[0], self.xyz)

    def bounds_m(self, field: Field, numbers: Ints) -> tuple[Floats, Floats]:
        """The least and the most that the road metres from the field's origin can be.

        Of the points of these numbers; shape as `numbers`. Equal where the metres are exact.
        """
        self._look_at(numbers)
        places, legs = self.places[numbers], self.legs[numbers]
        metres = np.zeros(len(numbers))
        held = places >= 0 if field.is_covered else np.zeros(len(numbers), dtype=np.bool_)
        metres[held] = field.known_m(places[held])
        straight = places == _NOT_COVERED if field.is_covered else ~held
        at = numbers[straight]
        metres[straight] = straight_m(*field.origin, self.lons[at], self.lats[at])
        legs = np.where(straight, 0.0, legs)
        return np.maximum(metres - legs, 0.0), metres + legs

    def roads_m(self, end: Point, numbers: NDArray[np.integer]) -> Floats:
        """Road metres between `end` and the points of these numbers, shape as `numbers`."""
        return roads_m(end.lon, end.lat, self.lons[numbers], self.lats[numbers])

    def _look_at(self, numbers: Ints) -> None:
        new = np.unique(numbers[self.places[numbers] == _NOT_LOOKED_AT])
        if len(new):
            places, legs = _found(self.lons[new], self.lats[new], self.xyz[new])
            # Other threads may look: a point counts as known once its place is there.
            self.legs[new] = legs
            self.places[new] = places


class _Columns(NamedTuple):
    xyz: Floats
    places: Rows
    legs: Floats


def _unknown(size: int) -> _Columns:
    places = np.full(size, _NOT_LOOKED_AT, dtype=np.int32)
    return _Columns(np.empty((size, 3)), places, np.empty(size))


class Kept:
    """What was found about points that keep their numbers while others come behind them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._columns = _unknown(0)
        self._count = 0

    def of(self, lons: Floats, lats: Floats) -> Nearby:
        """The points, degrees, shape (n,): those of earlier calls, or fewer, or more behind them."""
        with self._lock:
            count = len(lons)
            if count > len(self._columns.xyz):
                self._grow(count + count // 4)
            if count > self._count:
                new = slice(self._count, count)
                self._columns.xyz[new] = unit_vectors(lons[new], lats[new])
                self._count = count
            xyz, places, legs = self._columns
        return Nearby(lons, lats, xyz[:count], places[:count], legs[:count])

    def _grow(self, size: int) -> None:
        grown = _unknown(size)
        grown.xyz[: self._count] = self._columns.xyz[: self._count]
        grown.places[: self._count] = self._columns.places[: self._count]
        grown.legs[: self._count] = self._columns.legs[: self._count]
        self._columns = grown

    @property
    def nbytes(self) -> int:
        """The memory of all arrays, in bytes."""
        return sum(column.nbytes for column in self._columns)


def _found(lons: Floats, lats: Floats, xyz: Floats) -> tuple[Rows, Floats]:
    """The known place at or near each point, and the leg to it in metres."""
    kept = known()
    places, legs = rows_of(kept, lons, lats).astype(np.int32), np.zeros(len(lons))
    near = np.flatnonzero(places == _NO_PLACE)
    covered = are_covered(lons[near], lats[near])
    places[near[~covered]] = _NOT_COVERED
    near = near[covered]
    if len(near) and len(kept.places):
        at = lons[near], lats[near], xyz[near], gnomonic(xyz[near])
        places[near], ticks = _nearest(ground(), kept, kept.places.real.copy(), *at, room())
        legs[near] = (ticks + SLACK) / TICKS_PER_METRE
    else:
        legs[near] = np.inf
    return places, legs


@compiled
def _great_circles(end: Floats, xyz: Floats) -> Floats:
    metres = np.empty(len(xyz))
    for i in range(len(xyz)):
        metres[i] = least_ticks(square(end, xyz[i])) / (LEG_WEIGHT * TICKS_PER_METRE)
    return metres


@compiled
def _nearest(
    g: Ground,
    known: Known,
    known_lons: Floats,
    lons: Floats,
    lats: Floats,
    xyz: Floats,
    xy: Floats,
    legs: Ints,
) -> tuple[Rows, Ints]:
    """The known place with the least chord to each point, and the leg to it; `legs` is `room`."""
    g, known = borrowed(g), borrowed(known)
    places, ticks = np.empty(len(lons), dtype=np.int32), np.empty(len(lons), dtype=np.int64)
    for i in range(len(lons)):
        place = _least_chord(known, known_lons, lons[i], lats[i], xyz[i])
        p = stand(xyz[i], xy[i], legs[0])
        q = stand(known.xyz[place], known.xy[place], legs[1])
        places[i], ticks[i] = place, point_leg(g, p, q)
    return places, ticks


@compiled
def _least_chord(known: Known, lons: Floats, lon: float, lat: float, xyz: Floats) -> int:
    """Places are in order of longitude: look east and west until the meridians are too far."""
    start = np.searchsorted(lons, lon)
    nearest, least = -1, np.inf
    for at in range(start, len(lons)):
        if _meridian_chord(lons[at] - lon, lat) >= least:
            break
        chord = square(xyz, known.xyz[at])
        nearest, least = (at, chord) if chord < least else (nearest, least)
    for at in range(start - 1, -1, -1):
        if _meridian_chord(lon - lons[at], lat) >= least:
            break
        chord = square(xyz, known.xyz[at])
        nearest, least = (at, chord) if chord < least else (nearest, least)
    return nearest


@compiled
def _meridian_chord(degrees: float, lat: float) -> float:
    """No point so far east or west has less of a squared chord, up to 60°: sin x ≥ x − x³ / 6."""
    x = np.radians(degrees)
    away = np.cos(np.radians(lat)) * x * (1.0 - x * x / 6.0)
    return float(away * away)
