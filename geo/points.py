"""Points and boxes on the earth, and the units that people see.

A position is always longitude first, then latitude, in degrees of WGS84.
"""

from typing import NamedTuple

METRES_PER_MILE = 1_609.344


class Point(NamedTuple):
    """A position: `lon` in [-180, 180], `lat` in [-90, 90], degrees."""

    lon: float
    lat: float


class Bounds(NamedTuple):
    """A box of longitudes and latitudes, edges included, degrees.

    A box whose `west` is greater than its `east` crosses the antimeridian.
    """

    west: float
    south: float
    east: float
    north: float

    @property
    def crosses_antimeridian(self) -> bool:
        return self.west > self.east

    def split(self) -> tuple["Bounds", ...]:
        """The same box as one or two boxes that do not cross the antimeridian."""
        if not self.crosses_antimeridian:
            return (self,)
        return (self._replace(east=180.0), self._replace(west=-180.0))


def miles(metres: float) -> float:
    """Metres as statute miles (1 mi = 1,609.344 m)."""
    return metres / METRES_PER_MILE


def metres(miles: float) -> float:
    """Statute miles as metres."""
    return miles * METRES_PER_MILE
