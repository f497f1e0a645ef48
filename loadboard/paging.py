"""Cursors: where a page ended, bound to the query that it belongs to."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from pydantic import Field
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from loadboard.errors import FieldError, invalid
from loadboard.fields import Strictly
from loadboard.models import Base

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

Position = TypeVar("Position")
Row = TypeVar("Row", bound=Base)


class Paged(Strictly):
    """The parameters of every list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=500)


def last_id(position: list[Any]) -> int:
    """The position of a list in the order of ids."""
    [last] = position
    if not isinstance(last, int) or not 0 < last < 2**63:
        raise ValueError("no id")
    return last


def digest(query: Any) -> str:
    canonical = orjson.dumps(query, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(canonical, digest_size=9).hexdigest()


def encode(query: Any, position: list[Any]) -> str:
    """The opaque cursor that says: this query, after this position."""
    raw = orjson.dumps([digest(query), *position])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(query: Any, cursor: str, parse: Callable[[list[Any]], Position]) -> Position:
    """The position in a cursor of this very query; a Problem for any other cursor."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(found, list) or not found or found[0] != digest(query):
            raise ValueError
        return parse(found[1:])
    except (ValueError, TypeError) as error:
        message = "is no cursor of this query; send the next_cursor that the same query answered"
        raise invalid(FieldError(pointer="/cursor", message=message)) from error


async def newest_first(
    session: AsyncSession,
    table: type[Row],
    number: InstrumentedAttribute[int],
    conditions: list[ColumnElement[bool]],
    query: Any,
    asked: Paged,
) -> tuple[list[Row], int, str | None]:
    """A page of rows by falling id, how many there are in all, and where the next page begins."""
    total = await session.scalar(select(func.count()).select_from(table).where(*conditions))
    if asked.cursor is not None:
        conditions = [*conditions, number < decode(query, asked.cursor, last_id)]
    page = select(table).where(*conditions).order_by(number.desc()).limit(asked.limit + 1)
    found = list((await session.scalars(page)).all())
    more = len(found) > asked.limit
    if more:
        del found[asked.limit :]
    following = encode(query, [getattr(found[-1], number.key)]) if more else None
    return found, total or 0, following
