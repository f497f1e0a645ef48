"""Loads as a board takes them, out of PostgreSQL in its binary format: rows of one fixed size.

All of them come by COPY, and what has changed by a prepared statement, which is planned once.
"""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from psycopg import AsyncConnection
from psycopg.pq.abc import PGresult

from geo.states import STATES
from matching.columns import BEGINNING, END, LOAD, STATE_NUMBERS, Loads
from matching.equipment import EQUIPMENT

BATCH = 50_000
# https://www.postgresql.org/docs/current/sql-copy.html: a header of 19 bytes, rows, and -1 as int16.
_HEADER, _TRAILER = 19, 2
# PostgreSQL counts microseconds from 2000.
_EPOCH = 946_684_800_000_000
_KINDS = "', '".join(EQUIPMENT)
# What is copied, by the name and the type of the column it becomes; no value may be null.
_COLUMNS = {
    "id": ("id", "i8"),
    "standing": ("status = 'posted'", "?"),
    "version": ("version::int", "i4"),
    "confirmed_at": ("confirmed_at", "i8"),
    "organization": ("organization_id::int", "i4"),
    "equipment": (f"array_position(ARRAY['{_KINDS}'], equipment)::int2 - 1::int2", "i2"),
    "full": ("is_full", "?"),
    "hazmat": ("hazmat", "?"),
    "weight_lb": ("coalesce(weight_lb, -1)::int", "i4"),
    "length_ft": ("coalesce(length_ft, -1)::float8", "f8"),
    "rate_cents": ("coalesce(rate_cents, -1)::int", "i4"),
    "loaded_miles": ("loaded_miles::float8", "f8"),
    "pickup_lon": ("pickup_lon", "f8"),
    "pickup_lat": ("pickup_lat", "f8"),
    "pickup_state": ("coalesce(pickup_state, '--')", "S2"),
    "delivery_lon": ("delivery_lon", "f8"),
    "delivery_lat": ("delivery_lat", "f8"),
    "delivery_state": ("coalesce(delivery_state, '--')", "S2"),
    "pickup_from": ("pickup_from", "i8"),
    "pickup_to": ("pickup_to", "i8"),
    "delivery_from": ("coalesce(delivery_from, '-infinity')", "i8"),
    "delivery_to": ("coalesce(delivery_to, 'infinity')", "i8"),
    "open_until": ("open_until", "i8"),
    "first_posted_at": ("first_posted_at", "i8"),
    "audience": ("coalesce(audience_id, 0)::int", "i4"),
}
_MOMENTS = [name for name in _COLUMNS if name.endswith(("_at", "_from", "_to", "_until"))]
SELECT = ", ".join(f'{expression} AS "{name}"' for name, (expression, _) in _COLUMNS.items())
"""What is read of `load`, so that `loads_in` understands it."""
_WIRE = {name: kind if kind in "?S2" else f">{kind}" for name, (_, kind) in _COLUMNS.items()}
_SAME = [
    name
    for name in _COLUMNS
    if name in (LOAD.names or ()) and name not in _MOMENTS and not name.endswith("_state")
]
_KNOWN = np.dtype([(name, "i8") for name in _MOMENTS])
_STATES = np.array([b"--", *(code.encode() for code in STATES)])
_IN_ORDER = np.argsort(_STATES)
_NUMBERS = np.array([0, *STATE_NUMBERS.values()], dtype=np.uint8)[_IN_ORDER]


def _row() -> np.dtype[np.void]:
    """A row on the wire: how many fields, and before each its length."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in _WIRE.items():
        fields += [(f"{name}_length", ">i4"), (name, kind)]
    return np.dtype(fields)


_ROW, _VALUES = _row(), np.dtype(list(_WIRE.items()))
_LENGTHS = {f"{name}_length": np.dtype(kind).itemsize for name, (_, kind) in _COLUMNS.items()}


async def open_loads(connection: AsyncConnection[Any]) -> AsyncIterator[Loads]:
    """All loads that are open, in batches."""
    statement = (
        f"COPY (SELECT {SELECT} FROM load WHERE status = 'posted') TO STDOUT (FORMAT binary)"  # noqa: S608
    )
    size, held = BATCH * _ROW.itemsize, bytearray()
    skip = _HEADER
    async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        async for block in copy:
            held += block
            if len(held) >= skip + size:
                yield _copied(bytes(held[skip : skip + size]))
                del held[: skip + size]
                skip = 0
    yield _copied(bytes(held[skip : len(held) - _TRAILER]))


def _copied(raw: bytes) -> Loads:
    rows = np.frombuffer(raw, dtype=_ROW)
    for name, length in _LENGTHS.items():
        assert (rows[name] == length).all(), name
    return _loads(rows)


def loads_in(result: PGresult, first: int, count: int) -> tuple[Loads, list[tuple[int, int]]]:
    """Of the first rows of a binary result the open loads, and id and version of those that are closed.

    `SELECT` begins at column `first`. Rows in which it is null are left out.
    """
    columns = range(first, first + len(_COLUMNS))
    there = (row for row in range(count) if result.get_value(row, first) is not None)
    raw = b"".join(result.get_value(row, column) or b"" for row in there for column in columns)
    rows = np.frombuffer(raw, dtype=_VALUES)
    gone = rows[~rows["standing"]]
    closed = list(zip(gone["id"].tolist(), gone["version"].tolist(), strict=True))
    return _loads(rows[rows["standing"]]), closed


def _loads(rows: np.ndarray[Any, np.dtype[np.void]]) -> Loads:
    loads = np.empty(len(rows), dtype=LOAD)
    loads[_SAME] = rows[_SAME]
    loads[_MOMENTS] = _moments(rows[_MOMENTS])
    for name in ("pickup_state", "delivery_state"):
        loads[name] = _NUMBERS[np.searchsorted(_STATES, rows[name], sorter=_IN_ORDER)]
    loads["loaded_tenths"] = np.rint(rows["loaded_miles"] * 10.0)
    return loads


def _moments(values: np.ndarray[Any, np.dtype[np.void]]) -> np.ndarray[Any, np.dtype[np.void]]:
    """Infinite ones are the least and the greatest of all integers."""
    known = np.empty(len(values), dtype=_KNOWN)
    known[:] = values
    numbers = known.view(np.int64)
    np.maximum(numbers, BEGINNING, out=numbers)
    np.minimum(numbers, END - _EPOCH, out=numbers)
    numbers += _EPOCH
    return known
