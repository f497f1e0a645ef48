"""Loads to post and files of loads to import."""

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TOWNS = (
    "Dallas, TX", "Atlanta, GA", "Chicago, IL", "Denver, CO", "Memphis, TN", "Columbus, OH", "Laredo, TX", "Fresno, CA",
    "Omaha, NE", "Savannah, GA", "Reno, NV", "Tulsa, OK", "Boise, ID", "Mobile, AL", "Fargo, ND", "Albany, NY",
)  # fmt: skip
COLUMNS = (
    "reference", "equipment", "rate_usd", "pickup_place", "pickup_lat", "pickup_lon", "pickup_from", "pickup_to",
    "delivery_lat", "delivery_lon",
)  # fmt: skip
EQUIPMENT = ("van", "reefer", "flatbed", "step_deck")


def day(days: float) -> str:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + timedelta(days=days)).isoformat()


def a_load(rng: random.Random, reference: str, **fields: Any) -> dict[str, Any]:
    """A load as it is posted, open for days, between two towns."""
    pickup, delivery = rng.sample(TOWNS, 2)
    return {
        "reference": reference,
        "equipment": rng.choice(EQUIPMENT),
        "rate_cents": rng.randrange(50_000, 500_000),
        "stops": [
            {"kind": "pickup", "place": pickup, "window": {"from": day(2), "to": day(4)}},
            {"kind": "delivery", "place": delivery, "window": {"from": day(5), "to": day(9)}},
        ],
        **fields,
    }


def write_ndjson(path: Path, rng: random.Random, prefix: str, lines: int) -> Path:
    loads = (a_load(rng, f"{prefix}-{number}") for number in range(lines))
    path.write_text("".join(json.dumps(load) + "\n" for load in loads))
    return path


def write_csv(path: Path, rng: random.Random, prefix: str, lines: int) -> Path:
    """The same kind of loads, flat, most of them at coordinates."""
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for number in range(lines):
            at = (
                (rng.choice(TOWNS), "", "")
                if number % 5 == 0
                else ("", f"{rng.uniform(32, 44):.5f}", f"{rng.uniform(-115, -85):.5f}")
            )
            end = (f"{rng.uniform(32, 44):.5f}", f"{rng.uniform(-115, -85):.5f}")
            rate = f"{rng.randrange(500, 5000)}.{rng.randrange(100):02}"
            reference = f"{prefix}-{number}"
            table.writerow([reference, rng.choice(EQUIPMENT), rate, *at, day(2), day(4), *end])
    return path
