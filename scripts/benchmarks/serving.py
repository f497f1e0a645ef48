"""Searches through HTTP beside their own SQL."""

import http.client
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import searches
from boards import Board, board, token
from figures import MANY, Figure, Unequal, medians, seconds
from searches import Asked, Hits

HOST = "127.0.0.1"
READY_S = 120


def http_vs_sql(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """One connection that is kept, one request after the other; the covers are known to both."""
    on, count = board(loads), pairs or MANY
    headers = {"Authorization": f"Bearer {on.run(token)}", "Content-Type": "application/json"}
    with on.connect() as connection, _served(on) as port:
        each = searches.asked(searches.areas(), on)
        client = http.client.HTTPConnection(HOST, port)
        bodies = [asked.search.model_dump_json(by_alias=True) for asked in each]

        def answer(number: int) -> bytes:
            client.request("POST", "/v1/search", bodies[number % len(each)], headers)
            return client.getresponse().read()

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


@contextmanager
def _served(on: Board) -> Iterator[int]:
    """The port of a service on this board, run as in production."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("loadboard")), "serve", "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=on.environment, stdout=quiet, stderr=quiet) as process:
        try:
            _await_ready(port, process)
            yield port
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
