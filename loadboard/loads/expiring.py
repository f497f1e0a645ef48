"""Writes down that loads have expired, in batches, each in its own transaction."""

from datetime import datetime

from sqlalchemy import select

from loadboard.db import transaction
from loadboard.loads.closing import close
from loadboard.models import Load

BATCH = 500


async def expire(now: datetime) -> int:
    """Closes every posted load whose last moment has passed; how many those were."""
    expired = 0
    while True:
        async with transaction() as session:
            due = (
                select(Load)
                .where(Load.status == "posted", Load.open_until <= now)
                .order_by(Load.open_until)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            loads = (await session.scalars(due)).all()
            for load in loads:
                await close(session, load, "expired", None, now)
        expired += len(loads)
        if len(loads) < BATCH:
            return expired
