"""Writes down that offers have expired, in batches, each in its own transaction."""

from datetime import datetime

from sqlalchemy import select

from loadboard.db import transaction
from loadboard.lifecycle import step
from loadboard.models import Offer
from loadboard.offers.rounds import move

BATCH = 500


async def expire_offers(now: datetime) -> int:
    """Ends every open offer whose time has passed; how many those were."""
    expired = 0
    while True:
        async with transaction() as session:
            due = (
                select(Offer)
                .where(Offer.status == "open", Offer.expires_at <= now)
                .order_by(Offer.expires_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            offers = (await session.scalars(due)).all()
            for offer in offers:
                await move(session, offer, step("offer", "expire", offer.status), None, now)
        expired += len(offers)
        if len(offers) < BATCH:
            return expired
