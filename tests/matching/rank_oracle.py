"""Which loads a truck can haul and what each is worth, one load at a time in plain Python."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from statistics import median
from typing import Any, NamedTuple

import h3
import numpy as np

from geo import roads
from geo.points import METRES_PER_MILE, Point
from matching.columns import EQUIPMENT_NUMBERS, UNKNOWN
from matching.duty import Hauls
from matching.hours import Plans, plan
from matching.search import Wanted
from matching.sites import RESOLUTION
from matching.trucks import Pace, Truck
from matching.worth import Costs
from tests.matching.loads import DAY, lies, passes

Row = dict[str, Any]
LONG = ("van", "reefer", "flatbed", "step_deck", "conestoga")


@cache
def road_m(start: Point, goal: Point) -> float:
    return roads.road_m(start, goal)


class Asked(NamedTuple):
    """What is asked of the loads `rows`."""

    rows: list[Row]
    truck: Truck
    pace: Pace
    now: int
    wanted: Wanted

    def mile_limit(self) -> float:
        """The metres that the truck goes to a pickup."""
        truck = self.truck
        if truck.max_deadhead_mi is not None:
            return truck.max_deadhead_mi * METRES_PER_MILE
        if truck.trip is None:
            return 150 * METRES_PER_MILE
        most = truck.trip.max_out_of_route_mi * METRES_PER_MILE
        return road_m(truck.at, truck.trip.to) + most

    def open(self) -> list[Row]:
        return [row for row in self.rows if row["open_until"] > self.now]


def ends(row: Row) -> tuple[Point, Point]:
    return (
        Point(row["pickup_lon"], row["pickup_lat"]),
        Point(row["delivery_lon"], row["delivery_lat"]),
    )


def distances(asked: Asked, row: Row) -> tuple[float, float, float]:
    """Metres to the pickup, loaded, and out of route."""
    pickup, delivery = ends(row)
    truck = asked.truck
    deadhead, loaded = road_m(truck.at, pickup), row["loaded_tenths"] / 10 * METRES_PER_MILE
    if truck.trip is None:
        return deadhead, loaded, 0.0
    onward, trip = road_m(delivery, truck.trip.to), road_m(truck.at, truck.trip.to)
    return deadhead, loaded, max(0.0, deadhead + loaded + onward - trip)


def planned(asked: Asked, row: Row) -> Plans:
    deadhead, loaded, _ = distances(asked, row)
    home = asked.truck.home
    home_m = 0.0 if home is None else road_m(ends(row)[1], home.at)
    windows = [row[name] for name in ("pickup_from", "pickup_to", "delivery_from", "delivery_to")]
    columns: list[Any] = [np.array([value]) for value in (deadhead, loaded, *windows, home_m)]
    hauls = Hauls(*columns)
    return plan(asked.truck.clock, asked.pace, max(asked.now, asked.truck.free_from), hauls)


def room(asked: Asked, row: Row) -> float:
    """The feet that a load takes of a trailer."""
    feet = float(row["length_ft"])
    if feet == UNKNOWN:
        feet = 0.0 if asked.wanted.include_unknown else float("inf")
    return max(feet, 48.0) if row["full"] and asked.truck.equipment in LONG else feet


def refusal(asked: Asked, row: Row) -> str | None:
    """The first rule that refuses a load."""
    truck, wanted = asked.truck, replace(asked.wanted, now=asked.now)
    deadhead, _, out_of_route = distances(asked, row)
    weight, known = row["weight_lb"], row["weight_lb"] != UNKNOWN
    plans = planned(asked, row)
    fits = weight <= truck.weight_lb if truck.weight_lb is not None and known else True
    if truck.weight_lb is not None and not known:
        fits = wanted.include_unknown
    checks = {
        "deadhead": deadhead <= asked.mile_limit(),
        "equipment": row["equipment"] == EQUIPMENT_NUMBERS[truck.equipment],
        "hazmat": truck.hazmat or not row["hazmat"],
        "weight": fits,
        "length": truck.length_ft is None or room(asked, row) <= truck.length_ft,
        "filters": passes(row, wanted),
        "destination": truck.to is None or lies(row, "delivery", truck.to),
        "out_of_route": truck.trip is None
        or out_of_route <= truck.trip.max_out_of_route_mi * METRES_PER_MILE,
        "pickup_window": plans.loading[0] <= row["pickup_to"],
        "delivery_window": plans.unloading[0] <= row["delivery_to"],
        "home": truck.home is None or plans.at_home[0] <= truck.home.by,
    }
    return next((rule for rule, holds in checks.items() if not holds), None)


def hauled(asked: Asked) -> list[Row]:
    return [row for row in asked.open() if refusal(asked, row) is None]


def terms(asked: Asked, row: Row, costs: Costs) -> dict[str, int]:
    deadhead, loaded, out = (metres / METRES_PER_MILE for metres in distances(asked, row))
    plans = planned(asked, row)
    driving, waiting, resting = (
        int(column[0]) / 3_600_000_000 for column in (plans.driving, plans.waiting, plans.resting)
    )
    if asked.truck.trip is not None:
        deadhead = loaded = 0.0
        driving = distances(asked, row)[2] / (METRES_PER_MILE * asked.pace.speed_mph)
    rate = 0 if row["rate_cents"] == UNKNOWN else row["rate_cents"]
    day = int(plans.unloaded[0]) // DAY * DAY
    last = asked.now // DAY * DAY + 60 * DAY
    then = outlook(asked.rows, ends(row)[1], day, asked.truck.equipment)[0] if day < last else 0.0
    return {
        "rate": rate,
        "deadhead": -round(costs.cost_of_mile_cents * deadhead),
        "loaded": -round(costs.cost_of_mile_cents * loaded),
        "out_of_route": -round(costs.cost_of_mile_cents * out),
        "driving": -round(costs.hour_driving_cents * driving),
        "waiting": -round(costs.hour_waiting_cents * waiting),
        "resting": -round(costs.hour_resting_cents * resting),
        "payment": -round(costs.payment_percent * rate / 100.0),
        "next_load": round(then),
    }


def outlook(rows: list[Row], at: Point, day: int, equipment: str = "van") -> tuple[float, int]:
    """The median net around a place on a day and the next, and of how many loads."""

    def cell(lon: float, lat: float) -> str:
        return str(h3.cell_to_parent(h3.latlng_to_cell(lat, lon, RESOLUTION), 3))

    dates = {datetime.fromtimestamp(moment / 1e6, UTC).date() for moment in (day, day + DAY)}
    nets = [
        row["rate_cents"] - 126.5 / 10 * row["loaded_tenths"]
        for row in rows
        if row["rate_cents"] != UNKNOWN
        and row["equipment"] == EQUIPMENT_NUMBERS[equipment]
        and cell(row["pickup_lon"], row["pickup_lat"]) == cell(*at)
        and datetime.fromtimestamp(row["pickup_from"] / 1e6, UTC).date() in dates
    ]
    return (median(nets) if len(nets) >= 10 else 0.0), len(nets)


def ranked(asked: Asked, costs: Costs) -> list[tuple[int, int | None]]:
    """Ids of all matches, best first, with their worth."""
    totals = {row["id"]: sum(terms(asked, row, costs).values()) for row in hauled(asked)}
    known = {row["id"]: row["rate_cents"] != UNKNOWN for row in asked.rows}
    order = sorted(totals, key=lambda id: (not known[id], -totals[id], id))
    return [(id, totals[id] if known[id] else None) for id in order]
