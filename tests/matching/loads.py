"""Loads for boards, and what a board must say of them, in plain Python."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from geo.areas import Box, Circle, Region
from geo.points import Point
from geo.roads import road_m
from matching.board import View
from matching.columns import END, EQUIPMENT_NUMBERS, GIVEN, LOAD, STATE_NUMBERS, UNKNOWN, Loads
from matching.search import Wanted
from matching.sight import Sight
from matching.sites import Reachable, Where

DALLAS, ATLANTA = Point(-96.797, 32.7767), Point(-84.388, 33.749)
DAY = 86_400_000_000
PLAIN: dict[str, Any] = {
    "version": 1,
    "confirmed_at": 0,
    "organization": 7,
    "equipment": EQUIPMENT_NUMBERS["van"],
    "full": True,
    "hazmat": False,
    "weight_lb": 42_000,
    "length_ft": 53.0,
    "rate_cents": 185_000,
    "loaded_tenths": 7_900,
    "pickup_from": DAY,
    "pickup_to": 2 * DAY,
    "delivery_from": 2 * DAY,
    "delivery_to": END,
    "open_until": 2 * DAY,
    "first_posted_at": 0,
    "audience": 0,
}


def load(
    id: int, pickup: Point = DALLAS, delivery: Point = ATLANTA, **changed: Any
) -> dict[str, Any]:
    ends: dict[str, Any] = {"pickup_state": 0, "delivery_state": 0}
    for name, point in (("pickup", pickup), ("delivery", delivery)):
        ends |= {f"{name}_lon": point.lon, f"{name}_lat": point.lat}
    return PLAIN | ends | {"id": id} | changed


def loads(rows: Iterable[dict[str, Any]]) -> Loads:
    listed = list(rows)
    made = np.zeros(len(listed), dtype=LOAD)
    for name in LOAD.names or ():
        made[name] = [row[name] for row in listed]
    return made


def standing(view: View) -> list[dict[str, Any]]:
    """What a view holds, by id, as it was handed in."""
    rows = view.rows()
    columns = {name: view.take(name, rows).tolist() for name in GIVEN}
    for end in ("pickup", "delivery"):
        points = view.sites.points.of(view.take(end, rows))
        for name, values in zip(("lon", "lat", "state"), points, strict=True):
            columns[f"{end}_{name}"] = np.asarray(values).tolist()
    listed = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return sorted(listed, key=lambda row: int(row["id"]))


def passes(row: dict[str, Any], wanted: Wanted) -> bool:
    """Whether a load meets everything that is wanted."""
    per_mile = UNKNOWN
    if row["rate_cents"] != UNKNOWN and row["loaded_tenths"]:
        per_mile = row["rate_cents"] / (row["loaded_tenths"] / 10)
    codes = [code for code, number in EQUIPMENT_NUMBERS.items() if number == row["equipment"]]
    return (
        row["open_until"] > wanted.now
        and lies(row, "pickup", wanted.pickup)
        and lies(row, "delivery", wanted.delivery)
        and row["pickup_from"] <= wanted.window_to
        and row["pickup_to"] >= wanted.window_from
        and (wanted.equipment is None or codes[0] in wanted.equipment)
        and wanted.full in (None, row["full"])
        and wanted.hazmat in (None, row["hazmat"])
        and wanted.organization in (None, row["organization"])
        and (wanted.sight is None or is_seen(row, *told(wanted.sight)))
        and row["first_posted_at"] >= wanted.posted_since
        and _is_at_most(row["weight_lb"], wanted.max_weight_lb, wanted)
        and _is_at_most(row["length_ft"], wanted.max_length_ft, wanted)
        and _is_at_least(row["rate_cents"], wanted.min_rate_cents, wanted)
        and _is_at_least(per_mile, wanted.min_rate_per_mile_cents, wanted)
    )


def told(sight: Sight) -> tuple[set[int], set[int]]:
    """The audiences and the hidden organisations of a sight."""
    return set(np.flatnonzero(sight.audiences).tolist()), set(
        np.flatnonzero(sight.posters == 0).tolist()
    )


def is_seen(row: dict[str, Any], audiences: set[int], hidden: set[int]) -> bool:
    return row["audience"] in audiences and row["organization"] not in hidden


def _is_at_most(value: float, limit: float | None, wanted: Wanted) -> bool:
    if limit is None:
        return True
    return wanted.include_unknown if value == UNKNOWN else value <= limit


def _is_at_least(value: float, limit: float | None, wanted: Wanted) -> bool:
    if limit is None:
        return True
    return wanted.include_unknown if value == UNKNOWN else value >= limit


def lies(row: dict[str, Any], end: str, where: Where | None) -> bool:
    """Whether a load's "pickup" or "delivery" is in an area or a state."""
    if where is None:
        return True
    if isinstance(where, Circle | Box | Region):
        at = (np.array([row[f"{end}_{axis}"]]) for axis in ("lon", "lat"))
        return bool(where.contains(*at)[0])
    if isinstance(where, Reachable):
        return road_m(where.of, Point(row[f"{end}_lon"], row[f"{end}_lat"])) <= where.within_m
    return any(STATE_NUMBERS[code] == row[f"{end}_state"] for code in where)


def ids(rows: Sequence[dict[str, Any]]) -> list[int]:
    return [int(row["id"]) for row in rows]
