"""Which loads can be worth most to a truck, judged before anything is planned."""

from math import inf
from typing import NamedTuple

import numpy as np

from geo.areas import Floats
from geo.compiled import borrowed, compiled
from geo.points import METRES_PER_MILE
from matching.columns import UNKNOWN, Columns, Rows
from matching.duty import HOUR
from matching.hours import times_of
from matching.next_loads import DAY, DAYS, NextLoads
from matching.rules import Case
from matching.search import TENTHS
from matching.trucks import MAX_DRIVE_H, MAX_DRIVE_WITHOUT_BREAK_H
from matching.ways import Ways
from matching.worth import Costs

LAST_RANKS = 1e15
"""What the keys of loads of unknown rate begin at: they come after all others."""

_DRIVE, _WITHOUT_BREAK = round(MAX_DRIVE_H * HOUR), round(MAX_DRIVE_WITHOUT_BREAK_H * HOUR)
_REST, _BREAK = 10 * HOUR, HOUR // 2
_ROUNDING_CENTS = 10.0
"""More than is rounded in nine terms, here or there."""
_METRES_PER_TENTH = METRES_PER_MILE / TENTHS


class Promising(NamedTuple):
    """Rows, the most promising first, and no more than what any other is ranked by."""

    rows: Rows
    rest: float


class _Best(NamedTuple):
    """The least keys so far, in order, and their rows; infinite where there is none yet."""

    keys: Floats
    rows: Rows


class _Then(NamedTuple):
    """What next loads are worth: by cell and day, the most from a day on, and ever; the cell of each site."""

    cents: Floats
    most: Floats
    ever: Floats
    cell_of: Rows


class _Start(NamedTuple):
    """When a truck can set out and how long it can drive then, and how long metres and stops take it."""

    first_day: int
    free_from: int
    drive_left: int
    per_metre: float
    loading: int
    unloading: int
    is_on_trip: bool
    trip_m: float


class _Prices(NamedTuple):
    """Cents of a metre and of microseconds, and the share of the rate that is left."""

    metre: float
    driving: float
    waiting: float
    resting: float
    share: float


def promising(
    case: Case, costs: Costs, rows: Rows, ways: Ways, table: NextLoads, count: int
) -> Promising:
    """The `count` of the rows that would rank first if all went as well as it can.

    Loads rank by cents less than nothing, from `LAST_RANKS` on where the rate is unknown. None turns out
    to rank before its bound: it has the least time off that the windows and the hours of driving leave, at the
    least price, and its delivery no sooner than after that, on the best day for the next load. Those whose
    window is sure to be missed are left out.
    """
    view, size = case.view, len(case.view.main.columns.id)
    main = int(np.count_nonzero(rows < size))
    parts = (view.main.columns, rows[:main], 0), (view.fresh, rows[main:] - np.int32(size), size)
    best = _Best(np.full(count + 1, inf), np.empty(count + 1, dtype=np.int32))
    way = ways.to, ways.slack[0], ways.onward
    then = _Then(table.cents, table.most, table.most[:, 0].copy(), table.cell_of)
    numbers = _prices(case, costs), _start(case, ways, table.first_day)
    for columns, some, first in parts:
        _choose(columns, some, first, *way, then, *numbers, best)
    found = min(int(np.count_nonzero(best.keys < inf)), count)
    return Promising(best.rows[:found], float(best.keys[count]))


def _prices(case: Case, costs: Costs) -> _Prices:
    driving = costs.hour_driving_cents / HOUR
    if case.truck.trip is not None:
        # By the metre, for the time on a trip that is made anyway does not count.
        driving = costs.hour_driving_cents / (METRES_PER_MILE * case.pace.speed_mph)
    return _Prices(
        costs.cost_of_mile_cents / METRES_PER_MILE,
        driving,
        costs.hour_waiting_cents / HOUR,
        costs.hour_resting_cents / HOUR,
        1.0 - costs.payment_percent / 100.0,
    )


def _start(case: Case, ways: Ways, first_day: int) -> _Start:
    left, is_on_trip = round(case.truck.clock.drive_left_h * HOUR), ways.end is not None
    return _Start(first_day, case.free_from, left, *times_of(case.pace), is_on_trip, ways.trip_m)


@compiled
def _choose(
    columns: Columns,
    rows: Rows,
    first: int,
    to: Floats,
    slack: Floats,
    onward: Floats,
    then: _Then,
    prices: _Prices,
    start: _Start,
    best: _Best,
) -> None:
    """Put those of the rows among the best that belong there.

    A glance at money, miles and the opening of the pickup rules out most, the windows and the
    next load are looked at for the others.
    """
    columns, then, best = borrowed(columns), borrowed(then), borrowed(best)
    last, to_m, arrives, late = -1, 0.0, 0, 0
    end, least_price = len(best.keys) - 1, min(prices.waiting, prices.resting)
    for i in range(len(rows)):
        # Numbers without a sign save looking whether they count from the end.
        row = np.uintp(rows[i])
        pickup, delivery = columns.pickup[row], np.uintp(columns.delivery[row])
        if pickup != last:
            last, to_m = pickup, to[pickup]
            arrives = start.free_from + int(np.rint(to_m * start.per_metre))
            # The farther away, the less there is to wait.
            late = arrives + int(np.ceil(slack[pickup] * start.per_metre))
        loaded_m, rate = columns.loaded_tenths[row] * _METRES_PER_TENTH, columns.rate_cents[row]
        # Cut off: no more than what is planned.
        loaded = int(loaded_m * start.per_metre)
        driving = arrives - start.free_from + loaded
        if start.is_on_trip:
            out_m = max(0.0, to_m + loaded_m + onward[delivery] - start.trip_m)
            cost = (prices.metre + prices.driving) * out_m
        else:
            cost = prices.metre * (to_m + loaded_m) + prices.driving * driving
        key = (LAST_RANKS if rate == UNKNOWN else -rate * prices.share) + cost - _ROUNDING_CENTS
        opens = columns.pickup_from[row]
        cell = then.cell_of[delivery]
        if key + least_price * max(0, opens - late) - then.ever[cell] >= best.keys[end]:
            continue
        rest = _REST * max(0, -((start.drive_left - driving) // _DRIVE))
        due, closes = columns.delivery_from[row], columns.delivery_to[row]
        unloads = max(max(opens, arrives + rest) + start.loading + loaded, due)
        if arrives > columns.pickup_to[row] or unloads > closes:
            continue
        off = max(rest, opens - late, due - late - start.loading - loaded - 1)
        key += _off_cents(off, driving, prices)
        key -= _most(then, cell, unloads + start.unloading, closes + start.unloading, start)
        if key < best.keys[end]:
            _insert(best, key, first + rows[i])


@compiled
def _most(then: _Then, cell: int, first: int, last: int, start: _Start) -> float:
    """The most that the next load is worth from one moment to another."""
    day, end = first // DAY - start.first_day, last // DAY - start.first_day
    if end > day + 1:
        return then.most[cell, day] if day < DAYS else 0.0
    most = then.cents[cell, day] if day < DAYS else 0.0
    return max(most, then.cents[cell, end] if end < DAYS else 0.0)


@compiled
def _off_cents(off: int, driving: int, prices: _Prices) -> float:
    """No time off of at least so long costs less.

    It is waiting, but for the breaks, or else there is a rest in it.
    """
    if prices.waiting <= prices.resting:
        return prices.waiting * off
    breaks = _BREAK * (driving // _WITHOUT_BREAK + 1)
    waiting = prices.waiting * off - (prices.waiting - prices.resting) * min(off, breaks)
    return min(waiting, prices.resting * max(off, _REST))


@compiled
def _insert(best: _Best, key: float, row: int) -> None:
    at = len(best.keys) - 1
    while at > 0 and best.keys[at - 1] > key:
        best.keys[at], best.rows[at] = best.keys[at - 1], best.rows[at - 1]
        at -= 1
    best.keys[at], best.rows[at] = key, row
