"""What a load is worth to a truck: terms in dollars that add up, none of which needs a weight.

Every term is rounded to whole cents, halves to the even cent, and the worth is their sum:

- rate: what is paid for the load;
- deadhead, loaded, out_of_route: miles, at the cost of a mile. A truck that makes a trip anyway
  drives the trip's miles and hours with the load or without it, so for that truck only the
  out-of-route miles count, and the hours of driving that they take;
- driving, waiting, resting: hours of the plan, at the value of each. Loading and unloading are left
  out: they are planned to take the same time for every load;
- payment: what it costs to have the money at once and the payer's risk with somebody else;
- next_load: what being at the delivery at that time is worth, see `NextLoads`.

A load of unknown rate has all terms but the rate and the payment. Their sum is no worth, but what the
rate has to make up for: such loads rank below all that have a worth, among themselves by that sum.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats, Mask
from geo.compiled import compiled
from geo.points import METRES_PER_MILE
from matching.columns import UNKNOWN
from matching.duty import HOUR, Ints

Cents = NDArray[np.int64]

_MOST_CENTS = 100_000.0


@dataclass(frozen=True)
class Costs:
    """What a carrier counts a mile and an hour at, in cents. Raises ValueError, the field's name first.

    The defaults share out the $2.260 that a mile cost in 2024 (American Transportation Research
    Institute, "An Analysis of the Operational Costs of Trucking: 2025 Update") so that nothing counts
    twice: the driver by the hour, and all the rest by the mile.

    - `cost_of_mile_cents`: 126.5, which is $2.260 less $0.995 for the driver: benefits of $0.197, as
      that report has them, and wages of $0.798, of which the exact figure is a planning convention.
      Fuel, truck and trailer payments, repairs, tyres, insurance, permits and tolls are left.
    - `hour_driving_cents`: 4,000, that $0.995 a mile at the 40.2 miles an hour that the report reckons
      with: it gives $90.89 an hour for $2.260 a mile.
    - `hour_waiting_cents`: 2,000, a planning convention: half of an hour driven, for waiting is off
      duty here, but the truck and its driver stand for the load.
    - `hour_resting_cents`: 1,000, a planning convention: a driver has to rest some day, but a haul
      that takes a day longer keeps the truck from the next one.
    - `payment_percent`: 3, of the rate, a planning convention: factors offer to pay at once, and some
      to bear the risk, for 1 to 5 percent. A board does not know payers' own records.
    """

    cost_of_mile_cents: float = 126.5
    hour_driving_cents: float = 4_000.0
    hour_waiting_cents: float = 2_000.0
    hour_resting_cents: float = 1_000.0
    payment_percent: float = 3.0

    def __post_init__(self) -> None:
        for field in fields(self):
            most = 100.0 if field.name == "payment_percent" else _MOST_CENTS
            value = getattr(self, field.name)
            if not 0.0 <= value <= most:
                raise ValueError(f"{field.name}: is between 0 and {most:g}, not {value}")


UNITS = {
    "rate": "load",
    "deadhead": "mi",
    "loaded": "mi",
    "out_of_route": "mi",
    "driving": "h",
    "waiting": "h",
    "resting": "h",
    "payment": "%",
    "next_load": "loads",
}
"""The terms, in order, and the unit of each one's quantity."""


class Miles(NamedTuple):
    """Metres of each candidate, shape (n,)."""

    deadhead_m: Floats
    loaded_m: Floats
    out_of_route_m: Floats

    def of(self, which: Mask | NDArray[np.intp]) -> "Miles":
        return Miles(*(column[which] for column in self))


class Worth(NamedTuple):
    """`cents` and `quantities` have a row for each term of `UNITS` and a column for each candidate.

    `total` is the sum of the cents, shape (n,), and a worth where `known`.
    """

    cents: Cents
    quantities: Floats
    total: Cents
    known: Mask


def worth(
    costs: Costs,
    rate_cents: NDArray[np.int32],
    miles: Miles,
    spent: tuple[Ints, Ints, Ints],
    next_cents: Floats,
    next_loads: NDArray[np.int64],
    trip_mph: float | None = None,
) -> Worth:
    """The terms for candidates, all of shape (n,).

    `rate_cents` may be `UNKNOWN`; `spent` is the time driving, waiting and resting (µs); `next_cents`
    and `next_loads` are of `NextLoads.at`. `trip_mph` is the speed of a truck on a trip that it
    makes anyway, None for any other.
    """
    shape = len(UNITS), len(rate_cents)
    cents, quantities = np.empty(shape, dtype=np.int64), np.empty(shape)
    columns = (rate_cents, *miles, *spent, next_cents, next_loads)
    _fill(_prices(costs), trip_mph or 0.0, *columns, cents, quantities)
    return Worth(cents, quantities, cents.sum(axis=0), rate_cents != UNKNOWN)


class _Prices(NamedTuple):
    """`Costs` for compiled code."""

    mile: float
    driving: float
    waiting: float
    resting: float
    payment: float


def _prices(costs: Costs) -> _Prices:
    return _Prices(
        costs.cost_of_mile_cents,
        costs.hour_driving_cents,
        costs.hour_waiting_cents,
        costs.hour_resting_cents,
        costs.payment_percent,
    )


@compiled
def _fill(
    prices: _Prices,
    trip_mph: float,
    rate_cents: NDArray[np.int32],
    deadhead_m: Floats,
    loaded_m: Floats,
    out_of_route_m: Floats,
    driving: Ints,
    waiting: Ints,
    resting: Ints,
    next_cents: Floats,
    next_loads: NDArray[np.int64],
    cents: Cents,
    quantities: Floats,
) -> None:
    """The terms in the order of `UNITS`; a `trip_mph` of 0 stands for no trip."""
    for i in range(len(rate_cents)):
        is_known = rate_cents[i] != UNKNOWN
        rate = float(rate_cents[i]) if is_known else 0.0
        empty, loaded, out = deadhead_m[i], loaded_m[i], 0.0
        hours = driving[i] / HOUR
        if trip_mph > 0.0:
            empty, loaded, out = 0.0, 0.0, out_of_route_m[i]
            hours = out / (METRES_PER_MILE * trip_mph)
        share = prices.payment if is_known else 0.0
        amounts = (
            1.0 if is_known else 0.0,
            empty / METRES_PER_MILE,
            loaded / METRES_PER_MILE,
            out / METRES_PER_MILE,
            hours,
            waiting[i] / HOUR,
            resting[i] / HOUR,
            share,
            float(next_loads[i]),
        )
        money = (
            rate,
            -prices.mile * amounts[1],
            -prices.mile * amounts[2],
            -prices.mile * amounts[3],
            -prices.driving * amounts[4],
            -prices.waiting * amounts[5],
            -prices.resting * amounts[6],
            -prices.payment * rate / 100.0,
            next_cents[i],
        )
        for term in range(len(amounts)):
            quantities[term, i], cents[term, i] = amounts[term], np.rint(money[term])
