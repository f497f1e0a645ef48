"""Offers: a carrier requests, a poster tenders, both counter, until one accepts or gives up.

Every step makes a new version of the offer, a round in its history, and an event.
"""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.bookings.booking import Agreed, book, own_truck
from loadboard.errors import FieldError, Problem, invalid
from loadboard.lifecycle import NEW, step
from loadboard.loads.changing import check_open, own_load, visible_load
from loadboard.models import Booking, Load, Offer, Organization
from loadboard.offers.reading import offer_of, side_of, status_at
from loadboard.offers.rounds import move, write_round
from loadboard.offers.schemas import RequestIn, TenderIn, Terms
from loadboard.permissions import lacking
from loadboard.sight import is_seen_by
from loadboard.versions import check_version

_OTHER = {"poster": "carrier", "carrier": "poster"}


async def request(
    session: AsyncSession, carrier: Principal, load_id: int, asked: RequestIn, now: datetime
) -> Offer:
    """A carrier asks for a load."""
    load = await visible_load(session, carrier, load_id)
    if asked.truck_id is not None:
        await own_truck(session, carrier.organization_id, asked.truck_id)
    await _hold_open(session, load, now)
    return await _make(
        session, load, carrier.organization_id, "request", carrier, asked, asked.truck_id, now
    )


async def tender(
    session: AsyncSession, poster: Principal, load_id: int, asked: TenderIn, now: datetime
) -> Offer:
    """A poster offers a load of its own to one carrier."""
    load = await own_load(session, poster, load_id)
    check_open(load, now)
    carrier = await session.get(Organization, asked.carrier_id)
    is_carrier = carrier is not None and carrier.kind == "carrier" and carrier.suspended_at is None
    # One message, so that nobody learns from it who has blocked them.
    if carrier is None or not is_carrier or not await is_seen_by(session, load, carrier.id):
        message = "is no carrier that this load can be offered to"
        raise invalid(FieldError(pointer="/carrier_id", message=message))
    if why := lacking(carrier, now):
        raise Problem(409, "carrier-not-in-good-standing", f"Of {carrier.name}: {why}")
    return await _make(session, load, carrier.id, "tender", poster, asked, None, now)


async def _hold_open(session: AsyncSession, load: Load, now: datetime) -> None:
    """An open load stays so until this transaction ends, so that no offer outlives it unseen."""
    await session.refresh(load, with_for_update={"read": True})
    check_open(load, now)


async def _make(
    session: AsyncSession,
    load: Load,
    carrier_id: int,
    kind: str,
    who: Principal,
    terms: Terms,
    truck_id: int | None,
    now: datetime,
) -> Offer:
    _check_ahead(terms, now)
    poster_id = load.organization_id
    offer = Offer(
        load_id=load.id,
        load_version=load.version,
        poster_id=poster_id,
        carrier_id=carrier_id,
        kind=kind,
        status="open",
        version=1,
        turn="poster" if kind == "request" else "carrier",
        rate_cents=terms.rate_cents,
        note=terms.note,
        truck_id=truck_id,
        expires_at=terms.expires_at,
        made_at=now,
        changed_at=now,
    )
    session.add(offer)
    try:
        await session.flush()
    except IntegrityError as error:
        if "offer_open_idx" not in str(error.orig):
            raise
        detail = "There is an open offer between you for this load; answer or withdraw that one."
        raise Problem(409, "offer-open", detail) from error
    await write_round(session, offer, step("offer", kind, NEW), who, now)
    return offer


def _check_ahead(terms: Terms, now: datetime) -> None:
    if terms.expires_at is not None and terms.expires_at <= now:
        raise invalid(FieldError(pointer="/expires_at", message="must lie in the future"))


async def counter(
    session: AsyncSession,
    who: Principal,
    offer_id: int,
    if_match: str | None,
    terms: Terms,
    now: datetime,
) -> Offer:
    """Other terms, for the load as it is now; it is the other side's turn."""
    offer = await _held(session, who, offer_id, if_match)
    taken = step("offer", "counter", status_at(offer, now))
    _check_turn(offer, who)
    _check_ahead(terms, now)
    load = await _load(session, offer, now)
    offer.load_version, offer.turn = load.version, _OTHER[offer.turn]
    offer.rate_cents, offer.note, offer.expires_at = terms.rate_cents, terms.note, terms.expires_at
    await move(session, offer, taken, who, now)
    return offer


async def accept(
    session: AsyncSession, who: Principal, offer_id: int, if_match: str | None, now: datetime
) -> Booking:
    """Books the load at the terms that the other side has set."""
    offer = await offer_of(session, who, offer_id)
    check_version("offer", offer.version, if_match)
    step("offer", "accept", status_at(offer, now))
    _check_turn(offer, who)
    load = await _load(session, offer, now)
    if load.version != offer.load_version:
        detail = (
            "The load has changed since it was offered; counter, and the offer is for the new one."
        )
        raise Problem(409, "load-changed", detail, load_version=load.version)
    agreed = Agreed(offer.carrier_id, offer.rate_cents, offer.truck_id, offer)
    return await book(session, load, agreed, who, now)


async def decline(
    session: AsyncSession,
    who: Principal,
    offer_id: int,
    if_match: str | None,
    reason: str,
    now: datetime,
) -> Offer:
    """Refuses the terms of the other side."""
    offer = await _held(session, who, offer_id, if_match)
    taken = step("offer", "decline", status_at(offer, now))
    _check_turn(offer, who)
    offer.reason = reason
    await move(session, offer, taken, who, now)
    return offer


async def withdraw(
    session: AsyncSession, who: Principal, offer_id: int, if_match: str | None, now: datetime
) -> Offer:
    """Takes one's own terms back before the other side has answered."""
    offer = await _held(session, who, offer_id, if_match)
    taken = step("offer", "withdraw", status_at(offer, now))
    if offer.turn == side_of(offer, who.organization_id):
        raise Problem(409, "your-turn", "The other side's terms stand; decline them.")
    await move(session, offer, taken, who, now)
    return offer


async def _held(
    session: AsyncSession, who: Principal, offer_id: int, if_match: str | None
) -> Offer:
    offer = await offer_of(session, who, offer_id, lock=True)
    check_version("offer", offer.version, if_match)
    return offer


async def _load(session: AsyncSession, offer: Offer, now: datetime) -> Load:
    """The load, if it can still become a booking of the two."""
    load = await session.get_one(Load, offer.load_id)
    check_open(load, now)
    if not await is_seen_by(session, load, offer.carrier_id):
        raise Problem(409, "not-open-to-carrier", "The load is not open to this carrier any more.")
    return load


def _check_turn(offer: Offer, who: Principal) -> None:
    if offer.turn != side_of(offer, who.organization_id):
        raise Problem(409, "not-your-turn", "Your own terms stand; the other side has to answer.")
