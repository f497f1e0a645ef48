"""What was done with organisations, people and keys: events of no load, which boards pass over."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.models import Event, Person
from loadboard.principals import Principal

By = Principal | Person | None
"""Who did it: whoever asked, a person on their own account, or None for a command of the operator's."""


async def note(
    session: AsyncSession, kind: str, organization_id: int, by: By, at: datetime, /, **about: Any
) -> None:
    """Writes down what was done with an organisation's accounts, in the transaction that does it.

    Never what lets anybody in: neither secrets nor their hashes.
    """
    person_id, who = _named(by)
    event = {"at": at, "kind": kind, "organization_id": organization_id, "person_id": person_id}
    told = {"by": who, **about}
    # Nobody waits for it, so nobody is woken.
    await session.execute(insert(Event).values(**event, load_id=0, version=0, listing=told))


def _named(by: By) -> tuple[int | None, str]:
    if isinstance(by, Person):
        return by.id, f"person:{by.id}"
    return (by.person_id, by.caller) if by else (None, "command")
