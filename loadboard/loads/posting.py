"""Taking in loads: one that is posted, or a batch of an import."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import anyio
from psycopg.errors import UniqueViolation
from sqlalchemy import Row, Text, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard import cellscheme
from loadboard.errors import FieldError
from loadboard.loads.audiences import with_audiences
from loadboard.loads.flags import with_flags
from loadboard.loads.hashes import content_hash
from loadboard.loads.listing import Identity
from loadboard.loads.prepared import Prepared
from loadboard.loads.preparing import routed, with_cells
from loadboard.loads.schemas import PostedLoad
from loadboard.loads.writing import Change, insert, new_ids, replace
from loadboard.models import Load

Result = Literal["created", "updated", "unchanged"]
Known = Row[int, str, int, str, bytes, datetime, bool, datetime]


@dataclass(frozen=True, slots=True)
class Sender:
    """For whom loads are stored."""

    organization_id: int
    organization: str
    person_id: int | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A load handed in, with the hash that tells the same content again."""

    posted: PostedLoad
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a submission, and the load that it is now."""

    result: Result
    load_id: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a submission was not taken; `load_id` names the load that stands in its way."""

    errors: list[FieldError]
    load_id: int | None = None


@dataclass(slots=True)
class _Batch:
    sender: Sender
    now: datetime
    known: dict[str, Known]
    status: Literal["posted", "draft"]
    answers: dict[int, Outcome | Refusal] = field(default_factory=dict)
    inserts: list[tuple[int, Prepared, bytes]] = field(default_factory=list)
    updates: list[Change] = field(default_factory=list)


def submission(posted: PostedLoad) -> Submission:
    return Submission(posted, content_hash(posted.model_dump(mode="json", by_alias=True)))


async def submit(
    session: AsyncSession,
    sender: Sender,
    submissions: Sequence[Submission],
    now: datetime,
    *,
    may_update: bool,
    draft: bool = False,
    ready: Sequence[Prepared | list[FieldError]] | None = None,
) -> list[Outcome | Refusal]:
    """Stores a batch in which every reference stands once, and says what became of each load.

    `ready` is what `routed` makes of the loads, where that was done already. New loads go on the board
    unless they are a `draft`.

    The same content again changes nothing, in any state. Other content updates an open load when
    `may_update`, and is refused otherwise; a closed load stays closed.
    """
    # Before the transaction begins: the first road miles of a process take seconds.
    if ready is None:
        ready = await anyio.to_thread.run_sync(routed, [s.posted for s in submissions])
    attempts = 10
    while True:
        attempts -= 1
        try:
            async with session.begin_nested():
                return await _submit(session, sender, submissions, ready, now, may_update, draft)
        except (UniqueViolation, IntegrityError) as error:
            # Somebody took one of the references in between: the next look finds it.
            cause = getattr(error, "orig", error)
            if not attempts or not isinstance(cause, UniqueViolation):
                raise


async def _submit(
    session: AsyncSession,
    sender: Sender,
    submissions: Sequence[Submission],
    ready: Sequence[Prepared | list[FieldError]],
    now: datetime,
    may_update: bool,
    draft: bool,
) -> list[Outcome | Refusal]:
    scheme = await cellscheme.read_for_writing(session)
    known = await _known(session, sender, [s.posted.reference for s in submissions])
    batch = _Batch(sender, now, known, "draft" if draft else "posted")
    pending = [
        index
        for index, submission in enumerate(submissions)
        if not _settled(batch, index, submission, may_update)
    ]
    indexed = with_cells([ready[index] for index in pending], scheme.resolutions)
    meant = await with_audiences(session, sender.organization_id, sender.person_id, indexed, now)
    ids = [_id_of(batch, submissions[index]) for index in pending]
    flagged = await with_flags(
        session, sender.organization_id, list(zip(ids, meant, strict=True)), now
    )
    for index, prepared in zip(pending, flagged, strict=True):
        _sort_in(batch, index, submissions[index], prepared)
    await _write(session, batch)
    return [batch.answers[index] for index in range(len(submissions))]


def _id_of(batch: _Batch, submission: Submission) -> int | None:
    known = batch.known.get(submission.posted.reference)
    return known and known.id


async def _known(
    session: AsyncSession, sender: Sender, references: Sequence[str]
) -> dict[str, Known]:
    query = (
        select(
            Load.id,
            Load.reference,
            Load.version,
            Load.status,
            Load.content_hash,
            Load.open_until,
            Load.sample,
            Load.first_posted_at,
        )
        .where(
            Load.organization_id == sender.organization_id,
            # One array, for a list of thousands takes longer to write out than to look up.
            Load.reference == any_(cast(list(references), ARRAY(Text))),
        )
        .order_by(Load.id)
        .with_for_update()
    )
    return {row.reference: row for row in await session.execute(query)}


def _settled(batch: _Batch, index: int, submission: Submission, may_update: bool) -> bool:
    """Whether what is stored already decides about a submission."""
    known = batch.known.get(submission.posted.reference)
    if known is None:
        return False
    if known.content_hash == submission.content_hash:
        batch.answers[index] = Outcome("unchanged", known.id)
        return True
    is_draft = known.status == "draft"
    if not is_draft and (known.status != "posted" or known.open_until <= batch.now):
        why = f"was used by load {known.id}, which is closed; post it under a new reference"
    elif not may_update:
        kind = "draft" if is_draft else "open load"
        why = f"is taken by {kind} {known.id} with other content; change that load by PATCH"
    else:
        return False
    batch.answers[index] = Refusal([FieldError(pointer="/reference", message=why)], known.id)
    return True


def over_already(prepared: Prepared, now: datetime) -> list[FieldError]:
    if prepared.open_until > now:
        return []
    expired = prepared.posted.expires_at is not None and prepared.posted.expires_at <= now
    where = "/expires_at" if expired else "/stops/0/window/to"
    return [FieldError(pointer=where, message="is over already; it must lie in the future")]


def _sort_in(
    batch: _Batch, index: int, submission: Submission, prepared: Prepared | list[FieldError]
) -> None:
    errors = prepared if isinstance(prepared, list) else over_already(prepared, batch.now)
    if isinstance(prepared, list) or errors:
        batch.answers[index] = Refusal(errors)
        return
    known = batch.known.get(submission.posted.reference)
    if known is None:
        batch.inserts.append((index, prepared, submission.content_hash))
        return
    sender = batch.sender
    identity = Identity(
        known.id,
        known.version + 1,
        known.status,
        sender.organization_id,
        sender.organization,
        known.sample,
        known.first_posted_at,
        batch.now,
    )
    change = Change(identity, prepared, submission.content_hash, "load.updated", sender.person_id)
    batch.updates.append(change)
    batch.answers[index] = Outcome("updated", known.id)


async def _write(session: AsyncSession, batch: _Batch) -> None:
    sender, now = batch.sender, batch.now
    kind = "load.drafted" if batch.status == "draft" else "load.posted"
    changes = []
    ids = await new_ids(session, len(batch.inserts))
    for load_id, (index, prepared, hashed) in zip(ids, batch.inserts, strict=True):
        identity = Identity(
            load_id,
            1,
            batch.status,
            sender.organization_id,
            sender.organization,
            sender.sample,
            now,
            now,
        )
        changes.append(Change(identity, prepared, hashed, kind, sender.person_id))
        batch.answers[index] = Outcome("created", load_id)
    # In one order, as the locks of known loads: of two imports of the same loads one waits, and
    # neither waits for the other in turn.
    await insert(session, sorted(changes, key=lambda change: change.prepared.posted.reference))
    await replace(session, batch.updates)
