"""Boards of loads that were posted here, and what brute force finds on them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import select

from geo.points import METRES_PER_MILE, Point
from loadboard.auth import Principal
from loadboard.cache import redis
from loadboard.db import transaction
from loadboard.loads.posting import Outcome, Sender, submission, submit
from loadboard.loads.schemas import PostedLoad
from loadboard.models import Load
from loadboard.search import in_sql
from loadboard.search.schemas import Search
from tests.loadboard.conftest import Caller, Service
from tests.loadboard.search.oracles import miles_between

# Far ahead, so that no test depends on the day it runs on.
NOW = datetime.fromisoformat("2090-05-05T12:00:00Z")
HOUR = timedelta(hours=1)
HOUSTON = Point(-95.3698, 29.7604)
DALLAS = Point(-96.797, 32.7767)

ALIASES = {
    "van": "van",
    "V": "van",
    "Dry Van": "van",
    "R": "reefer",
    "FB": "flatbed",
    "flat": "flatbed",
    "s-d": "step_deck",
}

Check = Callable[["Made"], bool]


class Made(NamedTuple):
    """A load on the board: as it was posted, and what the oracle can't work out."""

    id: int
    posted: PostedLoad
    posted_at: datetime
    miles: float
    sender: Sender

    @property
    def pickup(self) -> Point:
        return _point(self.posted, 0)

    @property
    def delivery(self) -> Point:
        return _point(self.posted, -1)

    @property
    def window(self) -> tuple[datetime, datetime]:
        window = self.posted.stops[0].window
        assert window is not None
        return window.from_, window.to

    @property
    def rate_per_mile(self) -> float | None:
        if self.posted.rate_cents is None or not self.miles:
            return None
        return self.posted.rate_cents / self.miles

    def is_open(self, now: datetime) -> bool:
        expires_at = self.posted.expires_at
        return self.window[1] > now and (expires_at is None or expires_at > now)


def _point(posted: PostedLoad, stop: int) -> Point:
    lat, lon = posted.stops[stop].lat, posted.stops[stop].lon
    assert lat is not None
    assert lon is not None
    return Point(lon, lat)


_references = count(1)


def load(
    pickup: Point = DALLAS,
    delivery: Point = HOUSTON,
    window: tuple[datetime, datetime] = (NOW, NOW + HOUR),
    **content: Any,
) -> PostedLoad:
    """A load as one posts it, under a reference of its own."""
    span = {"from": window[0], "to": window[1]}
    stops = [
        {"kind": "pickup", "lon": pickup.lon, "lat": pickup.lat, "window": span},
        {"kind": "delivery", "lon": delivery.lon, "lat": delivery.lat},
    ]
    named = {"reference": f"R-{next(_references)}", "equipment": "van", "stops": stops}
    return PostedLoad.model_validate(named | content)


@dataclass
class Board:
    """The loads of one test, quickly put where the service finds them."""

    service: Service
    database_url: str
    sender: Sender
    # No part of init, so that hypothesis does not print them all for a failing example.
    loads: list[Made] = field(default_factory=list, init=False)

    def post(
        self, loads: Iterable[PostedLoad], at: datetime = NOW, sender: Sender | None = None
    ) -> list[Made]:
        sender = sender or self.sender
        made = self.service.run(_post(sender, list(loads), at))
        self.loads += made
        return made

    def by_sql(self, body: dict[str, Any]) -> in_sql.Page:
        """What the search in SQL answers a carrier."""
        return self.service.run(_by_sql(Search.model_validate(body)))

    def clear(self) -> None:
        self.loads.clear()
        self.execute("TRUNCATE load, stop, event CASCADE")
        self.refill()
        self.clear_cache()

    def refill(self) -> None:
        """Makes the service's board anew, after what went past the events."""
        self.service.app.state.feed.board = None

    def clear_cache(self) -> None:
        async def flush() -> None:
            await redis().flushall()

        self.service.run(flush())

    def execute(self, statement: str, *parameters: Any) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement, parameters)

    def where(self, *checks: Check, now: datetime = NOW) -> set[int]:
        """The ids of the open loads that pass every check."""
        return {
            made.id
            for made in self.loads
            if made.is_open(now) and all(check(made) for check in checks)
        }


async def _by_sql(search: Search) -> in_sql.Page:
    carrier = Principal(0, "", 0, "", "carrier", NOW)
    async with transaction() as session:
        return await in_sql.search(session, carrier, search, NOW)


async def _post(sender: Sender, loads: Sequence[PostedLoad], at: datetime) -> list[Made]:
    async with transaction() as session:
        submissions = [submission(posted) for posted in loads]
        outcomes = await submit(session, sender, submissions, at, may_update=False)
        ids = []
        for outcome in outcomes:
            assert isinstance(outcome, Outcome), outcome
            ids.append(outcome.load_id)
        query = select(Load.id, Load.loaded_miles).where(Load.id.in_(ids))
        miles = {row.id: row.loaded_miles for row in await session.execute(query)}
    return [
        Made(load_id, posted, at, miles[load_id], sender)
        for load_id, posted in zip(ids, loads, strict=True)
    ]


def found(caller: Caller, body: dict[str, Any], limit: int = 200) -> list[dict[str, Any]]:
    """All items of a search, page by page; the total must be their number on every page."""
    items: list[dict[str, Any]] = []
    seen: set[int] = set()
    cursor, totals = None, set()
    while True:
        answer = caller.post("/v1/search", json={**body, "limit": limit, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        ids = {item["id"] for item in page["items"]}
        assert len(ids) == len(page["items"])
        assert not ids & seen, "a load stands in the answer twice"
        seen |= ids
        items += page["items"]
        totals.add(page["total"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(ids) == limit
    assert totals == {len(items)}
    return items


def found_ids(caller: Caller, body: dict[str, Any]) -> set[int]:
    return {item["id"] for item in found(caller, body)}


def passes(body: dict[str, Any], as_of: datetime = NOW) -> Check:
    """The filters of a search body, areas apart, judged one load at a time."""
    lets_unknown = body.get("include_unknown", True)

    def at_most(value: float | None, limit: float | None) -> bool:
        if limit is None:
            return True
        return lets_unknown if value is None else value <= limit

    def at_least(value: float | None, limit: float | None) -> bool:
        if limit is None:
            return True
        return lets_unknown if value is None else value >= limit

    def overlaps(made: Made) -> bool:
        opens, closes = made.window
        span = {end: at for end, at in body.get("pickup_window", {}).items() if at is not None}
        begin = datetime.fromisoformat(span["from"]) if "from" in span else opens
        end = datetime.fromisoformat(span["to"]) if "to" in span else closes
        return max(opens, begin) <= min(closes, end)

    def young(made: Made) -> bool:
        minutes = body.get("max_age_minutes")
        return minutes is None or as_of - made.posted_at <= timedelta(minutes=minutes)

    def check(made: Made) -> bool:
        posted = made.posted
        kinds = {ALIASES[name] for name in body.get("equipment", ALIASES)}
        return (
            posted.equipment in kinds
            and body.get("full") in (None, posted.full)
            and body.get("hazmat") in (None, posted.hazmat)
            and at_most(posted.weight_lb, body.get("max_weight_lb"))
            and at_most(posted.length_ft, body.get("max_length_ft"))
            and at_least(posted.rate_cents, body.get("min_rate_cents"))
            and at_least(made.rate_per_mile, body.get("min_rate_per_mile_cents"))
            and overlaps(made)
            and young(made)
        )

    return check


def near(center: Point, miles: float) -> dict[str, Any]:
    return {"near": {"lon": center.lon, "lat": center.lat}, "radius_mi": miles}


def ordered(loads: Iterable[Made], sort: str, center: Point | None = None) -> list[int]:
    """The ids in the order of a sort: unknown values last, ties by id."""

    def highest(value: float | None) -> float:
        return float("inf") if value is None else -value

    keys: dict[str, Callable[[Made], Any]] = {
        "rate": lambda made: highest(made.posted.rate_cents),
        "rate_per_mile": lambda made: highest(made.rate_per_mile),
        "pickup_time": lambda made: made.window[0],
        "age": lambda made: -made.posted_at.timestamp(),
        "distance": lambda made: miles_between(center or DALLAS, made.pickup),
    }
    return [made.id for made in sorted(loads, key=lambda made: (keys[sort](made), made.id))]


def radius_mi(metres: float) -> float:
    """A radius that a request may name, nearest to one in metres."""
    return min(metres / METRES_PER_MILE, 12_500.0)
