"""/v1/loads/{load_id}/contact: the contact of a load, and who was told it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from loadboard.auth import TenantSession
from loadboard.db import Session
from loadboard.errors import documented
from loadboard.idempotency import IGNORED, NO_STORE
from loadboard.loads import contacts
from loadboard.loads.api import LoadId
from loadboard.loads.contacts import ContactOut, ContactViewPage
from loadboard.paging import Paged
from loadboard.permissions import ContactReader, OwnReader
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/loads", tags=["loads"], route_class=StrictRoute)


@router.post(
    "/{load_id}/contact",
    responses=documented(401, 403, 404, 410, 422, 429, 503),
    openapi_extra=IGNORED,
)
async def reveal_contact(
    load_id: LoadId,
    who: ContactReader,
    session: Session,
    response: Response,
) -> ContactOut:
    """Whom to call about an open load, and the streets of its stops. Its poster sees that you asked."""
    response.headers["Cache-Control"] = NO_STORE
    return await contacts.reveal(session, who, load_id, datetime.now(UTC))


@router.get("/{load_id}/contact/views", responses=documented(401, 403, 404, 422, 503))
async def list_contact_views(
    load_id: LoadId,
    query: Annotated[Paged, Query()],
    who: OwnReader,
    session: TenantSession,
) -> ContactViewPage:
    """Which carriers were told the contact of a load of one's own, the latest first."""
    return await contacts.views(session, who, load_id, query.limit, query.cursor)
