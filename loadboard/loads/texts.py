"""Listings by load and version: out of this process's memory, else Redis, else PostgreSQL.

A version never changes, so what is remembered is never wrong.
"""

from collections.abc import Sequence
from functools import cache

from cachetools import FIFOCache
from sqlalchemy import text

from loadboard.cache import remember_all, remembered_all
from loadboard.db import reading
from loadboard.settings import settings

Version = tuple[int, int]
SECONDS = 86_400
# Of this very database: another one may count its loads from 1 again.
IDENTITY = text("""SELECT system_identifier || '-' || oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()""")
STORED = text("""SELECT load_id, event.version, listing::text
    FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS integer[])) AS wanted (id, version)
    JOIN event ON load_id = wanted.id AND event.version = wanted.version AND listing IS NOT NULL""")


class Remembered:
    """What a process keeps at hand."""

    def __init__(self) -> None:
        # First in, first out: to note what was used last would take longer than to find it.
        self.texts: FIFOCache[Version, bytes] = FIFOCache(settings().listings_mb << 20, len)
        self.database: str | None = None


@cache
def remembered() -> Remembered:
    return Remembered()


async def listing_texts(versions: Sequence[Version]) -> list[bytes]:
    """The listing of each id and version, JSON."""
    texts = remembered().texts
    try:
        return [texts[version] for version in versions]
    except KeyError:
        found = {version: texts[version] for version in versions if version in texts}
    more = await _from_elsewhere([version for version in versions if version not in found])
    texts.update(more)
    found |= more
    return [found[version] for version in versions]


async def _from_elsewhere(versions: list[Version]) -> dict[Version, bytes]:
    prefix = await _prefix()
    kept = await remembered_all([f"{prefix}:{id}:{version}" for id, version in versions])
    known = {key: value for key, value in zip(versions, kept, strict=True) if value}
    if missing := [version for version in versions if version not in known]:
        stored = await _stored(missing)
        values = {f"{prefix}:{id}:{version}": listing for (id, version), listing in stored.items()}
        await remember_all(values, SECONDS)
        known |= stored
    return known


async def _prefix() -> str:
    mine = remembered()
    if mine.database is None:
        async with reading() as session:
            mine.database = str(await session.scalar(IDENTITY))
    return f"listing:{mine.database}"


async def _stored(versions: list[Version]) -> dict[Version, bytes]:
    ids, numbers = (list(column) for column in zip(*versions, strict=True))
    async with reading() as session:
        rows = await session.execute(STORED, {"ids": ids, "versions": numbers})
        return {(row.load_id, row.version): row.listing.encode() for row in rows}
