"""Who is asking: a bearer token, the person it was made for, and their organisation."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cachetools import LRUCache, TTLCache
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.db import transaction
from loadboard.errors import UNAVAILABLE, Problem
from loadboard.models import ApiToken, Organization, Person

TOKEN_LIFE = timedelta(days=1)
UNKNOWN = "This token is unknown or has expired; sign in for a new one."


@dataclass(frozen=True, slots=True)
class Principal:
    """The person and organisation a request acts for."""

    person_id: int
    email: str
    organization_id: int
    organization: str
    kind: str
    expires_at: datetime

    @property
    def may_post(self) -> bool:
        return self.kind in {"shipper", "broker"}

    @property
    def sees_only_own(self) -> bool:
        return self.may_post


# A few seconds of memory spare every request a look-up; a token that ends is refused on time.
_known: TTLCache[bytes, Principal] = TTLCache(maxsize=10_000, ttl=5)
# What was last known of a token counts on while the database is away.
_seen: LRUCache[bytes, Principal] = LRUCache(maxsize=10_000)


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
        .where(ApiToken.token_hash == key)
    )
    async with transaction() as session:
        row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    person, organization, expires_at = row
    return Principal(
        person.id, person.email, organization.id, organization.name, organization.kind, expires_at
    )


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


class _Authenticated(HTTPBearer):
    """One dependency for the scheme and for whom it names: each takes time of every request."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]
        credentials = await super().__call__(request)
        if credentials is None:
            raise _unauthorized("Send the header Authorization: Bearer TOKEN.")
        return await _principal(token_hash(credentials.credentials))


async def _principal(key: bytes) -> Principal:
    principal = _known.get(key)
    if principal is None:
        _known[key] = principal = await _looked_up(key)
    if principal.expires_at <= datetime.now(UTC):
        raise _unauthorized(UNKNOWN)
    return principal


async def _looked_up(key: bytes) -> Principal:
    try:
        principal = await _look_up(key)
    except UNAVAILABLE:
        if key in _seen:
            return _seen[key]
        raise
    if principal is None:
        raise _unauthorized(UNKNOWN)
    _seen[key] = principal
    return principal


authenticate = _Authenticated(
    scheme_name="HTTPBearer", auto_error=False, description="The token that ./scripts/run prints"
)
Who = Annotated[Principal, Depends(authenticate)]


async def require_poster(principal: Who) -> Principal:
    if not principal.may_post:
        raise Problem(403, "forbidden", "Only shippers and brokers post and change loads.")
    return principal


Poster = Annotated[Principal, Depends(require_poster)]


async def require_carrier(principal: Who) -> Principal:
    if principal.kind != "carrier":
        raise Problem(403, "forbidden", "Only carriers post trucks and ask for their matches.")
    return principal


Carrier = Annotated[Principal, Depends(require_carrier)]
