"""Sample loads that look like a spot market: the same seed gives the same loads.

Rates per mile follow US spot averages (van about 2.0, reefer 2.4, flatbed 2.5 dollars a mile) with
a fixed part that makes short hauls dearer by the mile.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import anyio
import numpy as np
from numpy.typing import NDArray

from geo import places
from geo.geodesy import great_circle_m
from geo.points import METRES_PER_MILE
from loadboard.db import transaction
from loadboard.loads.posting import Sender, Submission, submission, submit
from loadboard.loads.schemas import PostedLoad

BATCH = 5_000
CANDIDATES = 12
AGE = timedelta(hours=24)
PARTS = 20
"""So many times in that age loads are posted, the more often the nearer to now."""
INSTANT = 0.3
"""The part of the loads with a rate that carriers may book at once."""
ROAD_FACTOR = 1.19
FIXED_USD = 180.0


class Kind(NamedTuple):
    """One equipment's part of the market."""

    code: str
    share: float
    usd_per_mile: float
    length_ft: float
    heaviest_lb: int
    commodities: tuple[str, ...]


KINDS = (
    Kind("van", 0.52, 1.72, 53, 45_000, ("paper", "packaged food", "beverages", "tires", "freight of all kinds", "furniture")),
    Kind("reefer", 0.19, 2.08, 53, 43_500, ("produce", "frozen food", "dairy", "meat", "flowers")),
    Kind("flatbed", 0.17, 2.20, 48, 48_000, ("steel coils", "lumber", "pipe", "machinery", "roofing")),
    Kind("step_deck", 0.05, 2.35, 53, 46_000, ("machinery", "crated equipment", "tractors")),
    Kind("power_only", 0.03, 1.80, 53, 44_000, ("loaded trailer",)),
    Kind("hot_shot", 0.02, 1.75, 40, 16_000, ("parts", "pallets", "generator")),
    Kind("conestoga", 0.02, 2.40, 48, 46_000, ("aluminium", "machinery")),
)  # fmt: skip


class Market(NamedTuple):
    """The towns that loads run between, the heavier the more."""

    labels: list[str]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]
    weights: NDArray[np.float64]


def market() -> Market:
    towns = [town for town in places.towns() if town.population >= 2_000]
    points = np.array([town.point for town in towns])
    people = np.array([float(town.population) for town in towns]) ** 0.85
    return Market([t.label for t in towns], points[:, 0], points[:, 1], people / people.sum())


def generate(count: int, seed: int, start: datetime) -> Iterator[PostedLoad]:
    """`count` loads whose first pickups open in the hours and days after `start`."""
    rng = np.random.default_rng(seed)
    where = market()
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        origins, ends, miles = _lanes(rng, where, size)
        for offset in range(size):
            lane = (where.labels[origins[offset]], where.labels[ends[offset]])
            reference = f"SAMPLE-{seed}-{first + offset + 1}"
            yield _load(rng, reference, lane, float(miles[offset]), start)


def _lanes(
    rng: np.random.Generator, where: Market, size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Origins by population; of a few likely ends the one whose distance the market favours."""
    origins = rng.choice(len(where.labels), size, p=where.weights)
    ends = rng.choice(len(where.labels), (size, CANDIDATES), p=where.weights)
    miles = (
        ROAD_FACTOR
        / METRES_PER_MILE
        * great_circle_m(
            where.lons[origins, None], where.lats[origins, None], where.lons[ends], where.lats[ends]
        )
    )
    liking = np.exp(-(((np.log(np.maximum(miles, 1.0)) - np.log(480.0)) / 0.75) ** 2))
    liking = np.where(miles < 25, 0.0, liking) + 1e-9
    chosen = (liking.cumsum(axis=1) > rng.random((size, 1)) * liking.sum(axis=1)[:, None]).argmax(1)
    rows = np.arange(size)
    return origins, ends[rows, chosen], miles[rows, chosen]


def _load(
    rng: np.random.Generator, reference: str, lane: tuple[str, str], miles: float, start: datetime
) -> PostedLoad:
    kind = KINDS[int(rng.choice(len(KINDS), p=[kind.share for kind in KINDS]))]
    full = rng.random() > 0.12
    part = 1.0 if full else float(rng.uniform(0.15, 0.6))
    opens = start + timedelta(minutes=15 * int(rng.exponential(1.3) * 96))
    closes = opens + timedelta(hours=int(rng.integers(3, 13)))
    due = opens + timedelta(hours=max(6.0, miles / 45 * 1.6))
    usd = (FIXED_USD + kind.usd_per_mile * miles) * float(rng.lognormal(0, 0.13)) * part**0.7
    rate_cents = _unless(rng, 0.25, round(usd) * 100)
    is_instant = rate_cents is not None and rng.random() < INSTANT
    return PostedLoad.model_validate(
        {
            "reference": reference,
            "equipment": kind.code,
            "full": full,
            "weight_lb": _unless(
                rng, 0.08, int(round(kind.heaviest_lb * part * float(rng.beta(4, 2)), -2))
            ),
            "length_ft": kind.length_ft if full else max(4.0, round(kind.length_ft * part)),
            "hazmat": bool(rng.random() < 0.03),
            "commodity": _unless(rng, 0.15, str(rng.choice(kind.commodities))),
            "rate_cents": rate_cents,
            "instant": "everyone" if is_instant else "nobody",
            "stops": [
                _stop("pickup", lane[0], opens, closes),
                _stop("delivery", lane[1], due, due + timedelta(hours=int(rng.integers(4, 25)))),
            ],
        }
    )


def _unless(rng: np.random.Generator, unknown: float, value: Any) -> Any:
    return None if rng.random() < unknown else value


def _stop(kind: str, place: str, opens: datetime, closes: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "place": place,
        "window": {"from": opens.isoformat(), "to": closes.isoformat()},
    }


async def seed_board(
    sender: Sender, count: int, seed: int, now: datetime, progress: Callable[[int], None]
) -> int:
    """Stores `count` sample loads for an organisation, posted in the hours before; how many of them were new."""
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    loads, created = generate(count, seed, start), 0
    for part in range(PARTS):
        posted_at = now - AGE * ((PARTS - 1 - part) / PARTS) ** 2
        share = islice(loads, count * (part + 1) // PARTS - count * part // PARTS)
        created += await fill(sender, share, posted_at, progress)
    return created


async def fill(
    sender: Sender, loads: Iterator[PostedLoad], now: datetime, progress: Callable[[int], None]
) -> int:
    """Stores loads batch by batch; how many of them were new."""
    created = 0
    while batch := await anyio.to_thread.run_sync(_take, loads):
        async with transaction() as session:
            outcomes = await submit(session, sender, batch, now, may_update=True)
        created += sum(getattr(outcome, "result", None) == "created" for outcome in outcomes)
        progress(len(batch))
    return created


def _take(loads: Iterator[PostedLoad]) -> list[Submission]:
    return [submission(load) for load in islice(loads, BATCH)]
