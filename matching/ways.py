"""Ways by road from a truck to loads and onward from them: bounds at first, exact where it counts.

The road metres to a known place are known exactly. For any other point its accesses would take 0.8 ms, but
the metres to it differ from those to the nearest known place by the leg between them at most. So loads are
chosen by bounds, and only those that may still be within the limits are measured.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats, Mask
from geo.compiled import compiled
from geo.fields import field_of
from geo.geodesy import SPHERE_RADIUS_M
from geo.legs import LEG_WEIGHT, least_ticks, square
from geo.nearby import Nearby
from geo.network import TICKS_PER_METRE, unit_vectors
from geo.points import METRES_PER_MILE, Point
from geo.roads import road_m
from matching.board import View
from matching.chains import PICKUP
from matching.columns import Rows
from matching.order import spans
from matching.search import TENTHS, Wanted, are_fewer_by_pickup, in_reach, sifted
from matching.sites import ROUNDING_M

_METRES_PER_TENTH, _ENDLESS = METRES_PER_MILE / TENTHS, 1e9
_FARTHEST_M = 1e8
"""No road is so long: what stands for a bound where there is none."""
_SHORTFALL_M = 0.05 * METRES_PER_MILE + ROUNDING_M
"""Loaded miles are told to the tenth, so they may be below the great circle by half of that."""


class Ways(NamedTuple):
    """Metres from `start` to each site and, on a trip, onward to its `end`: no more than they are.

    Infinite where no load may begin, or end. `slack` is how much more each of both may be, 0 where they
    are exact. `limit_m` is the most that the way to a load may be, `most_m` the most that a load may
    add to the `trip_m` of a trip. Without a trip `onward` is 0.
    """

    nearby: Nearby
    start: Point
    end: Point | None
    to: Floats
    onward: Floats
    slack: tuple[Floats, Floats]
    is_exact: bool
    limit_m: float
    trip_m: float
    most_m: float

    def only(self, begin: Mask | None, end: Mask | None) -> "Ways":
        """The same for loads that begin and end at the sites of the masks alone; this is used up."""
        for metres, mask in ((self.to, begin), (self.onward, end)):
            if mask is not None:
                metres[~mask] = np.inf
        return self


class Loads(NamedTuple):
    """Rows of a view with the sites of their ends and their loaded metres; arrays of shape (n,)."""

    rows: Rows
    pickups: Rows
    deliveries: Rows
    loaded_m: Floats

    def of(self, which: Mask | Rows) -> "Loads":
        return Loads._make(column[which] for column in self)

    def added_m(self, ways: Ways) -> Floats:
        """What each adds to the trip: 0 without one."""
        if ways.end is None:
            return np.zeros(len(self.rows))
        return _added(
            self.pickups, self.deliveries, self.loaded_m, ways.to, ways.onward, ways.trip_m
        )


def reach(view: View, start: Point, limit_m: float) -> Ways:
    """The ways from a start to loads that begin at most so many metres away, wherever they end."""
    nearby = view.sites.nearby()
    near = _in_circle(_xyz(start), nearby.xyz, limit_m + ROUNDING_M)
    to, slack = np.full(view.sites.known, np.inf), np.zeros(view.sites.known)
    bounds = nearby.bounds_m(field_of(start), near)
    is_exact = _fill(near, *bounds, np.zeros(len(near)), limit_m, to, slack)
    nothing = np.zeros_like(to)
    return Ways(nearby, start, None, to, nothing, (slack, nothing), is_exact, limit_m, 0.0, np.inf)


def on_trip(view: View, start: Point, end: Point, most_m: float, limit_m: float = np.inf) -> Ways:
    """The ways of a trip that may become longer by so many metres.

    No way by road, nor what remains of the trip, is less than the great circle: so sites lie in an
    ellipse, and those of them that are too far by road drop out too.
    """
    nearby, trip_m = view.sites.nearby(), length_m(start, end)
    whole = trip_m + most_m + _SHORTFALL_M
    near, from_start, to_end = _in_ellipse(_xyz(start), _xyz(end), nearby.xyz, whole)
    (to, onward), slack = np.full((2, view.sites.known), np.inf), np.zeros((2, view.sites.known))
    is_exact = _fill(near, *nearby.bounds_m(field_of(start), near), to_end, whole, to, slack[0])
    is_exact &= _fill(
        near, *nearby.bounds_m(field_of(end), near), from_start, whole, onward, slack[1]
    )
    if limit_m < np.inf:
        to[to > limit_m] = np.inf
    sides = slack[0], slack[1]
    return Ways(nearby, start, end, to, onward, sides, is_exact, limit_m, trip_m, most_m)


def possible(view: View, wanted: Wanted, ways: Ways) -> Rows:
    """The rows, shape (n,), that pass and may be within the limits, in no order."""
    begin, end = np.isfinite(ways.to), np.isfinite(ways.onward)
    if ways.end is None:
        return sifted(view, wanted, in_reach(view, begin, None if end.all() else end))
    main, fresh, ordered = view.main, view.fresh, view.sites.ordered
    starts, ends = np.flatnonzero(begin[:ordered]), np.flatnonzero(end[:ordered])
    limits = ways.to, ways.onward, ways.trip_m, ways.most_m
    old, tenths = main.columns, main.columns.loaded_tenths
    if are_fewer_by_pickup(main, starts, ends):
        rows = _short_from(main.starts, starts, old.delivery, tenths, *limits)
    else:
        rows = main.by_delivery[spans(main.delivery_starts, ends)]
        rows = _short(old.pickup, old.delivery, tenths, rows, *limits)
    new = view.chains.at(PICKUP, np.flatnonzero(begin), view.added)
    new = _short(fresh.pickup, fresh.delivery, fresh.loaded_tenths, new, *limits)
    return sifted(view, wanted, (rows, new))


def loads_of(view: View, rows: Rows) -> Loads:
    """Rows with what of them ways go by."""
    loaded_m = view.take("loaded_tenths", rows) / TENTHS * METRES_PER_MILE
    return Loads(rows, view.take("pickup", rows), view.take("delivery", rows), loaded_m)


def settled(loads: Loads, ways: Ways) -> Loads:
    """Those of the loads that are within the limits; all their ways are exact then."""
    if ways.is_exact:
        # What was possible is within the limits.
        return loads
    _settle(ways.nearby, ways.start, loads.pickups, ways.to, ways.slack[0])
    loads = loads.of(_are_within(loads, ways))
    if ways.end is not None:
        _settle(ways.nearby, ways.end, loads.deliveries, ways.onward, ways.slack[1])
        loads = loads.of(_are_within(loads, ways))
    return loads


def _settle(nearby: Nearby, point: Point, sites: Rows, metres: Floats, slack: Floats) -> None:
    """Put the road metres from a point to these sites in the place of bounds, where there are any."""
    bounded = np.unique(sites[slack[sites] > 0.0])
    if len(bounded):
        metres[bounded], slack[bounded] = nearby.roads_m(point, bounded), 0.0


def _are_within(loads: Loads, ways: Ways) -> Mask:
    is_near = ways.to[loads.pickups] <= ways.limit_m
    return np.asarray(is_near & (loads.added_m(ways) <= ways.most_m))


def roads_m(nearby: Nearby, point: Point, sites: Rows) -> Floats:
    """The road metres between a point and each of these sites, shape as `sites`, each measured once."""
    used = np.flatnonzero(np.bincount(sites, minlength=len(nearby.lons)))
    metres, _ = nearby.bounds_m(field_of(point), used)
    bounded = nearby.legs[used] > 0.0
    if bounded.any():
        metres[bounded] = nearby.roads_m(point, used[bounded])
    found = np.empty(len(nearby.lons))
    found[used] = metres
    return np.asarray(found[sites])


@lru_cache(maxsize=1_000)
def length_m(start: Point, end: Point) -> float:
    """The road metres of a trip without any load."""
    return road_m(start, end)


def _xyz(point: Point) -> Floats:
    return np.asarray(unit_vectors(np.array([point.lon]), np.array([point.lat]))[0])


@compiled
def _in_circle(at: Floats, xyz: Floats, limit_m: float) -> NDArray[np.intp]:
    """The points that may be so near: no chord is longer than its arc."""
    most = (limit_m / SPHERE_RADIUS_M) ** 2
    near, count = np.empty(len(xyz), dtype=np.intp), 0
    for i in range(len(xyz)):
        near[count] = i
        count += square(at, xyz[i]) <= most
    return near[:count].copy()


@compiled
def _in_ellipse(
    start: Floats, end: Floats, xyz: Floats, whole_m: float
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """The points on ways of at most so many metres, and the least metres to and from each.

    First by chords, for no chord is longer than its arc.
    """
    whole = whole_m / SPHERE_RADIUS_M
    near, count = np.empty(len(xyz), dtype=np.intp), 0
    to, onward = np.empty((2, len(xyz)))
    for i in range(len(xyz)):
        here, there = square(start, xyz[i]), square(end, xyz[i])
        if np.sqrt(here) + np.sqrt(there) > whole:
            continue
        to[count] = least_ticks(here) / (LEG_WEIGHT * TICKS_PER_METRE)
        onward[count] = least_ticks(there) / (LEG_WEIGHT * TICKS_PER_METRE)
        near[count] = i
        count += to[count] + onward[count] <= whole_m
    return near[:count].copy(), to[:count].copy(), onward[:count].copy()


@compiled
def _fill(
    near: NDArray[np.intp],
    least: Floats,
    most: Floats,
    rest: Floats,
    whole_m: float,
    metres: Floats,
    slack: Floats,
) -> bool:
    """Write the least metres of these sites, unless with the rest they are too many; and how much more they may be.

    Whether they are no more.
    """
    more = 0.0
    for i, site in enumerate(near):
        if least[i] + rest[i] <= whole_m:
            metres[site], slack[site] = least[i], min(most[i] - least[i], _FARTHEST_M)
            more = max(more, slack[site])
    return more == 0.0


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
    """Those of the rows by which the trip may be within the limit: by the same sum as `_added`."""
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for row in rows:
        loaded_m = tenths[row] / TENTHS * METRES_PER_MILE
        added_m = to[pickups[row]] + loaded_m + onward[deliveries[row]] - trip_m
        # Without a branch, for none could foretell which rows are within.
        found[count] = row
        count += added_m <= most_m
    return found[:count].copy()


@compiled
def _short_from(
    starts: Rows,
    sites: NDArray[np.intp],
    deliveries: Rows,
    tenths: Rows,
    to: Floats,
    onward: Floats,
    trip_m: float,
    most_m: float,
) -> Rows:
    """The same of all rows from `starts[s]` to `starts[s + 1]` for each site s, where they begin.

    By whole tenths of a mile first, cut off, which rules out most in a third of the time. Numbers that
    have no sign save looking whether they count from the end.
    """
    least = np.empty(len(onward), dtype=np.int32)
    for site in range(len(onward)):
        least[site] = int(min(onward[site] / _METRES_PER_TENTH, _ENDLESS))
    size = 0
    for site in sites:
        size += starts[site + 1] - starts[site]
    found, count = np.empty(size, dtype=np.int32), np.uintp(0)
    for site in sites:
        room = int(min((trip_m + most_m - to[site]) / _METRES_PER_TENTH + 1.0, _ENDLESS))
        for row in range(np.uintp(starts[site]), np.uintp(starts[site + 1])):
            delivery = np.uintp(deliveries[row])
            if tenths[row] + least[delivery] <= room:
                loaded_m = tenths[row] / TENTHS * METRES_PER_MILE
                if to[site] + loaded_m + onward[delivery] - trip_m <= most_m:
                    found[count] = row
                    count += np.uintp(1)
    return found[:count].copy()


@compiled
def _added(
    pickups: Rows, deliveries: Rows, loaded_m: Floats, to: Floats, onward: Floats, trip_m: float
) -> Floats:
    added_m = np.empty(len(pickups))
    for i in range(len(pickups)):
        whole_m = to[pickups[i]] + loaded_m[i] + onward[deliveries[i]]
        added_m[i] = max(0.0, whole_m - trip_m)
    return added_m
