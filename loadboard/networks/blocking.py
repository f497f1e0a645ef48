"""Blocks: two organisations that want nothing to do with each other, whichever of them said so."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.errors import not_found
from loadboard.models import Block
from loadboard.networks.keeping import CARRIER
from loadboard.networks.partners import found, listed
from loadboard.networks.schemas import OrganizationRef, PartnerOut, PartnerPage
from loadboard.paging import Paged
from loadboard.permissions import POSTERS
from loadboard.sight import record_change


async def own_blocks(session: AsyncSession, principal: Principal, query: Paged) -> PartnerPage:
    """Those that the asker's organisation blocks; who blocks it, it isn't told."""
    mine = principal.organization_id
    which = Block.organization_id == mine
    return await listed(session, query, ["blocks", mine], Block.blocked_id, Block.blocked_at, which)


async def block(
    session: AsyncSession, principal: Principal, ref: OrganizationRef, now: datetime
) -> PartnerOut:
    """Blocks an organisation of the other side of the trade; once more changes nothing."""
    other = await found(session, ref, CARRIER if principal.kind in POSTERS else POSTERS)
    row = {"organization_id": principal.organization_id, "blocked_id": other.id, "blocked_at": now}
    added = insert(Block).values(row).on_conflict_do_nothing()
    if (await session.execute(added.returning(Block.blocked_id))).all():
        await _tell(session, principal, other.id, now)
    pair = Block.organization_id == principal.organization_id, Block.blocked_id == other.id
    since = (await session.scalars(select(Block.blocked_at).where(*pair))).one()
    return PartnerOut(organization_id=other.id, name=other.name, usdot=other.usdot, since=since)


async def unblock(
    session: AsyncSession, principal: Principal, blocked_id: int, now: datetime
) -> None:
    gone = delete(Block).where(
        Block.organization_id == principal.organization_id, Block.blocked_id == blocked_id
    )
    if not (await session.execute(gone.returning(Block.blocked_id))).all():
        raise not_found("block of yours")
    await _tell(session, principal, blocked_id, now)


async def _tell(session: AsyncSession, principal: Principal, other: int, now: datetime) -> None:
    mine = principal.organization_id
    # Of the two only the carrier has a sight.
    await record_change(session, mine, principal.person_id, now, carriers=[mine, other])
