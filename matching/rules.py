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
from math import floor, inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats, Mask
from geo.points import Point, metres
from matching.board import View
from matching.columns import UNKNOWN, Rows
from matching.duty import Hauls
from matching.hours import Plans, plan
from matching.search import Wanted
from matching.trucks import DEADHEAD_MI, LONG_TRAILERS, WHOLE_TRAILER_FT, Pace, Truck
from matching.ways import Ways, length_m, loads_of, on_trip, possible, reach, roads_m, settled
from matching.worth import Miles

RULES = (
    *("deadhead", "equipment", "hazmat", "weight", "length", "filters", "destination"),
    *("out_of_route", "pickup_window", "delivery_window", "home"),
)

Which = Mask | NDArray[np.intp]


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
            return length_m(self.truck.at, trip.to) + metres(trip.max_out_of_route_mi)
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
    ways = ways_of(case)
    return measured(case, possible(case.view, narrowed(case), ways), ways)


def ways_of(case: Case) -> Ways:
    """The ways to the sites at which a load may begin, and on from those at which it may end."""
    view, truck, wanted, limit_m = case.view, case.truck, case.wanted, case.deadhead_limit_m
    if truck.trip is None:
        ways = reach(view, truck.at, limit_m)
    else:
        most_m = metres(truck.trip.max_out_of_route_mi)
        ways = on_trip(view, truck.at, truck.trip.to, most_m, limit_m)
    begin = None if wanted.pickup is None else view.sites.chosen(wanted.pickup)
    ends = [view.sites.chosen(where) for where in (truck.to, wanted.delivery) if where is not None]
    return ways.only(begin, np.logical_and.reduce(ends) if ends else None)


def measured(case: Case, rows: Rows, ways: Ways) -> Candidates:
    """Those of the rows that are possible by these ways which are within the truck's limits, in order."""
    loads = settled(loads_of(case.view, rows), ways)
    return Candidates(
        loads.rows, Miles(ways.to[loads.pickups], loads.loaded_m, loads.added_m(ways))
    )


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


def narrowed(case: Case) -> Wanted:
    """The search with what the truck asks of equipment, hazmat, weight and length."""
    wanted, truck = case.wanted, case.truck
    kinds, full = frozenset({truck.equipment}), wanted.full
    if wanted.equipment is not None:
        kinds &= wanted.equipment
    if truck.equipment in LONG_TRAILERS and _least(truck.length_ft) < WHOLE_TRAILER_FT:
        kinds, full = (frozenset() if full else kinds), False
    if wanted.hazmat and not truck.hazmat:
        kinds = frozenset()
    weight, length = (
        _least(wanted.max_weight_lb, truck.weight_lb),
        _least(wanted.max_length_ft, truck.length_ft),
    )
    return replace(
        wanted,
        equipment=kinds,
        full=full,
        hazmat=wanted.hazmat if truck.hazmat else False,
        max_weight_lb=None if weight == inf else floor(weight),
        max_length_ft=None if length == inf else length,
    )


def _least(*limits: float | None) -> float:
    return min((limit for limit in limits if limit is not None), default=inf)


def between_m(case: Case, goal: Point, end: str, rows: Rows) -> Floats:
    """Road metres between a point and the "pickup" or the "delivery" of each load, shape (n,)."""
    return roads_m(case.view.sites.nearby(), goal, case.view.take(end, rows))


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
