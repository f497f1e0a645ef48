"""The searches that are measured, and our SQL for them, run by bare psycopg."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from itertools import permutations
from typing import Any, NamedTuple

import psycopg
from boards import START, Board

from geo import places
from geo.areas import Circle
from geo.places import Place
from loadboard import cellscheme
from loadboard.auth import Principal
from loadboard.cellscheme import Scheme
from loadboard.db import transaction
from loadboard.search.areas import cover_of
from loadboard.search.in_sql import ask, order, statement
from loadboard.search.schemas import Search
from loadboard.search.spread import Spreads, spreads
from loadboard.search.statement import Question

TOWNS = (
    "Dallas, TX", "Chicago, IL", "Atlanta, GA", "Los Angeles, CA", "Philadelphia, PA", "Denver, CO",
    "Memphis, TN", "Kansas City, MO", "Columbus, OH", "Charlotte, NC", "Phoenix, AZ", "Seattle, WA",
)  # fmt: skip
# Lanes of usual length between places with much freight.
LANES = (
    ("Dallas, TX", "Memphis, TN"), ("Chicago, IL", "Columbus, OH"), ("Atlanta, GA", "Charlotte, NC"),
    ("Los Angeles, CA", "Phoenix, AZ"), ("Philadelphia, PA", "Columbus, OH"),
    ("Denver, CO", "Kansas City, MO"), ("Memphis, TN", "Atlanta, GA"),
    ("Kansas City, MO", "Chicago, IL"), ("Columbus, OH", "Philadelphia, PA"),
    ("Charlotte, NC", "Philadelphia, PA"), ("Phoenix, AZ", "Los Angeles, CA"),
    ("Seattle, WA", "Los Angeles, CA"),
)  # fmt: skip
# Across the country, where few loads go.
THIN_LANES = tuple((town, TOWNS[(number + 3) % len(TOWNS)]) for number, town in enumerate(TOWNS))
# The largest towns, each to each other: 552 lanes.
LARGEST = 24
RADIUS_MI = 150
PICKED_UP = (START, START + timedelta(days=3))
Row = tuple[Any, ...]


class Hits(NamedTuple):
    """What both sides must agree on: the total, and the page's loads in order."""

    total: int
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """A search, its question, and its SQL with parameters."""

    search: Search
    question: Question
    scheme: Scheme
    sql: str
    parameters: dict[str, Any]

    @property
    def circles(self) -> list[Circle]:
        ends = (self.question.pickup, self.question.delivery)
        return [end.shape for end in ends if end and isinstance(end.shape, Circle)]

    def cover(self) -> None:
        """Works out the covers that the parameters hold, anew."""
        cover_of.cache_clear()
        for circle in self.circles:
            cover_of(circle, self.scheme.resolution)

    def run(self, connection: psycopg.Connection[Any]) -> list[Row]:
        return connection.execute(self.sql, self.parameters, prepare=True).fetchall()


def areas() -> Iterator[Search]:
    """Vans around a town, of three days, the best paid by the mile first."""
    for town in TOWNS:
        yield _search(pickup=_around(town))


def lanes(ends: Iterable[tuple[str, str]]) -> Iterator[Search]:
    """The same with a delivery around another town."""
    for pickup, delivery in ends:
        yield _search(pickup=_around(pickup), delivery=_around(delivery))


def many_lanes() -> Iterator[Search]:
    """Lanes of which no two are equal, more than five hundred."""
    yield from lanes(permutations((town.label for town in largest_towns()), 2))


def largest_towns() -> list[Place]:
    return nlargest(LARGEST, places.towns(), key=lambda town: town.population)


def _around(town: str) -> dict[str, Any]:
    return {"near": {"place": town}, "radius_mi": RADIUS_MI}


def _search(**areas: Any) -> Search:
    first, last = (moment.isoformat() for moment in PICKED_UP)
    window = {"from": first, "to": last}
    rest = {"equipment": ["van"], "pickup_window": window, "sort": "rate_per_mile", "limit": 50}
    return Search.model_validate(areas | rest)


def asked(wanted: Iterable[Search], on: Board) -> list[Asked]:
    scheme, spread = on.run(_state)
    return [_asked(search, scheme, spread) for search in wanted]


async def _state() -> tuple[Scheme, Spreads]:
    async with transaction() as session:
        return await cellscheme.read(session), await spreads(session)


def carrier(now: datetime) -> Principal:
    """Somebody who sees all loads."""
    return Principal(0, "", 0, "", "carrier", now)


def _asked(search: Search, scheme: Scheme, spread: Spreads) -> Asked:
    now = datetime.now(UTC)
    question = ask(search, carrier(now), now)
    sql = statement(question, scheme, spread, order(search), None, search.limit)
    return Asked(search, question, scheme, *sql)


def hits(rows: list[Row], asked: Asked) -> Hits:
    """Of our rows: total, active, resolution, id, …; one more than the page holds, if there is one."""
    ids = [row[3] for row in rows if row[3] is not None]
    return Hits(rows[0][0], tuple(ids[: asked.search.limit]))
