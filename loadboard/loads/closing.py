"""Taking a load off the board for good."""

from datetime import datetime

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.loads.listing import listing_of, moment
from loadboard.loads.writing import record
from loadboard.models import Load


async def close(
    session: AsyncSession, load: Load, status: str, person_id: int | None, now: datetime
) -> None:
    """Takes a load off the board for good."""
    listing = orjson.loads((await listing_of(session, load))[0])
    load.status = status
    load.version += 1
    load.versioned_at = now
    await session.flush()
    closed = listing | {"version": load.version, "status": status, "updated_at": moment(now)}
    await record(
        session, at=now, kind=f"load.{status}", load=load, person_id=person_id, listing=closed
    )
