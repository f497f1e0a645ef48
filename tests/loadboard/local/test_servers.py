"""The private servers: mended after every kind of sudden end, and gone when the block is left."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from loadboard.local.home import Home, OccupiedError
from loadboard.local.servers import private_servers
from tests.conftest import make_home


@pytest.fixture
def home() -> Iterator[Home]:
    made = make_home()
    yield made
    made.evict(patience_s=1)
    shutil.rmtree(made.root)


def test_what_was_written_is_there_after_a_second_start(home: Home) -> None:
    with home.occupied(), private_servers(home) as first:
        execute(first.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        assert redis.Redis.from_url(first.redis_url).ping()
    assert not at_work(home)
    with home.occupied(), private_servers(home) as second:
        assert execute(second.database_url, "SELECT n FROM kept") == [(7,)]
    assert not at_work(home)
    assert not home.sockets.is_symlink()


def test_commits_are_durable_unless_said_otherwise(home: Home) -> None:
    settings = "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
    with home.occupied(), private_servers(home) as durable:
        assert execute(durable.database_url, settings) == [("on", "on")]
    with home.occupied(), private_servers(home, durable=False) as fleeting:
        assert execute(fleeting.database_url, settings) == [("off", "off")]


def test_a_killed_server_is_started_again_on_the_same_address(home: Home) -> None:
    with home.occupied(), private_servers(home) as machine:
        execute(machine.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
        kill_all(at_work(home))
        eventually(lambda: not any(process.alive for process in machine.processes))

        def mended() -> bool:
            for process in machine.processes:
                process.mend()
            return reachable(machine.database_url) and pings(machine.redis_url)

        eventually(mended)
        assert execute(machine.database_url, "SELECT n FROM kept") == [(7,)]


def test_a_killed_owner_takes_its_servers_along_and_the_next_mends(home: Home) -> None:
    owner = start_owner(home)
    assert at_work(home)
    owner.kill()
    owner.wait()
    with home.occupied(), private_servers(home) as machine:
        assert execute(machine.database_url, "SELECT n FROM kept") == [(7,)]


def test_a_stale_pid_file_that_names_a_living_process_does_no_harm(home: Home) -> None:
    with home.occupied(), private_servers(home):
        pass
    # The first line is the number of the process: here one that lives and isn't PostgreSQL.
    stale = home.data / "postgres/postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{home.data}/postgres\n1\n5432\n/tmp\n\n   1  1\nready\n")
    with home.occupied(), private_servers(home) as machine:
        assert reachable(machine.database_url)


def test_a_half_made_cluster_is_made_anew(home: Home) -> None:
    half = home.data / "postgres.draft"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    with home.occupied(), private_servers(home) as machine:
        assert reachable(machine.database_url)
    assert not half.exists()


def test_a_deep_path_is_no_hindrance(home: Home) -> None:
    deep = Home(home.root / ("d" * 120) / ("e" * 120))
    with deep.occupied(), private_servers(deep) as machine:
        assert reachable(machine.database_url)
        assert pings(machine.redis_url)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers have another account")
def test_data_goes_elsewhere_when_the_account_cannot_reach_the_home(home: Home) -> None:
    home.root.chmod(0o700)
    with home.occupied(), private_servers(home) as machine:
        execute(machine.database_url, "CREATE TABLE kept AS SELECT 7 AS n")
    with home.occupied(), private_servers(home) as machine:
        assert execute(machine.database_url, "SELECT n FROM kept") == [(7,)]
    assert home.data.is_symlink()
    elsewhere = home.data.resolve()
    assert not elsewhere.is_relative_to(home.root)
    shutil.rmtree(elsewhere)


def test_a_home_has_one_owner(home: Home) -> None:
    with home.occupied():
        with pytest.raises(OccupiedError), Home(home.root).occupied():
            pytest.fail("two owners at once")
        assert home.occupant() == {"pid": os.getpid()}
    assert home.occupant() is None


def test_eviction_ends_the_owner_and_waits_for_it(home: Home) -> None:
    owner = start_owner(home)
    assert home.evict()
    assert home.occupant() is None
    assert not at_work(home)
    assert owner.wait(5) != 0
    assert not home.evict()


OWNER = """
import sys, time
from pathlib import Path
import psycopg
from loadboard.local.__main__ import end_by_signal
from loadboard.local.home import Home
from loadboard.local.servers import private_servers
end_by_signal()
home = Home(Path(sys.argv[1]))
with home.occupied(), private_servers(home) as machine:
    with psycopg.connect(machine.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    print("up", flush=True)
    time.sleep(600)
"""


def start_owner(home: Home) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == "up\n"
    return owner


def at_work(home: Home) -> dict[int, Path]:
    """The processes whose working directory is in the home, and which it is, straight from the kernel."""
    found = {}
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            folder = link.readlink()
            if folder.is_relative_to(home.root.resolve()):
                found[int(link.parent.name)] = folder
    return found


def kill_all(pids: Iterable[int]) -> None:
    for pid in pids:
        # Those of a server that was just killed go by themselves.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def reachable(url: str) -> bool:
    try:
        return execute(url, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def pings(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
