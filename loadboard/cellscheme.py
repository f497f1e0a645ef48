"""Which pair of cell columns is in use. Writers and the re-index agree on it by a lock."""

from typing import NamedTuple

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.models import CellScheme

LOCK = 4_801_221


class Scheme(NamedTuple):
    active: str
    resolution: int
    next_resolution: int | None

    @property
    def resolutions(self) -> tuple[int | None, int | None]:
        """The resolutions of the pairs a and b, None for one that is not in use."""
        if self.active == "a":
            return self.resolution, self.next_resolution
        return self.next_resolution, self.resolution


async def read(session: AsyncSession) -> Scheme:
    query = select(CellScheme.active, CellScheme.resolution, CellScheme.next_resolution)
    row = (await session.execute(query)).one()
    return Scheme(row.active, row.resolution, row.next_resolution)


async def read_for_writing(session: AsyncSession) -> Scheme:
    """The scheme, which stays as it is until this transaction ends."""
    await session.execute(text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": LOCK})
    return await read(session)


async def lock_for_changing(session: AsyncSession) -> None:
    """Waits for the writers that know the old scheme, and keeps new ones waiting."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def index_statement(end: str, pair: str) -> str:
    """The covering index of one end and pair, made beside running searches.

    An index-only scan unpacks every column of a row it takes: fastest when those of fixed width that
    are never null come first. Equipment is a key, so that rows of another are not taken at all.
    Both together spare a fifth of a search.
    """
    other = "delivery" if end == "pickup" else "pickup"
    return (
        f"CREATE INDEX CONCURRENTLY load_cells_{end}_{pair} ON load ({end}_cell_{pair}, equipment)"
        " INCLUDE (id, open_until, pickup_from, pickup_to, first_posted_at, organization_id,"
        " pickup_lon, pickup_lat, delivery_lon, delivery_lat, is_full, hazmat,"
        f" {other}_cell_{pair}, weight_lb, length_ft, rate_cents, rate_per_mile_cents,"
        " pickup_state, delivery_state) WHERE status = 'posted'"
    )
