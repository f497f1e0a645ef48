"""/v1/offers: what carriers request, posters tender, and both counter."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import TenantSession
from loadboard.bookings.reading import answered
from loadboard.bookings.schemas import BookingOut
from loadboard.errors import documented
from loadboard.idempotency import DealSession
from loadboard.loads.changing import visible_load
from loadboard.loads.writing import position
from loadboard.models import Offer
from loadboard.offers import offering, reading
from loadboard.offers.schemas import (
    OfferOut,
    OfferPage,
    OfferStatus,
    Refusing,
    RequestIn,
    TenderIn,
    Terms,
)
from loadboard.paging import Paged
from loadboard.permissions import Agreer, OfferReader, Refuser, Requester, Tenderer
from loadboard.strict import StrictRoute
from loadboard.versions import IfMatch, etag

router = APIRouter(prefix="/v1", tags=["offers"], route_class=StrictRoute)

OfferId = Annotated[int, Field(ge=1, le=2**63 - 1)]
LoadId = Annotated[int, Field(ge=1, le=2**63 - 1)]
MAKING = documented(400, 401, 403, 404, 409, 413, 422, 503)
CHANGING = documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)


class OwnOffers(Paged):
    status: OfferStatus | None = None


async def _answer(
    session: AsyncSession, offer: Offer, response: Response, now: datetime
) -> OfferOut:
    response.headers["ETag"] = etag(offer.version)
    response.headers["Board-Position"] = await position(session)
    [shown] = await reading.shown(session, [offer], now)
    return shown


@router.post("/loads/{load_id}/offers", status_code=201, responses=MAKING)
async def request_load(
    load_id: LoadId, asked: RequestIn, who: Requester, session: DealSession, response: Response
) -> OfferOut:
    """Ask for a load at a rate of yours; its poster accepts, counters or declines."""
    now = datetime.now(UTC)
    offer = await offering.request(session, who, load_id, asked, now)
    response.headers["Location"] = f"/v1/offers/{offer.id}"
    return await _answer(session, offer, response, now)


@router.post("/loads/{load_id}/tenders", status_code=201, responses=MAKING)
async def tender_load(
    load_id: LoadId, asked: TenderIn, who: Tenderer, session: DealSession, response: Response
) -> OfferOut:
    """Offer a load of yours to one carrier."""
    now = datetime.now(UTC)
    offer = await offering.tender(session, who, load_id, asked, now)
    response.headers["Location"] = f"/v1/offers/{offer.id}"
    return await _answer(session, offer, response, now)


@router.get("/loads/{load_id}/offers", responses=documented(400, 401, 403, 404, 422, 503))
async def list_offers_of_load(
    load_id: LoadId,
    query: Annotated[OwnOffers, Query()],
    who: OfferReader,
    session: TenantSession,
) -> OfferPage:
    """Offers for a load: all of them for its poster, one's own for a carrier."""
    now = datetime.now(UTC)
    conditions = [Offer.load_id == load_id]
    if query.status is not None:
        conditions.append(reading.in_status(query.status, now))
    found = await reading.page_of(session, who, conditions, query, now)
    if not found.total:
        await visible_load(session, who, load_id)
    return found


@router.get("/offers", responses=documented(400, 401, 403, 422, 503))
async def list_offers(
    query: Annotated[OwnOffers, Query()], who: OfferReader, session: TenantSession
) -> OfferPage:
    """The offers that one's organisation has made or was made, newest first."""
    now = datetime.now(UTC)
    conditions = [] if query.status is None else [reading.in_status(query.status, now)]
    return await reading.page_of(session, who, conditions, query, now)


@router.get("/offers/{offer_id}", responses=documented(401, 403, 404, 422, 503))
async def get_offer(
    offer_id: OfferId, who: OfferReader, session: TenantSession, response: Response
) -> OfferOut:
    """One offer, with its rounds."""
    offer = await reading.offer_of(session, who, offer_id)
    response.headers["ETag"] = etag(offer.version)
    [shown] = await reading.shown(session, [offer], datetime.now(UTC))
    return shown


@router.post("/offers/{offer_id}/counter", responses=CHANGING)
async def counter_offer(
    offer_id: OfferId,
    terms: Terms,
    who: Agreer,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> OfferOut:
    """Answer with other terms, for the load as it is now."""
    now = datetime.now(UTC)
    offer = await offering.counter(session, who, offer_id, if_match, terms, now)
    return await _answer(session, offer, response, now)


@router.post("/offers/{offer_id}/accept", status_code=201, responses=CHANGING)
async def accept_offer(
    offer_id: OfferId,
    who: Agreer,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Book the load at the terms that the other side has set."""
    booking = await offering.accept(session, who, offer_id, if_match, datetime.now(UTC))
    response.headers["Location"] = f"/v1/bookings/{booking.id}"
    return await answered(session, booking, response)


@router.post("/offers/{offer_id}/decline", responses=CHANGING)
async def decline_offer(
    offer_id: OfferId,
    refusing: Refusing,
    who: Refuser,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> OfferOut:
    """Refuse the terms of the other side, and say why."""
    now = datetime.now(UTC)
    offer = await offering.decline(session, who, offer_id, if_match, refusing.reason, now)
    return await _answer(session, offer, response, now)


@router.post("/offers/{offer_id}/withdraw", responses=CHANGING)
async def withdraw_offer(
    offer_id: OfferId,
    who: Refuser,
    session: DealSession,
    response: Response,
    if_match: IfMatch = None,
) -> OfferOut:
    """Take your own terms back."""
    now = datetime.now(UTC)
    offer = await offering.withdraw(session, who, offer_id, if_match, now)
    return await _answer(session, offer, response, now)
