"""The loads of a measured board in this process, and what is asked of them there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import searches
from boards import OPTIONS, Board
from psycopg import AsyncConnection
from searches import Asked, Hits

from geo.areas import Circle
from loadboard.loads.columns import open_loads
from loadboard.search import areas, searching
from matching import board, sites
from matching.board import View
from matching.columns import Loads, Rows
from matching.search import Wanted, find, first, per_mile_cents


@dataclass(frozen=True)
class Query:
    """A search as the engine takes it: the total, and the best paid by the mile first."""

    wanted: Wanted
    limit: int

    @property
    def circles(self) -> list[Circle]:
        ends = (self.wanted.pickup, self.wanted.delivery)
        return [end for end in ends if isinstance(end, Circle)]

    def run(self, view: View, rows_of: Callable[[View, Wanted], Rows] = find) -> Hits:
        rows = rows_of(view, self.wanted)
        ids = view.take("id", rows)
        best = first(-per_mile_cents(view, rows), ids, self.limit)
        return Hits(len(rows), tuple(ids[best].tolist()))


def query(asked: Asked) -> Query:
    now = asked.question.now
    wanted, _ = searching.asked(asked.search, searches.carrier(now), now)
    return Query(wanted, asked.search.limit)


def forget_covers() -> None:
    """What a circle covers is worked out anew; what is kept of the cells themselves stays."""
    sites.cover_of.cache_clear()
    areas.cover_of.cache_clear()


@lru_cache(maxsize=1)
def loads_of(on: Board) -> Loads:
    """All open loads, as boards are made of them."""
    return np.concatenate(asyncio.run(_read(on.url)))


@lru_cache(maxsize=1)
def held(on: Board) -> board.Board:
    """The board in memory; it is shared, so it must not be changed."""
    return board.Board([loads_of(on)])


async def _read(url: str) -> list[Loads]:
    async with await AsyncConnection.connect(url, autocommit=True, options=OPTIONS) as connection:
        return [batch async for batch in open_loads(connection)]
