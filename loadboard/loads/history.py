"""What a load was in each of its versions: its rate and its times, and what happened to it."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.loads.schemas import MAX_STOPS
from loadboard.models import Event, Load


class VersionOut(BaseModel):
    """A version of a load; windows are those of its stops, in their order."""

    version: int
    at: datetime
    happened: str = Field(description="Such as load.posted, load.updated, load.cancelled")
    status: str
    rate_cents: int | None
    rate_per_mile_cents: float | None
    windows: list[dict[str, datetime] | None] = Field(max_length=MAX_STOPS)


class HistoryOut(BaseModel):
    items: list[VersionOut]
    confirmed_at: datetime = Field(description="When the poster last said that it is still open")


async def history_of(session: AsyncSession, load: Load) -> HistoryOut:
    """The versions of a load, oldest first."""
    query = (
        select(Event)
        .where(Event.load_id == load.id, Event.listing.is_not(None))
        .order_by(Event.version)
    )
    items = [_version(event, event.listing or {}) for event in await session.scalars(query)]
    return HistoryOut(items=items, confirmed_at=load.confirmed_at)


def _version(event: Event, listing: dict[str, Any]) -> VersionOut:
    return VersionOut(
        version=event.version,
        at=event.at,
        happened=event.kind,
        status=listing["status"],
        rate_cents=listing["rate_cents"],
        rate_per_mile_cents=listing["rate_per_mile_cents"],
        windows=[stop["window"] for stop in listing["stops"]],
    )
