"""The loads that a truck can haul, the best of them first.

A load is one that a truck can haul when it passes every rule of `RULES`:

- deadhead: the road from the truck to the pickup is no longer than the truck's limit;
- equipment, hazmat, weight: of the truck's kind, hazardous only for a truck that takes that, and no
  heavier than what the truck has left;
- length: no longer than what is left. A partial load goes with any truck that has room. A full load
  takes the whole trailer, so of `LONG_TRAILERS` it also needs a truck that is empty, which is one with
  `WHOLE_TRAILER_FT` left or without a limit;
- filters: whatever the search besides asks for (`Wanted`);
- destination: delivered where the truck wants to go;
- out_of_route: the trip grows by no more than the truck allows:
  max(0, to the pickup + loaded + from the delivery − trip), all by road;
- pickup_window, delivery_window: kept by the plan of `matching.hours`;
- home: the plan, driven on home from the delivery by the same hours of service, is there in time.

A length or weight that the poster did not tell passes, unless the search says `include_unknown` false.
All limits are inclusive, and distances are compared in metres.
"""

from dataclasses import replace
from functools import lru_cache
from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.accesses import accesses
from geo.areas import Circle, Floats, Mask
from geo.fields import Field
from geo.geodesy import GREATEST_STRETCH
from geo.known import known, rows_of
from geo.points import METRES_PER_MILE, Point, metres
from geo.roads import road_m, roads_m
from matching.board import View
from matching.columns import UNKNOWN, Rows
from matching.duty import Hauls
from matching.hours import Plans, plan
from matching.search import Wanted, passing
from matching.trucks import DEADHEAD_MI, LONG_TRAILERS, WHOLE_TRAILER_FT, Pace, Truck
from matching.worth import Miles

RULES = (
    *("deadhead", "equipment", "hazmat", "weight", "length", "filters", "destination"),
    *("out_of_route", "pickup_window", "delivery_window", "home"),
)

Which = Mask | NDArray[np.intp]

_METRES_PER_TENTH = METRES_PER_MILE / 10.0
_ROUNDING_M = 1.0


class Case(NamedTuple):
    """A truck that looks for loads on a view of the board at a moment (µs since 1970 UTC)."""

    view: View
    truck: Truck
    pace: Pace
    now: int
    wanted: Wanted

    @property
    def free_from(self) -> int:
        """When the truck can set out: no truck can do so in the past."""
        return max(self.truck.free_from, self.now)

    @property
    def deadhead_limit_m(self) -> float:
        limit, trip = self.truck.max_deadhead_mi, self.truck.trip
        if limit is None and trip is not None:
            return road_m(self.truck.at, trip.to) + metres(trip.max_out_of_route_mi)
        return metres(DEADHEAD_MI if limit is None else limit)


class Candidates(NamedTuple):
    """Loads that pass all rules before the hours: rows of the view, and their miles; shape (n,)."""

    rows: Rows
    miles: Miles

    def of(self, which: Which) -> "Candidates":
        return Candidates(self.rows[which], self.miles.of(which))


class Matched(NamedTuple):
    """Loads that pass every rule: rows of the view, and what was found of each; shape (n,)."""

    rows: Rows
    miles: Miles
    hauls: Hauls
    plans: Plans


def case_of(view: View, truck: Truck, pace: Pace, now: int, wanted: Wanted | None) -> Case:
    """A case; what `wanted` says of `now` does not count, and None wants nothing more."""
    return Case(view, truck, pace, now, replace(wanted or Wanted(now), now=now))


def candidates(case: Case) -> Candidates:
    """The loads that pass all rules before the hours, in no order."""
    truck = case.truck
    reach = reach_m(case)
    rows = passing(case.view, _narrowed(case), *_masks(case, reach))
    if truck.length_ft is not None:
        rows = rows[needed_ft(case, rows) <= truck.length_ft]
    found = Candidates(rows, measured(case, rows, reach[case.view.take("pickup", rows)]))
    if truck.trip is None:
        return found
    return found.of(found.miles.out_of_route_m <= metres(truck.trip.max_out_of_route_mi))


def matched(case: Case, found: Candidates) -> Matched:
    """Those of the candidates that the driver's hours allow."""
    hauls = hauls_of(case, found)
    plans = plan(case.truck.clock, case.pace, case.free_from, hauls)
    in_time = plans.feasible
    if case.truck.home is not None:
        in_time &= plans.at_home <= case.truck.home.by
    kept = np.flatnonzero(in_time)
    plans = Plans(*(column[kept] for column in plans))
    return Matched(*found.of(kept), hauls.take(kept), plans)


def _masks(case: Case, reach: Floats) -> tuple[Mask, Mask | None]:
    """The sites at which a load may begin, and those at which it may end."""
    sites, wanted = case.view.sites, case.wanted
    pickup, delivery = np.isfinite(reach), None
    if wanted.pickup is not None:
        pickup &= sites.chosen(wanted.pickup)
    for where in (case.truck.to, wanted.delivery):
        if where is not None:
            chosen = sites.chosen(where)
            delivery = chosen if delivery is None else delivery & chosen
    return pickup, delivery


def _narrowed(case: Case) -> Wanted:
    """The search with what the truck asks of equipment, hazmat and weight."""
    wanted, truck = case.wanted, case.truck
    kinds = frozenset({truck.equipment})
    if wanted.equipment is not None:
        kinds &= wanted.equipment
    if wanted.hazmat and not truck.hazmat:
        kinds = frozenset()
    most = [] if wanted.max_weight_lb is None else [wanted.max_weight_lb]
    if truck.weight_lb is not None:
        most.append(floor(truck.weight_lb))
    return replace(
        wanted,
        equipment=kinds,
        hazmat=wanted.hazmat if truck.hazmat else False,
        max_weight_lb=min(most, default=None),
    )


def reach_m(case: Case) -> Floats:
    """Road metres from the truck to each site, infinite beyond its limit; shape (known,)."""
    sites, limit = case.view.sites, case.deadhead_limit_m
    # No road is shorter than the great circle, rounded to ticks.
    circle = Circle(case.truck.at, limit * GREATEST_STRETCH + _ROUNDING_M)
    near = np.flatnonzero(sites.chosen(circle))
    found = np.full(sites.known, np.inf)
    found[near] = _roads_m(case.truck.at, sites.points.lons[near], sites.points.lats[near])
    found[found > limit] = np.inf
    return found


def between_m(case: Case, goal: Point, end: str, rows: Rows) -> Floats:
    """Road metres between a point and the "pickup" or the "delivery" of each load, shape (n,)."""
    (lons, lats, _), numbers = case.view.sites.points, case.view.take(end, rows)
    used = np.flatnonzero(np.bincount(numbers, minlength=case.view.sites.known))
    found: Floats = np.empty(case.view.sites.known)
    found[used] = _roads_m(goal, lons[used], lats[used])
    return np.asarray(found[numbers])


def needed_lb(case: Case, rows: Rows) -> Floats:
    """The weight of each load, shape (n,): 0 where unknown, or infinite if that is refused."""
    weights = case.view.take("weight_lb", rows)
    return np.where(weights == UNKNOWN, 0.0 if case.wanted.include_unknown else np.inf, weights)


def needed_ft(case: Case, rows: Rows) -> Floats:
    """The room that each load takes, shape (n,): 0 where unknown, or infinite if that is refused."""
    unknown = 0.0 if case.wanted.include_unknown else np.inf
    lengths = case.view.take("length_ft", rows)
    lengths = np.where(lengths == UNKNOWN, unknown, lengths)
    if case.truck.equipment in LONG_TRAILERS:
        whole = np.maximum(lengths, WHOLE_TRAILER_FT)
        lengths = np.where(case.view.take("full", rows), whole, lengths)
    return np.asarray(lengths)


def measured(case: Case, rows: Rows, deadhead_m: Floats) -> Miles:
    """The metres of each load, shape (n,); without a trip none are out of route."""
    loaded_m = case.view.take("loaded_tenths", rows) * _METRES_PER_TENTH
    trip = case.truck.trip
    if trip is None:
        return Miles(deadhead_m, loaded_m, np.zeros(len(rows)))
    with_load = deadhead_m + loaded_m + between_m(case, trip.to, "delivery", rows)
    out_of_route_m = np.maximum(0.0, with_load - road_m(case.truck.at, trip.to))
    return Miles(deadhead_m, loaded_m, out_of_route_m)


def hauls_of(case: Case, found: Candidates) -> Hauls:
    """The loads as hauls to plan, with the drive home if the truck has to be there."""
    (rows, driven), take, home = found, case.view.take, case.truck.home
    return Hauls(
        driven.deadhead_m,
        driven.loaded_m,
        take("pickup_from", rows),
        take("pickup_to", rows),
        take("delivery_from", rows),
        take("delivery_to", rows),
        np.zeros(len(rows)) if home is None else between_m(case, home.at, "delivery", rows),
    )


def _roads_m(origin: Point, lons: Floats, lats: Floats) -> Floats:
    """As `roads_m` from one point, the same to the bit; many known places take one step."""
    found = np.empty(len(lons))
    is_known = rows_of(known(), lons, lats) >= 0
    if is_known.any():
        found[is_known] = _field(origin).metres(accesses(lons[is_known], lats[is_known]))
    if not is_known.all():
        found[~is_known] = roads_m(*origin, lons[~is_known], lats[~is_known])
    return found


@lru_cache(maxsize=1_000)
def _field(origin: Point) -> Field:
    return Field(origin)
