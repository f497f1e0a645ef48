"""How much loads can be worth to a truck at most, before anything is planned."""

from math import inf
from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.compiled import compiled
from geo.points import METRES_PER_MILE
from matching.columns import UNKNOWN, Columns, Rows
from matching.duty import HOUR
from matching.hours import times_of
from matching.next_loads import DAY, DAYS, NextLoads
from matching.rules import Case
from matching.search import TENTHS
from matching.trucks import MAX_DRIVE_H
from matching.ways import Ways
from matching.worth import Costs, Prices, prices_of

LAST_RANKS = 1e15
"""What the keys of loads of unknown rate begin at: they come after all others."""

_DRIVE, _REST = round(MAX_DRIVE_H * HOUR), 10 * HOUR
_ROUNDING_CENTS = 10.0
"""More than is rounded in nine terms, here or there."""


class _Start(NamedTuple):
    """When a truck can set out, how long metres and stops take it, and the trip it is on, if any."""

    free_from: int
    per_metre: float
    loading: int
    unloading: int
    mph: float
    is_on_trip: bool
    trip_m: float


def least_keys(case: Case, costs: Costs, rows: Rows, ways: Ways, table: NextLoads) -> Floats:
    """What the loads would be ranked by if all went as well as it can, shape (n,).

    The best have least: cents less than nothing, from `LAST_RANKS` on where the rate is unknown; infinite where a
    window is sure to be missed. No load turns out to have less. It has the least time off that the
    windows and 11 hours of driving a day leave, at the lesser price, and its delivery no sooner than after
    that, on the best day for the next load.
    """
    times, view = times_of(case.pace), case.view
    is_on_trip = ways.end is not None
    start = _Start(case.free_from, *times, case.pace.speed_mph, is_on_trip, ways.trip_m)
    way = ways.to, ways.slack[0], ways.onward
    then = table.most, table.cell_of, table.first_day
    count = int(np.count_nonzero(rows < len(view.main.columns.id)))
    later = rows[count:] - np.int32(len(view.main.columns.id))
    parts = (view.main.columns, rows[:count]), (view.fresh, later)
    return np.concatenate(
        [_keys(columns, part, *way, *then, prices_of(costs), start) for columns, part in parts]
    )


@compiled
def _keys(
    columns: Columns,
    rows: Rows,
    to: Floats,
    slack: Floats,
    onward: Floats,
    most: Floats,
    cell_of: Rows,
    first_day: int,
    prices: Prices,
    start: _Start,
) -> Floats:
    keys = np.empty(len(rows))
    # Prices of a microsecond and of a metre; a load pays its share of the rate.
    off_price, share = min(prices.waiting, prices.resting) / HOUR, 1.0 - prices.payment / 100.0
    metre_price, driving_price = prices.mile / METRES_PER_MILE, prices.driving / HOUR
    if start.is_on_trip:
        driving_price = prices.driving / (METRES_PER_MILE * start.mph)
    a_tenth_m = METRES_PER_MILE / TENTHS
    last, to_m, arrives, late = -1, 0.0, 0, 0
    for i in range(len(rows)):
        row = rows[i]
        pickup, delivery = columns.pickup[row], columns.delivery[row]
        if pickup != last:
            last, to_m = pickup, to[pickup]
            arrives = start.free_from + int(np.rint(to_m * start.per_metre))
            # The farther away, the less there is to wait.
            late = arrives + int(np.ceil(slack[pickup] * start.per_metre))
        loaded_m = columns.loaded_tenths[row] * a_tenth_m
        # Cut off: no more than what is planned.
        loaded = int(loaded_m * start.per_metre)
        opens, due = columns.pickup_from[row], columns.delivery_from[row]
        driving = arrives - start.free_from + loaded
        rest = _REST * max(0, (driving - 1) // _DRIVE)
        unloads = max(opens, arrives + rest) + start.loading + loaded
        unloads = max(unloads, due)
        if arrives > columns.pickup_to[row] or unloads > columns.delivery_to[row]:
            keys[i] = inf
            continue
        off = max(rest, opens - late, due - late - start.loading - loaded - 1)
        day = max(0, (unloads + start.unloading) // DAY - first_day)
        worth = most[cell_of[delivery], day] if day < DAYS else 0.0
        if start.is_on_trip:
            out_m = max(0.0, to_m + loaded_m + onward[delivery] - start.trip_m)
            worth -= (metre_price + driving_price) * out_m
        else:
            worth -= metre_price * (to_m + loaded_m) + driving_price * driving
        worth -= off_price * off
        rate = columns.rate_cents[row]
        unknown = rate == UNKNOWN
        keys[i] = (LAST_RANKS if unknown else -rate * share) - worth - _ROUNDING_CENTS
    return keys
