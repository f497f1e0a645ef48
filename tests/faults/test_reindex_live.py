"""A board is re-indexed, killed with -9 and resumed, while many search and post: every answer is right."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg

from geo.cells import cells_of
from geo.points import METRES_PER_MILE, Point
from loadboard.local.servers import Servers
from tests.faults import reindexer
from tests.faults.board import (
    COMMAND,
    Row,
    caller,
    enrol,
    eventually,
    finished,
    one,
    rows,
    seeded,
    serving,
)
from tests.faults.clients import at_once
from tests.faults.moving import Histories, Mover
from tests.faults.still import PAGE, Question, distance_m, questions, still_loads, write
from tests.faults.wholeness import assert_whole

MOVERS = 2
SOON_S = 300.0


@dataclass
class Live:
    """A board in use, and what was asked of it."""

    database_url: str
    environment: dict[str, str]
    log: Path
    batch: int
    rng: random.Random
    asked: Counter[str] = field(default_factory=Counter)

    def start(self, resolution: int) -> BaseProcess:
        return reindexer.start(resolution, self.batch, self.environment, self.log)

    def rows(self, statement: str, *values: Any) -> list[Row]:
        return rows(self.database_url, statement, *values)

    def one(self, statement: str, *values: Any) -> Any:
        return one(self.database_url, statement, *values)

    def reached(self) -> int:
        """The id that a re-index has come to; 0 when none is under way."""
        return int(self.one("SELECT coalesce(next_after_id, 0) FROM cell_scheme"))

    def pause(self, longest_s: float) -> None:
        time.sleep(self.rng.uniform(0, longest_s))


def test_no_search_is_wrong_at_any_moment_of_a_reindex(
    servers: Servers, database_url: str, redis_url: str, tmp_path: Path, is_long: bool
) -> None:
    rng = seeded("reindex live")
    environment = {
        "LOADBOARD_DATABASE_URL": database_url,
        "LOADBOARD_REDIS_URL": redis_url,
        "LOADBOARD_HEXES_CACHE_S": "0",
        "PGAPPNAME": "reindex",
    }
    count, batch = (40_000, 5_000) if is_long else (6_000, 500)
    live = Live(database_url, environment, tmp_path / "reindex.log", batch, rng)
    live.log.touch()
    shipper = enrol(database_url, "Shipper", "shipper")
    carrier = enrol(database_url, "Carrier", "carrier")
    still = still_loads(rng, count)
    imported = finished([COMMAND, "import", str(write(still, tmp_path / "still.csv"))], environment)
    assert imported.returncode == 0, imported.stderr[-2000:]
    known = questions(rng, still, 150)
    with in_use(live, shipper, carrier, known):
        for resolution in (9, 8, 10, 7, 9) if is_long else (9,):
            killed_in_the_fill(live, resolution)
            killed_in_the_index(live, resolution)
            if is_long:
                killed_while_the_server_goes_on(live, resolution)
            killed_around_the_switch(live, resolution)
            end(live, resolution)
            assert_reindexed(live, resolution)
        end(live, 8)
        assert_reindexed(live, 8)
    assert_reindexed(live, 8)
    assert_whole(database_url)
    print(dict(live.asked))  # noqa: T201
    assert min(live.asked[what] for what in ("still 0", "still 1", "moving 0", "moving 1")) > 20


def killed_in_the_fill(live: Live, resolution: int) -> None:
    """Twice; the second run goes on from where the first one came to."""
    begun, filled = 0, list[Row]()
    for _ in range(2):
        with reindexing(live, resolution):
            eventually(lambda after=begun: live.reached() > after, SOON_S, 0.02)  # type: ignore[misc]
            live.pause(0.1)
        gone(live)
        reached = live.reached()
        if begun:
            assert live.rows(FILLED, begun) == filled, "what was filled was filled again"
        begun, filled = reached, live.rows(FILLED, reached)
        assert 0 < begun < live.one("SELECT max(id) FROM load WHERE reference LIKE 'still-%%'")


# Nobody but a re-index touches these.
FILLED = "SELECT id, xmin::text FROM load WHERE id <= %s AND reference LIKE 'still-%%' ORDER BY id"


def killed_in_the_index(live: Live, resolution: int) -> None:
    """While an index has to wait for others, and the server gives it up as well."""
    with others_at_work(live):
        with reindexing(live, resolution):
            eventually(lambda: live.one(INDEXING), SOON_S, 0.02)
            live.pause(0.1)
        # It would go on by itself to the end of the statement.
        live.rows(END_IT)
        gone(live)
    assert False in [valid for _, valid in live.rows(INDEXES)], "no index was left half-made"


def killed_while_the_server_goes_on(live: Live, resolution: int) -> None:
    """The next run finds the index made, or waits for it."""
    with others_at_work(live), reindexing(live, resolution):
        eventually(lambda: live.one(INDEXING), SOON_S, 0.02)


def killed_around_the_switch(live: Live, resolution: int) -> None:
    """From the moment at which all indexes are there; it may have ended before."""
    with reindexing(live, resolution, may_end=True) as process:
        eventually(
            lambda: not process.is_alive() or [v for _, v in live.rows(INDEXES)] == 4 * [True],
            SOON_S,
            0.005,
        )
        live.pause(0.2)


def end(live: Live, resolution: int) -> None:
    process = live.start(resolution)
    process.join(SOON_S)
    assert process.exitcode == 0, live.log.read_text()[-6000:]


@contextmanager
def reindexing(live: Live, resolution: int, *, may_end: bool = False) -> Iterator[BaseProcess]:
    """A run of the re-index, killed with -9 when the block ends."""
    process = live.start(resolution)
    try:
        yield process
    finally:
        process.kill()
        process.join()
    assert_searchable(live)
    assert may_end or process.exitcode == -9, live.log.read_text()[-6000:]


@contextmanager
def others_at_work(live: Live) -> Iterator[None]:
    """Somebody whose transaction an index that is made beside the others has to wait for."""
    snapshot = ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT FROM load LIMIT 1"]
    writing = ["BEGIN", "LOCK load IN ROW EXCLUSIVE MODE"]
    with psycopg.connect(live.database_url, autocommit=True) as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        for statement in live.rng.choice([snapshot, writing]):
            connection.execute(statement.encode())
        yield


def gone(live: Live) -> None:
    """What a killed run had asked of the server is done, or undone."""
    eventually(lambda: live.one(LEFT) == 0, SOON_S, 0.02)


LEFT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reindex'"
INDEXING = f"{LEFT} AND state = 'active' AND query LIKE '%%INDEX CONCURRENTLY%%'"
END_IT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reindex'"
INDEXES = """
    SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname LIKE 'load_cells%' ORDER BY relname"""


def assert_searchable(live: Live) -> None:
    """The indexes of the pair that is in use are there and valid, whenever one looks."""
    active = live.one("SELECT active FROM cell_scheme")
    valid = {name for name, is_valid in live.rows(INDEXES) if is_valid}
    assert {f"load_cells_{end}_{active}" for end in ENDS} <= valid


def assert_reindexed(live: Live, resolution: int) -> None:
    """The scheme is the new one, with its indexes alone, and every open load is where it belongs."""
    [(active, *scheme)] = live.rows(
        "SELECT active, resolution, next_resolution, next_after_id FROM cell_scheme"
    )
    assert scheme == [resolution, None, None]
    assert live.rows(INDEXES) == [(f"load_cells_{end}_{active}", True) for end in ENDS]
    for name in ENDS:
        stored: np.ndarray[Any, Any] = np.array(
            live.rows(
                f"SELECT {name}_lon, {name}_lat, coalesce({name}_cell_{active}, 0)::text FROM load"  # noqa: S608
                " WHERE status = 'posted'"
            )
        )
        cells = cells_of(stored[:, 0].astype(float), stored[:, 1].astype(float), resolution)
        assert (cells == stored[:, 2].astype(np.int64)).all()


ENDS = ("delivery", "pickup")


@contextmanager
def in_use(live: Live, shipper: str, carrier: str, known: list[Question]) -> Iterator[None]:
    """Two API processes, each with its own memory of the scheme, and people at work on both."""
    stop, histories = threading.Event(), Histories()
    serve = {**live.environment, "PGAPPNAME": "api"}
    with ExitStack() as stack:
        logs = [live.log.with_name(f"api-{number}.log") for number in range(2)]
        urls = [stack.enter_context(serving(serve, log)) for log in logs]
        tasks: list[Callable[[], object]] = []
        for number in range(MOVERS):
            client = stack.enter_context(caller(urls[number % 2], shipper))
            chance = random.Random(live.rng.random())
            mover = Mover(client, histories, f"mover-{number}", chance, somewhere)
            tasks.append(partial(move_on, stop, mover))
        for number, url in enumerate(urls):
            client = stack.enter_context(caller(url, carrier))
            # The second process is asked seldom, and finds out late that the scheme has changed.
            pause = 0.02 if number == 0 else 0.2
            chance = random.Random(live.rng.random())
            tasks.append(
                partial(search_on, stop, live, number, client, known, histories, chance, pause)
            )
        with at_once(stop, *tasks):
            yield


def move_on(stop: threading.Event, mover: Mover) -> None:
    while not stop.is_set():
        mover.act()
        time.sleep(0.03)


def search_on(
    stop: threading.Event,
    live: Live,
    number: int,
    client: httpx.Client,
    known: list[Question],
    histories: Histories,
    rng: random.Random,
    pause: float,
) -> None:
    while not stop.is_set():
        ask_of_the_still(client, rng.choice(known))
        ask_of_the_moving(client, histories, rng)
        live.asked[f"still {number}"] += 1
        live.asked[f"moving {number}"] += 1
        time.sleep(rng.uniform(0, 2 * pause))


def ask_of_the_still(client: httpx.Client, question: Question) -> None:
    found, total = found_by(client, question.body)
    assert found == question.expected, difference(found, question.expected, question.expected)
    assert total == len(question.expected)
    hexes = client.post("/v1/search/hexes", json=question.body)
    assert hexes.status_code == 200, hexes.text
    assert hexes.json()["total"] == len(question.expected)


def ask_of_the_moving(client: httpx.Client, histories: Histories, rng: random.Random) -> None:
    body, within = anywhere_moving(rng)
    sent = time.monotonic()
    found, total = found_by(client, body, histories.position)
    must, may = histories.verdict(sent, time.monotonic(), within)
    assert must <= found <= may, difference(found, must, may)
    assert total == len(found)


def found_by(client: httpx.Client, body: dict[str, Any], position: int = 0) -> tuple[set[str], int]:
    headers = {"Board-Position": str(position)}
    answer = client.post("/v1/search", json={**body, "limit": PAGE}, headers=headers)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page["next_cursor"] is None
    references = [item["reference"] for item in page["items"]]
    assert len(references) == len(set(references))
    return set(references), page["total"]


def difference(
    found: set[str], must: set[str] | frozenset[str], may: set[str] | frozenset[str]
) -> str:
    return f"missing {sorted(must - found)[:5]}, wrong {sorted(found - may)[:5]}"


def somewhere(rng: random.Random) -> Point:
    """In the east, where no load stands still."""
    return Point(round(rng.uniform(-94, -76), 6), round(rng.uniform(32, 44), 6))


def anywhere_moving(rng: random.Random) -> tuple[dict[str, Any], Callable[[Point], bool]]:
    at = somewhere(rng)
    if rng.random() < 0.5:
        radius_mi = rng.uniform(50, 450)
        at = Point(max(at.lon, -88.0), at.lat)
        near = {"lat": at.lat, "lon": at.lon}
        return (
            {
                "pickup": {"near": near, "radius_mi": radius_mi},
                "delivery": {"bbox": [-170, 10, -50, 70]},
            },
            lambda point: distance_m(at, point) <= radius_mi * METRES_PER_MILE,
        )
    west, south, east, north = at.lon - rng.uniform(0, 9), at.lat - 4, at.lon + 8, at.lat + 5
    # Not into the west, where the others stand.
    west = max(west, -95.0)
    return (
        {"pickup": {"bbox": [west, south, east, north]}},
        lambda point: west <= point.lon <= east and south <= point.lat <= north,
    )
