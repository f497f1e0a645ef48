"""Who is asking: a bearer token, the person it was made for, and their organisation."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from cachetools import LRUCache, TTLCache
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.db import transaction
from loadboard.errors import UNAVAILABLE, Problem
from loadboard.models import ApiToken, Organization, Person

TOKEN_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Principal:
    """The person and organisation a request acts for; what that may do is told by `permissions`."""

    person_id: int
    email: str
    organization_id: int
    organization: str
    kind: str
    expires_at: datetime
    role: str = "owner"
    authority: str = "unknown"
    insured_until: date | None = None
    # What the key is limited to; None is all that the role may.
    scopes: frozenset[str] | None = None

    @property
    def sees_only_own(self) -> bool:
        return self.kind in {"shipper", "broker"}


# A few seconds of memory spare every request a look-up; a token that ends is refused on time.
_known: TTLCache[bytes, Principal] = TTLCache(maxsize=10_000, ttl=5)
# What was last known of a token counts on while the database is away.
_seen: LRUCache[bytes, Principal] = LRUCache(maxsize=10_000)
_bearer = HTTPBearer(auto_error=False, description="The token that ./scripts/run prints")


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def issue_token(session: AsyncSession, person_id: int, now: datetime) -> str:
    """A new token, good for a day; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(
        ApiToken(person_id=person_id, token_hash=token_hash(token), expires_at=now + TOKEN_LIFE)
    )
    return token


async def _look_up(key: bytes) -> Principal | None:
    query = (
        select(Person, Organization, ApiToken.expires_at)
        .join(Person, Person.id == ApiToken.person_id)
        .join(Organization, Organization.id == Person.organization_id)
        .where(
            ApiToken.token_hash == key,
            Person.disabled_at.is_(None),
            Organization.suspended_at.is_(None),
        )
    )
    async with transaction() as session:
        row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    person, organization, expires_at = row
    return Principal(
        person.id,
        person.email,
        organization.id,
        organization.name,
        organization.kind,
        expires_at,
        person.role,
        organization.authority,
        organization.insured_until,
    )


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


async def authenticate(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    if credentials is None:
        raise _unauthorized("Send the header Authorization: Bearer TOKEN.")
    key = token_hash(credentials.credentials)
    try:
        principal = _known.get(key) or await _look_up(key)
    except UNAVAILABLE:
        principal = _seen.get(key)
        if principal is None:
            raise
    if principal is None or principal.expires_at <= datetime.now(UTC):
        raise _unauthorized("This token is unknown or has expired; sign in for a new one.")
    _known[key] = _seen[key] = principal
    return principal


Who = Annotated[Principal, Depends(authenticate)]


async def _tenant_transaction(who: Who) -> AsyncIterator[AsyncSession]:
    async with transaction(tenant=who.organization_id) as session:
        yield session


# As `db.Session`, and PostgreSQL shows only the rows of the asker's organisation.
TenantSession = Annotated[AsyncSession, Depends(_tenant_transaction, scope="function")]
