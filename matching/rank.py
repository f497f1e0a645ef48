"""The loads of a board that are worth most to a truck, and why, in numbers."""

from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.points import miles
from matching.board import View
from matching.bounds import LAST_RANKS, promising
from matching.columns import Rows
from matching.duty import HOUR
from matching.hours import Step, itineraries
from matching.next_loads import NextLoads, next_loads
from matching.rules import Case, Matched, case_of, matched, measured, narrowed, ways_of
from matching.search import Wanted, first
from matching.trucks import Pace, Truck
from matching.ways import possible
from matching.worth import UNITS, Costs, Worth, worth

_FIRST, _AGAIN = 2, 4
"""How many times as many loads are planned as are wanted, and how many times more each time again."""


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
    hauls, leaving = found.hauls.take(best.astype(np.int64)), found.plans.leaving[best]
    plans = itineraries(truck.clock, pace, case.free_from, hauls, leaving=leaving)
    best_rows = found.rows[best]
    columns = (
        *(best_rows, view.take("id", best_rows), valued.total[best], valued.known[best]),
        *(valued.cents[:, best].T, valued.quantities[:, best].T),
        *(column[best] for column in (*found.miles, found.plans.waiting, found.plans.resting)),
    )
    told = zip(*(column.tolist() for column in columns), plans, strict=True)
    return [_match(_Told(*each), truck.trip is not None) for each in told]


def _best(case: Case, costs: Costs, limit: int) -> tuple[Matched, Worth, Rows]:
    """Matches among which the best are, their worth, and the places of the best, in order.

    Only the most promising loads are measured and planned, more of them until the last of the best is
    better than any other could be.
    """
    ways = ways_of(case)
    rows = possible(case.view, narrowed(case), ways)
    table = next_loads(case.view, case.truck.equipment, case.now, case.wanted.sight)
    count = _FIRST * limit
    while True:
        some, rest = promising(case, costs, rows, ways, table, count)
        found = matched(case, measured(case, some, ways))
        valued = _valued(case, costs, found, table)
        keys = _keys(valued)
        best = first(keys, case.view.take("id", found.rows), limit)
        if rest == np.inf or (len(best) == limit and keys[best[-1]] < rest):
            return found, valued, best
        count = min(_AGAIN * count, len(rows))


def _keys(valued: Worth) -> Floats:
    """What the best have least of."""
    return np.asarray(np.where(valued.known, 0.0, LAST_RANKS) - valued.total)


def _valued(case: Case, costs: Costs, found: Matched, table: NextLoads) -> Worth:
    nexts = table.at(case.view.take("delivery", found.rows), found.plans.unloaded)
    plans, rates = found.plans, case.view.take("rate_cents", found.rows)
    spent = plans.driving, plans.waiting, plans.resting
    on_trip = None if case.truck.trip is None else case.pace.speed_mph
    return worth(costs, rates, found.miles, spent, *nexts, on_trip)


class _Told(NamedTuple):
    """What is known of one of the best: as `Match`, `Worth` and `Plans` have it, in plain numbers."""

    row: int
    id: int
    total: int
    known: bool
    cents: list[int]
    quantities: list[float]
    deadhead_m: float
    loaded_m: float
    out_of_route_m: float
    waiting: int
    resting: int
    plan: list[Step]


def _match(told: _Told, is_on_trip: bool) -> Match:
    return Match(
        told.row,
        told.id,
        told.total if told.known else None,
        list(map(Term, UNITS, told.cents, told.quantities, UNITS.values())),
        miles(told.deadhead_m),
        miles(told.out_of_route_m) if is_on_trip else None,
        told.plan,
        _sentence(told, is_on_trip),
    )


def _sentence(told: _Told, is_on_trip: bool) -> str:
    """What a match is worth and why, in one line: its money, its miles, its hours."""
    rate, next_load = told.cents[0], told.cents[-1]
    way = f"{miles(told.loaded_m):,.0f} loaded and {miles(told.deadhead_m):,.0f} empty miles"
    if is_on_trip:
        way += f", {miles(told.out_of_route_m):,.0f} out of route"
    for name, spent in (("waiting", told.waiting), ("resting", told.resting)):
        way += f", {spent / HOUR:,.1f} hours {name}" if spent else ""
    then = f", {dollars(next_load)} for the next load" if next_load else ""
    if not told.known:
        return f"No rate posted: {dollars(-told.total)} of costs for {way}{then}."
    return f"{dollars(told.total)} after costs: {dollars(rate)} for {way}{then}."


def dollars(cents: int) -> str:
    """Whole dollars, halves to the even one, as people write them."""
    whole = round(cents / 100)
    return f"-${-whole:,}" if whole < 0 else f"${whole:,}"
