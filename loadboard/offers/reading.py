"""Offers as their two parties see them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, cast, or_, select
from sqlalchemy import Text as SqlText
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from loadboard.auth import Principal
from loadboard.errors import not_found
from loadboard.models import Event, Offer, OfferRound, Organization
from loadboard.offers.schemas import OfferOut, OfferPage, Party, RoundOut
from loadboard.paging import Paged, newest_first


def party_to(principal: Principal) -> ColumnElement[bool]:
    mine = principal.organization_id
    return or_(Offer.poster_id == mine, Offer.carrier_id == mine)


def side_of(offer: Offer, organization_id: int) -> str:
    return "poster" if offer.poster_id == organization_id else "carrier"


def status_at(offer: Offer, now: datetime) -> str:
    """Judged by the clock: the worker writes it down later."""
    over = offer.expires_at is not None and offer.expires_at <= now
    return "expired" if offer.status == "open" and over else offer.status


async def offer_of(
    session: AsyncSession, principal: Principal, offer_id: int, *, lock: bool = False
) -> Offer:
    """An offer that the asker is a party to."""
    query = select(Offer).where(Offer.id == offer_id, party_to(principal))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    offer = await session.scalar(query)
    if offer is None:
        raise not_found("offer")
    return offer


async def page_of(
    session: AsyncSession,
    principal: Principal,
    conditions: list[ColumnElement[bool]],
    asked: Paged,
    now: datetime,
) -> OfferPage:
    """The asker's offers, newest first."""
    query = {"offers": principal.organization_id, **asked.model_dump(exclude={"limit", "cursor"})}
    mine = [party_to(principal), *conditions]
    found, total, more = await newest_first(session, Offer, Offer.id, mine, query, asked)
    return OfferPage(items=await shown(session, found, now), total=total, next_cursor=more)


def in_status(status: str, now: datetime) -> ColumnElement[bool]:
    over = and_(Offer.expires_at.is_not(None), Offer.expires_at <= now)
    if status == "open":
        return and_(Offer.status == "open", ~over)
    if status == "expired":
        return or_(Offer.status == "expired", and_(Offer.status == "open", over))
    return Offer.status == status


async def shown(session: AsyncSession, offers: Sequence[Offer], now: datetime) -> list[OfferOut]:
    """Offers with their rounds, and the loads that they are about."""
    ids = [offer.id for offer in offers]
    rounds, around = await _rounds(session, ids), await _around(session, ids)
    return [
        OfferOut(
            **{name: getattr(offer, name) for name in _PLAIN},
            status=status_at(offer, now),
            load=orjson.loads(listing),
            poster=Party(id=offer.poster_id, name=poster),
            carrier=Party(id=offer.carrier_id, name=carrier),
            rounds=[_round(offer, each) for each in rounds[offer.id]],
        )
        for offer in offers
        for listing, poster, carrier in [around[offer.id]]
    ]


_PLAIN = (
    "id", "version", "kind", "turn", "load_id", "load_version", "rate_cents", "note", "reason", "truck_id", "expires_at",
    "made_at", "changed_at",
)  # fmt: skip


def _round(offer: Offer, each: OfferRound) -> RoundOut:
    by = each.organization_id and side_of(offer, each.organization_id)
    return RoundOut(
        step=each.step,
        at=each.at,
        by=by,
        rate_cents=each.rate_cents,
        note=each.note,
        reason=each.reason,
    )


async def _rounds(session: AsyncSession, ids: list[int]) -> dict[int, list[OfferRound]]:
    query = select(OfferRound).where(OfferRound.offer_id.in_(ids)).order_by(OfferRound.number)
    rounds = defaultdict(list)
    for each in await session.scalars(query):
        rounds[each.offer_id].append(each)
    return rounds


async def _around(session: AsyncSession, ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """Of each offer the listing of its load, and the names of its parties."""
    poster, carrier = aliased(Organization), aliased(Organization)
    query = (
        select(Offer.id, cast(Event.listing, SqlText), poster.name, carrier.name)
        .join(
            Event,
            and_(
                Event.load_id == Offer.load_id,
                Event.version == Offer.load_version,
                Event.listing.is_not(None),
            ),
        )
        .join(poster, poster.id == Offer.poster_id)
        .join(carrier, carrier.id == Offer.carrier_id)
        .where(Offer.id.in_(ids))
    )
    return {row[0]: tuple(row[1:]) for row in await session.execute(query)}
