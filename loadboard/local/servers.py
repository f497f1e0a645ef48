"""The private PostgreSQL and Redis of a home, on Unix sockets that its owner alone can open."""

import os
import pwd
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from loadboard.local.home import Home, LocalError
from loadboard.local.postgres import create_database, database_url, postgres
from loadboard.local.processes import Process

START_S = 300.0


@dataclass(frozen=True)
class Servers:
    home: Home
    database_url: str
    redis_url: str
    processes: list[Process]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LOADBOARD_HOME": str(self.home.root),
            "LOADBOARD_DATABASE_URL": self.database_url,
            "LOADBOARD_REDIS_URL": self.redis_url,
        }


@contextmanager
def private_servers(home: Home, *, durable: bool = True) -> Iterator[Servers]:
    """PostgreSQL and Redis of an occupied home, for as long as the block lasts.

    Not durable: for tests that throw the data away, several times faster to commit.
    """
    home.end_strays()
    account = server_account()
    data, sockets = home.make_data(account), home.make_sockets(account)
    database = postgres(home, data / "postgres", sockets, account, durable)
    cache = _redis(home, data / "redis", sockets, account)
    with ExitStack() as stack:
        stack.callback(home.end_strays)
        for process in (database, cache):
            stack.callback(process.stop)
            process.start()
        url = database_url(sockets)
        _await(database, lambda: create_database(url))
        cache_url = f"unix://{sockets}/redis.sock?db=0"
        _await(cache, lambda: redis.Redis.from_url(cache_url).ping())
        yield Servers(home, url, cache_url, [database, cache])


def server_account() -> str | None:
    """The account that the servers run as where it isn't one's own: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise LocalError(
            "as root this needs the account `postgres`, which comes with PostgreSQL"
        ) from None


def _redis(home: Home, data: Path, sockets: Path, account: str | None) -> Process:
    data.mkdir(mode=0o700, exist_ok=True)
    if account:
        shutil.chown(data, account, account)
    # It remembers only what can be had again, so nothing is written to disk.
    settings = {
        "port": "0",
        "unixsocket": str(sockets / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(data),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "allkeys-lru",
    }
    return Process(
        name="Redis",
        command=[
            "redis-server",
            *(word for item in settings.items() for word in (f"--{item[0]}", item[1])),
        ],
        directory=data,
        log=home.logs / "redis.log",
        account=account,
    )


def _await(process: Process, attempt: Callable[[], object]) -> None:
    """Until the attempt succeeds; it may take a while after a crash, when the log is replayed."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            attempt()
        except (psycopg.OperationalError, redis.ConnectionError) as error:
            if not process.alive or time.monotonic() > deadline:
                message = f"{process.name} did not start: {error}\n{process.last_words()}"
                raise LocalError(message) from error
            time.sleep(0.05)
        else:
            return
