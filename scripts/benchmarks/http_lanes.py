"""Lanes through HTTP, by the CPU time that all processes take for them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
import psycopg
import searches
from bare import ANSWERS
from boards import Board, board, token
from figures import MANY, Figure, Unequal, medians
from held import loads_of
from processes import cpu_s, servers_of
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from serving import body_of, served

from geo.points import Point
from loadboard.settings import settings

HERE = Path(__file__).parent
# A side waits for longer than uvicorn would keep its connection.
KEPT = ("--timeout-keep-alive", "3600")
UVICORN = (
    *(sys.executable, "-m", "uvicorn", "--factory", "--app-dir", str(HERE), "--no-access-log"),
    *KEPT,
)
OURS, BARE = (*UVICORN, "loadboard.app:create_app"), (*UVICORN, "bare:create_app")
# The kernel counts in hundredths of a second.
LEAST_S = 0.5
REDIS_M = 100_000
# While it starts.
RETRY = Retry(ConstantBackoff(0.05), 200)
KEY, AT_ONCE = "points", 10_000
Pids = Callable[[], list[int]]


class Side(NamedTuple):
    """What is asked of a server, one after the other, and who works for it."""

    ask: Callable[[Any], Any]
    questions: Sequence[Any]
    pids: Pids

    def rate(self) -> float:
        """Requests per CPU-second, in whole rounds."""
        before, took, asked = cpu_s(self.pids()), 0.0, 0
        while took < LEAST_S:
            for question in self.questions:
                self.ask(question)
            asked += len(self.questions)
            took = cpu_s(self.pids()) - before
        return asked / took


def lane_vs_bare(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """552 lanes, of which no answer is kept whole: the service, PostgreSQL and Redis work for them.

    The bare service is the same FastAPI and uvicorn, validates the same model, and returns the same
    bytes, which it was given beforehand.
    """
    on, count = board(loads), pairs or MANY
    with on.connect() as connection, _ours(on, connection) as ours:
        answers = {body: ours.ask(body) for body in ours.questions}
        with _bare(answers) as bare:
            for body in ours.questions:
                _check_equal(body, ours.ask(body), bare.ask(body))
            rates = medians(count, lambda _: ours.rate(), lambda _: bare.rate())
    return Figure(name, *rates, "requests/CPU-s", goal, count, loads, more_is_better=True)


def lane_vs_redis(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The same lanes, and beside them what a board on Redis alone would begin with.

    Ours is the whole answer through HTTP: who asks, both ends within 150 miles, van, window, the total,
    the 50 best paid with their listings. Redis gives the ids of all loads that are picked up within
    100 km of a town (GEOSEARCH), by its own protocol; no other end, no filter, no order, no listing. The
    points are the same, the answers are not.
    """
    on, count = board(loads), pairs or MANY
    with on.connect() as connection, _ours(on, connection) as ours, _geosearch(on) as peer:
        for body in ours.questions:
            ours.ask(body)
        rates = medians(count, lambda _: ours.rate(), lambda _: peer.rate())
    return Figure(name, *rates, "requests/CPU-s", goal, count, loads, more_is_better=True)


@contextmanager
def _ours(on: Board, connection: psycopg.Connection[Any]) -> Iterator[Side]:
    bodies, database = [body_of(search) for search in searches.many_lanes()], servers_of(connection)
    with Redis.from_url(settings().redis_url) as cache, served(OURS, on.environment) as service:
        cache_pid = int(cache.info("server")["process_id"])
        ask = service.client(on.run(token))
        yield Side(ask, bodies, lambda: [service.pid, cache_pid, *database()])


@contextmanager
def _bare(answers: dict[str, bytes]) -> Iterator[Side]:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "answers.json"
        file.write_bytes(orjson.dumps({body: text.decode() for body, text in answers.items()}))
        with served(BARE, os.environ | {ANSWERS: str(file)}) as service:
            yield Side(service.client(""), list(answers), lambda: [service.pid])


def _check_equal(body: str, ours: bytes, bare: bytes) -> None:
    """All but the cursor, which names the moment of its search."""
    first, second = ({**orjson.loads(text), "next_cursor": None} for text in (ours, bare))
    if "items" not in first or first != second:
        raise Unequal(f"{body} is answered {ours[:200]!r} and {bare[:200]!r}")


@contextmanager
def _geosearch(on: Board) -> Iterator[Side]:
    """The pickups of all loads in a Redis of its own, and the towns that the lanes begin at."""
    rows = loads_of(on)
    columns = (rows[name].tolist() for name in ("pickup_lon", "pickup_lat", "id"))
    flat = [value for load in zip(*columns, strict=True) for value in load]
    with _redis() as (client, pid):
        for first in range(0, len(flat), 3 * AT_ONCE):
            client.geoadd(KEY, flat[first : first + 3 * AT_ONCE])
        towns = [town.point for town in searches.largest_towns()]
        yield Side(lambda town: _near(client, town), towns, lambda: [pid])


def _near(client: Redis, town: Point) -> Any:
    return client.geosearch(KEY, longitude=town.lon, latitude=town.lat, radius=REDIS_M)


@contextmanager
def _redis() -> Iterator[tuple[Redis, int]]:
    with TemporaryDirectory() as directory:
        path = f"{directory}/redis.sock"
        settings_ = {"port": "0", "unixsocket": path, "dir": directory, "save": ""}
        words = [word for name, value in settings_.items() for word in (f"--{name}", value)]
        quiet = subprocess.DEVNULL
        with (
            subprocess.Popen(["redis-server", *words], stdout=quiet) as process,
            Redis(unix_socket_path=path, retry=RETRY) as client,
        ):
            try:
                client.ping()
                yield client, process.pid
            finally:
                process.terminate()
