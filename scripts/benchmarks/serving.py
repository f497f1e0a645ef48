"""Searches through HTTP beside their own SQL, and how services are run here."""

import http.client
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import searches
from boards import board, token
from figures import MANY, Figure, Unequal, medians, seconds
from searches import Asked, Hits

from loadboard.search.schemas import Search

HOST = "127.0.0.1"
READY_S = 120


def http_vs_sql(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """One connection that is kept, one request after the other; the covers are known to both."""
    on, count = board(loads), pairs or MANY
    command = str(Path(sys.executable).with_name("loadboard")), "serve"
    with on.connect() as connection, served(command, on.environment) as service:
        each = searches.asked(searches.areas(), on)
        bodies = [body_of(asked.search) for asked in each]
        ask = service.client(on.run(token))

        def answer(number: int) -> bytes:
            return ask(bodies[number % len(each)])

        for number, asked in enumerate(each):
            _check_equal(answer(number), asked, asked.run(connection))
        ours, peer = medians(
            count,
            lambda number: seconds(lambda: answer(number)),
            lambda number: seconds(lambda: each[number % len(each)].run(connection)),
        )
    return Figure(name, ours * 1000, peer * 1000, "ms", goal, count, loads)


def _check_equal(answer: bytes, asked: Asked, rows: list[searches.Row]) -> None:
    page: dict[str, Any] = orjson.loads(answer)
    if "items" not in page:
        raise Unequal(f"the service answered {answer.decode()}")
    found = Hits(page["total"], tuple(item["id"] for item in page["items"]))
    if found != searches.hits(rows, asked):
        raise Unequal(f"HTTP and SQL answer {asked.search.model_dump_json()} otherwise")


class Service(NamedTuple):
    """A process that answers searches."""

    port: int
    pid: int

    def client(self, token: str) -> Callable[[str], bytes]:
        """What is answered to the body of a search; one connection, which is kept."""
        connection = http.client.HTTPConnection(HOST, self.port)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def once(body: str) -> bytes:
            connection.request("POST", "/v1/search", body, headers)
            return connection.getresponse().read()

        def ask(body: str) -> bytes:
            try:
                return once(body)
            except ConnectionError:
                # The service ends one that is not used for seconds, as while its rival starts.
                connection.close()
                return once(body)

        return ask


def body_of(search: Search) -> str:
    return search.model_dump_json(by_alias=True, exclude_unset=True)


@contextmanager
def served(command: Sequence[str], environment: dict[str, str]) -> Iterator[Service]:
    """A service that is run by a command, from when it is ready."""
    port = _free_port()
    words, quiet = [*command, "--port", str(port)], subprocess.DEVNULL
    with subprocess.Popen(words, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            _await_ready(port, process)
            yield Service(port, process.pid)
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            opener.open(f"http://{HOST}:{port}/readyz", timeout=5).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the service did not get ready")
