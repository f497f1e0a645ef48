"""Signing in: a password or an invitation for tokens, a refresh token for new ones, and the end of it.

A refresh token is good once. When it is shown again, somebody has a copy, and nobody can tell who is the
thief: all tokens of that sign-in end.
"""

import secrets
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts import passwords
from loadboard.accounts.guessing import SIGN_INS, count_try, forgive
from loadboard.accounts.record import note
from loadboard.auth import issue_token, token_hash
from loadboard.db import reading, transaction
from loadboard.errors import Problem
from loadboard.models import ApiToken, Organization, Person, RefreshToken, SignIn
from loadboard.principals import Principal, forget

ACCESS_LIFE, REFRESH_LIFE = timedelta(minutes=15), timedelta(days=30)
# From the issuer's page to ours a refresh token stands in an address: not for long.
HAND_OVER = timedelta(minutes=1)
REFUSED = "E-mail and password do not go together, or the account is not in use."
MAY_SIGN_IN = (Person.disabled_at.is_(None), Organization.suspended_at.is_(None))


class Tokens(BaseModel):
    access_token: str = Field(description="Send it as Authorization: Bearer …")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds that the access token is good for")
    refresh_token: str = Field(description="Good once, for new tokens")
    refresh_expires_in: int


async def start(
    session: AsyncSession, person_id: int, now: datetime, refresh_life: timedelta = REFRESH_LIFE
) -> Tokens:
    """Signs a person in; who it is must be known."""
    sign_in = SignIn(person_id=person_id, started_at=now)
    session.add(sign_in)
    await session.flush()
    return await _tokens(session, sign_in, now, refresh_life)


async def _tokens(
    session: AsyncSession, sign_in: SignIn, now: datetime, refresh_life: timedelta = REFRESH_LIFE
) -> Tokens:
    refresh = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            sign_in_id=sign_in.id, token_hash=token_hash(refresh), expires_at=now + refresh_life
        )
    )
    access = await issue_token(session, sign_in.person_id, now, ACCESS_LIFE, sign_in.id)
    return Tokens(
        access_token=access,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        refresh_token=refresh,
        refresh_expires_in=int(refresh_life.total_seconds()),
    )


def refused(detail: str, how: str) -> Problem:
    SIGN_INS.labels(how, "refused").inc()
    return Problem(401, "sign-in-refused", detail, headers={"WWW-Authenticate": "Bearer"})


def _people() -> Select[Person]:
    return (
        select(Person)
        .join(Organization, Organization.id == Person.organization_id)
        .where(*MAY_SIGN_IN)
    )


async def with_password(email: str, password: SecretStr, address: str, now: datetime) -> Tokens:
    """Tokens for who knows the password; whatever else is wrong is answered the same, and as late."""
    stored = await _check(email, password, address)
    async with transaction() as session:
        person = await _still(session, email, stored)
        tokens = await start(session, person.id, now)
    await _done(email)
    return tokens


async def change_password(
    email: str, password: SecretStr, new: SecretStr, address: str, now: datetime
) -> Tokens:
    """Sets another password. Whoever was signed in is out, but for the tokens answered."""
    stored = await _check(email, password, address)
    password_hash = await passwords.hashed(new)
    async with transaction() as session:
        person = await _still(session, email, stored)
        person.password_hash = password_hash
        await session.flush()
        await note(session, "person.password_set", person.organization_id, person, now)
        await end_all(session, person.id, now)
        tokens = await start(session, person.id, now)
    await _done(email)
    return tokens


async def _check(email: str, password: SecretStr, address: str) -> str:
    """The hash that the password fits. No connection is held meanwhile: it takes longer than all the rest."""
    await count_try(email, address)
    async with reading() as session:
        person = await session.scalar(_people().where(Person.email == email))
    stored = person.password_hash if person else None
    if not await passwords.fits(password, stored) or stored is None:
        raise refused(REFUSED, "password")
    return stored


async def _still(session: AsyncSession, email: str, stored: str) -> Person:
    """The person, if that is the password still; nobody sets another one before this session ends."""
    same = _people().where(Person.email == email, Person.password_hash == stored)
    person = await session.scalar(same.with_for_update(of=Person))
    if person is None:
        raise refused(REFUSED, "password")
    return person


async def _done(email: str) -> None:
    await forgive(email)
    SIGN_INS.labels("password", "done").inc()


async def refresh(token: SecretStr, now: datetime) -> Tokens:
    """New tokens for a refresh token; the end of its sign-in when it was used before."""
    hashed = token_hash(token.get_secret_value())
    async with transaction() as session:
        tokens = await _refresh(session, hashed, now)
    if tokens is None:
        raise refused("This refresh token is unknown, was used or has ended; sign in.", "refresh")
    SIGN_INS.labels("refresh", "done").inc()
    return tokens


async def _refresh(session: AsyncSession, hashed: bytes, now: datetime) -> Tokens | None:
    shown = await session.scalar(
        select(RefreshToken).where(RefreshToken.token_hash == hashed).with_for_update()
    )
    if shown is None:
        return None
    # Whoever ends the sign-in waits until its new tokens are there to be dropped.
    sign_in = await session.get_one(SignIn, shown.sign_in_id, with_for_update=True)
    if shown.used_at is not None:
        await end(session, now, SignIn.id == sign_in.id)
        return None
    may = await session.scalar(_people().where(Person.id == sign_in.person_id))
    if may is None or sign_in.ended_at is not None or shown.expires_at <= now:
        return None
    shown.used_at = now
    return await _tokens(session, sign_in, now)


async def end(session: AsyncSession, now: datetime, *which: ColumnElement[bool]) -> None:
    """Ends sign-ins: their tokens are refused from the commit on."""
    ending = update(SignIn).where(SignIn.ended_at.is_(None), *which).values(ended_at=now)
    ended = (await session.scalars(ending.returning(SignIn.id))).all()
    await session.execute(delete(ApiToken).where(ApiToken.sign_in_id.in_(ended)))
    for number in ended:
        forget(session, "sign_in_id", number)


async def end_all(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Signs a person out everywhere, and takes back the tokens that were handed out.

    What it is for, a new password or the end of the account, must be written before.
    """
    await end(session, now, SignIn.person_id == person_id)
    await session.execute(delete(ApiToken).where(ApiToken.person_id == person_id))
    forget(session, "person_id", person_id)


async def sign_out(session: AsyncSession, who: Principal, token: str, now: datetime) -> None:
    """Ends the sign-in that the token came of; one that was handed out ends itself."""
    if who.sign_in_id is not None:
        await end(session, now, SignIn.id == who.sign_in_id)
    elif who.person_id is not None:
        await session.execute(delete(ApiToken).where(ApiToken.token_hash == token_hash(token)))
        forget(session, "person_id", who.person_id)


async def purge(now: datetime) -> None:
    """Drops what has ended and could not be shown again anyway."""
    async with transaction() as session:
        await session.execute(delete(ApiToken).where(ApiToken.expires_at < now))
        await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
        left = select(RefreshToken.sign_in_id).where(RefreshToken.sign_in_id == SignIn.id)
        await session.execute(delete(SignIn).where(~left.exists()))
