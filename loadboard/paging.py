"""Cursors: where a page ended, bound to the query that it belongs to."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import orjson

from loadboard.errors import FieldError, invalid

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

Position = TypeVar("Position")


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
