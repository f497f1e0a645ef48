"""The loads of a board that are worth most to a truck, and why, in numbers."""

from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.points import miles
from matching.board import View
from matching.hours import HOUR, Step, itinerary
from matching.next_loads import next_loads
from matching.rules import Case, Matched, case_of, matched
from matching.search import Wanted, first
from matching.trucks import Pace, Truck
from matching.worth import UNITS, Costs, Worth, worth

_LAST_RANKS = 1e15


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


class Ranking(NamedTuple):
    """The best matches in order, and how many there are in all."""

    matches: list[Match]
    total: int


def rank(
    view: View,
    truck: Truck,
    costs: Costs,
    pace: Pace,
    now: int,
    wanted: Wanted | None = None,
    limit: int = 50,
) -> Ranking:
    """The `limit` loads of a view that are worth most to a truck, ties by id.

    `now` is in microseconds since 1970 UTC, and what `wanted` says of it does not count. Loads of
    unknown rate come after all others, see `matching.worth`.
    """
    case = case_of(view, truck, pace, now, wanted)
    found = matched(case)
    valued = _valued(case, costs, found)
    keys: Floats = np.where(valued.known, 0.0, _LAST_RANKS) - valued.total.astype(np.float64)
    ids = view.take("id", found.rows)
    best = first(keys, ids, limit).tolist()
    matches = [_match(case, found, valued, int(ids[at]), at) for at in best]
    return Ranking(matches, len(found.rows))


def _valued(case: Case, costs: Costs, found: Matched) -> Worth:
    table = next_loads(case.view, case.truck.equipment, case.now)
    nexts = table.at(case.view.take("delivery", found.rows), found.plans.unloaded)
    rates = case.view.take("rate_cents", found.rows)
    on_trip = None if case.truck.trip is None else case.pace.speed_mph
    return worth(costs, rates, found.miles, found.plans, *nexts, on_trip)


def _match(case: Case, found: Matched, valued: Worth, id: int, at: int) -> Match:
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
        itinerary(case.truck.clock, case.pace, case.free_from, found.hauls, at),
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
