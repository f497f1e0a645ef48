"""Why not: how many loads each rule refuses, what would bring more, and what one load fails by.

The rules are those of `matching.rules`, in the order of `RULES`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from geo.areas import Mask
from geo.compiled import compiled
from geo.points import metres, miles
from matching.board import View
from matching.columns import END, EQUIPMENT_NUMBERS, Columns, Rows
from matching.duty import HOUR, LATE_TO_DELIVERY, LATE_TO_PICKUP
from matching.equipment import EQUIPMENT
from matching.hours import plan
from matching.relax import Relax, relax
from matching.rules import (
    RULES,
    Candidates,
    Case,
    between_m,
    case_of,
    hauls_of,
    measured,
    needed_ft,
    needed_lb,
    ways_of,
)
from matching.search import Wanted, passing
from matching.sight import NOTHING_HIDDEN, Sight, is_seen
from matching.trucks import Pace, Truck
from matching.ways import length_m, loads_of, possible, reach
from matching.worth import Miles


class Refusals(NamedTuple):
    """How many open loads each rule refuses first, how many pass, and what would bring more."""

    refused: dict[str, int]
    total: int
    relax: Relax | None


class Verdict(NamedTuple):
    """What one rule says of one load, by how much it fails and in which unit.

    Windows and `home` are hours from now. `short_by` is 0 for a rule that passes; it and the unit are None
    where there is nothing to measure, `value` where the poster did not tell, `limit` where there is none.
    """

    rule: str
    passes: bool
    value: float | str | bool | None
    limit: float | str | bool | None
    short_by: float | None
    unit: str | None


def refusals(
    view: View, truck: Truck, pace: Pace, now: int, wanted: Wanted | None = None
) -> Refusals:
    """Why a truck gets the loads of a view that it gets, and not others.

    Every open load counts once: for the first rule that refuses it, or as a match. The parameters are
    those of `matching.rank.rank`.
    """
    case = case_of(view, truck, pace, now, wanted)
    refused, total = _counted(case)
    return Refusals(refused, total, relax(case, refused))


def _counted(case: Case) -> tuple[dict[str, int], int]:
    every = Wanted(case.now, sight=case.wanted.sight)
    ways = reach(case.view, case.truck.at, case.deadhead_limit_m)
    rows = measured(case, possible(case.view, every, ways), ways).rows
    refused = {"deadhead": _open_loads(case) - len(rows)}
    for rule, passes in _PLAIN.items():
        kept = passes(case, rows)
        refused[rule] = len(rows) - int(kept.sum())
        rows = rows[kept]
    found = _within_trip(case, rows)
    refused["out_of_route"] = len(rows) - len(found.rows)
    refused |= _late(case, found)
    return refused, len(found.rows) - sum(refused[rule] for rule in RULES[-3:])


def _within_trip(case: Case, rows: Rows) -> Candidates:
    ways = ways_of(case)
    loads = loads_of(case.view, rows)
    might = (loads.added_m(ways) <= ways.most_m) & np.isfinite(ways.to[loads.pickups])
    return measured(case, rows[might], ways)


def _open_loads(case: Case) -> int:
    view, sight = case.view, case.wanted.sight
    seen = case.now, sight or NOTHING_HIDDEN, sight is None
    old = _count_open(view.main.columns, len(view.main.columns.id), view.change, *seen)
    return old + _count_open(view.fresh, view.added, view.change, *seen)


@compiled
def _count_open(
    columns: Columns, rows: int, change: int, now: int, sight: Sight, sees_all: bool
) -> int:
    count = 0
    for row in range(rows):
        is_open = columns.died[row] > change and columns.open_until[row] > now
        count += is_open and (
            sees_all or is_seen(sight, columns.audience[row], columns.organization[row])
        )
    return count


def _late(case: Case, found: Candidates) -> dict[str, int]:
    plans = plan(case.truck.clock, case.pace, case.free_from, hauls_of(case, found))
    home = case.truck.home
    too_late = np.zeros(len(found.rows), dtype=bool)
    if home is not None:
        too_late = plans.feasible & (plans.at_home > home.by)
    return {
        "pickup_window": int((plans.fails == LATE_TO_PICKUP).sum()),
        "delivery_window": int((plans.fails == LATE_TO_DELIVERY).sum()),
        "home": int(too_late.sum()),
    }


def _is_of_kind(case: Case, rows: Rows) -> Mask:
    kinds = case.view.take("equipment", rows)
    return np.asarray(kinds == EQUIPMENT_NUMBERS[case.truck.equipment])


def _is_allowed(case: Case, rows: Rows) -> Mask:
    return ~case.view.take("hazmat", rows) | case.truck.hazmat


def _is_light(case: Case, rows: Rows) -> Mask:
    most = np.inf if case.truck.weight_lb is None else case.truck.weight_lb
    return needed_lb(case, rows) <= most


def _is_short(case: Case, rows: Rows) -> Mask:
    most = np.inf if case.truck.length_ft is None else case.truck.length_ft
    return needed_ft(case, rows) <= most


def _is_wanted(case: Case, rows: Rows) -> Mask:
    wanted, sites = case.wanted, case.view.sites
    if wanted == Wanted(case.now, sight=wanted.sight):
        return np.ones(len(rows), dtype=bool)
    pickup = np.zeros(sites.known, dtype=bool)
    pickup[case.view.take("pickup", rows)] = True
    if wanted.pickup is not None:
        pickup &= sites.chosen(wanted.pickup)
    delivery = None if wanted.delivery is None else sites.chosen(wanted.delivery)
    return np.isin(rows, passing(case.view, wanted, pickup, delivery))


def _is_on_the_way(case: Case, rows: Rows) -> Mask:
    if case.truck.to is None:
        return np.ones(len(rows), dtype=bool)
    return np.asarray(case.view.sites.chosen(case.truck.to)[case.view.take("delivery", rows)])


_PLAIN: dict[str, Callable[[Case, Rows], Mask]] = {
    "equipment": _is_of_kind,
    "hazmat": _is_allowed,
    "weight": _is_light,
    "length": _is_short,
    "filters": _is_wanted,
    "destination": _is_on_the_way,
}
"""The rules between the deadhead and the miles out of route."""


def why(
    view: View, row: int, truck: Truck, pace: Pace, now: int, wanted: Wanted | None = None
) -> list[Verdict]:
    """What every rule says of the load in a row of the view that stands, in the order of `RULES`.

    A match is what all rules let pass. The plan that windows and `home` are judged by goes on after a
    window that is missed. The other parameters are those of `matching.rank.rank`.
    """
    case, rows = case_of(view, truck, pace, now, wanted), np.array([row], dtype=np.int32)
    found = Candidates(rows, _miles(case, rows))
    verdicts = {
        rule: Verdict(rule, bool(passes(case, rows)[0]), None, None, None, None)
        for rule, passes in _PLAIN.items()
    }
    given = view.take("hazmat", rows), view.take("equipment", rows)
    hazmat, kind = bool(given[0][0]), list(EQUIPMENT)[int(given[1][0])]
    weight, length = (float(column[0]) for column in (needed_lb(case, rows), needed_ft(case, rows)))
    trip = None if truck.trip is None else metres(truck.trip.max_out_of_route_mi)
    verdicts |= {
        "deadhead": _in_miles("deadhead", float(found.miles.deadhead_m[0]), case.deadhead_limit_m),
        "equipment": verdicts["equipment"]._replace(value=kind, limit=truck.equipment),
        "hazmat": verdicts["hazmat"]._replace(value=hazmat, limit=truck.hazmat),
        "weight": _amount("weight", weight, truck.weight_lb, "lb"),
        "length": _amount("length", length, truck.length_ft, "ft"),
        "out_of_route": _in_miles("out_of_route", float(found.miles.out_of_route_m[0]), trip),
    }
    verdicts |= {verdict.rule: verdict for verdict in _by_hours(case, found)}
    return [verdicts[rule] for rule in RULES]


def _miles(case: Case, rows: Rows) -> Miles:
    """The metres of loads however far they are."""
    loaded_m = loads_of(case.view, rows).loaded_m
    deadhead_m, added_m = between_m(case, case.truck.at, "pickup", rows), np.zeros(len(rows))
    if case.truck.trip is not None:
        onward_m = between_m(case, case.truck.trip.to, "delivery", rows)
        trip_m = length_m(case.truck.at, case.truck.trip.to)
        added_m = np.maximum(0.0, deadhead_m + loaded_m + onward_m - trip_m)
    return Miles(deadhead_m, loaded_m, added_m)


def _in_miles(rule: str, value_m: float, limit_m: float | None) -> Verdict:
    limit = None if limit_m is None else miles(limit_m)
    passes = limit_m is None or value_m <= limit_m
    short = 0.0 if passes or limit_m is None else miles(value_m - limit_m)
    return Verdict(rule, passes, miles(value_m), limit, short, "mi")


def _amount(rule: str, value: float, limit: float | None, unit: str) -> Verdict:
    """Of an amount that is 0 where it is unknown and passes, infinite where it does not."""
    passes = limit is None or value <= limit
    told = value if 0.0 < value < np.inf else None
    short = None if told is None else 0.0 if passes or limit is None else value - limit
    return Verdict(rule, passes, told, limit, short, unit)


def _by_hours(case: Case, found: Candidates) -> Iterator[Verdict]:
    hauls = hauls_of(case, found)
    plans, home = plan(case.truck.clock, case.pace, case.free_from, hauls), case.truck.home
    by = END if home is None else home.by
    for rule, moment, limit in (
        ("pickup_window", plans.loading, hauls.pickup_to[0]),
        ("delivery_window", plans.unloading, hauls.delivery_to[0]),
        ("home", plans.at_home, by),
    ):
        value, most = (int(at - case.now) / HOUR for at in (moment[0], limit))
        passes = bool(moment[0] <= limit)
        short = 0.0 if passes else int(moment[0] - limit) / HOUR
        yield Verdict(rule, passes, value, None if limit >= END else most, short, "h")
