"""A truck's best loads, beside merely gathering what ranking reads of its candidates."""

from dataclasses import dataclass

import numpy as np
from boards import START, board
from figures import MANY, Figure, Unequal, medians, seconds, tell
from held import held
from searches import TOWNS

from geo import places
from geo.points import miles
from loadboard.search.searching import microseconds
from matching.board import View
from matching.columns import Rows
from matching.next_loads import next_loads
from matching.rank import rank
from matching.rules import Case, candidates, case_of, matched
from matching.trucks import MAX_MILES, Clock, Pace, Truck
from matching.worth import Costs, worth

CANDIDATES, LIMIT = 10_000, 20
# What the rules, the hours and the worth read of a load, and the id that ties go by.
READ = (
    *("id", "died", "open_until", "equipment", "full", "hazmat", "weight_lb", "length_ft"),
    *("pickup", "delivery", "pickup_from", "pickup_to", "delivery_from", "delivery_to"),
    *("loaded_tenths", "rate_cents"),
)


@dataclass(frozen=True)
class Asked:
    """A truck, and its candidates where they lie."""

    truck: Truck
    rows: Rows

    def ranked(self, view: View) -> list[int]:
        now = microseconds(START)
        return [match.id for match in rank(view, self.truck, Costs(), Pace(), now, limit=LIMIT)]

    def gathered(self, view: View) -> list[int]:
        columns = {name: np.take(getattr(view.main.columns, name), self.rows) for name in READ}
        count = min(LIMIT, len(self.rows)) - 1
        best = np.argpartition(columns["rate_cents"], -1 - count)[-1 - count :]
        return columns["id"][best[np.argsort(columns["rate_cents"][best])]].tolist()


def rank_vs_gather(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """All of `rank`: finding the candidates, the hours, the worth, and what is said of the best.

    The other side is told the candidates, and its best are those that pay most. The field of the truck's
    place is kept, as of one that asked before.
    """
    view, count = held(board(loads)).view, pairs or MANY
    each = [_asked(view, town, number) for number, town in enumerate(TOWNS)]
    tell(f"  candidates: {[len(asked.rows) for asked in each]}")
    for asked in each:
        if asked.ranked(view) != _all_planned(_case(view, asked.truck)):
            raise Unequal(f"not the best loads of {asked.truck}")
    ours, peer = medians(
        count,
        lambda number: seconds(lambda: each[number % len(each)].ranked(view)),
        lambda number: seconds(lambda: each[number % len(each)].gathered(view)),
    )
    return Figure(name, ours * 1000, peer * 1000, "ms", goal, count, loads)


def _asked(view: View, town: str, number: int) -> Asked:
    """A truck with so long a deadhead that it has the wanted candidates, or all that there are."""
    clock = Clock(11.0 - number % 4, 14.0 - number % 4, 0.0, 70.0 - 5 * number)
    truck = Truck(
        places.find(town).point,
        "van",
        microseconds(START),
        length_ft=53.0,
        weight_lb=44_000.0,
        max_deadhead_mi=MAX_MILES,
        clock=clock,
    )
    away = np.sort(candidates(_case(view, truck)).miles.deadhead_m)
    limit = miles(float(away[min(CANDIDATES, len(away)) - 1])) + 1e-6
    near = Truck(**(vars(truck) | {"max_deadhead_mi": limit}))
    return Asked(near, candidates(_case(view, near)).rows)


def _case(view: View, truck: Truck) -> Case:
    return case_of(view, truck, Pace(), microseconds(START), None)


def _all_planned(case: Case) -> list[int]:
    """The best by planning every candidate."""
    found = matched(case, candidates(case))
    table = next_loads(case.view, case.truck.equipment, case.now)
    spent = found.plans.driving, found.plans.waiting, found.plans.resting
    nexts = table.at(case.view.take("delivery", found.rows), found.plans.unloaded)
    rates, ids = (case.view.take(name, found.rows) for name in ("rate_cents", "id"))
    valued = worth(Costs(), rates, found.miles, spent, *nexts)
    return ids[np.lexsort((ids, -valued.total, ~valued.known))][:LIMIT].tolist()
