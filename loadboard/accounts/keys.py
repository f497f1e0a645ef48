"""API keys: what machines act for an organisation with, in a role and within scopes."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts.inviting import check_role
from loadboard.accounts.people import Role
from loadboard.accounts.record import note
from loadboard.auth import KEY_BEGINS, token_hash
from loadboard.errors import not_found
from loadboard.fields import Name, Strictly, Whole
from loadboard.models import ApiKey
from loadboard.paging import Paged, newest_first
from loadboard.permissions import SCOPES
from loadboard.principals import Principal, forget

USUAL_DAYS, MOST_DAYS = 90, 366


def _scope(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError(f"must be one of {', '.join(sorted(SCOPES))}")
    return scope


Scope = Annotated[str, AfterValidator(_scope), Field(json_schema_extra={"enum": [*sorted(SCOPES)]})]


class KeyIn(Strictly):
    name: Name = Field(examples=["Transport management system"])
    role: Role
    scopes: list[Scope] = Field(min_length=1, max_length=50)
    days: Whole = Field(USUAL_DAYS, ge=1, le=MOST_DAYS, description="How long it is good for")


class KeyOut(BaseModel):
    id: int
    name: str
    prefix: str = Field(description="What the key begins with, to know it by")
    role: str
    scopes: list[str]
    created_by: int | None = Field(description="The person; null: the operator, by command")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To the minute")
    revoked_at: datetime | None


class NewKey(KeyOut):
    key: str = Field(description="Send it as Authorization: Bearer …; shown this once")


class KeyPage(BaseModel):
    items: list[KeyOut]
    total: int
    next_cursor: str | None


def _shown(key: ApiKey) -> dict[str, Any]:
    shown = {name: getattr(key, name) for name in KeyOut.model_fields if name != "prefix"}
    return {**shown, "prefix": f"{KEY_BEGINS}{key.prefix}_"}


async def create(
    session: AsyncSession,
    organization_id: int,
    kind: str,
    wanted: KeyIn,
    by: Principal | None,
    now: datetime,
) -> NewKey:
    """A new key; of its secret only the hash is kept."""
    check_role(kind, wanted.role)
    # An underscore in it would hide where the secret begins.
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    text = f"{KEY_BEGINS}{prefix}_{secret}"
    key = ApiKey(
        organization_id=organization_id,
        name=wanted.name,
        prefix=prefix,
        key_hash=token_hash(text),
        role=wanted.role,
        scopes=sorted(set(wanted.scopes)),
        created_by=by.person_id if by else None,
        expires_at=now + timedelta(days=wanted.days),
        created_at=now,
    )
    session.add(key)
    await session.flush()
    said = {"key": key.id, "prefix": prefix, "role": key.role, "scopes": key.scopes}
    await note(session, "key.made", organization_id, by, now, **said, days=wanted.days)
    return NewKey.model_validate({**_shown(key), "key": text})


async def keys(session: AsyncSession, organization_id: int, asked: Paged) -> KeyPage:
    """The keys of an organisation, also those that are good no longer."""
    mine = [ApiKey.organization_id == organization_id]
    query = {"keys": organization_id}
    found, total, more = await newest_first(session, ApiKey, ApiKey.id, mine, query, asked)
    items = [KeyOut.model_validate(_shown(key)) for key in found]
    return KeyPage(items=items, total=total, next_cursor=more)


async def revoke(
    session: AsyncSession, organization_id: int, key_id: int, by: Principal | None, now: datetime
) -> KeyOut:
    """Ends a key at once; once more changes nothing."""
    mine = ApiKey.id == key_id, ApiKey.organization_id == organization_id
    key = await session.scalar(select(ApiKey).where(*mine).with_for_update())
    if key is None:
        raise not_found("key")
    if key.revoked_at is None:
        key.revoked_at = now
        await note(session, "key.revoked", organization_id, by, now, key=key.id, prefix=key.prefix)
    forget(session, "key_id", key.id)
    return KeyOut.model_validate(_shown(key))
