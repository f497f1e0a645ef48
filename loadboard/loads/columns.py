"""Loads as a board takes them, out of PostgreSQL by binary COPY: rows of one fixed size."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import numpy as np
from psycopg import AsyncConnection

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
_SELECT = ", ".join(expression for expression, _ in _COLUMNS.values())
_STATES = np.array([b"--", *(code.encode() for code in STATES)])
_IN_ORDER = np.argsort(_STATES)
_NUMBERS = np.array([0, *STATE_NUMBERS.values()], dtype=np.uint8)[_IN_ORDER]


def _row() -> np.dtype[np.void]:
    """A row on the wire: how many fields, and before each its length."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, (_, kind) in _COLUMNS.items():
        fields += [(f"{name}_length", ">i4"), (name, kind if kind in "?S2" else f">{kind}")]
    return np.dtype(fields)


_ROW = _row()
_LENGTHS = {f"{name}_length": np.dtype(kind).itemsize for name, (_, kind) in _COLUMNS.items()}


async def open_loads(connection: AsyncConnection[Any]) -> AsyncIterator[Loads]:
    """All loads that are open, in batches."""
    async for loads, _ in _copied(connection, "status = 'posted'"):
        yield loads


async def loads_now(
    connection: AsyncConnection[Any], ids: Iterable[int]
) -> tuple[Loads, list[tuple[int, int]]]:
    """Of these loads those that are open, and id and version of those that are closed."""
    # 0 is the id of none.
    listed = ", ".join(map(str, (0, *ids)))
    open_ones, closed = [np.empty(0, dtype=LOAD)], []
    async for loads, gone in _copied(connection, f"id IN ({listed})"):
        open_ones.append(loads)
        closed += gone
    return np.concatenate(open_ones), closed


async def _copied(
    connection: AsyncConnection[Any], condition: str
) -> AsyncIterator[tuple[Loads, list[tuple[int, int]]]]:
    statement = f"COPY (SELECT {_SELECT} FROM load WHERE {condition}) TO STDOUT (FORMAT binary)"  # noqa: S608
    size, held = BATCH * _ROW.itemsize, bytearray()
    skip = _HEADER
    async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        async for block in copy:
            held += block
            if len(held) >= skip + size:
                yield _loads(bytes(held[skip : skip + size]))
                del held[: skip + size]
                skip = 0
    yield _loads(bytes(held[skip : len(held) - _TRAILER]))


def _loads(raw: bytes) -> tuple[Loads, list[tuple[int, int]]]:
    rows = np.frombuffer(raw, dtype=_ROW)
    for name, length in _LENGTHS.items():
        assert (rows[name] == length).all(), name
    standing = rows[rows["standing"]]
    loads = np.empty(len(standing), dtype=LOAD)
    for name in _COLUMNS.keys() & set(LOAD.names or ()):
        loads[name] = _value(name, standing[name])
    loads["loaded_tenths"] = np.rint(standing["loaded_miles"] * 10.0)
    gone = rows[~rows["standing"]]
    return loads, list(zip(gone["id"].tolist(), gone["version"].tolist(), strict=True))


def _value(name: str, values: Any) -> Any:
    if name.endswith("_state"):
        return _NUMBERS[np.searchsorted(_STATES, values, sorter=_IN_ORDER)]
    if name in _MOMENTS:
        # Infinite ones are the least and the greatest of all integers.
        return np.clip(values.astype(np.int64), BEGINNING, END - _EPOCH) + _EPOCH
    return values
