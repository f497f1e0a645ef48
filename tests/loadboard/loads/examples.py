"""Loads to post, and the whole state of a board to compare."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=2)


def at(hours: float) -> str:
    """A moment as the API writes it, so many hours after the first pickup opens."""
    return (START + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def window(begin: float, end: float) -> dict[str, str]:
    return {"from": at(begin), "to": at(end)}


def pickup(**changes: Any) -> dict[str, Any]:
    return {"kind": "pickup", "place": "Dallas, TX", "window": window(0, 6), **changes}


def delivery(**changes: Any) -> dict[str, Any]:
    return {"kind": "delivery", "lat": 33.749, "lon": -84.388, "window": window(24, 36), **changes}


def load(**changes: Any) -> dict[str, Any]:
    """The contract's example, with its windows ahead of today."""
    return {
        "reference": "A-1001",
        "equipment": "van",
        "full": True,
        "weight_lb": 42000,
        "length_ft": 53,
        "hazmat": False,
        "commodity": "paper",
        "rate_cents": 185000,
        "currency": "USD",
        "posted_miles": 790,
        "expires_at": None,
        "stops": [pickup(), delivery()],
        **changes,
    }


def rows(database_url: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def events(database_url: str) -> list[dict[str, Any]]:
    return rows(database_url, "SELECT * FROM event ORDER BY id")


def kinds(database_url: str) -> list[str]:
    return [event["kind"] for event in events(database_url)]


def everything(database_url: str) -> list[Any]:
    """Every load, stop and event: the same again when nothing has changed."""
    tables = ("load", "stop", "event")
    return [rows(database_url, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]  # noqa: S608
