"""Puts loads, their stops and their events into the database, a batch at a time, by COPY."""

import struct
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg import AsyncConnection, sql
from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.points import Point
from loadboard.db import EVENTFUL, psycopg_connection, send
from loadboard.loads.listing import Identity, build
from loadboard.loads.prepared import Prepared
from loadboard.models import Load, LoadContact, Stop

IDENTITY_COLUMNS = (
    "id", "organization_id", "reference", "version", "status", "sample", "first_posted_at", "versioned_at", "confirmed_at",
)  # fmt: skip
CONTENT_COLUMNS = (
    "content_hash", "equipment", "is_full", "weight_lb", "length_ft", "hazmat", "commodity", "rate_cents", "currency",
    "posted_miles", "loaded_miles", "miles_by_road", "pickup_lon", "pickup_lat", "pickup_state", "pickup_from", "pickup_to",
    "delivery_lon", "delivery_lat", "delivery_state", "delivery_from", "delivery_to", "expires_at",
    "pickup_cell_a", "pickup_cell_b", "delivery_cell_a", "delivery_cell_b", "audience_id", "instant", "freight",
)  # fmt: skip
STOP_COLUMNS = (
    "load_id", "position", "kind", "place", "zip", "town", "point", "state", "zone", "window_from", "window_to",
)  # fmt: skip
CONTACT_COLUMNS = ("load_id", "organization_id", "name", "phone", "email", "addresses")
EVENT_COLUMNS = ("at", "kind", "organization_id", "person_id", "load_id", "version", "listing")
_ONE_EVENT = (
    "INSERT INTO event (at, kind, organization_id, person_id, load_id, version, listing)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


class Change(NamedTuple):
    """A load that becomes a new version: who it is, what is in it, what happened, and who did it."""

    identity: Identity
    prepared: Prepared
    content_hash: bytes
    kind: str
    person_id: int | None


def ewkb(point: Point) -> str:
    return struct.pack("<BIIdd", 1, 0x20000001, 4326, point.lon, point.lat).hex()


def content_row(change: Change) -> tuple[Any, ...]:
    prepared = change.prepared
    posted, first, last = prepared.posted, prepared.stops[0], prepared.stops[-1]
    pickup, delivery = posted.stops[0].window, posted.stops[-1].window
    assert pickup is not None
    return (
        change.content_hash, posted.equipment, posted.full, posted.weight_lb, posted.length_ft, posted.hazmat,
        posted.commodity, posted.rate_cents, posted.currency, posted.posted_miles, prepared.loaded_miles,
        prepared.miles_by_road, *first.point, first.state, pickup.from_, pickup.to, *last.point, last.state,
        delivery and delivery.from_, delivery and delivery.to, posted.expires_at,
        *prepared.pickup_cells, *prepared.delivery_cells, prepared.audience_id, posted.instant, prepared.freight,
    )  # fmt: skip


def identity_row(change: Change) -> tuple[Any, ...]:
    identity = change.identity
    return (
        identity.id, identity.organization_id, change.prepared.posted.reference, identity.version, identity.status, identity.sample,
        identity.first_posted_at, identity.versioned_at, identity.versioned_at,
    )  # fmt: skip


def stop_rows(load_id: int, prepared: Prepared) -> Iterable[tuple[Any, ...]]:
    for position, (stop, located) in enumerate(
        zip(prepared.posted.stops, prepared.stops, strict=True)
    ):
        window = stop.window
        yield (
            load_id, position, stop.kind, stop.place, stop.zip, located.town, ewkb(located.point), located.state, located.zone,
            window and window.from_, window and window.to,
        )  # fmt: skip


def contact_rows(changes: Iterable[Change]) -> Iterable[tuple[Any, ...]]:
    for identity, prepared, *_ in changes:
        posted = prepared.posted
        addresses, contact = [stop.address for stop in posted.stops], posted.contact
        if contact is not None or any(addresses):
            told = (contact.name, contact.phone, contact.email) if contact else (None, None, None)
            yield identity.id, identity.organization_id, *told, addresses


def event_row(change: Change) -> tuple[Any, ...]:
    identity = change.identity
    listing = orjson.dumps(build(identity, change.prepared)).decode()
    return (
        identity.versioned_at, change.kind, identity.organization_id, change.person_id, identity.id, identity.version, listing,
    )  # fmt: skip


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def new_ids(session: AsyncSession, count: int) -> list[int]:
    drawn = text("SELECT nextval('load_id_seq') FROM generate_series(1, :count)")
    return list((await session.execute(drawn, {"count": count})).scalars())


async def insert(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Stores loads that are new to the board. A reference already taken is a UniqueViolation."""
    connection = await psycopg_connection(session)
    rows = (identity_row(c) + content_row(c) for c in changes)
    await copy_rows(connection, "load", IDENTITY_COLUMNS + CONTENT_COLUMNS, rows)
    await _write_stops_and_events(session, changes)


async def replace(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Stores new versions of loads that the transaction holds locked."""
    if not changes:
        return
    for change in changes:
        identity = change.identity
        columns = dict(zip(CONTENT_COLUMNS, content_row(change), strict=True))
        await session.execute(
            update(Load)
            .where(Load.id == identity.id)
            .values(version=identity.version, versioned_at=identity.versioned_at, **columns)
            .execution_options(synchronize_session=False)
        )
    ids = [change.identity.id for change in changes]
    for told in (Stop, LoadContact):
        await session.execute(delete(told).where(told.load_id.in_(ids)))
    await _write_stops_and_events(session, changes)


async def _write_stops_and_events(session: AsyncSession, changes: Sequence[Change]) -> None:
    connection = await psycopg_connection(session)
    stops = (row for c in changes for row in stop_rows(c.identity.id, c.prepared))
    await copy_rows(connection, "stop", STOP_COLUMNS, stops)
    if contacts := list(contact_rows(changes)):
        await copy_rows(connection, "load_contact", CONTACT_COLUMNS, contacts)
    await _write_events(session, map(event_row, changes))


async def _write_events(session: AsyncSession, rows: Iterable[tuple[Any, ...]]) -> None:
    await copy_rows(await psycopg_connection(session), "event", EVENT_COLUMNS, rows)
    session.info[EVENTFUL] = True


async def record(
    session: AsyncSession,
    *,
    at: datetime,
    kind: str,
    load: Load,
    person_id: int | None,
    listing: dict[str, Any] | None,
) -> None:
    """One event of a load, for what needs no COPY."""
    row = (
        at, kind, load.organization_id, person_id, load.id, load.version,
        listing and orjson.dumps(listing).decode(),
    )  # fmt: skip
    await send(session, _ONE_EVENT, row)
    session.info[EVENTFUL] = True


async def position(session: AsyncSession) -> str:
    """What a write answers as its Board-Position: the transaction that its events belong to."""
    return str((await session.execute(text("SELECT pg_current_xact_id()::text"))).scalar_one())
