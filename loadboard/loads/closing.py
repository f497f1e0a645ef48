"""Taking a load to another state: off the board for good, or on in its life."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from loadboard.db import send
from loadboard.loads.listing import listing_of, moment
from loadboard.loads.writing import record
from loadboard.models import Load

_TAKE = (
    "UPDATE load SET status = 'booked', version = version + 1, versioned_at = %(now)s"
    " WHERE id = %(load)s AND version = %(seen)s AND status = 'posted' AND open_until > %(now)s"
    " RETURNING version"
)
_END_OFFERS = "SELECT end_offers(%s, %s)"


async def close(
    session: AsyncSession,
    load: Load,
    status: str,
    person_id: int | None,
    now: datetime,
    **told: str,
) -> None:
    """Takes a load that the transaction holds locked to a state; what is told stands in its listing."""
    listing = orjson.loads((await listing_of(session, load))[0])
    was_posted = load.status == "posted"
    load.status = status
    load.version += 1
    load.versioned_at = now
    await session.flush()
    await tell(session, load, listing | told, person_id)
    if was_posted:
        await end_offers(session, load)


async def take(session: AsyncSession, load: Load, now: datetime) -> bool:
    """Books a load if it is still posted in the version at hand: of many who try at once, one may."""
    seen = {"load": load.id, "seen": load.version, "now": now}
    taken = await (await send(session, _TAKE, seen)).fetchone()
    if taken is None:
        return False
    for name, value in (("status", "booked"), ("version", taken[0]), ("versioned_at", now)):
        set_committed_value(load, name, value)
    return True


async def tell(
    session: AsyncSession, load: Load, listing: dict[str, Any], person_id: int | None
) -> None:
    """Writes the event of a load's new state, with the listing of the version before it."""
    listing |= {
        "version": load.version,
        "status": load.status,
        "updated_at": moment(load.versioned_at),
    }
    await record(
        session,
        at=load.versioned_at,
        kind=f"load.{load.status}",
        load=load,
        person_id=person_id,
        listing=listing,
    )


async def end_offers(session: AsyncSession, load: Load) -> None:
    """Ends the open offers of a load that is off the board, whosever they are."""
    await send(session, _END_OFFERS, [load.id, load.versioned_at])
