"""The built page, served by the real service with sample loads, in a real browser."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from loadboard.app import PAGE
from loadboard.local.servers import Servers
from tests.conftest import database_of

COMMAND = str(Path(sys.executable).with_name("loadboard"))
LOADS = 1_500
START_S = 180
# WebGL without a graphics card.
SOFTWARE_GL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
expect.set_options(timeout=15_000)


@dataclass(frozen=True)
class Board:
    """A running service: its address, and a client for each of its demo accounts."""

    url: str
    tokens: dict[str, str]
    passwords: dict[str, str]

    def client(self, role: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.Client(base_url=f"{self.url}/v1", headers=headers, trust_env=False)

    def search(self, **body: Any) -> dict[str, Any]:
        with self.client("carrier") as client:
            answer = client.post("/search", json={"limit": 200, **body})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def all_loads(self) -> list[dict[str, Any]]:
        found = self.search()
        loads: list[dict[str, Any]] = found["items"]
        while found["next_cursor"]:
            found = self.search(cursor=found["next_cursor"])
            loads += found["items"]
        return loads

    def post(self, **load: Any) -> dict[str, Any]:
        with self.client("shipper") as client:
            answer = client.post("/loads", json=load)
        assert answer.status_code == 201, answer.text
        posted: dict[str, Any] = answer.json()
        return posted


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < deadline:
            assert process.poll() is None, "the service ended"
            try:
                if client.get(f"{url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    pytest.fail("the service did not get ready")


@pytest.fixture(scope="package")
def board(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    if not (PAGE / "index.html").exists():
        pytest.fail("the page is not built: npm ci && npm run build in loadboard/web")
    home = tmp_path_factory.mktemp("page")
    url = f"http://127.0.0.1:{(port := _free_port())}"
    with psycopg.connect(database_of(servers, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE page TEMPLATE loadboard")
    settings = {
        "LOADBOARD_HOME": str(home),
        "LOADBOARD_DATABASE_URL": database_of(servers, "page"),
        "LOADBOARD_REDIS_URL": servers.redis_url,
        "LOADBOARD_LOG_LEVEL": "WARNING",
    }
    environment = {**environ, **settings}
    for words in (["demo", "--url", url], ["seed", "--loads", str(LOADS)]):
        subprocess.run([COMMAND, *words], env=environment, check=True)
    accounts = json.loads((home / "demo.json").read_text())["accounts"]
    serve = [COMMAND, "serve", "--port", str(port)]
    with subprocess.Popen(serve, env=environment) as process:
        try:
            _await_ready(url, process)
            each = [{one["role"]: one[what] for one in accounts} for what in ("token", "password")]
            yield Board(url, *each)
        finally:
            process.terminate()


# No longer: while it is open, an event loop runs in this thread, and other tests start their own.
@pytest.fixture(scope="package")
def browser(chromium: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=SOFTWARE_GL)
        yield browser
        browser.close()


@pytest.fixture
def said() -> list[str]:
    """What the pages of a test wrote to the console; a test takes out what it means to provoke."""
    return []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, board: Board, said: list[str]) -> Iterator[Visit]:
    """Opens the page, signed in; afterwards nothing may have been written to the console."""
    contexts: list[BrowserContext] = []

    def visit(role: str | None = "carrier", query: str = "", **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(
            timezone_id="America/Chicago", reduced_motion="reduce", locale="en-US", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.goto(f"{board.url}/{query}" + (f"#token={board.tokens[role]}" if role else ""))
        if role and "view=" in query:
            expect(page.locator("#view h2").first).to_be_visible()
            expect(page.locator("#view .said")).not_to_have_text("Loading…")
        elif role:
            expect(page.locator("#count")).to_contain_text("load")
            expect(page.locator("#count")).not_to_contain_text("Loading")
            expect(page.locator("#busy")).to_be_hidden()
        return page

    yield visit
    for context in contexts:
        context.close()
    assert said == []
