"""/v1/keys: the API keys of one's own organisation."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loadboard.accounts import keys
from loadboard.auth import TenantSession
from loadboard.errors import documented
from loadboard.idempotency import NO_STORE, KeyedTenantSession
from loadboard.paging import Paged
from loadboard.permissions import KeyManager
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


@router.post("", status_code=201, responses=documented(400, 401, 403, 409, 413, 422, 503))
async def create_key(
    wanted: keys.KeyIn, who: KeyManager, session: KeyedTenantSession, response: Response
) -> keys.NewKey:
    """Make a key for a machine. The answer has the key itself, this once."""
    response.headers["Cache-Control"] = NO_STORE
    now = datetime.now(UTC)
    return await keys.create(session, who.organization_id, who.kind, wanted, who, now)


@router.get("", responses=documented(400, 401, 403, 422, 503))
async def list_keys(
    asked: Annotated[Paged, Query()], who: KeyManager, session: TenantSession
) -> keys.KeyPage:
    """The keys of one's own organisation, newest first, with when each was last used."""
    return await keys.keys(session, who.organization_id, asked)


@router.post("/{key_id}/revoke", responses=documented(401, 403, 404, 409, 422, 503))
async def revoke_key(
    key_id: Annotated[int, Field(ge=1, le=2**63 - 1)], who: KeyManager, session: KeyedTenantSession
) -> keys.KeyOut:
    """End a key at once."""
    return await keys.revoke(session, who.organization_id, key_id, who, datetime.now(UTC))
