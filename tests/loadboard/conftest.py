"""The whole service in this process, on a database and a Redis of its own for each test."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from geo import roads
from geo.points import Point
from loadboard import logs
from loadboard.accounts import passwords
from loadboard.app import create_app
from loadboard.auth import issue_token
from loadboard.cache import redis
from loadboard.db import engine, transaction
from loadboard.feed import Feed
from loadboard.limiting import counts
from loadboard.loads import texts
from loadboard.loads.posting import Sender
from loadboard.models import Organization, Person
from loadboard.quotas import quotas
from loadboard.search import chosen, in_sql
from loadboard.settings import settings

Result = TypeVar("Result")


@dataclass(frozen=True)
class Service:
    """The service and the event loop that its connections belong to."""

    app: FastAPI
    loop: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Does asynchronous work in the service's process: with its engine, `transaction`, Redis."""
        return self.loop.run(work)

    def caller(self, token: str | None) -> "Caller":
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://board", headers=headers)
        return Caller(self, client)

    def member(self, organization: str, kind: str) -> "Member":
        """A person of a new organisation, who holds a token."""
        sender, token = self.run(_enrol(organization, kind))
        return Member(self, self.caller(token).client, sender, token)


@dataclass(frozen=True)
class Caller:
    """Somebody who sends requests; an unexpected error in the service is raised here as it is."""

    service: Service
    client: httpx.AsyncClient

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.service.run(self.client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@dataclass(frozen=True)
class Member(Caller):
    """A caller with a token; `sender` is what `loadboard.loads.posting.submit` wants of one."""

    sender: Sender
    token: str


async def _enrol(organization: str, kind: str) -> tuple[Sender, str]:
    async with transaction() as session:
        home = Organization(name=organization, kind=kind)
        session.add(home)
        await session.flush()
        role = "staff" if kind == "operator" else "owner"
        person = Person(organization_id=home.id, email=f"person@{home.id}.example", role=role)
        session.add(person)
        await session.flush()
        token = await issue_token(session, person.id, datetime.now(UTC))
        return Sender(home.id, organization, person.id), token


def _forget() -> None:
    """Settings and connections are kept for a process, which here sees many databases."""
    caches = (texts.remembered, chosen.remembered)
    for kept in (settings, engine, redis, counts, quotas, passwords._threads, *caches):
        kept.cache_clear()
    in_sql._latest.clear()


async def _disconnect() -> None:
    await engine().dispose()
    await redis().aclose()


@pytest.fixture(scope="session")
def roads_are_built() -> None:
    """What a service builds as it starts, so that no request here waits for it in a transaction."""
    roads.road_m(Point(-96.8, 32.8), Point(-84.4, 33.7))


@pytest.fixture
def service(
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    roads_are_built: None,
) -> Iterator[Service]:
    monkeypatch.setenv("LOADBOARD_DATABASE_URL", database_url)
    monkeypatch.setenv("LOADBOARD_REDIS_URL", redis_url)
    monkeypatch.setenv("LOADBOARD_LOG_LEVEL", "ERROR")
    # Tests send more than people do; where the limits are tested they are set.
    for limit in ("LOADBOARD_REQUESTS_PER_S", "LOADBOARD_ORGANIZATION_REQUESTS_PER_S"):
        monkeypatch.setenv(limit, "1000000")
    monkeypatch.setenv("LOADBOARD_DOCUMENTS", str(tmp_path / "documents"))
    _forget()
    with asyncio.Runner() as loop:
        app = create_app()
        feed: Feed = app.state.feed
        yield Service(app, loop)
        loop.run(feed.close())
        loop.run(_disconnect())
    _forget()


@pytest.fixture
def shipper(service: Service) -> Member:
    return service.member("First Shipper", "shipper")


@pytest.fixture
def other_shipper(service: Service) -> Member:
    return service.member("Second Shipper", "shipper")


@pytest.fixture
def carrier(service: Service) -> Member:
    return service.member("Carrier", "carrier")


@pytest.fixture
def operator(service: Service) -> Member:
    return service.member("Operator", "operator")


@pytest.fixture
def anonymous(service: Service) -> Caller:
    return service.caller(None)


@pytest.fixture
def passwords_cost_little(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For tests in which many sign in; it is real argon2 still."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "hasher", cheap)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture
def lines(service: Service) -> Iterator[list[dict[str, Any]]]:
    """What is logged, as it is written."""
    written: list[dict[str, Any]] = []
    logs.configure("INFO")
    before = structlog.get_config()["processors"]

    def keep(_: Any, __: str, line: Any) -> Any:
        written.append(json.loads(line))
        return line

    structlog.configure(processors=[*before, keep])
    yield written
    structlog.configure(processors=before)
    logs.configure("ERROR")
