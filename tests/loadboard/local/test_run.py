"""The whole board by `run` and `stop`: found in place, mended, never twice, and gone when stopped."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import psycopg
import pytest

from loadboard.local.home import Home, lives
from loadboard.local.servers import private_servers
from tests.conftest import make_home
from tests.loadboard.local.test_servers import at_work, eventually, kill_all

# As long as a start may take on a machine with much else to do.
START_S = 120
TELL = "import os; print(os.environ['LOADBOARD_DATABASE_URL'])"


@pytest.fixture
def home() -> Iterator[Home]:
    made = make_home()
    yield made
    call(made, "stop")
    shutil.rmtree(made.root)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


class Board(NamedTuple):
    home: Home
    port: int
    said: str


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """One that runs, for the tests that leave it running."""
    home, port = make_home(), free_port()
    started = run(home, port)
    assert started.returncode == 0, started.stdout
    yield Board(home, port, started.stdout)
    call(home, "stop")
    shutil.rmtree(home.root)


def test_it_serves_and_says_who_can_sign_in(board: Board) -> None:
    demo = json.loads(board.home.demo.read_text())
    assert demo["url"] == f"http://127.0.0.1:{board.port}"
    assert {"shipper", "carrier"} <= {account["role"] for account in demo["accounts"]}
    for account in demo["accounts"]:
        assert f"{demo['url']}/#token={account['token']}" in board.said
    assert answers(board.port)


def test_a_second_call_finds_it_running(board: Board) -> None:
    before = occupant(board.home)
    again = run(board.home, board.port)
    assert again.returncode == 0
    assert f"http://127.0.0.1:{board.port}" in again.stdout
    assert occupant(board.home) == before


def test_a_command_runs_on_the_servers_of_the_run(board: Board) -> None:
    beside = call(board.home, "with-servers", sys.executable, "-c", TELL)
    assert str(board.home.sockets.readlink()) in beside.stdout
    assert answers(board.port)


def test_each_part_comes_back_when_it_is_killed(board: Board) -> None:
    kill_all(at_work(board.home))
    eventually(lambda: not answers(board.port))
    eventually(lambda: answers(board.port), START_S)
    eventually(lambda: (board.home.root / "worker").resolve() in at_work(board.home).values())


def test_two_calls_at_once_start_one_board(home: Home, port: int) -> None:
    calls = [begin(home, "run", "--empty", "--detach", "--port", str(port)) for _ in range(2)]
    outputs = [call.communicate(timeout=120)[0] for call in calls]
    assert [call.returncode for call in calls] == [0, 0], outputs
    assert sum("It runs already" in output for output in outputs) == 1, outputs
    assert answers(port)


def test_stop_leaves_no_process_and_no_port(home: Home, port: int) -> None:
    run(home, port)
    owner = occupant(home)
    stopped = call(home, "stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped\n")
    assert not at_work(home)
    assert not lives(owner)
    assert not answers(port)
    assert call(home, "stop").stdout == "Nothing was running\n"


def test_an_interrupt_at_the_terminal_ends_everything(home: Home, port: int) -> None:
    with begin(home, "run", "--empty", "--port", str(port)) as process:
        try:
            eventually(lambda: answers(port), START_S)
        finally:
            process.send_signal(signal.SIGINT)
    assert not at_work(home)
    assert not answers(port)


def test_a_call_after_everything_was_killed_mends_it(home: Home, port: int) -> None:
    run(home, port)
    kill_all([occupant(home), *at_work(home)])
    again = run(home, port)
    assert again.returncode == 0, again.stdout
    assert answers(port)


def test_a_port_in_use_is_said_with_one_that_is_free(home: Home) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = run(home, other.getsockname()[1])
    assert refused.returncode == 1
    assert "--port" in refused.stdout
    assert not at_work(home)


def test_named_servers_are_used_instead_of_private_ones(home: Home, port: int) -> None:
    theirs = Home(home.root / "theirs")
    with theirs.occupied(), private_servers(theirs) as machine:
        urls = {"DATABASE": machine.database_url, "REDIS": machine.redis_url}
        named = {f"LOADBOARD_{name}_URL": url for name, url in urls.items()}
        words = ["run", "--empty", "--detach", "--port", str(port)]
        output, _ = begin(home, *words, environment=named).communicate(timeout=120)
        assert answers(port), output
        assert not home.data.exists()
        with psycopg.connect(machine.database_url) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM organization").fetchone() == (True,)
        call(home, "stop")
        assert machine.processes[0].alive


def test_a_command_alone_has_servers_started_for_it(home: Home) -> None:
    alone = call(home, "with-servers", sys.executable, "-c", TELL)
    assert alone.returncode == 0
    assert "postgresql://" in alone.stdout
    assert not at_work(home)


def run(home: Home, port: int) -> subprocess.CompletedProcess[str]:
    return call(home, "run", "--empty", "--detach", "--port", str(port))


def call(
    home: Home, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    process = begin(home, *words, environment=environment)
    output, _ = process.communicate(timeout=180)
    return subprocess.CompletedProcess(words, process.returncode, output)


def begin(
    home: Home, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith("LOADBOARD_")}
    return subprocess.Popen(
        [sys.executable, "-m", "loadboard.local", *words],
        env={**ours, **(environment or {}), "LOADBOARD_HOME": str(home.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def occupant(home: Home) -> int:
    state = home.occupant()
    assert state is not None
    return int(state["pid"])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
