"""What of its loads only their poster is told: whom each is for, the contact, the streets."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.models import Audience, Load, LoadContact


async def private_of(session: AsyncSession, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """By the id of each load its audience, contact and addresses, as they stand behind its listing."""
    query = (
        select(Load.id, Audience, LoadContact)
        .outerjoin(Audience, Audience.id == Load.audience_id)
        .outerjoin(LoadContact, LoadContact.load_id == Load.id)
        .where(Load.id.in_(ids))
    )
    rows = await session.execute(query.execution_options(populate_existing=True))
    return {id: _private(audience, contact) for id, audience, contact in rows}


def _private(audience: Audience | None, contact: LoadContact | None) -> dict[str, Any]:
    carriers = audience and {"networks": audience.networks, "carriers": audience.carriers}
    return {
        "audience": carriers or "everyone",
        "contact": contact and contact_of(contact),
        "addresses": contact and contact.addresses,
    }


def contact_of(contact: LoadContact) -> dict[str, Any] | None:
    """Whom to call; None where only addresses were told."""
    if contact.phone is None and contact.email is None:
        return None
    return {"name": contact.name, "phone": contact.phone, "email": contact.email}
