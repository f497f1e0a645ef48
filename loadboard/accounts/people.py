"""The people of an organisation: their roles, and whether they are still of it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts import signing
from loadboard.accounts.inviting import check_role
from loadboard.accounts.record import note
from loadboard.errors import Problem, not_found
from loadboard.etags import check_match
from loadboard.fields import Name, Strictly, YesNo
from loadboard.models import Organization, Person
from loadboard.paging import Paged, newest_first
from loadboard.permissions import MANAGERS
from loadboard.principals import Principal, forget

Role = Literal["owner", "dispatcher", "driver", "accountant", "viewer", "staff"]


class PersonOut(BaseModel):
    id: int
    email: str
    name: str | None
    role: Role
    disabled: bool
    created_at: datetime


class PersonPage(BaseModel):
    items: list[PersonOut]
    total: int
    next_cursor: str | None


class PersonChange(Strictly):
    """What is left out stays as it is."""

    role: Role | None = None
    name: Name | None = None
    disabled: YesNo | None = Field(
        None, description="A disabled person is signed out everywhere at once, and can't sign in"
    )


def shown(person: Person) -> PersonOut:
    return PersonOut.model_validate(
        {
            "id": person.id,
            "email": person.email,
            "name": person.name,
            "role": person.role,
            "disabled": person.disabled_at is not None,
            "created_at": person.created_at,
        }
    )


async def people(session: AsyncSession, organization_id: int, asked: Paged) -> PersonPage:
    mine = [Person.organization_id == organization_id]
    query = {"people": organization_id}
    found, total, more = await newest_first(session, Person, Person.id, mine, query, asked)
    return PersonPage(items=list(map(shown, found)), total=total, next_cursor=more)


async def own_person(session: AsyncSession, organization_id: int, person_id: int) -> Person:
    person = await session.get(Person, person_id)
    if person is None or person.organization_id != organization_id:
        raise not_found("person")
    return person


async def change(
    session: AsyncSession,
    organization_id: int,
    person_id: int,
    if_match: str | None,
    wanted: PersonChange,
    by: Principal | None,
    now: datetime,
) -> PersonOut:
    """Changes a person of the organisation; somebody who manages it has to be left."""
    # One change of an organisation's people at a time: two owners must not remove each other.
    lock = select(Organization).where(Organization.id == organization_id).with_for_update()
    organization = (await session.scalars(lock)).one()
    person = await own_person(session, organization_id, person_id)
    check_match(shown(person), if_match)
    if wanted.role is not None:
        check_role(organization.kind, wanted.role)
        person.role = wanted.role
    if wanted.name is not None:
        person.name = wanted.name
    if wanted.disabled is not None:
        person.disabled_at = (person.disabled_at or now) if wanted.disabled else None
    await session.flush()
    await _check_managed(session, organization_id)
    said = shown(person).model_dump(include={"email", "name", "role", "disabled"})
    await note(session, "person.changed", organization_id, by, now, person=person.id, **said)
    await forget_or_end(session, person, now)
    return shown(person)


async def forget_or_end(session: AsyncSession, person: Person, now: datetime) -> None:
    forget(session, "person_id", person.id)
    if person.disabled_at is not None:
        await signing.end_all(session, person.id, now)


async def _check_managed(session: AsyncSession, organization_id: int) -> None:
    left = select(func.count()).where(
        Person.organization_id == organization_id,
        Person.role.in_(MANAGERS),
        Person.disabled_at.is_(None),
    )
    if not await session.scalar(left):
        detail = "Somebody has to be left who manages the organisation; name another owner first."
        raise Problem(409, "last-owner", detail)
