"""Organisations that networks and blocks name: found by what was said, listed by page."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from loadboard.errors import FieldError, invalid
from loadboard.models import Organization
from loadboard.networks.schemas import OrganizationRef, PartnerOut, PartnerPage
from loadboard.paging import Paged, decode, encode, last_id


async def found(session: AsyncSession, ref: OrganizationRef, kinds: frozenset[str]) -> Organization:
    """The organisation meant; a Problem unless it is one of these kinds."""
    by = (
        Organization.usdot == ref.usdot
        if ref.organization_id is None
        else Organization.id == ref.organization_id
    )
    organization = await session.scalar(
        select(Organization).where(by, Organization.kind.in_(kinds))
    )
    if organization is None:
        message = f"names no {' or '.join(sorted(kinds))} here"
        raise invalid(FieldError(pointer=ref.pointer, message=message))
    return organization


async def listed(
    session: AsyncSession,
    query: Paged,
    of: list[Any],
    id: InstrumentedAttribute[int],
    since: InstrumentedAttribute[datetime],
    which: ColumnElement[bool],
) -> PartnerPage:
    """A page of the organisations that a table names in its rows of `which`, by their ids."""
    total = await session.scalar(select(func.count()).select_from(id.class_).where(which))
    rows = select(Organization, since).join(id.class_, id == Organization.id).where(which)
    if query.cursor is not None:
        rows = rows.where(id > decode(of, query.cursor, last_id))
    found = (await session.execute(rows.order_by(id).limit(query.limit + 1))).all()
    items = [
        PartnerOut(organization_id=one.id, name=one.name, usdot=one.usdot, since=at)
        for one, at in found[: query.limit]
    ]
    more = encode(of, [items[-1].organization_id]) if len(found) > query.limit else None
    return PartnerPage(items=items, total=total or 0, next_cursor=more)
