"""Whom to call about a load, and where exactly it is: told one load at a time, and noted."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.db import become_tenant
from loadboard.errors import Problem, not_found
from loadboard.loads.changing import visible_load
from loadboard.loads.private import contact_of
from loadboard.loads.schemas import Contact, Poster
from loadboard.models import Booking, ContactView, Load, LoadContact, Organization
from loadboard.paging import decode, encode, last_id
from loadboard.settings import settings

# So that two requests at once can't both be the last of a day.
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(4801224, CAST(:organization AS integer))")


class ContactOut(BaseModel):
    contact: Contact | None
    addresses: list[str | None] = Field(description="Of the stops, in their order")
    left_today: int = Field(description="How many more loads the organisation may ask of, in UTC")


class ContactViewOut(BaseModel):
    organization: Poster
    at: datetime


class ContactViewPage(BaseModel):
    items: list[ContactViewOut]
    total: int
    next_cursor: str | None


async def reveal(
    session: AsyncSession, carrier: Principal, load_id: int, now: datetime
) -> ContactOut:
    """Tells a carrier the contact of a load that it has booked, or that it sees while it is open.

    That it was told is noted.
    """
    load = await _booked(session, carrier, load_id)
    if load is None:
        load = await visible_load(session, carrier, load_id)
        if load.open_until <= now:
            raise Problem(410, "gone", "The load is closed, and its contact is told no more.")
    if await session.get(LoadContact, load.id) is None:
        raise not_found("contact of this load")
    # From here on the database itself shows the contact only because the note is there.
    session.expunge_all()
    await become_tenant(session, carrier.organization_id)
    left = await _left_today(session, carrier, load.id, now)
    view = ContactView(
        load_id=load.id,
        poster_id=load.organization_id,
        organization_id=carrier.organization_id,
        person_id=carrier.person_id,
        at=now,
    )
    session.add(view)
    await session.flush()
    told = await session.get_one(LoadContact, load.id)
    return ContactOut(contact=_said(told), addresses=told.addresses, left_today=left)


async def _booked(session: AsyncSession, carrier: Principal, load_id: int) -> Load | None:
    standing = select(Booking.load_id).where(
        Booking.carrier_id == carrier.organization_id, Booking.cancelled_at.is_(None)
    )
    booked = select(Load).where(Load.id == load_id, Load.id.in_(standing))
    return (await session.scalars(booked)).one_or_none()


def _said(told: LoadContact) -> Contact | None:
    contact = contact_of(told)
    return None if contact is None else Contact.model_construct(**contact)


async def _left_today(
    session: AsyncSession, carrier: Principal, load_id: int, now: datetime
) -> int:
    """How many loads are left after this one; the same load again costs nothing."""
    await session.execute(ONE_AT_A_TIME, {"organization": carrier.organization_id})
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    others = select(func.count(ContactView.load_id.distinct())).where(
        ContactView.organization_id == carrier.organization_id,
        ContactView.at >= midnight,
        ContactView.load_id != load_id,
    )
    left = settings().contacts_per_day - 1 - (await session.scalar(others) or 0)
    if left < 0:
        wait = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
        detail = (
            f"Your organisation has asked for the contacts of {settings().contacts_per_day} loads"
            " today; more from midnight UTC on."
        )
        raise Problem(429, "too-many-contacts", detail, headers={"Retry-After": str(wait)})
    return left


async def views(
    session: AsyncSession, poster: Principal, load_id: int, limit: int, cursor: str | None
) -> ContactViewPage:
    """Which carriers were told the contact of a load of the asker's, the latest first."""
    load = await visible_load(session, poster, load_id)
    query = {"contact_views": load.id}
    of: list[Any] = [ContactView.load_id == load.id]
    total = await session.scalar(select(func.count()).select_from(ContactView).where(*of))
    if cursor is not None:
        of.append(ContactView.id < decode(query, cursor, last_id))
    rows = (
        await session.execute(
            select(
                ContactView.id, ContactView.at, Organization.id.label("carrier"), Organization.name
            )
            .join(Organization, Organization.id == ContactView.organization_id)
            .where(*of)
            .order_by(ContactView.id.desc())
            .limit(limit + 1)
        )
    ).all()
    items = [
        ContactViewOut(organization=Poster(id=row.carrier, name=row.name), at=row.at)
        for row in rows[:limit]
    ]
    more = encode(query, [rows[limit - 1].id]) if len(rows) > limit else None
    return ContactViewPage(items=items, total=total or 0, next_cursor=more)
