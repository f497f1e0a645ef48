"""Two API processes on servers that go away and come back: both boards end equal to PostgreSQL."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

import httpx
import psycopg
import pytest

from loadboard.local.processes import Process
from loadboard.local.servers import private_servers
from tests.conftest import make_home
from tests.faults.board import (
    COMMAND,
    caller,
    enrol,
    eventually,
    finished,
    is_well,
    rows,
    seeded,
    serving,
)
from tests.faults.clients import Answers, Work, at_once, clean_refusal, post_on, search_on
from tests.faults.loads import a_load
from tests.faults.wholeness import assert_kept, assert_whole

BACK_S = 60.0
OPEN = "SELECT id, version FROM load WHERE status = 'posted' AND open_until > now()"


@dataclass(frozen=True)
class Pair:
    """Two API processes that nobody brings back, the servers that they share, and tokens for both."""

    environment: dict[str, str]
    database: Process
    cache: Process
    logs: Path
    urls: tuple[str, str]
    shipper: str
    carrier: str

    @property
    def database_url(self) -> str:
        return self.environment["LOADBOARD_DATABASE_URL"]

    def search(self, url: str, **headers: str) -> httpx.Response:
        with caller(url, self.carrier) as client:
            return client.post("/v1/search", json={"limit": 1}, headers=headers)

    def post(self, url: str, reference: str) -> httpx.Response:
        with caller(url, self.shipper) as client:
            return client.post("/v1/loads", json=a_load(Random(reference), reference))

    def is_equal(self, url: str) -> bool:
        """Whether a process shows just the loads that are open, in their versions."""
        return self._shown(url) == sorted(rows(self.database_url, OPEN))

    def _shown(self, url: str) -> list[tuple[int, int]]:
        shown: list[tuple[int, int]] = []
        asked: dict[str, Any] = {"limit": 200, "cursor": None}
        with caller(url, self.carrier) as client:
            while True:
                page = client.post("/v1/search", json=asked).json()
                shown += [(item["id"], item["version"]) for item in page["items"]]
                if (cursor := page["next_cursor"]) is None:
                    return sorted(shown)
                asked["cursor"] = cursor


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    home = make_home()
    try:
        with home.occupied(), private_servers(home, durable=False) as machine:
            assert finished([COMMAND, "migrate"], machine.environment).returncode == 0
            tokens = [enrol(machine.database_url, kind, kind) for kind in ("shipper", "carrier")]
            with (
                serving(machine.environment, home.logs / "a.log") as a,
                serving(machine.environment, home.logs / "b.log") as b,
            ):
                database, cache = machine.processes
                servers = machine.environment, database, cache, home.logs
                yield Pair(*servers, (a, b), *tokens)
    finally:
        rmtree(home.root)


@pytest.fixture(autouse=True)
def mended(pair: Pair) -> Iterator[None]:
    yield
    for process in (pair.database, pair.cache):
        if not process.alive:
            process.start()
    for url in pair.urls:
        eventually(partial(is_well, url), BACK_S)


@contextmanager
def customers(pair: Pair, tag: str, rng: Random) -> Iterator[Answers]:
    """A poster and a searcher at each process; they are answered before and after the block."""
    answers, stop = Answers(), threading.Event()
    tasks = []
    for number, url in enumerate(pair.urls):
        posting = Work(url, pair.shipper, answers, stop)
        tasks.append(partial(post_on, posting, f"{tag}-{number}", rng.random()))
        tasks.append(partial(search_on, Work(url, pair.carrier, answers, stop), rng.random()))
    with at_once(stop, *tasks):
        await_more(answers)
        yield answers
        await_more(answers)


def await_more(answers: Answers) -> None:
    enough = len(answers.acknowledged) + 4
    eventually(lambda: len(answers.acknowledged) > enough, BACK_S)


def assert_converged(pair: Pair, answers: Answers) -> None:
    assert answers.unclean == []
    assert_kept(pair.database_url, answers)
    assert_whole(pair.database_url)
    for url in pair.urls:
        eventually(partial(pair.is_equal, url), BACK_S)


def test_redis_stopped_for_a_minute_is_only_slower(pair: Pair, is_long: bool) -> None:
    rng = seeded("two processes without Redis")
    here, there = pair.urls
    with customers(pair, "no-redis", rng) as answers:
        pair.cache.stop()
        until = time.monotonic() + (60.0 if is_long else 5.0)
        number = 0
        while time.monotonic() < until:
            # What the one acknowledged the other finds, though nobody tells it.
            position = pair.post(here, f"seen-{number}").headers["Board-Position"]
            answer = pair.search(there, **{"Board-Position": position})
            assert answer.status_code == 200, answer.text
            assert int(answer.headers["Board-Position"]) >= int(position)
            number += 1
        pair.cache.start()
        for url in pair.urls:
            eventually(partial(is_well, url), BACK_S)
    assert answers.failed == {}
    assert_converged(pair, answers)


def test_postgresql_away_leaves_searches_and_refuses_the_rest_cleanly(
    pair: Pair, is_long: bool
) -> None:
    rng = seeded("two processes without PostgreSQL")
    with customers(pair, "no-database", rng) as answers:
        pair.database.stop()
        until = time.monotonic() + (60.0 if is_long else 5.0)
        ages = []
        while time.monotonic() < until:
            for url in pair.urls:
                refused, found = pair.post(url, "while away"), pair.search(url)
                assert clean_refusal(refused), refused.text
                assert found.status_code == 200, found.text
                ages.append(float(found.headers.get("Board-Age", 0)))
        # Old beyond what counts as current, it says so; and older as time goes by.
        assert ages[-1] >= 4
        assert ages[-1] > ages[0]
        pair.database.start()
        for url in pair.urls:
            eventually(partial(is_well, url), BACK_S)
    assert set(answers.failed) <= {"503"}
    assert_converged(pair, answers)
    assert all("Board-Age" not in pair.search(url).headers for url in pair.urls)


def test_a_process_killed_while_it_applies_comes_back_equal(pair: Pair, is_long: bool) -> None:
    """A third one, killed while loads are posted at the others: each time from another moment."""
    rng = seeded("killed while applying")
    with customers(pair, "applying", rng) as answers:
        for _ in range(10 if is_long else 1):
            with serving(pair.environment, pair.logs / "killed.log") as url:
                assert pair.search(url).status_code == 200
                threading.Event().wait(rng.uniform(0, 1))
            # It is killed outright.
    assert answers.failed == {}
    with serving(pair.environment, pair.logs / "after.log") as url:
        eventually(partial(pair.is_equal, url), BACK_S)
        assert_converged(pair, answers)


def held_s(url: str) -> float:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    [line] = [line for line in lines if line.startswith("loadboard_feed_held_seconds ")]
    return float(line.split()[1])


def is_held(url: str) -> bool:
    return held_s(url) > 0.5


def test_an_idle_transaction_that_holds_readers_up_is_measured(pair: Pair) -> None:
    assert [held_s(url) for url in pair.urls] == [0.0, 0.0]
    with psycopg.connect(pair.database_url) as idle:
        idle.execute("SELECT pg_current_xact_id()")
        assert pair.post(pair.urls[0], "held up").status_code == 201
        for url in pair.urls:
            eventually(partial(is_held, url), BACK_S)
            assert pair.search(url).status_code == 200
    for url in pair.urls:
        eventually(partial(pair.is_equal, url), BACK_S)
        assert held_s(url) == 0.0
