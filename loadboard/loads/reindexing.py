"""The batch re-index: a second pair of cell columns is filled, indexed, and switched to at once.

Each batch commits with the id it came to, so a run that was killed goes on from there. Writers fill
both pairs meanwhile, and a search says under which pair it stood (loadboard.search.searching).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace as with_same
from datetime import UTC, datetime
from typing import Any

import anyio
import numpy as np
import orjson
from sqlalchemy import BigInteger, Row, any_, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from geo import places
from geo.cells import cells_of
from geo.points import Point
from loadboard import cellscheme
from loadboard.db import engine, transaction
from loadboard.fields import PlaceRef
from loadboard.loads.listing import Identity, listings, posted_of
from loadboard.loads.preparing import loaded_miles, named_place, prepare
from loadboard.loads.private import private_of
from loadboard.loads.schemas import PostedLoad
from loadboard.loads.writing import Change, replace
from loadboard.models import CellScheme, Load, Organization, Stop

BATCH = 5_000
ONE_AT_A_TIME = 4_801_223
ENDS = ("pickup", "delivery")

Progress = Callable[[str, int, int], None]


async def reindex(resolution: int | None, progress: Progress) -> int:
    """Moves the board to a cell resolution, or works everything out anew at the present one.

    Recomputes cells, and the miles and zones of the loads where these have become others, as new
    versions of the loads. Answers how many those were. `progress` hears a step, done, and total.
    """
    # The first road miles of a process take seconds; inside a batch they would hold its loads locked.
    await anyio.to_thread.run_sync(loaded_miles, [[Point(-96.8, 32.8), Point(-84.4, 33.7)]])
    async with engine().connect() as raw:
        alone = await raw.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("SET statement_timeout = 0"))
        await alone.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ONE_AT_A_TIME})
        pair, target = await begin(resolution)
        changed = await fill(pair, target, progress)
        await _index(alone, pair, progress)
        await _switch(pair)
        await _drop_indexes(alone, "b" if pair == "a" else "a")
        await alone.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": ONE_AT_A_TIME})
    return changed


async def begin(resolution: int | None) -> tuple[str, int]:
    """The pair that is not in use, and the resolution it is to be filled at."""
    async with transaction() as session:
        await cellscheme.lock_for_changing(session)
        scheme = await cellscheme.read(session)
        target = resolution or scheme.next_resolution or scheme.resolution
        if scheme.next_resolution != target:
            begun = {"next_resolution": target, "next_after_id": 0}
            await session.execute(update(CellScheme).values(begun))
    return "b" if scheme.active == "a" else "a", target


async def fill(pair: str, resolution: int, progress: Progress) -> int:
    """Works out cells, miles and zones from where the last run came to; how many loads changed."""
    changed = 0
    async with transaction() as session:
        total = await session.scalar(select(func.max(Load.id))) or 0
    done = 0
    while True:
        async with transaction() as session:
            after = await session.scalar(select(CellScheme.next_after_id)) or 0
            loads = await _next_loads(session, after)
            if not loads:
                return changed
            await _fill_cells(session, pair, resolution, loads)
            changed += await _renew(session, loads)
            done = loads[-1].id
            await session.execute(update(CellScheme).values(next_after_id=done))
        progress("cells, miles, zones", done, max(total, done))


async def _next_loads(session: AsyncSession, after: int) -> Sequence[Row[*tuple[Any, ...]]]:
    query = (
        select(
            Load.id,
            Load.pickup_lon,
            Load.pickup_lat,
            Load.delivery_lon,
            Load.delivery_lat,
            Load.loaded_miles,
            Load.miles_by_road,
        )
        .where(Load.id > after, Load.status.in_(("draft", "posted")))
        .order_by(Load.id)
        .limit(BATCH)
        .with_for_update()
    )
    return (await session.execute(query)).all()


async def _fill_cells(
    session: AsyncSession, pair: str, resolution: int, loads: Sequence[Row[*tuple[Any, ...]]]
) -> None:
    table = np.array([row[1:5] for row in loads], dtype=float)
    pickups = await anyio.to_thread.run_sync(cells_of, table[:, 0], table[:, 1], resolution)
    deliveries = await anyio.to_thread.run_sync(cells_of, table[:, 2], table[:, 3], resolution)
    statement = text(
        f"UPDATE load SET pickup_cell_{pair} = new.pickup, delivery_cell_{pair} = new.delivery"  # noqa: S608
        " FROM unnest(CAST(:ids AS bigint[]), CAST(:pickups AS bigint[]),"
        " CAST(:deliveries AS bigint[])) AS new(id, pickup, delivery) WHERE load.id = new.id"
    )
    values = {
        "ids": [row.id for row in loads],
        "pickups": pickups.tolist(),
        "deliveries": deliveries.tolist(),
    }
    await session.execute(statement, values)


async def _renew(session: AsyncSession, loads: Sequence[Row[*tuple[Any, ...]]]) -> int:
    """Stores a new version of those loads whose miles or zones come out differently now."""
    query = (
        select(
            Stop.load_id,
            func.ST_X(Stop.point).label("lon"),
            func.ST_Y(Stop.point).label("lat"),
            Stop.place,
            Stop.zip,
            Stop.zone,
        )
        # One value, not five thousand: to write those out took a fifth of the work here.
        .where(Stop.load_id == any_(cast([row.id for row in loads], ARRAY(BigInteger))))
        .order_by(Stop.load_id, Stop.position)
    )
    stops = (await session.execute(query)).all()
    stale = await anyio.to_thread.run_sync(_stale, loads, stops)
    if stale:
        await _store_anew(session, stale)
    return len(stale)


def _stale(loads: Sequence[Row[*tuple[Any, ...]]], stops: Sequence[Row[Any]]) -> list[int]:
    routes: dict[int, list[Point]] = {row.id: [] for row in loads}
    for stop in stops:
        routes[stop.load_id].append(Point(stop.lon, stop.lat))
    miles = loaded_miles(list(routes.values()))
    stale = {
        row.id
        for row, now in zip(loads, miles, strict=True)
        if now != (row.loaded_miles, row.miles_by_road)
    }
    zones = _zones(stops)
    stale |= {stop.load_id for stop, zone in zip(stops, zones, strict=True) if zone != stop.zone}
    return sorted(stale)


def _zones(stops: Sequence[Row[*tuple[Any, ...]]]) -> list[str]:
    """The zone of each stop, as posting it now would find it."""
    named: list[str | None] = []
    for stop in stops:
        if stop.place is None and stop.zip is None:
            named.append(None)
            continue
        try:
            place = named_place(PlaceRef.model_construct(place=stop.place, zip=stop.zip))
        except ValueError:
            # A town that is no longer known keeps what was found when it was.
            named.append(stop.zone)
        else:
            named.append(place and place.zone)
    bare = [stop for stop, zone in zip(stops, named, strict=True) if zone is None]
    found = iter(
        places.zones_of(np.array([s.lon for s in bare]), np.array([s.lat for s in bare]))
        if bare
        else []
    )
    return [zone if zone is not None else next(found) for zone in named]


async def _store_anew(session: AsyncSession, ids: Sequence[int]) -> None:
    scheme = await cellscheme.read_for_writing(session)
    now = datetime.now(UTC)
    rows = (
        await session.execute(
            listings()
            .add_columns(Load.content_hash, Load.first_posted_at, Load.sample)
            .add_columns(Load.audience_id, Load.freight)
            .add_columns(Organization.id.label("organization_id"), Organization.name)
            .join(Organization, Organization.id == Load.organization_id)
            .where(Load.id.in_(ids))
        )
    ).all()
    listed = [orjson.loads(row[1]) for row in rows]
    private = await private_of(session, ids)
    posted = [
        PostedLoad.model_validate(posted_of(listing, private[row.id]))
        for row, listing in zip(rows, listed, strict=True)
    ]
    changes = []
    for row, listing, ready in zip(rows, listed, prepare(posted, scheme.resolutions), strict=True):
        if isinstance(ready, list):
            continue
        identity = Identity(
            row.id,
            listing["version"] + 1,
            listing["status"],
            row.organization_id,
            row.name,
            row.sample,
            row.first_posted_at,
            now,
        )
        ready = with_same(
            ready,
            audience_id=row.audience_id,
            freight=row.freight,
            flags=tuple(listing.get("flags", ())),
        )
        changes.append(Change(identity, ready, row.content_hash, "load.reindexed", None))
    await replace(session, changes)


def index_name(end: str, pair: str) -> str:
    return f"load_cells_{end}_{pair}"


async def _index(alone: AsyncConnection, pair: str, progress: Progress) -> None:
    for number, end in enumerate(ENDS):
        progress("indexes", number, len(ENDS))
        name = index_name(end, pair)
        valid = await alone.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"),
            {"name": name},
        )
        if valid is False:
            await alone.execute(text(f"DROP INDEX CONCURRENTLY {name}"))
        if valid is not True:
            await alone.execute(text(cellscheme.index_statement(end, pair)))
    progress("indexes", len(ENDS), len(ENDS))
    # Index-only scans read the heap until the pages that the batches rewrote are known to be visible.
    await alone.execute(text("VACUUM (ANALYZE) load"))


async def _switch(pair: str) -> None:
    async with transaction() as session:
        await cellscheme.lock_for_changing(session)
        switched = {
            "active": pair,
            "resolution": CellScheme.next_resolution,
            "next_resolution": None,
            "next_after_id": None,
        }
        await session.execute(update(CellScheme).values(switched))


async def _drop_indexes(alone: AsyncConnection, pair: str) -> None:
    for end in ENDS:
        await alone.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(end, pair)}"))
