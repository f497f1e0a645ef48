"""Servers for the tests, databases of their own for each, and the switch between short and long."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings

from loadboard.local.home import Home
from loadboard.local.run import set_up
from loadboard.local.servers import Servers, private_servers

pytest_plugins = ["tests.sharing"]
HOMES = "loadboard-test-"
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the proofs at full size")


def pytest_configure(config: pytest.Config) -> None:
    # The quick run is the same each time; chance is for the long one. A slow machine is no failure.
    slow = [HealthCheck.too_slow]
    quick = not config.getoption("--long")
    settings.register_profile("board", derandomize=quick, deadline=None, suppress_health_check=slow)
    settings.load_profile("board")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="only with --long"))


@pytest.fixture(scope="session")
def is_long(pytestconfig: pytest.Config) -> bool:
    """Whether proofs run at full size, for tests that scale."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """The browser's executable_path for Playwright; None where it brings its own."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def make_home() -> Home:
    """A home that any account can reach, so that its data stays inside."""
    root = Path(tempfile.mkdtemp(prefix=HOMES, dir="/tmp"))
    root.chmod(0o755)
    return Home(root)


def remove_abandoned_homes() -> None:
    """Those of runs that were killed outright; a day old, so never one of a run that goes on."""
    for home in Path("/tmp").glob(f"{HOMES}*"):
        status = home.stat()
        if status.st_uid == os.geteuid() and status.st_mtime < time.time() - 86_400:
            Home(home).evict()
            # Another process of this run may be at it as well.
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis of this test run alone; its database is migrated and is the template."""
    remove_abandoned_homes()
    home = make_home()
    try:
        with home.occupied(), private_servers(home, durable=False) as machine:
            set_up(machine.environment)
            yield machine
    finally:
        shutil.rmtree(home.root)


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated, empty database for one test: libpq URL."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(database_of(servers, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE loadboard")
        yield database_of(servers, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """An empty Redis for one test."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


def database_of(servers: Servers, name: str) -> str:
    return servers.database_url.replace("/loadboard?", f"/{name}?")
