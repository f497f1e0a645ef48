"""/v1/bookings: booking a load, and what becomes of it until it is paid."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from loadboard.auth import TenantSession
from loadboard.bookings import booking as booked
from loadboard.bookings import confirmation, hauling, reading
from loadboard.bookings.schemas import (
    BookIn,
    BookingOut,
    BookingPage,
    CancelIn,
    DispatchIn,
    InvoiceIn,
    PaymentIn,
    RateConfirmation,
    ReportIn,
)
from loadboard.errors import documented
from loadboard.idempotency import DealSession
from loadboard.paging import Paged
from loadboard.permissions import (
    Booker,
    BookingCanceller,
    BookingReader,
    Dispatcher,
    Invoicer,
    Payer,
    Reporter,
)
from loadboard.strict import StrictRoute
from loadboard.versions import IfMatch, etag

# What others have sent is never shown as a page of this site.
UNTRUSTED = {"Content-Security-Policy": "sandbox; default-src 'none'"}


def as_file(name: str) -> dict[str, str]:
    """RFC 6266: a download of that name."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        **UNTRUSTED,
    }


router = APIRouter(prefix="/v1", tags=["bookings"], route_class=StrictRoute)

BookingId = Annotated[int, Field(ge=1, le=2**63 - 1)]
LoadId = Annotated[int, Field(ge=1, le=2**63 - 1)]
CHANGING = documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)


@router.post("/loads/{load_id}/book", status_code=201, responses=CHANGING)
async def book_load(
    load_id: LoadId,
    asked: BookIn,
    who: Booker,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Book a load at exactly its posted terms, where its poster lets you."""
    agreed = booked.Agreed(who.organization_id, asked.rate_cents, asked.truck_id)
    now = datetime.now(UTC)
    booking = await booked.book_at_once(session, who, load_id, if_match, agreed, now)
    response.headers["Location"] = f"/v1/bookings/{booking.id}"
    return await reading.answered(session, booking, response)


@router.get("/bookings", responses=documented(400, 401, 403, 422, 503))
async def list_bookings(
    query: Annotated[Paged, Query()], who: BookingReader, session: TenantSession
) -> BookingPage:
    """The bookings that one's organisation is a party to, newest first; a driver's own for a driver."""
    return await reading.page_of(session, who, query)


@router.get("/bookings/{booking_id}", responses=documented(401, 403, 404, 422, 503))
async def get_booking(
    booking_id: BookingId, who: BookingReader, session: TenantSession, response: Response
) -> BookingOut:
    """One booking, with its reports and papers."""
    booking = await reading.booking_of(session, who, booking_id)
    response.headers["ETag"] = etag(booking.version)
    [shown] = await reading.shown(session, [booking])
    return shown


@router.post("/bookings/{booking_id}/cancel", responses=CHANGING)
async def cancel_booking(
    booking_id: BookingId,
    asked: CancelIn,
    who: BookingCanceller,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Give a booking up before the pickup. The load stays closed; post it anew to find another carrier."""
    now = datetime.now(UTC)
    booking = await hauling.cancel(session, who, booking_id, if_match, asked.reason, now)
    return await reading.answered(session, booking, response)


@router.post("/bookings/{booking_id}/dispatch", responses=CHANGING)
async def dispatch_booking(
    booking_id: BookingId,
    asked: DispatchIn,
    who: Dispatcher,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Name driver and truck; again as long as nothing is picked up."""
    now = datetime.now(UTC)
    booking = await hauling.dispatch(session, who, booking_id, if_match, asked, now)
    return await reading.answered(session, booking, response)


@router.post(
    "/bookings/{booking_id}/reports",
    status_code=201,
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def report_on_booking(
    booking_id: BookingId,
    said: ReportIn,
    who: Reporter,
    session: DealSession,
    response: Response,
) -> BookingOut:
    """Say what happened on the road, also late and out of order."""
    booking = await hauling.report(session, who, booking_id, said, datetime.now(UTC))
    return await reading.answered(session, booking, response)


PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    "/bookings/{booking_id}/rate-confirmation", responses=documented(401, 403, 404, 422, 503)
)
async def get_rate_confirmation(
    booking_id: BookingId, who: BookingReader, session: TenantSession
) -> RateConfirmation:
    """What was agreed, as it was then."""
    booking = await reading.booking_of(session, who, booking_id)
    return RateConfirmation.model_validate(confirmation.confirmed(booking))


@router.get(
    "/bookings/{booking_id}/rate-confirmation.pdf",
    response_class=Response,
    responses={**PDF, **documented(401, 403, 404, 422, 503)},
)
async def get_rate_confirmation_as_pdf(
    booking_id: BookingId, who: BookingReader, session: TenantSession
) -> Response:
    """The same as a page to print."""
    booking = await reading.booking_of(session, who, booking_id)
    pdf = await run_in_threadpool(confirmation.printed, confirmation.confirmed(booking))
    return Response(
        pdf, media_type="application/pdf", headers=as_file(f"rate-confirmation-{booking.id}.pdf")
    )


@router.post("/bookings/{booking_id}/invoice", responses=CHANGING)
async def invoice_booking(
    booking_id: BookingId,
    asked: InvoiceIn,
    who: Invoicer,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Ask for the money; it needs a proof of delivery."""
    booking = await hauling.invoice(session, who, booking_id, if_match, asked, datetime.now(UTC))
    return await reading.answered(session, booking, response)


@router.post("/bookings/{booking_id}/pay", responses=CHANGING)
async def pay_booking(
    booking_id: BookingId,
    asked: PaymentIn,
    who: Payer,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Say that the invoice is paid."""
    booking = await hauling.pay(session, who, booking_id, if_match, asked, datetime.now(UTC))
    return await reading.answered(session, booking, response)
