"""Loads that nobody touches, and searches whose answer is therefore known beforehand."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from geo.points import Point, metres
from tests.faults.loads import day

GEOD = Geod(ellps="WGS84")
PAGE = 200
CLEAR_M = 1.0
EAST = -100.0


@dataclass(frozen=True)
class Still:
    reference: str
    pickup: Point
    delivery: Point


@dataclass(frozen=True)
class Question:
    """A search, and the references that it must find: all of them, and no other."""

    body: dict[str, Any]
    expected: frozenset[str]


def still_loads(rng: random.Random, count: int) -> list[Still]:
    """Loads of the west, many of them close together."""
    centres = [Point(rng.uniform(-120, -102), rng.uniform(32, 46)) for _ in range(25)]

    def near() -> Point:
        centre = rng.choice(centres)
        lon, lat = rng.gauss(centre.lon, 0.8), rng.gauss(centre.lat, 0.6)
        return Point(round(min(lon, EAST), 6), round(lat, 6))

    return [Still(f"still-{number}", near(), near()) for number in range(count)]


def write(loads: list[Still], path: Path) -> Path:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        ends = [f"{end}_{axis}" for end in ("pickup", "delivery") for axis in ("lon", "lat")]
        table.writerow(["reference", "equipment", *ends, "pickup_from", "pickup_to"])
        for load in loads:
            table.writerow([load.reference, "van", *load.pickup, *load.delivery, day(1), day(9)])
    return path


def questions(rng: random.Random, loads: list[Still], count: int) -> list[Question]:
    """Searches of one page around loads: circles, boxes and lanes that begin and end in circles."""
    return list(islice(_fitting(rng, loads), count))


def _fitting(rng: random.Random, loads: list[Still]) -> Iterator[Question]:
    while True:
        load = rng.choice(loads)
        kind = rng.choice(["circle", "box", "lane"])
        deliver = load.delivery if kind == "lane" else None
        question = (
            _box(rng, loads, load.pickup)
            if kind == "box"
            else _circles(rng, loads, load.pickup, deliver)
        )
        if question is not None and 1 <= len(question.expected) <= PAGE:
            yield question


def _box(rng: random.Random, loads: list[Still], at: Point) -> Question:
    west, south = at.lon - rng.uniform(0.01, 0.6), at.lat - rng.uniform(0.01, 0.5)
    east, north = at.lon + rng.uniform(0, 0.6), at.lat + rng.uniform(0, 0.5)
    found = {
        load.reference
        for load in loads
        if west <= load.pickup.lon <= east and south <= load.pickup.lat <= north
    }
    return Question({"pickup": {"bbox": [west, south, east, north]}}, frozenset(found))


def _circles(
    rng: random.Random, loads: list[Still], pickup: Point, delivery: Point | None
) -> Question | None:
    body: dict[str, Any] = {}
    inside = np.ones(len(loads), dtype=bool)
    ends = [("pickup", pickup)] + ([("delivery", delivery)] if delivery else [])
    for end, centre in ends:
        radius = rng.uniform(1, 40) if delivery is None else rng.uniform(20, 150)
        body[end] = {"near": {"lat": centre.lat, "lon": centre.lon}, "radius_mi": radius}
        distances = distances_m(centre, [getattr(load, end) for load in loads])
        # So near the edge that the last digits would decide.
        if np.abs(distances - metres(radius)).min() < CLEAR_M:
            return None
        inside &= distances <= metres(radius)
    return Question(body, frozenset(loads[index].reference for index in np.flatnonzero(inside)))


def distances_m(centre: Point, points: list[Point]) -> NDArray[np.float64]:
    lons, lats = np.array(points).T
    same = np.ones(len(points))
    return np.asarray(GEOD.inv(centre.lon * same, centre.lat * same, lons, lats)[2])


def distance_m(a: Point, b: Point) -> float:
    return float(GEOD.inv(*a, *b)[2])
