"""What becomes of a booked load: dispatched, followed on its road, delivered, invoiced, paid; or cancelled.

A booking is locked before its load, by everybody.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.bookings.booking import own_truck, told_in_words
from loadboard.bookings.reading import booking_of
from loadboard.bookings.schemas import DispatchIn, InvoiceIn, PaymentIn, ReportIn
from loadboard.errors import FieldError, Problem, invalid
from loadboard.lifecycle import ON_THE_ROAD, UNDER_WAY, reported, require, step
from loadboard.loads.closing import close
from loadboard.models import Booking, Document, Load, Person, Report
from loadboard.search.areas import point_of
from loadboard.versions import check_version

# How far the clock of a device may be ahead of ours.
CLOCKS_DIFFER = timedelta(minutes=5)
DRIVE = ("driver", "dispatcher", "owner")


async def _held(
    session: AsyncSession, who: Principal, booking_id: int, if_match: str | None
) -> tuple[Booking, Load]:
    booking = await booking_of(session, who, booking_id, lock=True)
    check_version("booking", booking.version, if_match)
    return booking, await _load(session, booking)


async def _load(session: AsyncSession, booking: Booking) -> Load:
    return await session.get_one(Load, booking.load_id, with_for_update=True)


async def dispatch(
    session: AsyncSession,
    who: Principal,
    booking_id: int,
    if_match: str | None,
    asked: DispatchIn,
    now: datetime,
) -> Booking:
    """Names driver and truck; again as long as nothing is picked up."""
    await booking_of(session, who, booking_id)
    await own_truck(session, who.organization_id, asked.truck_id)
    booking, load = await _held(session, who, booking_id, if_match)
    taken = step("load", "dispatch", load.status)
    await _check_driver(session, who, asked.driver_id)
    booking.truck_id, booking.driver_id = asked.truck_id, asked.driver_id
    booking.dispatched_at = now
    if asked.busy is not None and booking.busy is not None:
        booking.busy = Range(asked.busy.from_, asked.busy.to, bounds="[]")
    booking.version += 1
    with told_in_words():
        await session.flush()
    await close(session, load, taken.after, who.person_id, now)
    return booking


async def _check_driver(session: AsyncSession, who: Principal, driver_id: int) -> None:
    known = select(Person.id).where(
        Person.id == driver_id,
        Person.organization_id == who.organization_id,
        Person.disabled_at.is_(None),
        Person.role.in_(DRIVE),
    )
    if await session.scalar(known) is None:
        message = "is nobody of your organisation who drives"
        raise invalid(FieldError(pointer="/driver_id", message=message))


async def report(
    session: AsyncSession, who: Principal, booking_id: int, said: ReportIn, now: datetime
) -> Booking:
    """Takes in what happened on the road, also late and out of order; the load never goes back."""
    where = point_of(said.where, "/where")
    booking = await booking_of(session, who, booking_id, lock=True)
    load = await _load(session, booking)
    require("load", load.status, UNDER_WAY)
    await _check_time(session, booking, said, now)
    taken = reported(said.kind, load.status) if said.kind != "position" else None
    session.add(
        Report(
            booking_id=booking.id,
            person_id=who.person_id,
            kind=said.kind,
            at=said.at,
            received_at=now,
            lat=where.lat,
            lon=where.lon,
            note=said.note,
        )
    )
    booking.version += 1
    await session.flush()
    if taken is not None:
        await close(session, load, taken.after, who.person_id, now)
    return booking


async def _check_time(
    session: AsyncSession, booking: Booking, said: ReportIn, now: datetime
) -> None:
    if said.at > now + CLOCKS_DIFFER:
        raise invalid(FieldError(pointer="/at", message="lies in the future"))
    if said.at < booking.booked_at:
        raise invalid(FieldError(pointer="/at", message="lies before the booking"))
    if said.kind == "position":
        return
    others = select(Report.kind, Report.at).where(
        Report.booking_id == booking.id, Report.kind.in_(ON_THE_ROAD)
    )
    order = ON_THE_ROAD.index
    for kind, at in await session.execute(others):
        if (order(kind) - order(said.kind)) * (at - said.at).total_seconds() < 0:
            message = f"does not fit: {kind} was reported at {at.isoformat()}"
            raise invalid(FieldError(pointer="/at", message=message))


async def cancel(
    session: AsyncSession,
    who: Principal,
    booking_id: int,
    if_match: str | None,
    reason: str,
    now: datetime,
) -> Booking:
    """Either side gives up before the pickup. The load is closed; it can be posted under a new reference."""
    booking, load = await _held(session, who, booking_id, if_match)
    taken = step("load", "fall_through", load.status)
    booking.cancelled_at, booking.cancelled_by = now, who.organization_id
    booking.cancel_reason = reason
    booking.version += 1
    await session.flush()
    await close(session, load, taken.after, who.person_id, now)
    return booking


async def invoice(
    session: AsyncSession,
    who: Principal,
    booking_id: int,
    if_match: str | None,
    asked: InvoiceIn,
    now: datetime,
) -> Booking:
    """The carrier asks for its money; it needs a proof of delivery."""
    booking, load = await _held(session, who, booking_id, if_match)
    taken = step("load", "invoice", load.status)
    proof = select(Document.id).where(
        Document.booking_id == booking.id, Document.kind == "proof_of_delivery"
    )
    if await session.scalar(proof.limit(1)) is None:
        raise Problem(409, "no-proof", "Attach a document of the kind proof_of_delivery first.")
    booking.invoice_number, booking.invoice_cents = asked.number, asked.amount_cents
    booking.invoiced_at = now
    booking.version += 1
    await session.flush()
    await close(session, load, taken.after, who.person_id, now)
    return booking


async def pay(
    session: AsyncSession,
    who: Principal,
    booking_id: int,
    if_match: str | None,
    asked: PaymentIn,
    now: datetime,
) -> Booking:
    """The poster says that it has paid what was invoiced."""
    booking, load = await _held(session, who, booking_id, if_match)
    taken = step("load", "pay", load.status)
    if asked.amount_cents != booking.invoice_cents:
        message = f"must be what was invoiced: {booking.invoice_cents}"
        raise Problem(409, "other-sum", f"/amount_cents {message}", [FieldError(pointer="/amount_cents", message=message)])  # fmt: skip
    booking.payment_reference, booking.paid_at = asked.reference, now
    booking.version += 1
    await session.flush()
    await close(session, load, taken.after, who.person_id, now)
    return booking
