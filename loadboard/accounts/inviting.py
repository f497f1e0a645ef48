"""Invitations: a secret, good once, with which somebody joins an organisation or sets a new password.

Nothing is sent from here: whoever invites gets the secret, once, and hands it on.
"""

import secrets
from datetime import datetime, timedelta

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts import passwords, signing
from loadboard.accounts.guessing import SIGN_INS
from loadboard.accounts.record import note
from loadboard.accounts.unique import flush_unique
from loadboard.auth import token_hash
from loadboard.db import reading, transaction
from loadboard.errors import FieldError, Problem, invalid, not_found
from loadboard.models import ROLES, Invitation, Organization, Person
from loadboard.paging import Paged, newest_first
from loadboard.principals import Principal

LIFE, RESET_LIFE = timedelta(days=7), timedelta(days=1)


class InvitationOut(BaseModel):
    id: int
    email: str
    role: str
    expires_at: datetime


class NewInvitation(InvitationOut):
    token: str = Field(description="For the person invited; shown this once")


class InvitationPage(BaseModel):
    items: list[InvitationOut]
    total: int
    next_cursor: str | None


def roles_of(kind: str) -> frozenset[str]:
    """The roles that people of such an organisation can have."""
    return frozenset({"staff"}) if kind == "operator" else frozenset(ROLES) - {"staff"}


def check_role(kind: str, role: str) -> None:
    if role not in roles_of(kind):
        listed = ", ".join(sorted(roles_of(kind)))
        message = f"is no role in an organisation of this kind: {listed}"
        raise invalid(FieldError(pointer="/role", message=message))


async def invite(
    session: AsyncSession,
    organization: Organization,
    email: str,
    role: str,
    by: Principal | None,
    now: datetime,
) -> NewInvitation:
    """An invitation to join. Whether the e-mail has an account elsewhere is not told."""
    check_role(organization.kind, role)
    here = Person.organization_id == organization.id, Person.email == email
    if await session.scalar(select(Person.id).where(*here)) is not None:
        error = FieldError(pointer="/email", message="belongs to a person of this organisation")
        raise Problem(409, "taken", f"{error.pointer} {error.message}.", [error])
    await note(session, "person.invited", organization.id, by, now, email=email, role=role)
    invited_by = by.person_id if by else None
    return await _new(session, organization.id, None, email, role, invited_by, now + LIFE)


async def reset(session: AsyncSession, person: Person, now: datetime) -> NewInvitation:
    """An invitation to set a new password."""
    await note(session, "person.reset", person.organization_id, None, now, person=person.id)
    return await _new(
        session,
        person.organization_id,
        person.id,
        person.email,
        person.role,
        None,
        now + RESET_LIFE,
    )


async def _new(
    session: AsyncSession,
    organization_id: int,
    person_id: int | None,
    email: str,
    role: str,
    invited_by: int | None,
    expires_at: datetime,
) -> NewInvitation:
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        organization_id=organization_id,
        person_id=person_id,
        email=email,
        role=role,
        token_hash=token_hash(token),
        invited_by=invited_by,
        expires_at=expires_at,
    )
    session.add(invitation)
    await session.flush()
    return NewInvitation(
        id=invitation.id, email=email, role=role, expires_at=expires_at, token=token
    )


async def open_invitations(
    session: AsyncSession, organization_id: int, now: datetime, asked: Paged
) -> InvitationPage:
    mine = [Invitation.organization_id == organization_id, Invitation.expires_at > now]
    query = {"invitations": organization_id}
    found, total, more = await newest_first(session, Invitation, Invitation.id, mine, query, asked)
    items = [
        InvitationOut(id=one.id, email=one.email, role=one.role, expires_at=one.expires_at)
        for one in found
    ]
    return InvitationPage(items=items, total=total, next_cursor=more)


async def withdraw(session: AsyncSession, by: Principal, invitation_id: int, now: datetime) -> None:
    mine = Invitation.id == invitation_id, Invitation.organization_id == by.organization_id
    email = await session.scalar(delete(Invitation).where(*mine).returning(Invitation.email))
    if email is None:
        raise not_found("invitation")
    await note(session, "person.uninvited", by.organization_id, by, now, email=email)


async def accept(
    token: SecretStr, name: str | None, password: SecretStr, now: datetime
) -> signing.Tokens:
    """Joins, or sets a new password, and signs in."""
    hashed = token_hash(token.get_secret_value())
    usable = select(Invitation).where(Invitation.token_hash == hashed, Invitation.expires_at > now)
    # A secret that is none costs no hash of a password.
    async with reading() as session:
        if await session.scalar(usable) is None:
            raise _refused()
    password_hash = await passwords.hashed(password)
    async with transaction() as session:
        invitation = await session.scalar(usable.with_for_update())
        if invitation is None:
            raise _refused()
        person = await _person(session, invitation, name)
        person.password_hash = password_hash
        await flush_unique(session)
        await session.execute(delete(Invitation).where(Invitation.email == person.email))
        kind = "person.joined" if invitation.person_id is None else "person.password_set"
        about = {"email": person.email, "role": person.role}
        await note(session, kind, person.organization_id, person, now, **about)
        await signing.end_all(session, person.id, now)
        tokens = await signing.start(session, person.id, now)
    SIGN_INS.labels("invitation", "done").inc()
    return tokens


def _refused() -> Problem:
    return signing.refused(
        "This invitation is unknown, was used or has ended; ask for a new one.", "invitation"
    )


async def _person(session: AsyncSession, invitation: Invitation, name: str | None) -> Person:
    organization = await session.get_one(Organization, invitation.organization_id)
    person = None
    if invitation.person_id is not None:
        person = await session.get_one(Person, invitation.person_id, with_for_update=True)
    if organization.suspended_at is not None or (person and person.disabled_at is not None):
        raise _refused()
    if person is not None:
        person.name = name or person.name
        return person
    if name is None:
        raise invalid(FieldError(pointer="/name", message="is required to join"))
    person = Person(
        organization_id=organization.id, email=invitation.email, name=name, role=invitation.role
    )
    session.add(person)
    return person
