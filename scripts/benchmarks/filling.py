"""The board in memory, filled from PostgreSQL, beside a bare COPY of the same columns."""

import asyncio
from typing import Any

import psycopg
from boards import OPTIONS, board
from figures import MANY, Figure, Unequal, medians, seconds
from psycopg import AsyncConnection

from loadboard.loads.columns import open_loads
from matching.board import Board

# The columns as they stand in the table; ours gives those that may be null another value.
COPY = """
COPY (SELECT id, status, version, confirmed_at, organization_id, equipment, is_full, hazmat,
  weight_lb, length_ft, rate_cents, loaded_miles, pickup_lon, pickup_lat, pickup_state,
  delivery_lon, delivery_lat, delivery_state, pickup_from, pickup_to, delivery_from, delivery_to,
  open_until, first_posted_at, audience_id FROM load WHERE status = 'posted') TO STDOUT (FORMAT binary)"""


def fill_vs_copy(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Both sides read all open loads; ours makes the board of them, the other throws them away."""
    on, count = board(loads), pairs or MANY

    def ours(_: int) -> float:
        return loads / seconds(lambda: filled.append(asyncio.run(_fill(on.url))))

    def peer(_: int) -> float:
        return loads / seconds(lambda: copied.append(_copy(connection)))

    filled: list[int] = []
    copied: list[int] = []
    with on.connect() as connection:
        rates = medians(count, ours, peer)
    if len({*filled, *copied}) > 1:
        raise Unequal(f"filled {filled}, copied {copied}")
    return Figure(name, *rates, "loads/s", goal, count, loads, more_is_better=True)


async def _fill(url: str) -> int:
    async with await AsyncConnection.connect(url, autocommit=True, options=OPTIONS) as connection:
        return len(Board([batch async for batch in open_loads(connection)]))


def _copy(connection: psycopg.Connection[Any]) -> int:
    with connection.cursor() as cursor:
        with cursor.copy(COPY) as copy:
            for _ in copy:
                pass
        return cursor.rowcount
