"""Who is asking: a bearer token or an API key, whom it was made for, and their organisation."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import Counter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.db import transaction
from loadboard.errors import UNAVAILABLE, Problem
from loadboard.models import ApiKey, ApiToken, Organization, Person
from loadboard.principals import Principal, known
from loadboard.quotas import count_request

__all__ = [
    "Principal",
    "TenantSession",
    "Who",
    "authenticate",
    "bearer",
    "issue_token",
    "token_hash",
]

TOKEN_LIFE = timedelta(days=1)
KEY_BEGINS = "lb_"
# A key's last use is noted as seldom as this, so that using it is not writing.
USE_NOTED = timedelta(minutes=1)
UNKNOWN = Counter("loadboard_unknown_tokens", "Requests with a token that is unknown or has ended")
bearer = HTTPBearer(
    auto_error=False, description="The access token of a sign-in, an API key, or a demo token"
)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def issue_token(
    session: AsyncSession,
    person_id: int,
    now: datetime,
    life: timedelta = TOKEN_LIFE,
    sign_in_id: int | None = None,
) -> str:
    """A new token; only its hash is kept. One that comes of a sign-in ends with it."""
    token = secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            person_id=person_id,
            sign_in_id=sign_in_id,
            token_hash=token_hash(token),
            expires_at=now + life,
        )
    )
    return token


async def _of_token(session: AsyncSession, hashed: bytes) -> Principal | None:
    query = (
        select(ApiToken, Person, Organization)
        .join(Person, Person.id == ApiToken.person_id)
        .join(Organization, Organization.id == Person.organization_id)
        .where(
            ApiToken.token_hash == hashed,
            Person.disabled_at.is_(None),
            Organization.suspended_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    token, person, organization = row
    return Principal(
        person_id=person.id,
        email=person.email,
        organization_id=organization.id,
        organization=organization.name,
        kind=organization.kind,
        expires_at=token.expires_at,
        role=person.role,
        authority=organization.authority,
        insured_until=organization.insured_until,
        sign_in_id=token.sign_in_id,
    )


async def _of_key(session: AsyncSession, hashed: bytes, now: datetime) -> Principal | None:
    query = (
        select(ApiKey, Organization)
        .join(Organization, Organization.id == ApiKey.organization_id)
        .where(
            ApiKey.key_hash == hashed,
            ApiKey.revoked_at.is_(None),
            Organization.suspended_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    key, organization = row
    if key.last_used_at is None or key.last_used_at < now - USE_NOTED:
        await session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))
    return Principal(
        person_id=None,
        email=None,
        organization_id=organization.id,
        organization=organization.name,
        kind=organization.kind,
        expires_at=key.expires_at,
        role=key.role,
        authority=organization.authority,
        insured_until=organization.insured_until,
        scopes=frozenset(key.scopes),
        key_id=key.id,
    )


async def _look_up(token: str, hashed: bytes) -> Principal | None:
    learn = known.learn(hashed)
    async with transaction() as session:
        if token.startswith(KEY_BEGINS):
            found = await _of_key(session, hashed, datetime.now(UTC))
        else:
            found = await _of_token(session, hashed)
    learn(found)
    return found


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


async def authenticate(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Principal:
    if credentials is None:
        raise _unauthorized("Send the header Authorization: Bearer TOKEN.")
    hashed = token_hash(credentials.credentials)
    try:
        principal = known.fresh(hashed) or await _look_up(credentials.credentials, hashed)
    except UNAVAILABLE:
        principal = known.last(hashed)
        if principal is None:
            raise
    if principal is None or principal.expires_at <= datetime.now(UTC):
        UNKNOWN.inc()
        raise _unauthorized("This token is unknown or has ended; sign in for a new one.")
    await count_request(request.scope, hashed, principal.organization_id)
    return principal


Who = Annotated[Principal, Depends(authenticate)]


async def _tenant_transaction(who: Who) -> AsyncIterator[AsyncSession]:
    async with transaction(tenant=who.organization_id) as session:
        yield session


# As `db.Session`, and PostgreSQL shows only the rows of the asker's organisation.
TenantSession = Annotated[AsyncSession, Depends(_tenant_transaction, scope="function")]
