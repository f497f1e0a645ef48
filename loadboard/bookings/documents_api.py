"""/v1/bookings/{id}/documents: papers that both parties add and fetch."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from loadboard.auth import TenantSession
from loadboard.bookings import documents
from loadboard.bookings.api import UNTRUSTED, BookingId
from loadboard.bookings.reading import document_shown, parties_of
from loadboard.bookings.schemas import DocumentKind, DocumentOut
from loadboard.errors import documented
from loadboard.fields import Strictly, Text
from loadboard.idempotency import DealSession
from loadboard.models import DOCUMENT_TYPES
from loadboard.permissions import Attacher, BookingReader
from loadboard.strict import StrictRoute
from loadboard.versions import etag

router = APIRouter(prefix="/v1/bookings", tags=["bookings"], route_class=StrictRoute)

DocumentId = Annotated[int, Field(ge=1, le=2**63 - 1)]
CONTENT: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in DOCUMENT_TYPES
}


class AboutDocument(Strictly):
    kind: DocumentKind
    name: Text = Field(max_length=200, examples=["signed.pdf"])


@router.post(
    "/{booking_id}/documents",
    status_code=201,
    responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": CONTENT}},
)
async def attach_document(
    booking_id: BookingId,
    about: Annotated[AboutDocument, Query()],
    who: Attacher,
    session: DealSession,
    request: Request,
    response: Response,
) -> DocumentOut:
    """Add a paper: a PDF, JPEG or PNG, as the body of the request. What it is, its content tells."""
    content = await request.body()
    booking, document = await documents.attach(
        session, who, booking_id, about.kind, about.name, content, datetime.now(UTC)
    )
    response.headers["Location"] = f"/v1/bookings/{booking.id}/documents/{document.id}"
    response.headers["ETag"] = etag(booking.version)
    return document_shown(document, parties_of(booking)[who.organization_id])


@router.get(
    "/{booking_id}/documents/{document_id}",
    response_class=Response,
    responses={200: {"content": CONTENT}, **documented(401, 403, 404, 422, 503)},
)
async def get_document(
    booking_id: BookingId, document_id: DocumentId, who: BookingReader, session: TenantSession
) -> Response:
    """A paper, for the two parties alone."""
    document, path = await documents.document_of(session, who, booking_id, document_id)
    return FileResponse(
        path, media_type=document.content_type, filename=document.name, headers=UNTRUSTED
    )
