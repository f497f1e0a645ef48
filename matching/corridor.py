"""Search along the road: loads that lie on the way of a trip, by what they add to it."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.compiled import compiled
from geo.coverage import is_covered
from geo.fields import field_of
from geo.nearby import Nearby
from geo.points import METRES_PER_MILE, Point
from geo.roads import road_m
from matching.board import View
from matching.columns import Columns, Rows
from matching.search import TENTHS, Wanted, in_reach, sifted
from matching.sites import ROUNDING_M

_SHORTFALL_M = 0.05 * METRES_PER_MILE + ROUNDING_M
"""Loaded miles are told to the tenth, so they may be below the great circle by half of that."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A way that a truck is going anyway, between two points where road estimates hold."""

    start: Point
    end: Point

    def __post_init__(self) -> None:
        for name, point in (("start", self.start), ("end", self.end)):
            if not is_covered(point):
                raise ValueError(
                    f"the {name} of a trip lies in the 48 contiguous states, in degrees: "
                    f"not at longitude {point.lon}, latitude {point.lat}"
                )
        if self.start == self.end:
            raise ValueError("a trip has its start and its end at different points")

    @property
    def metres(self) -> float:
        """The estimated road metres of the trip without any load."""
        return _length_m(self)


class Along(NamedTuple):
    """Loads on the way of a trip, arrays of shape (n,), in no order.

    What each adds to the trip in metres, and how far along the trip its pickup and its delivery are.
    """

    rows: Rows
    out_of_route_m: Floats
    pickup_along_m: Floats
    delivery_along_m: Floats


def along(view: View, wanted: Wanted, trip: Trip, max_out_of_route_m: float) -> Along:
    """The loads that pass and add at most so many metres to the trip, inclusive.

    A load adds what the way to its first pickup, its loaded miles, and the way from its last delivery
    are more than the trip, or nothing. It is how far along the trip as the way to its pickup is
    long, and its delivery as much of the trip as the way from there to the end leaves. Ways are
    `geo.roads.roads_m`, to the last bit.

    Raises ValueError unless the limit is a finite number of at least 0.
    """
    if not (math.isfinite(max_out_of_route_m) and max_out_of_route_m >= 0.0):
        raise ValueError(f"a limit is a finite number of at least 0, not {max_out_of_route_m}")
    nearby = view.sites.nearby()
    ways = _least_ways(nearby, trip, max_out_of_route_m)
    for metres, where in ((ways.to, wanted.pickup), (ways.onward, wanted.delivery)):
        if where is not None:
            metres[~view.sites.chosen(where)] = np.inf
    begin, end = np.isfinite(ways.to), np.isfinite(ways.onward)
    old, new = in_reach(view, begin, end)
    short = ways.short(view.main.columns, old), ways.short(view.fresh, new)
    loads = _loads(view, sifted(view, wanted, short))
    _settle(nearby, trip.start, loads.pickups, ways.to)
    loads = loads.within(ways)
    _settle(nearby, trip.end, loads.deliveries, ways.onward)
    loads = loads.within(ways)
    pickups, deliveries = ways.to[loads.pickups], ways.onward[loads.deliveries]
    return Along(loads.rows, loads.added_m(ways), pickups, trip.metres - deliveries)


class _Ways(NamedTuple):
    """Metres from the trip's start to each site, and onward to its end: no more than they are.

    Infinite where no load can begin, or end. The last two are the trip and how much more it may be.
    """

    to: Floats
    onward: Floats
    trip_m: float
    most_m: float

    def short(self, columns: Columns, rows: Rows) -> Rows:
        """Those of the rows by which the trip may be within the limit."""
        return _short(columns.pickup, columns.delivery, columns.loaded_tenths, rows, *self)


class _Loads(NamedTuple):
    """Loads with the sites of their ends and their loaded metres; arrays of shape (n,)."""

    rows: Rows
    pickups: Rows
    deliveries: Rows
    loaded_m: Floats

    def added_m(self, ways: _Ways) -> Floats:
        whole = ways.to[self.pickups] + self.loaded_m + ways.onward[self.deliveries]
        return np.maximum(0.0, whole - ways.trip_m)

    def within(self, ways: _Ways) -> "_Loads":
        kept = np.flatnonzero(self.added_m(ways) <= ways.most_m)
        return _Loads._make(column[kept] for column in self)


def _loads(view: View, rows: Rows) -> _Loads:
    loaded_m = view.take("loaded_tenths", rows) / TENTHS * METRES_PER_MILE
    return _Loads(rows, view.take("pickup", rows), view.take("delivery", rows), loaded_m)


def _least_ways(nearby: Nearby, trip: Trip, most_m: float) -> _Ways:
    """Ways by road, and what remains of the trip, are no less than the great circle.

    So sites lie in an ellipse, and those of them that are too far by road drop out too.
    """
    whole = trip.metres + most_m + _SHORTFALL_M
    from_start, to_end = (nearby.great_circles_m(point) for point in (trip.start, trip.end))
    near = np.flatnonzero(from_start + to_end <= whole)
    to, onward = np.full((2, len(from_start)), np.inf)
    for metres, point, rest in ((to, trip.start, to_end), (onward, trip.end, from_start)):
        least, _ = nearby.bounds_m(field_of(point), near)
        kept = least + rest[near] <= whole
        metres[near[kept]] = least[kept]
    return _Ways(to, onward, trip.metres, most_m)


def _settle(nearby: Nearby, point: Point, sites: Rows, metres: Floats) -> None:
    """Put the road metres from a point to these sites in the place of what is only a bound."""
    bounded = np.unique(sites[nearby.legs[sites] > 0.0])
    if len(bounded):
        metres[bounded] = nearby.roads_m(point, bounded)


@compiled
def _short(
    pickups: Rows,
    deliveries: Rows,
    tenths: Rows,
    rows: Rows,
    to: Floats,
    onward: Floats,
    trip_m: float,
    most_m: float,
) -> Rows:
    """The same sum, in the same order, as `_Loads.added_m`."""
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for row in rows:
        loaded_m = tenths[row] / TENTHS * METRES_PER_MILE
        added_m = to[pickups[row]] + loaded_m + onward[deliveries[row]] - trip_m
        # Without a branch, for none could foretell which rows are within.
        found[count] = row
        count += added_m <= most_m
    return found[:count].copy()


@lru_cache(maxsize=1_000)
def _length_m(trip: Trip) -> float:
    return road_m(trip.start, trip.end)
