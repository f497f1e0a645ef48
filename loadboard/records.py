"""What became of a poster's loads in the last 90 days, as it stands on each of its results.

Counted by day out of the events, so that nothing is counted again. Only loads for everyone count: of
others a record would tell those who may not see them.
"""

import asyncio
import time
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, select, text

from loadboard.db import reading, transaction
from loadboard.errors import UNAVAILABLE
from loadboard.models import PosterDay

DAYS = 90
REFRESH_S = 60.0
BATCH = 50_000
COUNTS = ("posted", "booked_here", "cancelled_or_elsewhere", "expired_unconfirmed")
NOTHING = orjson.dumps(dict.fromkeys(COUNTS, 0))
# By itself, so that the snapshot which is counted from comes after the count of another.
ALONE = text("SELECT FROM poster_count FOR UPDATE")
# As the feed reads them: what is below the horizon has ended, and nothing can turn up behind the
# cursor. The horizon bounds the cursor too, for transactions are counted anew in a restored database.
COUNT = text("""
WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS low),
past AS (SELECT least(after_xid, (low::text::bigint - 1)::text::xid8) AS xid, after_id AS id, low
  FROM poster_count, horizon),
fresh AS (SELECT event.* FROM past, LATERAL (
  SELECT xid, id, at, kind, organization_id, load_id FROM event
  WHERE (event.xid, event.id) > (past.xid, past.id) AND event.xid < past.low
  ORDER BY xid, id LIMIT :most) AS event),
counted AS (
  SELECT fresh.organization_id, (at AT TIME ZONE 'UTC')::date AS day,
    count(*) FILTER (WHERE kind = 'load.posted') AS posted,
    count(*) FILTER (WHERE kind = 'load.booked') AS booked,
    count(*) FILTER (WHERE kind = 'load.cancelled' AND EXISTS (
      SELECT FROM event AS post WHERE post.load_id = load.id AND post.kind = 'load.posted')) AS cancelled,
    count(*) FILTER (WHERE kind = 'load.expired' AND confirmed_at <= first_posted_at) AS expired
  FROM fresh JOIN load ON load.id = load_id AND audience_id IS NULL
  WHERE kind IN ('load.posted', 'load.booked', 'load.cancelled', 'load.expired')
  GROUP BY 1, 2),
added AS (
  INSERT INTO poster_day AS known
    (organization_id, day, posted, booked_here, cancelled_or_elsewhere, expired_unconfirmed)
  SELECT * FROM counted ON CONFLICT (organization_id, day) DO UPDATE SET
    posted = known.posted + excluded.posted,
    booked_here = known.booked_here + excluded.booked_here,
    cancelled_or_elsewhere = known.cancelled_or_elsewhere + excluded.cancelled_or_elsewhere,
    expired_unconfirmed = known.expired_unconfirmed + excluded.expired_unconfirmed)
UPDATE poster_count SET after_xid = last.xid, after_id = last.id
FROM (SELECT xid, id FROM fresh UNION ALL SELECT xid, id FROM past
  ORDER BY xid DESC, id DESC LIMIT 1) AS last
RETURNING (SELECT count(*) FROM fresh)""")


async def count(now: datetime) -> None:
    """Counts the events that came since the last time, and forgets days that count no more."""
    while True:
        async with transaction() as session:
            await session.execute(ALONE)
            events = await session.scalar(COUNT, {"most": BATCH})
            if not events:
                await session.execute(delete(PosterDay).where(PosterDay.day <= first_day(now)))
                return


def first_day(now: datetime) -> date:
    """The last day that counts no more."""
    return now.date() - timedelta(days=DAYS)


class Records:
    """The records of all posters as this process knows them, a minute old at most while all is well."""

    def __init__(self) -> None:
        self._known: dict[int, bytes] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    def of(self, organization_id: int) -> bytes:
        """As JSON."""
        return self._known.get(organization_id, NOTHING)

    async def keep_fresh(self, now: datetime) -> None:
        """Reads the records anew where that is due, beside the answer but for the first time."""
        if time.monotonic() - self._read_at < REFRESH_S:
            return
        is_first = self._read_at == float("-inf")
        self._read_at = time.monotonic()
        self._reading = asyncio.create_task(self._read(now))
        if is_first:
            await self._reading

    async def _read(self, now: datetime) -> None:
        sums = [func.sum(getattr(PosterDay, name)) for name in COUNTS]
        query = (
            select(PosterDay.organization_id, *sums)
            .where(PosterDay.day > first_day(now))
            .group_by(PosterDay.organization_id)
        )
        try:
            async with reading() as session:
                rows = (await session.execute(query)).all()
        except UNAVAILABLE:
            return
        self._known = {id: _json(counts) for id, *counts in rows}


def _json(counts: list[Any]) -> bytes:
    return orjson.dumps(dict(zip(COUNTS, map(int, counts), strict=True)))
