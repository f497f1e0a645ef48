"""The boards that are measured: a database for each size, filled once and kept, and its clones.

Their loads are picked up from 2090 on, so that a board that is kept stays open. What is made is
renamed to its name when it is whole.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from figures import tell
from sqlalchemy import select
from sqlalchemy.engine import make_url

from loadboard.accounts.demo import write_demo_accounts
from loadboard.cache import redis
from loadboard.db import engine, transaction
from loadboard.garbage import collect_seldom
from loadboard.loads.posting import Sender
from loadboard.models import Organization
from loadboard.sample import fill, generate
from loadboard.settings import settings

START = datetime(2090, 1, 1, tzinfo=UTC)
SEED, OTHER_SEED = 1, 2
TOLD_EVERY = 50_000
# As the service's own connections are set.
OPTIONS = "-c jit=off -c timezone=UTC"
# What is measured is the service, not its rate limits.
LIMITS = ("LOADBOARD_REQUESTS_PER_S", "LOADBOARD_ORGANIZATION_REQUESTS_PER_S")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Board:
    """A database of the service, by the name that it has on the server."""

    name: str
    loads: int

    @property
    def url(self) -> str:
        url = make_url(settings().database_url).set(database=self.name)
        return url.render_as_string(hide_password=False)

    @property
    def environment(self) -> dict[str, str]:
        """Of a command that is to work on this board."""
        return os.environ | {"LOADBOARD_DATABASE_URL": self.url} | dict.fromkeys(LIMITS, "1000000")

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True, options=OPTIONS)

    def run(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Does the service's own work on this board."""
        return asyncio.run(_on(self.url, work))


async def _on(url: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    collect_seldom()
    async with _engine_of(url):
        return await work()


@asynccontextmanager
async def _engine_of(url: str) -> AsyncIterator[None]:
    given = os.environ["LOADBOARD_DATABASE_URL"]
    _point_at(url)
    try:
        yield
    finally:
        await engine().dispose()
        await redis().aclose()
        _point_at(given)


def _point_at(url: str) -> None:
    """Settings and connections are kept for a process, which here uses many databases."""
    os.environ["LOADBOARD_DATABASE_URL"] = url
    for kept in (settings, engine, redis):
        kept.cache_clear()


def board(loads: int) -> Board:
    """The board of a size; made where it is missing, or where the schema has moved on."""
    whole = Board(f"bench_{loads}", loads)
    if not _is_current(whole):
        tell(f"Filling a board with {loads:,} loads, once")
        draft = Board(f"bench_{loads}_draft", loads)
        _copy(_migrated(), draft.name)
        draft.run(lambda: _fill(draft))
        with draft.connect() as connection:
            connection.execute("VACUUM (ANALYZE)")
        _rename(draft.name, whole.name)
    return whole


def empty_board() -> Board:
    """A board with its accounts and no loads; `clone` it to fill it."""
    made = Board("bench_empty", 0)
    _copy(_migrated(), made.name)
    made.run(lambda: write_demo_accounts("", _accounts_file()))
    return made


@contextmanager
def clone(of: Board, name: str) -> Iterator[Board]:
    """An equal board, for what changes it; gone afterwards."""
    made = Board(f"bench_clone_{name}", of.loads)
    _copy(of.name, made.name)
    try:
        yield made
    finally:
        _drop(made.name)


async def token() -> str:
    """A fresh token of the board's carrier."""
    accounts = await write_demo_accounts("", _accounts_file())
    return next(str(a["token"]) for a in accounts if a["role"] == "carrier")


async def sender() -> Sender:
    async with transaction() as session:
        query = select(Organization).where(Organization.kind == "shipper")
        shipper = (await session.scalars(query)).one()
        return Sender(shipper.id, shipper.name)


async def _fill(draft: Board) -> None:
    await write_demo_accounts("", _accounts_file())
    done = 0

    def progress(more: int) -> None:
        nonlocal done
        before, done = done, done + more
        if done // TOLD_EVERY > before // TOLD_EVERY:
            tell(f"  {done:,} of {draft.loads:,}")

    loads = generate(draft.loads, SEED, START)
    await fill(await sender(), loads, datetime.now(UTC), progress)


def file_of_loads(lines: int) -> Path:
    """NDJSON of loads that no board has yet; written once and kept."""
    file = settings().home / f"loads_{lines}.ndjson"
    if not file.exists():
        tell(f"Writing a file of {lines:,} loads, once")
        draft = file.with_suffix(".draft")
        with draft.open("w") as out:
            for load in generate(lines, OTHER_SEED, START):
                out.write(load.model_dump_json(by_alias=True) + "\n")
        draft.replace(file)
    return file


def _accounts_file() -> Path:
    return settings().home / "bench.json"


def _migrated() -> str:
    """The database that the service was started with: migrated, used by nobody, so a template."""
    return str(make_url(settings().database_url).database)


def _is_current(whole: Board) -> bool:
    try:
        with whole.connect() as connection:
            return _version(connection) == _version_of_migrated()
    except psycopg.OperationalError:
        return False


def _version_of_migrated() -> Any:
    with Board(_migrated(), 0).connect() as connection:
        return _version(connection)


def _version(connection: psycopg.Connection[Any]) -> Any:
    return connection.execute("SELECT version_num FROM alembic_version").fetchall()


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    with Board("postgres", 0).connect() as connection:
        yield connection


def _copy(template: str, name: str) -> None:
    _drop(name)
    with _server() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')


def _rename(draft: str, name: str) -> None:
    _drop(name)
    with _server() as connection:
        connection.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


def _drop(name: str) -> None:
    with _server() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
