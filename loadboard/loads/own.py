"""A poster's own loads, page by page."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.loads.listing import listings, page, shown
from loadboard.loads.private import private_of
from loadboard.models import Load
from loadboard.paging import decode, encode, last_id


async def own_loads(
    session: AsyncSession, organization_id: int, status: str | None, limit: int, cursor: str | None
) -> bytes:
    """The loads of an organisation, newest first, as the bytes of a page."""
    query = {"own": organization_id, "status": status}
    mine: list[Any] = [Load.organization_id == organization_id]
    if status is not None:
        mine.append(Load.status == status)
    total = await session.scalar(select(func.count()).select_from(Load).where(*mine))
    if cursor is not None:
        mine.append(Load.id < decode(query, cursor, last_id))
    found = listings().where(*mine).order_by(Load.id.desc()).limit(limit + 1)
    rows = (await session.execute(found)).all()
    more = encode(query, [rows[limit - 1].id]) if len(rows) > limit else None
    private = await private_of(session, [row.id for row in rows[:limit]])
    items = [shown(text, confirmed, **private[id]) for id, text, confirmed in rows[:limit]]
    return page(items, total or 0, more)
