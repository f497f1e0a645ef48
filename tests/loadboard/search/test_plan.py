"""A search reads the covering index of its cells, and the table for no more than its page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import event

from geo.points import Point
from loadboard.db import engine
from tests.loadboard.conftest import Member
from tests.loadboard.search.boards import DALLAS, HOUR, HOUSTON, NOW, Board, load, near

Plan = dict[str, Any]
LOADS = 4_000


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the service sends, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    target = engine().sync_engine
    event.listen(target, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(target, "before_cursor_execute", note)


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def explained(board: Board, body: dict[str, Any]) -> list[Plan]:
    with statements() as sent:
        board.by_sql(body)
    [(statement, parameters)] = [one for one in sent if "load_id" in one[0] or "unnest" in one[0]]
    with psycopg.connect(board.database_url) as connection:
        connection.execute("SET jit = off")
        asked = f"EXPLAIN (ANALYZE, FORMAT JSON, COSTS) {statement}".encode()
        row = connection.execute(asked, parameters).fetchone()
    assert row is not None
    return list(nodes(row[0][0]["Plan"]))


def fill(board: Board) -> None:
    rng = np.random.default_rng(1)

    def around(middle: Point) -> Point:
        lon, lat = (middle + rng.normal(0, 4, 2)).tolist()
        return Point(lon, lat)

    for _ in range(4):
        board.post(
            load(around(DALLAS), around(HOUSTON), (NOW, NOW + HOUR), rate_cents=int(rate))
            for rate in rng.integers(1, 10**6, LOADS // 4)
        )
    # These servers commit asynchronously, and no page counts as visible to all before the log is out.
    for command in ("CHECKPOINT", "VACUUM ANALYZE load", "VACUUM ANALYZE event"):
        board.execute(command)


def reads_only_the_index(plan: list[Plan], end: str) -> None:
    scans = [node for node in plan if str(node.get("Index Name", "")).startswith("load_cells")]
    assert scans, "no index of cells is used"
    for scan in scans:
        assert scan["Node Type"] == "Index Only Scan"
        assert scan["Index Name"] == f"load_cells_{end}_a"
        assert f"{end}_cell_a" in scan["Index Cond"]
        assert scan["Heap Fetches"] == 0
    tables = [node for node in plan if node["Node Type"] in {"Seq Scan", "Bitmap Heap Scan"}]
    assert [node["Relation Name"] for node in tables if node["Relation Name"] == "load"] == []


FILTERS: dict[str, Any] = {
    "equipment": ["van"],
    "full": True,
    "hazmat": False,
    "max_weight_lb": 45_000,
    "max_length_ft": 53,
    "min_rate_cents": 100,
    "min_rate_per_mile_cents": 1,
    "max_age_minutes": 600,
    "pickup_window": {"from": NOW.isoformat(), "to": (NOW + HOUR).isoformat()},
    "include_unknown": False,
}


def test_searches_are_index_only_scans_of_the_ranges(board: Board) -> None:
    fill(board)
    pickup, delivery = near(DALLAS, 150), near(HOUSTON, 150)
    wide = near(HOUSTON, 600)
    box: dict[str, Any] = {"bbox": [-98, 31, -95, 34]}
    square = [[-98, 31], [-95, 31], [-95, 34], [-98, 31]]
    asked: list[tuple[dict[str, Any], str]] = [
        ({"pickup": pickup}, "pickup"),
        ({"pickup": box}, "pickup"),
        ({"pickup": {"polygon": {"type": "Polygon", "coordinates": [square]}}}, "pickup"),
        ({"delivery": delivery}, "delivery"),
        ({"pickup": pickup, "delivery": wide}, "pickup"),
        ({"pickup": wide, "delivery": delivery}, "delivery"),
        ({"pickup": pickup, "delivery": {"states": ["TX"]}}, "pickup"),
    ]
    for body, end in asked:
        for filters in ({}, FILTERS):
            reads_only_the_index(explained(board, body | filters), end)
    for sort in ("rate", "rate_per_mile", "pickup_time", "age", "distance"):
        sorted_by = {"pickup": pickup, "sort": sort} | FILTERS
        reads_only_the_index(explained(board, sorted_by), "pickup")


def test_a_page_is_one_statement_and_later_none(board: Board, carrier: Member) -> None:
    board.post(load() for _ in range(30))
    carrier.post("/v1/search", json={"limit": 1, "sort": "rate"})
    body = {"pickup": near(DALLAS, 150), "limit": 10}
    for expected in (1, 0):
        with statements() as sent:
            carrier.post("/v1/search", json=body)
        assert len([one for one in sent if "listing" in one[0]]) == expected
        assert len(sent) == expected
