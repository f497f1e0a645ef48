"""The event table's partitions: one a month, made ahead of time."""

import itertools
from datetime import datetime

from sqlalchemy import text

from loadboard.db import transaction

MONTHS_AHEAD = 3


def _months(now: datetime) -> list[tuple[int, int]]:
    first = now.year * 12 + now.month - 1
    return [divmod(month, 12) for month in range(first, first + MONTHS_AHEAD + 2)]


async def ensure_partitions(now: datetime) -> None:
    """Makes the partitions of this month and the next ones.

    A month that rows already reached is left in the default partition, where they stand.
    """
    starts = [f"{year}-{month + 1:02}-01" for year, month in _months(now)]
    async with transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(4801222)"))
        for start, end in itertools.pairwise(starts):
            name = f"event_{start[:7].replace('-', '_')}"
            there = await session.scalar(text("SELECT to_regclass(:name)"), {"name": name})
            late = text(
                "SELECT EXISTS (SELECT FROM event_default"
                " WHERE at >= CAST(:start AS timestamptz) AND at < CAST(:end AS timestamptz))"
            )
            if there is None and not await session.scalar(late, {"start": start, "end": end}):
                await session.execute(
                    text(
                        f"CREATE TABLE {name} PARTITION OF event"
                        f" FOR VALUES FROM ('{start}+00') TO ('{end}+00')"
                    )
                )
