"""A whole board as its user starts it, in a home of its own, and the means to hurt it."""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from loadboard.auth import token_hash
from loadboard.local.home import Home
from tests.conftest import make_home
from tests.loadboard.local.test_run import call

COMMAND = str(Path(sys.executable).with_name("loadboard"))
Row = tuple[Any, ...]
# One token sends here what all of a company does.
UNLIMITED = dict.fromkeys(
    ("LOADBOARD_REQUESTS_PER_S", "LOADBOARD_ORGANIZATION_REQUESTS_PER_S"), "1000000"
)


@dataclass(frozen=True)
class Board:
    """A board that is up; its supervisor brings back what is killed."""

    home: Home
    url: str
    environment: dict[str, str]

    @property
    def database_url(self) -> str:
        return self.environment["LOADBOARD_DATABASE_URL"]

    def token(self, role: str) -> str:
        accounts = json.loads(self.home.demo.read_text())["accounts"]
        return str(next(account["token"] for account in accounts if account["role"] == role))

    def pid(self, part: str) -> int | None:
        """The process of `api`, `worker`, `postgres` (its postmaster) or `redis`; None while it is down."""
        if part == "postgres":
            return _postmaster(self.home.data / "postgres/postmaster.pid")
        folder = self.home.data / part if part == "redis" else self.home.root / part
        found = working_in(folder)
        return found[0] if found else None


def _postmaster(file: Path) -> int | None:
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def working_in(folder: Path) -> list[int]:
    """The processes whose working directory a folder is."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder.resolve():
                found.append(int(link.parent.name))
        except OSError:
            continue
    return found


@contextmanager
def running_board() -> Iterator[Board]:
    """`./scripts/run --empty --detach` without the installing; all of it is gone afterwards."""
    home = make_home()
    port = free_port()
    try:
        words = "run", "--empty", "--detach", "--port", str(port)
        started = call(home, *words, environment=UNLIMITED)
        assert started.returncode == 0, started.stdout
        state = home.occupant()
        assert state is not None
        yield Board(home, state["url"], state["environment"])
    finally:
        call(home, "stop")
        subprocess.run(["rm", "-rf", str(home.root)], check=True)


@contextmanager
def serving(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """One API process that nobody brings back: its address, once it is ready."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with started([COMMAND, "serve", "--port", str(port)], environment, log) as process:
        eventually(lambda: is_ready(url) or process.poll() is not None, 120)
        assert process.poll() is None, log.read_text()[-2000:]
        yield url


@contextmanager
def started(
    words: list[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, killed if it still runs in the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            words, env={**os.environ, **UNLIMITED, **environment}, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finished(words: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A program run to its end, its output kept apart from its progress."""
    return subprocess.run(
        words,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def enrol(url: str, organization: str, kind: str) -> str:
    """A new organisation with one person: the person's token."""
    token = secrets.token_urlsafe(24)
    rows(
        url,
        "WITH home AS (INSERT INTO organization (name, kind) VALUES (%s, %s) RETURNING id), member AS ("
        " INSERT INTO person (organization_id, email) SELECT id, id || '@demo.example' FROM home RETURNING id)"
        " INSERT INTO api_token (person_id, token_hash, expires_at)"
        " SELECT id, %s, now() + interval '1 day' FROM member",
        organization,
        kind,
        token_hash(token),
    )
    return token


@contextmanager
def caller(url: str, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, verify=False) as client:
        yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_well(url: str) -> bool:
    """Ready, and nothing missing: searches are answered without a database too."""
    try:
        ready = httpx.get(f"{url}/readyz", timeout=10, verify=False)
    except httpx.TransportError:
        return False
    return ready.status_code == 200 and ready.json()["degraded"] == []


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=10, verify=False).status_code == 200
    except httpx.TransportError:
        return False


def eventually(holds: Callable[[], object], seconds: float, pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)


def rows(url: str, statement: str, *values: Any) -> list[Row]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def one(url: str, statement: str, *values: Any) -> Any:
    return rows(url, statement, *values)[0][0]


def kill(pid: int | None) -> None:
    assert pid is not None, "there is nothing to kill"
    os.kill(pid, signal.SIGKILL)


def seeded(name: str) -> random.Random:
    """Chance that can be had again: by FAULTS_SEED, which a failed test shows."""
    seed = os.environ.get("FAULTS_SEED") or str(random.randrange(10**9))
    print(f"FAULTS_SEED={seed} ({name})")  # noqa: T201
    return random.Random(f"{seed} {name}")
