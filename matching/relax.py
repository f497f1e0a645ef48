"""The smallest relaxation of one of a truck's limits that would bring more loads."""

from dataclasses import replace
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.points import METRES_PER_MILE, metres, miles
from matching.columns import END, Rows
from matching.duty import HOUR
from matching.rules import RULES, Case, candidates, matched, needed_ft, needed_lb
from matching.trucks import MAX_MILES, Truck
from matching.worth import Miles

MORE = 10
"""Loads that a relaxation has to bring."""

_WIDER = (2, 4)
"""Times the present limit up to which miles are relaxed: what is farther is another search."""
_LEAST_MI = 25.0
"""What a limit in miles counts as at least, so that none at all can be doubled too."""
_FIRST = 64
"""Loads that are planned at first, for four times as many each time that too few pass."""
_IN_MILES = ("deadhead", "out_of_route")
_TO_RELAX = ("deadhead", "weight", "length", "out_of_route", "home")


class Relax(NamedTuple):
    """A rule's limit as it is, and as it would have to be for `gains` more loads.

    In miles, pounds or feet; of `home` moments in microseconds since 1970 UTC.
    """

    rule: str
    limit: float
    to: float
    gains: int


def relax(case: Case, refused: dict[str, int]) -> Relax | None:
    """The relaxation of one rule that brings `MORE` loads by the least share of its limit.

    Deadhead, weight, length, miles out of route and the moment to be home can be relaxed, miles in
    tenths and to four times the limit at most; equipment, hazmat, the destination and the hours of
    service are as they are. `refused` is how many loads each rule refuses first. None if no rule brings
    so many.
    """
    many = dict(refused)
    if case.truck.max_deadhead_mi is None:
        # Then the limit of the trip is that of the deadhead too.
        many["out_of_route"] += many["deadhead"]
    rules = [rule for rule in _TO_RELAX if many[rule] >= MORE]
    found = [relaxed for rule in rules if (relaxed := relaxed_rule(case, rule))]
    return min(found, key=lambda relaxed: share(case, relaxed), default=None)


def share(case: Case, relaxed: Relax) -> tuple[float, int]:
    """What a relaxation adds to its limit in shares of that, and the place of its rule."""
    rule, limit, to, _ = relaxed
    whole = max(limit, _LEAST_MI if rule in _IN_MILES else 1.0)
    if rule == "home":
        whole = max(limit - case.now, float(HOUR))
    return (to - limit) / whole, RULES.index(rule)


def relaxed_rule(case: Case, rule: str) -> Relax | None:
    """The least limit of a rule that lets `MORE` loads pass which all other rules let pass."""
    limit = _limit(case, rule)
    if limit is None:
        return None
    unit = METRES_PER_MILE if rule in _IN_MILES else 1.0
    for truck in _wider(case, rule, limit):
        wide = case._replace(truck=truck)
        over = _homes(wide, limit) if rule == "home" else _over(wide, rule, limit * unit)
        if len(over) >= MORE:
            to = _told(rule, over)
            return Relax(rule, limit, to, int((over <= to * unit).sum()))
    return None


def _over(wide: Case, rule: str, limit: float) -> Floats:
    """What the loads need that a wider limit brings, least first: at least all up to `_told`.

    Only those that need least are planned, more of them until there are enough.
    """
    found = candidates(wide)
    needed = _needed(wide, rule, found.rows, found.miles)
    order = np.flatnonzero((needed > limit) & np.isfinite(needed))
    order = order[np.argsort(needed[order])]
    count = _FIRST
    while True:
        some = matched(wide, found.of(order[:count]))
        over = np.sort(_needed(wide, rule, some.rows, some.miles))
        if count >= len(order):
            return over
        unit = METRES_PER_MILE if rule in _IN_MILES else 1.0
        if len(over) >= MORE and _told(rule, over) * unit < needed[order[count]]:
            return over
        count *= 4


def _homes(wide: Case, by: float) -> Floats:
    """When the loads let the driver be home, of those later than that, soonest first."""
    homes = matched(wide, candidates(wide)).plans.at_home.astype(np.float64)
    return np.sort(homes[homes > by])


def _told(rule: str, over: Floats) -> float:
    """The limit that brings the first `MORE`, miles in whole tenths."""
    last = float(over[MORE - 1])
    return _tenths_up(last) if rule in _IN_MILES else last


def _limit(case: Case, rule: str) -> float | None:
    """The truck's limit; None where it has none of its own."""
    truck = case.truck
    if rule == "deadhead":
        follows = truck.max_deadhead_mi is None and truck.trip is not None
        return None if follows else miles(case.deadhead_limit_m)
    if rule == "out_of_route":
        return None if truck.trip is None else truck.trip.max_out_of_route_mi
    if rule == "home":
        return None if truck.home is None else truck.home.by
    return truck.weight_lb if rule == "weight" else truck.length_ft


def _wider(case: Case, rule: str, limit: float) -> list[Truck]:
    """The truck with that rule relaxed, ever farther."""
    truck = case.truck
    miles_out = [min(MAX_MILES, ceil(times * max(limit, _LEAST_MI))) for times in _WIDER]
    if rule == "deadhead":
        return [replace(truck, max_deadhead_mi=most) for most in miles_out]
    if rule == "out_of_route" and truck.trip is not None:
        trips = (replace(truck.trip, max_out_of_route_mi=most) for most in miles_out)
        return [replace(truck, trip=trip) for trip in trips]
    if rule == "home" and truck.home is not None:
        return [replace(truck, home=replace(truck.home, by=END))]
    if rule == "weight":
        return [replace(truck, weight_lb=None)]
    return [replace(truck, length_ft=None)]


def _needed(case: Case, rule: str, rows: Rows, driven: Miles) -> Floats:
    """The limit that each load needs, miles as metres."""
    if rule == "weight":
        return needed_lb(case, rows)
    if rule == "length":
        return needed_ft(case, rows)
    return driven.deadhead_m if rule == "deadhead" else driven.out_of_route_m


def _tenths_up(driven_m: float) -> float:
    """The least whole tenths of a mile that are no less when they are metres again."""
    tenths = floor(miles(driven_m) * 10.0)
    while metres(tenths / 10.0) < driven_m:
        tenths += 1
    return tenths / 10.0
