"""How the loads are spread over the cells, roughly: from what PostgreSQL's ANALYZE keeps."""

from typing import NamedTuple

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.cells import Cells, Cover
from loadboard.settings import settings

STATISTICS = text("""
    SELECT attname, most_common_vals::text::bigint[] AS common, most_common_freqs AS shares,
      histogram_bounds::text::bigint[] AS bounds
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'load'
      AND attname IN ('pickup_cell_a', 'pickup_cell_b', 'delivery_cell_a', 'delivery_cell_b')""")


class Spread(NamedTuple):
    """Of a column: its most common cells with their shares, and bounds that split the rest equally."""

    common: Cells
    shares: NDArray[np.float64]
    bounds: Cells

    def share(self, cover: Cover) -> float:
        """About which part of all loads is in a cover."""
        inside, edge = cover.contains(self.common)
        known = float(self.shares[inside | edge].sum())
        if len(self.bounds) < 2:
            return known
        ranges = np.concatenate([cover.inside, cover.edge])
        passed = np.interp(ranges, self.bounds, np.linspace(0.0, 1.0, len(self.bounds)))
        return known + float((1.0 - self.shares.sum()) * (passed[:, 1] - passed[:, 0]).sum())


Spreads = dict[str, Spread]
# By database. A minute old is new enough for what only chooses the faster of two ways.
_known: TTLCache[str, Spreads] = TTLCache(maxsize=8, ttl=60)


async def spreads(session: AsyncSession) -> Spreads:
    """By column; none for a column that was never analysed."""
    key = settings().database_url
    if key not in _known:
        rows = await session.execute(STATISTICS)
        _known[key] = {row.attname: _spread(row.common, row.shares, row.bounds) for row in rows}
    return _known[key]


def _spread(
    common: list[int] | None, shares: list[float] | None, bounds: list[int] | None
) -> Spread:
    cells = (np.array(column or [], dtype=np.int64) for column in (common, bounds))
    return Spread(next(cells), np.array(shares or [], dtype=float), next(cells))
