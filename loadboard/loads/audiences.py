"""The audience of each load of a batch: checked, and kept once for all loads that say the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.errors import FieldError
from loadboard.loads.hashes import content_hash
from loadboard.loads.prepared import Prepared
from loadboard.loads.schemas import AudienceIn
from loadboard.models import Audience, Network, Organization
from loadboard.sight import record_change

Loads = Sequence[Prepared | list[FieldError]]


async def with_audiences(
    session: AsyncSession, organization_id: int, person_id: int | None, loads: Loads, now: datetime
) -> list[Prepared | list[FieldError]]:
    """The loads of an organisation with the ids of their audiences, or what is wrong with those."""
    said = [_said(load) for load in loads]
    distinct = {digest: audience for digest, audience in said if audience}
    if not distinct:
        return list(loads)
    wrong = await _wrong(session, organization_id, distinct)
    sound = {digest: each for digest, each in distinct.items() if not wrong[digest]}
    ids = await _interned(session, organization_id, person_id, sound, now)
    return [
        wrong[digest] or replace(load, audience_id=ids[digest])
        if audience and isinstance(load, Prepared)
        else load
        for load, (digest, audience) in zip(loads, said, strict=True)
    ]


def _said(load: Prepared | list[FieldError]) -> tuple[bytes, AudienceIn | None]:
    if not isinstance(load, Prepared) or load.posted.audience is None:
        return b"", None
    return content_hash(load.posted.audience.model_dump()), load.posted.audience


async def _wrong(
    session: AsyncSession, organization_id: int, audiences: dict[bytes, AudienceIn]
) -> dict[bytes, list[FieldError]]:
    # Held, so that no network goes before the load is there.
    own = (
        select(Network.id)
        .where(Network.organization_id == organization_id)
        .with_for_update(read=True, key_share=True)
    )
    carriers = select(Organization.id).where(Organization.kind == "carrier")
    checks = (
        ("networks", own, Network.id, "is none of your networks"),
        ("carriers", carriers, Organization.id, "is the id of no carrier here"),
    )
    wrong: dict[bytes, list[FieldError]] = {digest: [] for digest in audiences}
    for name, query, column, message in checks:
        ids = {id for audience in audiences.values() for id in getattr(audience, name)}
        known = set(await session.scalars(query.where(column.in_(ids)))) if ids else set()
        for digest, audience in audiences.items():
            wrong[digest] += [
                FieldError(pointer=f"/audience/{name}", message=f"{id} {message}")
                for id in getattr(audience, name)
                if id not in known
            ]
    return wrong


async def _interned(
    session: AsyncSession,
    organization_id: int,
    person_id: int | None,
    audiences: dict[bytes, AudienceIn],
    now: datetime,
) -> dict[bytes, int]:
    """The ids of audiences, by digest; new ones are kept, and those told whom they count in."""
    query = select(Audience.digest, Audience.id).where(
        Audience.organization_id == organization_id, Audience.digest.in_(audiences)
    )
    ids = {row.digest: row.id for row in await session.execute(query)}
    new = {digest: each for digest, each in sorted(audiences.items()) if digest not in ids}
    if not new:
        return ids
    rows = [
        {"organization_id": organization_id, "digest": digest, **audience.model_dump()}
        for digest, audience in new.items()
    ]
    # Another transaction may keep the same meanwhile.
    await session.execute(insert(Audience).values(rows).on_conflict_do_nothing())
    await record_change(
        session,
        organization_id,
        person_id,
        now,
        carriers={id for audience in new.values() for id in audience.carriers},
        networks={id for audience in new.values() for id in audience.networks},
    )
    return {row.digest: row.id for row in await session.execute(query)}
