"""What posters do with a load of theirs: change it, cancel it, say that it is still open."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard import cellscheme
from loadboard.auth import Principal
from loadboard.errors import FieldError, Problem, field_errors, invalid, not_found
from loadboard.lifecycle import step
from loadboard.loads.audiences import with_audiences
from loadboard.loads.closing import close
from loadboard.loads.flags import with_flags
from loadboard.loads.listing import Identity, listing_of, moment, posted_of, shown
from loadboard.loads.posting import over_already, submission
from loadboard.loads.preparing import prepare
from loadboard.loads.private import private_of
from loadboard.loads.schemas import PostedLoad, merge_patch
from loadboard.loads.writing import Change, record, replace
from loadboard.models import Load
from loadboard.sight import seen_load
from loadboard.versions import check_version


async def own_load(session: AsyncSession, principal: Principal, load_id: int) -> Load:
    """A load of the asker's organisation, held until the transaction ends."""
    load = await session.get(Load, load_id, with_for_update=True)
    if load is None or load.organization_id != principal.organization_id:
        raise not_found("load")
    return load


def check_open(load: Load, now: datetime, *, or_draft: bool = False) -> None:
    if or_draft and load.status == "draft":
        return
    if load.status != "posted" or load.open_until <= now:
        status = load.status if load.status != "posted" else "expired"
        raise Problem(409, "closed", f"The load is {status}; a closed load is not reopened.")


async def change(
    session: AsyncSession,
    principal: Principal,
    load_id: int,
    if_match: str | None,
    patch: dict[str, Any],
    now: datetime,
) -> bytes:
    """Applies a merge patch to an open load, as a new version unless nothing is different."""
    load = await own_load(session, principal, load_id)
    check_version("load", load.version, if_match)
    check_open(load, now, or_draft=True)
    listing, confirmed_at = await listing_of(session, load)
    private = (await private_of(session, [load.id]))[load.id]
    known = posted_of(orjson.loads(listing), private)
    try:
        posted = PostedLoad.model_validate(merge_patch(known, patch))
    except ValidationError as error:
        raise invalid(*field_errors(error)) from error
    if posted.reference != load.reference:
        raise invalid(FieldError(pointer="/reference", message="can't be changed"))
    # Not by the hash: that of an imported load is of its row and of what was assumed.
    if posted == PostedLoad.model_validate(known):
        return shown(listing, confirmed_at, **private)
    scheme = await cellscheme.read_for_writing(session)
    found = await with_audiences(
        session,
        principal.organization_id,
        principal.person_id,
        prepare([posted], scheme.resolutions),
        now,
    )
    [prepared] = await with_flags(session, principal.organization_id, [(load.id, found[0])], now)
    if isinstance(prepared, list):
        raise invalid(*prepared)
    if errors := over_already(prepared, now):
        raise invalid(*errors)
    identity = Identity(
        load.id,
        load.version + 1,
        load.status,
        principal.organization_id,
        principal.organization,
        load.sample,
        load.first_posted_at,
        now,
    )
    hashed = submission(posted).content_hash
    what = Change(identity, prepared, hashed, "load.updated", principal.person_id)
    await replace(session, [what])
    await session.refresh(load)
    return await own_view(session, load)


async def own_view(session: AsyncSession, load: Load) -> bytes:
    """A load as its poster sees it."""
    private = await private_of(session, [load.id])
    return shown(*await listing_of(session, load), **private[load.id])


async def cancel(
    session: AsyncSession,
    principal: Principal,
    load_id: int,
    if_match: str | None,
    now: datetime,
    reason: str | None = None,
) -> bytes:
    """Takes an open load off the board; once more changes nothing."""
    load = await own_load(session, principal, load_id)
    if load.status != "cancelled":
        check_version("load", load.version, if_match)
        check_open(load, now, or_draft=True)
        told = {"cancel_reason": reason} if reason else {}
        await close(session, load, "cancelled", principal.person_id, now, **told)
    return await own_view(session, load)


async def post(
    session: AsyncSession, principal: Principal, load_id: int, if_match: str | None, now: datetime
) -> bytes:
    """Puts a draft on the board."""
    load = await own_load(session, principal, load_id)
    check_version("load", load.version, if_match)
    step("load", "post", load.status)
    if load.open_until <= now:
        message = "is over already; change the draft first"
        raise invalid(FieldError(pointer="/stops/0/window/to", message=message))
    load.first_posted_at = load.confirmed_at = now
    await close(session, load, "posted", principal.person_id, now, first_posted_at=moment(now))
    return await own_view(session, load)


async def confirm(
    session: AsyncSession, principal: Principal, load_id: int, now: datetime
) -> bytes:
    """Moves the moment at which the poster last said that the load is still open."""
    load = await own_load(session, principal, load_id)
    check_open(load, now)
    load.confirmed_at = now
    await session.flush()
    await record(
        session,
        at=now,
        kind="load.confirmed",
        load=load,
        person_id=principal.person_id,
        listing=None,
    )
    return await own_view(session, load)


async def visible_load(session: AsyncSession, principal: Principal, load_id: int) -> Load:
    """A load that the asker may look at, see `loadboard.sight`."""
    at_hand = {"load": load_id, "me": principal.organization_id}
    load = await session.scalar(seen_load(principal), at_hand)
    if load is None:
        raise not_found("load")
    return load
