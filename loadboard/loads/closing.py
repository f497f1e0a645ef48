"""Taking a load to another state: off the board for good, or on in its life."""

from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import Table, bindparam, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from loadboard.loads.listing import listing_of, moment
from loadboard.loads.writing import record
from loadboard.models import Load

_TABLE = cast(Table, Load.__table__)
# Made once: for every booking it would take longer than to send it.
_TAKE = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("seen_id"),
        _TABLE.c.version == bindparam("seen_version"),
        _TABLE.c.status == "posted",
        _TABLE.c.open_until > bindparam("at"),
    )
    .values(status="booked", version=_TABLE.c.version + 1, versioned_at=bindparam("at"))
    .returning(_TABLE.c.version)
)
_END_OFFERS = text("SELECT end_offers(:load, :at)")


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
    seen = {"seen_id": load.id, "seen_version": load.version, "at": now}
    version = (await session.execute(_TAKE, seen)).scalar_one_or_none()
    if version is None:
        return False
    for name, value in (("status", "booked"), ("version", version), ("versioned_at", now)):
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
    await session.execute(_END_OFFERS, {"load": load.id, "at": load.versioned_at})
