"""A whole board on this machine: its servers, the service and the worker, kept up until told to end."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console

from loadboard.local.home import Home, LocalError, OccupiedError
from loadboard.local.postgres import is_migrated
from loadboard.local.processes import Process, privileges
from loadboard.local.servers import Servers, private_servers

HOST = "127.0.0.1"
SAMPLE_LOADS = 5000
READY_S = 120.0
COMMAND = str(Path(sys.executable).with_name("loadboard"))

console = Console(highlight=False)
progress = Console(highlight=False, stderr=True)


def run(home: Home, port: int, *, sample: bool, when_ready: Callable[[], None]) -> None:
    """Returns only by a signal, or at once where a run is up already."""
    while (state := home.occupant()) is not None:
        if url := state.get("url"):
            console.print(f"It runs already, at {url}")
            show_accounts(home)
            return
        time.sleep(0.2)
    try:
        with home.occupied():
            _run_here(home, port, sample, when_ready)
    except OccupiedError:
        # Another call was a moment faster: wait for it.
        run(home, port, sample=sample, when_ready=when_ready)


def _run_here(home: Home, port: int, sample: bool, when_ready: Callable[[], None]) -> None:
    started = time.monotonic()
    home.end_strays()
    _check_port(port)
    url = f"http://{HOST}:{port}"
    with servers(home) as machine:
        environment = machine.environment
        with ExitStack() as stack:
            service, worker = _services(home, port, environment)
            for process in (service, worker):
                stack.callback(process.stop)
            # It gets ready while the accounts and the loads are made.
            if is_migrated(machine.database_url):
                service.start()
            set_up(environment, url)
            if not service.alive:
                service.start()
            if sample:
                _make_sample(home, environment)
            _await_ready(url, service)
            worker.start()
            home.tell(url=url, environment=environment)
            console.print(f"Ready after {time.monotonic() - started:.1f} s: {url}")
            show_accounts(home)
            when_ready()
            _keep_up([*machine.processes, service, worker])


@contextmanager
def servers(home: Home) -> Iterator[Servers]:
    """Those that the environment names, else private ones."""
    database, cache = (os.environ.get(f"LOADBOARD_{name}_URL") for name in ("DATABASE", "REDIS"))
    if database and cache:
        yield Servers(home, database, cache, [])
    elif database or cache:
        raise LocalError("set both LOADBOARD_DATABASE_URL and LOADBOARD_REDIS_URL, or neither")
    else:
        progress.print("Starting PostgreSQL and Redis")
        with private_servers(home) as private:
            yield private


def set_up(environment: dict[str, str], url: str | None = None) -> None:
    """Migrates, and with an address makes the demo accounts that sign in there."""
    words = [sys.executable, "-m", "loadboard.local.setup", *([url] if url else [])]
    _step("Migrating the database", words, environment)


def _step(what: str, command: list[str], environment: dict[str, str]) -> None:
    progress.print(what)
    if code := execute(command, environment, sys.stderr):
        raise LocalError(f"failed with {code}: {' '.join(command)}")


def execute(command: list[str], environment: dict[str, str], output: TextIO | None = None) -> int:
    """Runs it to its end; when this program is told to end, so is the command."""
    words = [*privileges(None), *command]
    with subprocess.Popen(words, env={**os.environ, **environment}, stdout=output) as process:
        try:
            return process.wait()
        except SystemExit:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def show_accounts(home: Home) -> None:
    demo = json.loads(home.demo.read_text())
    console.print("Sign in as")
    for account in demo["accounts"]:
        console.print(f"  {account['role']}, {account['organization']} ({account['email']}):")
        console.print(f"    {demo['url']}/#token={account['token']}", soft_wrap=True)
    console.print(f"Passwords and tokens: {home.demo}. Logs: {home.logs}", soft_wrap=True)


def _make_sample(home: Home, environment: dict[str, str]) -> None:
    """Sample loads of today, once: those of days ago have mostly been picked up."""
    seeded, today = home.root / "seeded", datetime.now(UTC).strftime("%Y%m%d")
    if not seeded.exists() or seeded.read_text() != today:
        command = [COMMAND, "seed", "--loads", str(SAMPLE_LOADS), "--seed", today]
        _step("Making sample loads", command, environment)
        seeded.write_text(today)


def _services(home: Home, port: int, environment: dict[str, str]) -> tuple[Process, Process]:
    serve = ["serve", "--host", HOST, "--port", str(port)]
    return (
        _service(home, "api", serve, environment),
        _service(home, "worker", ["worker"], environment),
    )


def _service(home: Home, name: str, words: list[str], environment: dict[str, str]) -> Process:
    directory = home.root / name
    directory.mkdir(exist_ok=True)
    return Process(
        name=name,
        command=[COMMAND, *words],
        directory=directory,
        log=home.logs / f"{name}.log",
        environment=environment,
        # Longer than the service gives its open connections.
        patience_s=15,
    )


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            return
        except OSError as error:
            reason = error.strerror
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        free = probe.getsockname()[1]
    raise LocalError(f"port {port} can't be used ({reason}); another is free: --port {free}")


def _await_ready(url: str, service: Process) -> None:
    deadline = time.monotonic() + READY_S
    while not _answers(f"{url}/readyz"):
        if not service.alive or time.monotonic() > deadline:
            raise LocalError(f"the service did not get ready:\n{service.last_words()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    # No proxy of the environment stands between a machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _keep_up(processes: list[Process]) -> None:
    while True:
        for process in processes:
            if news := process.mend():
                progress.print(news, soft_wrap=True)
        time.sleep(0.2)
