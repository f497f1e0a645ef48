"""The loads of a board that are worth most to a truck, and why, in numbers."""

from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.points import miles
from matching.board import View
from matching.columns import Rows
from matching.duty import HOUR, Ints
from matching.hours import Step, driving_us, itineraries
from matching.next_loads import next_loads
from matching.rules import Candidates, Case, Matched, candidates, case_of, matched
from matching.search import Wanted, first
from matching.trucks import MAX_DRIVE_H, Pace, Truck
from matching.worth import UNITS, Costs, Miles, Worth, worth

_LAST_RANKS = 1e15
_DRIVE, _REST = round(MAX_DRIVE_H * HOUR), 10 * HOUR
_FIRST = 4
"""How many times as many candidates are planned as are wanted, at first and then again."""


class Term(NamedTuple):
    """One of `UNITS`: money, and what of, in its unit."""

    name: str
    cents: int
    quantity: float
    unit: str


class Match(NamedTuple):
    """A load and what it is worth; `worth_cents` is None where the rate is unknown."""

    row: int
    id: int
    worth_cents: int | None
    terms: list[Term]
    deadhead_mi: float
    out_of_route_mi: float | None
    plan: list[Step]
    sentence: str


def rank(
    view: View,
    truck: Truck,
    costs: Costs,
    pace: Pace,
    now: int,
    wanted: Wanted | None = None,
    limit: int = 50,
) -> list[Match]:
    """The `limit` loads of a view that are worth most to a truck, best first, ties by id.

    `now` is in microseconds since 1970 UTC, and what `wanted` says of it does not count. Loads of
    unknown rate come after all others, see `matching.worth`. Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"limit: is at least 1, not {limit}")
    case = case_of(view, truck, pace, now, wanted)
    found, valued, best = _best(case, costs, limit)
    hauls = found.hauls.take(best.astype(np.int64))
    plans = itineraries(truck.clock, pace, case.free_from, hauls)
    ids = view.take("id", found.rows[best]).tolist()
    pairs = zip(best.tolist(), ids, plans, strict=True)
    return [_match(case, found, valued, at, id, steps) for at, id, steps in pairs]


def _best(case: Case, costs: Costs, limit: int) -> tuple[Matched, Worth, Rows]:
    """Matches among which the best are, their worth, and the places of the best, in order.

    Only the most promising candidates are planned, more of them until the last of the best is better
    than any other could be.
    """
    found = candidates(case)
    bounds, count = _keys(_bound(case, costs, found)) - 1.0, _FIRST * limit
    while True:
        order = np.argpartition(bounds, count) if count < len(bounds) else np.arange(len(bounds))
        some = matched(case, found.of(order[:count]))
        valued = _valued(case, costs, some)
        keys = _keys(valued)
        best = first(keys, case.view.take("id", some.rows), limit)
        if count >= len(bounds):
            return some, valued, best
        if len(best) == limit and keys[best[-1]] < bounds[order[count]]:
            return some, valued, best
        count *= _FIRST


def _keys(valued: Worth) -> Floats:
    """What the best have least of."""
    return np.asarray(np.where(valued.known, 0.0, _LAST_RANKS) - valued.total)


def _bound(case: Case, costs: Costs, found: Candidates) -> Worth:
    """No candidate is worth more by more than a cent, which is for rounding in other places.

    It has the least time off that the windows and 11 hours of driving a day leave, at the lesser
    price, and its delivery no sooner than after that, on the best day for the next load.
    """
    take, pace, free = case.view.take, case.pace, case.free_from
    to_pickup, loaded = (driving_us(pace, column) for column in found.miles[:2])
    driving = to_pickup + loaded
    nights = np.maximum(np.ceil(driving / _DRIVE) - 1.0, 0.0).astype(np.int64)
    before = free + round(pace.loading_h * HOUR) + driving
    off = np.maximum(nights * _REST, take("delivery_from", found.rows) - before)
    off = np.maximum(off, take("pickup_from", found.rows) - free - to_pickup)
    table = next_loads(case.view, case.truck.equipment, case.now)
    most = table.most_from(take("delivery", found.rows), before + off)
    none = np.zeros_like(off)
    is_rest = costs.hour_resting_cents < costs.hour_waiting_cents
    spent = (driving, none, off) if is_rest else (driving, off, none)
    return _worth(case, costs, found.rows, found.miles, spent, (most, none))


def _valued(case: Case, costs: Costs, found: Matched) -> Worth:
    table = next_loads(case.view, case.truck.equipment, case.now)
    nexts = table.at(case.view.take("delivery", found.rows), found.plans.unloaded)
    plans = found.plans
    hours = plans.driving, plans.waiting, plans.resting
    return _worth(case, costs, found.rows, found.miles, hours, nexts)


def _worth(
    case: Case,
    costs: Costs,
    rows: Rows,
    driven: Miles,
    spent: tuple[Ints, Ints, Ints],
    nexts: tuple[Floats, Ints],
) -> Worth:
    on_trip = None if case.truck.trip is None else case.pace.speed_mph
    return worth(costs, case.view.take("rate_cents", rows), driven, spent, *nexts, on_trip)


def _match(case: Case, found: Matched, valued: Worth, at: int, id: int, steps: list[Step]) -> Match:
    columns = valued.cents[:, at].tolist(), valued.quantities[:, at].tolist()
    terms = [
        Term(name, cents, quantity, unit)
        for (name, unit), cents, quantity in zip(UNITS.items(), *columns, strict=True)
    ]
    deadhead_mi, _, out_of_route_mi = (miles(float(column[at])) for column in found.miles)
    return Match(
        int(found.rows[at]),
        id,
        int(valued.total[at]) if valued.known[at] else None,
        terms,
        deadhead_mi,
        None if case.truck.trip is None else out_of_route_mi,
        steps,
        _sentence(case, found, valued, at),
    )


def _sentence(case: Case, found: Matched, valued: Worth, at: int) -> str:
    """What a match is worth and why, in one line: its money, its miles, its hours."""
    cents = dict(zip(UNITS, valued.cents[:, at].tolist(), strict=True))
    deadhead, loaded, out = (miles(float(column[at])) for column in found.miles)
    way = f"{loaded:,.0f} loaded and {deadhead:,.0f} empty miles"
    if case.truck.trip is not None:
        way += f", {out:,.0f} out of route"
    for name in ("waiting", "resting"):
        hours = float(getattr(found.plans, name)[at]) / HOUR
        way += f", {hours:,.1f} hours {name}" if hours else ""
    then = f", {dollars(cents['next_load'])} for the next load" if cents["next_load"] else ""
    total = int(valued.total[at])
    if not valued.known[at]:
        return f"No rate posted: {dollars(-total)} of costs for {way}{then}."
    return f"{dollars(total)} after costs: {dollars(cents['rate'])} for {way}{then}."


def dollars(cents: int) -> str:
    """Whole dollars, halves to the even one, as people write them."""
    whole = round(cents / 100)
    return f"-${-whole:,}" if whole < 0 else f"${whole:,}"
