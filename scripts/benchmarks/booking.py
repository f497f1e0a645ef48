"""Bookings beside the bare statements that they are made of, on the same connection, for distinct loads."""

import asyncio
import itertools
import time
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from boards import Board, board, clone
from figures import MANY, Figure, Unequal, medians
from psycopg import AsyncConnection
from sqlalchemy import select

from loadboard.auth import Principal
from loadboard.bookings.booking import Agreed, book_at_once
from loadboard.db import engine, transaction
from loadboard.models import Organization, Person
from loadboard.versions import etag

EACH = 20
"""Bookings of one side of a pair."""
PRICED = (
    "SELECT id, version, rate_cents, versioned_at FROM load"
    " WHERE status = 'posted' AND rate_cents IS NOT NULL ORDER BY id LIMIT %s"
)
# What the service sends for a booking.
TENANT = "SELECT set_config('role', 'loadboard_tenant', true), set_config('loadboard.organization', %(carrier)s::text, true)"
LOAD = (
    "SELECT id, organization_id, version, status, versioned_at, instant, rate_cents FROM load"
    " WHERE id = %(load)s AND status = 'posted' AND carrier_sees(%(carrier)s, organization_id, audience_id)"
)
AROUND = (
    "SELECT listing::text, party.id, name, usdot, mc, party.kind, authority, insured_until"
    " FROM event JOIN organization party ON party.id IN (%(poster)s, %(carrier)s)"
    " WHERE load_id = %(load)s AND version = %(version)s AND at = %(at)s AND listing IS NOT NULL"
)
TAKE = (
    "UPDATE load SET status = 'booked', version = version + 1, versioned_at = %(now)s"
    " WHERE id = %(load)s AND version = %(version)s AND status = 'posted' AND open_until > %(now)s RETURNING version"
)
BOOKING = (
    "INSERT INTO booking (load_id, poster_id, carrier_id, version, rate_cents, terms, booked_at, booked_by)"
    " VALUES (%(load)s, %(poster)s, %(carrier)s, 1, %(rate)s, %(terms)s, %(now)s, %(person)s) RETURNING id"
)
EVENT = (
    "INSERT INTO event (at, kind, organization_id, person_id, load_id, version, listing)"
    " VALUES (%(now)s, 'load.booked', %(poster)s, %(person)s, %(load)s, %(version)s + 1, %(terms)s)"
)
END = "SELECT end_offers(%(load)s, %(now)s)"
BEFORE, AFTER = (TENANT, LOAD, AROUND), (TAKE, BOOKING, EVENT, END)
Priced = tuple[int, int, int, datetime]


def booking_vs_sql(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Bookings a second, one after the other, each on a connection of the service's own pool.

    Both sides take loads that nobody has taken yet.
    """
    count = pairs or MANY
    with clone(board(loads), "booking") as on:
        rates = on.run(lambda: _measured(on, count))
        _check(on, 2 * count * EACH)
    return Figure(name, *rates, "bookings/s", goal, count, loads, more_is_better=True)


def _check(on: Board, expected: int) -> None:
    with on.connect() as connection:
        taken = connection.execute("SELECT count(*) FROM booking JOIN load ON load.id = load_id WHERE status = 'booked'")  # fmt: skip
        if (got := taken.fetchone()) != (expected,):
            raise Unequal(f"{got} loads are booked, and not {expected}")


async def _measured(on: Board, pairs: int) -> tuple[float, float]:
    carrier, poster = await _parties()
    with on.connect() as connection:
        priced = connection.execute(PRICED, [2 * pairs * EACH]).fetchall()
        ids = [load_id for load_id, *_ in priced]
        connection.execute("UPDATE load SET instant = 'everyone' WHERE id = ANY(%s)", [ids])
    loads = iter(priced)
    loop = asyncio.get_running_loop()

    def timed(work: Coroutine[Any, Any, None]) -> float:
        started = time.perf_counter()
        asyncio.run_coroutine_threadsafe(work, loop).result()
        return EACH / (time.perf_counter() - started)

    return await asyncio.to_thread(
        medians,
        pairs,
        lambda _: timed(_ours(carrier, _some(loads))),
        lambda _: timed(_bare(carrier, poster, _some(loads))),
    )


def _some(loads: Iterator[Priced]) -> list[Priced]:
    return list(itertools.islice(loads, EACH))


async def _parties() -> tuple[Principal, int]:
    async with transaction() as session:
        of = select(Person, Organization).join(Organization).where(Organization.kind == "carrier")
        person, carrier = (await session.execute(of)).one()
        poster = select(Organization.id).where(Organization.kind == "shipper")
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        who = Principal(person.id, person.email, carrier.id, carrier.name, "carrier", tomorrow)
        return who, (await session.scalars(poster)).one()


async def _ours(who: Principal, loads: list[Priced]) -> None:
    for load_id, version, rate_cents, _ in loads:
        agreed = Agreed(who.organization_id, rate_cents)
        async with transaction(tenant=who.organization_id) as session:
            now = datetime.now(UTC)
            await book_at_once(session, who, load_id, etag(version), agreed, now)


async def _bare(who: Principal, poster: int, loads: list[Priced]) -> None:
    for load_id, version, rate_cents, at in loads:
        async with engine().connect() as held:
            raw = (await held.get_raw_connection()).driver_connection
            assert isinstance(raw, AsyncConnection)
            values = {
                "load": load_id, "version": version, "rate": rate_cents, "poster": poster, "carrier": who.organization_id,
                "person": who.person_id, "at": at, "now": datetime.now(UTC),
            }  # fmt: skip
            async with raw.transaction():
                for statement in BEFORE:
                    cursor = await raw.execute(statement, values)
                values["terms"], *_ = await cursor.fetchone() or [""]
                for statement in AFTER:
                    await raw.execute(statement, values)
