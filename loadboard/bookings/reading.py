"""Bookings as their two parties see them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from fastapi import Response
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.bookings.schemas import (
    BookingOut,
    BookingPage,
    Busy,
    Cancelled,
    DocumentOut,
    Driver,
    Invoice,
    ReportOut,
)
from loadboard.errors import not_found
from loadboard.loads.writing import position
from loadboard.models import Booking, Document, Load, Person, Report
from loadboard.offers.schemas import Party
from loadboard.paging import Paged, newest_first
from loadboard.versions import etag


def concerns(principal: Principal) -> ColumnElement[bool]:
    """The bookings that somebody may look at: their organisation's, and a driver only their own."""
    mine = principal.organization_id
    parties = or_(Booking.poster_id == mine, Booking.carrier_id == mine)
    if principal.role != "driver":
        return parties
    # A key is no driver: without a person it has nothing of its own.
    return parties & Booking.driver_id.is_not(None) & (Booking.driver_id == principal.person_id)


async def booking_of(
    session: AsyncSession, principal: Principal, booking_id: int, *, lock: bool = False
) -> Booking:
    """A booking that the asker is a party to."""
    query = select(Booking).where(Booking.id == booking_id, concerns(principal))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    booking = await session.scalar(query)
    if booking is None:
        raise not_found("booking")
    return booking


async def page_of(session: AsyncSession, principal: Principal, asked: Paged) -> BookingPage:
    """The asker's bookings, newest first."""
    query = {"bookings": principal.organization_id}
    found, total, more = await newest_first(
        session, Booking, Booking.id, [concerns(principal)], query, asked
    )
    return BookingPage(items=await shown(session, found), total=total, next_cursor=more)


async def answered(session: AsyncSession, booking: Booking, response: Response) -> BookingOut:
    """A booking that has just been changed."""
    response.headers["ETag"] = etag(booking.version)
    response.headers["Board-Position"] = await position(session)
    [one] = await shown(session, [booking])
    return one


async def shown(session: AsyncSession, bookings: Sequence[Booking]) -> list[BookingOut]:
    ids = [booking.id for booking in bookings]
    statuses = await _by_id(session, Load.id, Load.status, [b.load_id for b in bookings])
    names = await _by_id(session, Person.id, Person.name, [b.driver_id for b in bookings])
    reports = await _grouped(session, select(Report).where(Report.booking_id.in_(ids)).order_by(Report.at, Report.id))  # fmt: skip
    papers = await _grouped(session, select(Document).where(Document.booking_id.in_(ids)).order_by(Document.id))  # fmt: skip
    return [
        _shown(each, statuses[each.load_id], names, reports[each.id], papers[each.id])
        for each in bookings
    ]


def _shown(
    booking: Booking,
    status: str,
    names: dict[int, str | None],
    reports: list[Report],
    papers: list[Document],
) -> BookingOut:
    parties = parties_of(booking)
    return BookingOut(
        **{name: getattr(booking, name) for name in _PLAIN},
        status="cancelled" if booking.cancelled_at else status,
        poster=parties[booking.poster_id],
        carrier=parties[booking.carrier_id],
        currency=booking.terms["currency"],
        busy=_busy(booking),
        driver=booking.driver_id and Driver(id=booking.driver_id, name=names[booking.driver_id]),
        reports=[ReportOut.model_validate(each, from_attributes=True) for each in reports],
        documents=[document_shown(each, parties[each.organization_id]) for each in papers],
        invoice=_invoice(booking),
        cancelled=_cancelled(booking, parties),
    )


def parties_of(booking: Booking) -> dict[int, Party]:
    """Both, by the names that they had when they agreed."""
    both = (booking.terms["poster"], booking.terms["carrier"])
    return {party["id"]: Party.model_validate(party) for party in both}


_PLAIN = (
    "id", "version", "load_id", "offer_id", "rate_cents", "booked_at", "terms", "truck_id", "dispatched_at",
)  # fmt: skip


def document_shown(document: Document, by: Party) -> DocumentOut:
    names = DocumentOut.model_fields.keys() - {"by"}
    return DocumentOut(**{name: getattr(document, name) for name in names}, by=by)


def _busy(booking: Booking) -> Busy | None:
    if booking.busy is None or booking.busy.lower is None or booking.busy.upper is None:
        return None
    return Busy(from_=booking.busy.lower, to=booking.busy.upper)


def _invoice(booking: Booking) -> Invoice | None:
    if booking.invoiced_at is None:
        return None
    return Invoice.model_validate(
        {
            "number": booking.invoice_number,
            "amount_cents": booking.invoice_cents,
            "at": booking.invoiced_at,
            "paid_at": booking.paid_at,
            "payment_reference": booking.payment_reference,
        }
    )


def _cancelled(booking: Booking, parties: dict[int, Party]) -> Cancelled | None:
    if booking.cancelled_at is None or booking.cancelled_by is None:
        return None
    return Cancelled.model_validate(
        {
            "at": booking.cancelled_at,
            "by": parties[booking.cancelled_by],
            "reason": booking.cancel_reason,
        }
    )


async def _by_id(session: AsyncSession, key: Any, value: Any, ids: list[Any]) -> dict[int, Any]:
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    return {
        row[0]: row[1] for row in await session.execute(select(key, value).where(key.in_(wanted)))
    }


async def _grouped(session: AsyncSession, query: Any) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for each in await session.scalars(query):
        grouped[each.booking_id].append(each)
    return grouped
