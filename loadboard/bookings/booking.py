"""Booking: the one binding act. PostgreSQL alone decides to whom a load goes.

Whoever books locks in one order, truck, load, offers, so that of two who meet one waits and none is
waited for in turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import orjson
import psycopg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.db import as_sent, send
from loadboard.errors import FieldError, Problem, invalid, not_found
from loadboard.loads.closing import end_offers, take, tell
from loadboard.loads.listing import moment
from loadboard.models import Booking, Load, Offer, Organization, Truck
from loadboard.offers.rounds import settle
from loadboard.permissions import lacking
from loadboard.sight import is_partner, seen_load
from loadboard.versions import check_version

# As far as a truck comes in a day, where nobody says when the delivery is.
MILES_A_DAY = 500
_REFUSALS = {
    "booking_standing_idx": ("already-booked", "The load has just been booked."),
    "booking_truck_busy": ("truck-busy", "The truck hauls another full load at that time."),
}
_LOOKED_AT = (
    "id", "organization_id", "version", "status", "versioned_at", "instant", "rate_cents",
)  # fmt: skip
_AROUND = (
    "SELECT listing::text, party.id, name, usdot, mc, party.kind, authority, insured_until"
    " FROM event JOIN organization party ON party.id IN (%(poster)s, %(carrier)s)"
    " WHERE load_id = %(load)s AND version = %(version)s AND at = %(at)s AND listing IS NOT NULL"
)
_PARTY = ("id", "name", "usdot", "mc", "kind", "authority", "insured_until")
_BOOKING = (
    "INSERT INTO booking (load_id, poster_id, carrier_id, offer_id, version, rate_cents, terms,"
    " booked_at, booked_by, truck_id, busy)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::tstzrange) RETURNING id"
)


class Agreed(NamedTuple):
    """What a booking is made of: who hauls it, at what rate, with which truck, by which offer."""

    carrier_id: int
    rate_cents: int
    truck_id: int | None = None
    offer: Offer | None = None


async def may_book_instantly(session: AsyncSession, load: Load, principal: Principal) -> bool:
    """Whether a load is for this carrier to book without being asked back."""
    if load.instant == "networks":
        return await is_partner(session, principal.organization_id, load.organization_id)
    return load.instant == "everyone"


async def book_at_once(
    session: AsyncSession,
    who: Principal,
    load_id: int,
    if_match: str | None,
    agreed: Agreed,
    now: datetime,
) -> Booking:
    """Books a load at exactly the terms that are posted."""
    load = await _visible_load(session, who, load_id)
    check_version("load", load.version, if_match)
    if not await may_book_instantly(session, load, who):
        raise Problem(403, "not-instant", "This load is not booked at once; make an offer for it.")
    if load.rate_cents != agreed.rate_cents:
        posted = "posted without a rate" if load.rate_cents is None else f"{load.rate_cents}"
        error = FieldError(pointer="/rate_cents", message=f"must be the posted rate: {posted}")
        raise Problem(409, "other-terms", f"{error.pointer} {error.message}", [error])
    return await book(session, load, agreed, who, now)


async def _visible_load(session: AsyncSession, who: Principal, load_id: int) -> Load:
    """As `changing.visible_load`, as far as a booking looks at a load; the session does not know it."""
    at_hand = {"load": load_id, "me": who.organization_id}
    row = await (await send(session, _looking(seen_load(who)), at_hand)).fetchone()
    if row is None:
        raise not_found("load")
    return Load(**dict(zip(_LOOKED_AT, row, strict=True)))


@cache
def _looking(seen: Select[Load]) -> str:
    return as_sent(seen.with_only_columns(*(Load.__table__.c[name] for name in _LOOKED_AT)))


async def book(
    session: AsyncSession, load: Load, agreed: Agreed, by: Principal, now: datetime
) -> Booking:
    """Books a load in the version at hand, unless somebody else was faster; its other offers end."""
    listing, poster, carrier = await _around(session, load, agreed.carrier_id)
    if why := lacking(carrier, now):
        raise Problem(409, "carrier-not-in-good-standing", f"Of {carrier.name}: {why}")
    if agreed.truck_id is not None:
        await own_truck(session, carrier.id, agreed.truck_id)
    if not await take(session, load, now):
        raise Problem(409, "already-booked", "The load has just been booked, changed or closed.")
    if agreed.offer is not None:
        await settle(session, agreed.offer, by, now)
    booking = Booking(
        load_id=load.id,
        poster_id=poster.id,
        carrier_id=carrier.id,
        offer_id=agreed.offer and agreed.offer.id,
        version=1,
        rate_cents=agreed.rate_cents,
        terms=_terms(listing, poster, carrier, agreed, now),
        booked_at=now,
        booked_by=by.person_id,
        truck_id=agreed.truck_id,
        busy=busy(listing),
    )
    await _write(session, booking)
    await tell(session, load, listing, by.person_id)
    await end_offers(session, load)
    return booking


async def _write(session: AsyncSession, booking: Booking) -> None:
    """Writes a new booking past the session, for which it stays a stranger."""
    row = (
        booking.load_id, booking.poster_id, booking.carrier_id, booking.offer_id, booking.version, booking.rate_cents,
        orjson.dumps(booking.terms).decode(), booking.booked_at, booking.booked_by, booking.truck_id,
        booking.busy and str(booking.busy),
    )  # fmt: skip
    with told_in_words():
        written = await (await send(session, _BOOKING, row)).fetchone()
    assert written is not None
    [booking.id] = written


@contextmanager
def told_in_words() -> Iterator[None]:
    """For what writes bookings: what their constraints refuse is said in words."""
    try:
        yield
    except (psycopg.IntegrityError, IntegrityError) as error:
        cause = error.orig if isinstance(error, IntegrityError) else error
        constraint = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if constraint not in _REFUSALS:
            raise
        raise Problem(409, *_REFUSALS[constraint]) from error


async def own_truck(session: AsyncSession, carrier_id: int, truck_id: int) -> Truck:
    """A truck of the carrier, held: whoever else wants it waits."""
    truck = await session.get(Truck, truck_id, with_for_update=True)
    if truck is None or truck.organization_id != carrier_id or truck.status != "posted":
        raise invalid(FieldError(pointer="/truck_id", message="is no posted truck of this carrier"))
    return truck


async def _around(
    session: AsyncSession, load: Load, carrier_id: int
) -> tuple[dict[str, Any], Organization, Organization]:
    """The listing of the version at hand, its poster, and the carrier."""
    at_hand = {
        "load": load.id,
        "version": load.version,
        "at": load.versioned_at,
        "poster": load.organization_id,
        "carrier": carrier_id,
    }
    rows = await (await send(session, _AROUND, at_hand)).fetchall()
    parties = {row[1]: Organization(**dict(zip(_PARTY, row[1:], strict=True))) for row in rows}
    listing = orjson.loads(rows[0][0])
    return listing, parties[load.organization_id], parties[carrier_id]


def busy(listing: dict[str, Any]) -> Range[datetime] | None:
    """From when to when a load takes the whole truck; None for a partial one."""
    if not listing["full"]:
        return None
    first, last = listing["stops"][0]["window"], listing["stops"][-1]["window"]
    days = timedelta(days=max(1.0, listing["loaded_miles"] / MILES_A_DAY))
    end = datetime.fromisoformat(last["to"]) if last else datetime.fromisoformat(first["to"]) + days
    return Range(datetime.fromisoformat(first["from"]), end, bounds="[]")


def _terms(
    listing: dict[str, Any],
    poster: Organization,
    carrier: Organization,
    agreed: Agreed,
    now: datetime,
) -> dict[str, Any]:
    return {
        "agreed_at": moment(now),
        "rate_cents": agreed.rate_cents,
        "currency": listing["currency"],
        "poster": _party(poster),
        "carrier": _party(carrier),
        "note": agreed.offer and agreed.offer.note,
        "load": {name: value for name, value in listing.items() if name != "organization"},
    }


def _party(organization: Organization) -> dict[str, Any]:
    return {name: getattr(organization, name) for name in ("id", "name", "usdot", "mc")}
