"""Two API processes on one database, each brought back when it dies, and clients that insist on an answer."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.faults.board import eventually, free_port, is_ready, kill

PATIENCE_S = 120.0


@dataclass
class Api:
    """A process of `tests.faults.hurt`, which serves as `loadboard serve` does."""

    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.faults.hurt", "serve", "--port", str(self.port)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                words, env={**os.environ, **self.environment}, stdout=out, stderr=out
            )

    def await_ready(self) -> None:
        eventually(lambda: is_ready(self.url), PATIENCE_S)

    def kill(self) -> None:
        assert self.process is not None
        kill(self.process.pid)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Pair:
    apis: list[Api]
    open: ExitStack

    def client(self, token: str) -> "Insistent":
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(headers=headers, timeout=30, trust_env=False)
        return Insistent(self, self.open.enter_context(client))


@contextmanager
def pair(environment: Mapping[str, str], folder: Path) -> Iterator[Pair]:
    """Both are up when the block begins; whichever dies in it is started again."""
    apis = [Api(environment, folder / f"api-{number}.log") for number in range(2)]
    over = threading.Event()

    def keep_up() -> None:
        while not over.wait(0.1):
            for api in apis:
                if api.process is not None and api.process.poll() is not None:
                    api.start()

    keeper = threading.Thread(target=keep_up)
    try:
        for api in apis:
            api.start()
        keeper.start()
        for api in apis:
            api.await_ready()
        with ExitStack() as clients:
            yield Pair(apis, clients)
    finally:
        over.set()
        keeper.join()
        for api in apis:
            api.stop()


@dataclass(frozen=True)
class Insistent:
    """Asks one process, then the other, the same with the same key, until it is answered for good."""

    pair: Pair
    client: httpx.Client

    def post(self, path: str, key: str, body: Any = None, version: int | None = None, *, first: int = 0) -> httpx.Response:  # fmt: skip
        headers = {"Idempotency-Key": key}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        deadline = time.monotonic() + PATIENCE_S
        for number in itertools.count(first):
            url = self.pair.apis[number % 2].url + path
            try:
                answer = self.client.post(url, json=body, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code not in {500, 503} and not at_work(answer):
                return answer
            # 500 is no answer of ours: it would hide what the test is after.
            assert answer is None or answer.status_code != 500, answer.text
            assert time.monotonic() < deadline, f"no answer to {path} in {PATIENCE_S} s"
            time.sleep(0.02)
        raise AssertionError

    def get(self, path: str) -> Any:
        for number in itertools.count():
            try:
                answer = self.client.get(self.pair.apis[number % 2].url + path)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                return answer.json()
            time.sleep(0.02)
        raise AssertionError


def at_work(answer: httpx.Response) -> bool:
    """Whether the first of these requests has not ended yet."""
    return answer.status_code == 409 and answer.json()["type"] == "/problems/in-progress"
