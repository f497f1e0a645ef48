"""Papers of a booking: proof of delivery and the like, told by their content, not by what is said of them."""

import re
from datetime import datetime
from pathlib import Path

import anyio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.bookings import store
from loadboard.bookings.reading import booking_of
from loadboard.errors import FieldError, Problem, invalid, not_found
from loadboard.lifecycle import DELIVERABLE, require
from loadboard.models import Booking, Document, Load

# How each begins, and how its file is named.
_TYPES = {
    "application/pdf": (b"%PDF-", ".pdf"),
    "image/jpeg": (b"\xff\xd8\xff", ".jpg"),
    "image/png": (b"\x89PNG\r\n\x1a\n", ".png"),
}
MOST = 50
"""Papers of one booking."""


async def attach(
    session: AsyncSession,
    who: Principal,
    booking_id: int,
    kind: str,
    name: str,
    content: bytes,
    now: datetime,
) -> tuple[Booking, Document]:
    """Keeps a paper of a booking. What is kept is never changed or taken away."""
    booking = await booking_of(session, who, booking_id, lock=True)
    if kind == "proof_of_delivery":
        load = await session.get_one(Load, booking.load_id)
        require("load", load.status, DELIVERABLE)
    content_type = _type_of(content)
    of_booking = select(Document.id).where(Document.booking_id == booking.id)
    if len((await session.scalars(of_booking)).all()) >= MOST:
        raise Problem(409, "too-many-documents", f"A booking has at most {MOST} documents.")
    document = Document(
        booking_id=booking.id,
        organization_id=who.organization_id,
        person_id=who.person_id,
        kind=kind,
        name=_file_name(name, content_type),
        content_type=content_type,
        size=len(content),
        sha256=await anyio.to_thread.run_sync(store.keep, content),
        added_at=now,
    )
    session.add(document)
    booking.version += 1
    await session.flush()
    return booking, document


def _type_of(content: bytes) -> str:
    for content_type, (beginning, _) in _TYPES.items():
        if content.startswith(beginning):
            return content_type
    message = f"must be one of {', '.join(_TYPES)}, and is none of them"
    raise Problem(415, "unsupported-document", f"The document {message}.", [FieldError(pointer="", message=message)])  # fmt: skip


def _file_name(said: str, content_type: str) -> str:
    """The last part of what was said, of harmless letters, ending as its content demands."""
    last = re.split(r"[/\\]", said)[-1]
    stem = re.sub(r"[^\w .()-]", "_", last).rpartition(".")[0] or last
    stem = re.sub(r"[^\w ()-]", "_", stem).strip("_ ")[:100]
    if not stem:
        raise invalid(
            FieldError(pointer="/name", message="holds no letter or digit to name a file")
        )
    return stem + _TYPES[content_type][1]


async def document_of(
    session: AsyncSession, who: Principal, booking_id: int, document_id: int
) -> tuple[Document, Path]:
    """A paper and its file, for a party to the booking."""
    booking = await booking_of(session, who, booking_id)
    document = await session.get(Document, document_id)
    if document is None or document.booking_id != booking.id:
        raise not_found("document")
    return document, store.kept(document.sha256)
