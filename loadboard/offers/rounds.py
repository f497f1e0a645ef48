"""What is done with an offer: a new version of it, a round in its history, an event."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.db import EVENTFUL
from loadboard.lifecycle import Step, step
from loadboard.models import Event, Offer, OfferRound
from loadboard.offers.reading import status_at
from loadboard.versions import stale


async def settle(session: AsyncSession, offer: Offer, who: Principal, now: datetime) -> None:
    """Marks an offer as accepted, unless it has changed since it was seen. The load is held by then."""
    seen = offer.version
    await session.refresh(offer, with_for_update=True)
    if offer.version != seen:
        raise stale("offer", offer.version)
    await move(session, offer, step("offer", "accept", status_at(offer, now)), who, now)


async def move(
    session: AsyncSession, offer: Offer, taken: Step, who: Principal | None, now: datetime
) -> None:
    """Takes a step with an offer that the transaction holds; without a principal the clock takes it."""
    offer.status, offer.version, offer.changed_at = taken.after, offer.version + 1, now
    await write_round(session, offer, taken, who, now)


async def write_round(
    session: AsyncSession, offer: Offer, taken: Step, who: Principal | None, now: datetime
) -> None:
    """What was done, in the offer's history and among the events."""
    organization_id, person_id = (who.organization_id, who.person_id) if who else (None, None)
    session.add(
        OfferRound(
            offer_id=offer.id,
            number=offer.version,
            step=taken.name,
            at=now,
            organization_id=organization_id,
            person_id=person_id,
            rate_cents=offer.rate_cents,
            note=offer.note,
            reason=offer.reason,
        )
    )
    session.add(
        Event(
            at=now,
            kind=taken.event,
            organization_id=organization_id or offer.poster_id,
            person_id=person_id,
            load_id=offer.load_id,
            version=offer.load_version,
            offer_id=offer.id,
        )
    )
    await session.flush()
    session.info[EVENTFUL] = True
