"""Exactly once: what is sent again with the same Idempotency-Key is done once, and answered the same.

The key is claimed in the transaction of the request itself, so that effect and answer are both there or
neither is. Refusals change nothing, so they are not kept: the same request may succeed later. Nor is an
answer that no cache may store, for it holds a secret: the same request again is told that it was done.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal, Who
from loadboard.db import transaction
from loadboard.errors import FieldError, Problem
from loadboard.models import Answer

KEPT = timedelta(hours=72)
NO_STORE = "no-store"
HEADERS = ("content-type", "etag", "location", "board-position")
_CLAIM = "loadboard.claim"
IGNORED = {
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "schema": {"type": "string"},
            "description": "Accepted, and ignored: sent again, this does no harm",
        }
    ]
}
"""For the description of a POST that changes nothing, or whose answer may not be kept."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x20-\x7e]+$",
        description="Of your making, another for each request; the same again within 72 hours answers"
        " what was answered first",
    ),
]


class Replay(Exception):
    """Raised out of a request that was answered before."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this request's transaction holds."""

    session: AsyncSession
    organization_id: int
    caller: str
    key: str
    request: bytes

    async def keep(self, response: Response) -> None:
        """Stores the answer beside the effect."""
        if NO_STORE in response.headers.get("cache-control", ""):
            response = _shown_once()
        self.session.add(
            Answer(
                organization_id=self.organization_id,
                caller=self.caller,
                key=self.key,
                request=self.request,
                status=response.status_code,
                headers={h: response.headers[h] for h in HEADERS if h in response.headers},
                body=bytes(response.body),
                at=datetime.now(UTC),
            )
        )
        await self.session.flush()


def _shown_once() -> Response:
    detail = (
        "This was done before. What it answered was shown that once, and is kept nowhere: take back"
        " what was made, and make another."
    )
    return Problem(409, "shown-once", detail).response()


async def keep_answer(request: Request, response: Response) -> None:
    """Stores the answer of a request that has claimed a key."""
    claim: Claim | None = request.scope.get(_CLAIM)
    if claim is not None:
        await claim.keep(response)


async def _claim(session: AsyncSession, who: Principal, key: str, request: Request) -> None:
    """Takes the key for the session's transaction; Replay where it has its answer."""
    claim = Claim(session, who.organization_id, who.caller, key, await _fingerprint(request))
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_lock(claim)))):
        raise Problem(
            409,
            "in-progress",
            "A request with this Idempotency-Key is still at work; ask again for its answer.",
            headers={"Retry-After": "1"},
        )
    # A statement of its own: its snapshot is of after the lock was free.
    mine = (claim.organization_id, claim.caller, claim.key)
    known = await session.get(Answer, mine)
    if known is None:
        request.scope[_CLAIM] = claim
    elif known.request != claim.request:
        message = "was used for another request; send a new one"
        error = FieldError(pointer="/Idempotency-Key", message=message)
        raise Problem(422, "idempotency-key-reused", f"Idempotency-Key {message}.", [error])
    else:
        raise Replay(Response(known.body, known.status, known.headers))


async def _fingerprint(request: Request) -> bytes:
    what = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(what + await request.body()).digest()


def _lock(claim: Claim) -> int:
    whose = f"{claim.organization_id} {claim.caller} {claim.key}".encode()
    return int.from_bytes(hashlib.blake2b(whose, digest_size=8).digest(), signed=True)


async def _keyed(
    request: Request, who: Who, key: IdempotencyKey = None
) -> AsyncIterator[AsyncSession]:
    async with transaction() as session:
        if key is not None:
            await _claim(session, who, key, request)
        yield session


async def _keyed_as_tenant(
    request: Request, who: Who, key: IdempotencyKey = None
) -> AsyncIterator[AsyncSession]:
    async with transaction(tenant=who.organization_id) as session:
        if key is not None:
            await _claim(session, who, key, request)
        yield session


async def _keyed_tenant(
    request: Request, who: Who, key: IdempotencyKey = None
) -> AsyncIterator[AsyncSession]:
    if key is None:
        message = "is required here, so that nothing is agreed or paid twice"
        error = FieldError(pointer="/Idempotency-Key", message=message)
        raise Problem(400, "idempotency-key-required", f"Idempotency-Key {message}.", [error])
    async with transaction(tenant=who.organization_id) as session:
        await _claim(session, who, key, request)
        yield session


# As `db.Session`, and what is done in it is done once for each Idempotency-Key.
KeyedSession = Annotated[AsyncSession, Depends(_keyed, scope="function")]
# As `auth.TenantSession`, the same way.
KeyedTenantSession = Annotated[AsyncSession, Depends(_keyed_as_tenant, scope="function")]
# As that, and the key is required.
DealSession = Annotated[AsyncSession, Depends(_keyed_tenant, scope="function")]


async def forget_answers(now: datetime) -> None:
    """Deletes the answers whose time is over."""
    async with transaction() as session:
        await session.execute(delete(Answer).where(Answer.at < now - KEPT))
