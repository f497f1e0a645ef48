"""The way to PostgreSQL: one engine a process, one transaction a request."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

from fastapi import Depends
from psycopg import AsyncConnection, AsyncCursor
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.sql import ClauseElement

from loadboard.settings import settings
from loadboard.waking import commits

EVENTFUL = "eventful"
"""Set in a session's info when its transaction writes events."""
_AFTER, _DRIVER = "after", "driver"


def sqlalchemy_url(url: str) -> str:
    """A libpq URL (postgresql://…) as SQLAlchemy names it for psycopg."""
    scheme, separator, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres"} or not separator:
        raise ValueError("LOADBOARD_DATABASE_URL must begin with postgresql://")
    return f"postgresql+psycopg://{rest}"


@cache
def engine() -> AsyncEngine:
    timeout = settings().statement_timeout_s
    return create_async_engine(
        sqlalchemy_url(settings().database_url),
        pool_size=settings().database_connections,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 5,
            # One transaction left open would hold back every reader of the events.
            "options": f"-c jit=off -c statement_timeout={timeout}s"
            " -c idle_in_transaction_session_timeout=30s -c timezone=UTC",
        },
    )


# Where row-level security holds, PostgreSQL itself shows a tenant no row of others.
_AS_TENANT = (
    "SELECT set_config('role', 'loadboard_tenant', true),"
    " set_config('loadboard.organization', %s, true)"
)


async def become_tenant(session: AsyncSession, organization_id: int) -> None:
    """Puts the rest of a transaction under row-level security."""
    await send(session, _AS_TENANT, [str(organization_id)])


@asynccontextmanager
async def transaction(tenant: int | None = None) -> AsyncIterator[AsyncSession]:
    """The one place that commits: all that is done inside happens, or none of it.

    With the id of an organisation as tenant, row-level security holds inside.
    """
    async with AsyncSession(engine(), expire_on_commit=False) as session:
        async with session.begin():
            if tenant is not None:
                await become_tenant(session, tenant)
            yield session
        if session.info.get(EVENTFUL):
            commits.note()
        for work in session.info.get(_AFTER, ()):
            work()


def after_commit(session: AsyncSession, work: Callable[[], None]) -> None:
    """Does this once the session's transaction is committed, and never if it is not."""
    session.info.setdefault(_AFTER, []).append(work)


@asynccontextmanager
async def reading() -> AsyncIterator[AsyncSession]:
    """For what only reads: each statement is a transaction of its own, two journeys fewer."""
    autocommit = engine().execution_options(isolation_level="AUTOCOMMIT")
    async with AsyncSession(autocommit, expire_on_commit=False) as session:
        yield session


async def _request_transaction() -> AsyncIterator[AsyncSession]:
    async with transaction() as session:
        yield session


# Function scope: the commit comes before the answer, so a commit that fails is never a 200.
Session = Annotated[AsyncSession, Depends(_request_transaction, scope="function")]


async def psycopg_connection(session: AsyncSession) -> AsyncConnection:
    """The session's own psycopg connection, inside its transaction: for COPY, and for `send`."""
    within, connection = session.info.get(_DRIVER, (None, None))
    # To ask the session takes a third of a short statement's time, but it also begins what is to be begun.
    if within is None or within is not _innermost(session):
        raw = await (await session.connection()).get_raw_connection()
        connection = raw.driver_connection
        session.info[_DRIVER] = (_innermost(session), connection)
    if not isinstance(connection, AsyncConnection):
        raise TypeError("the engine must use psycopg")
    return connection


def _innermost(session: AsyncSession) -> SessionTransaction | None:
    inner = session.sync_session
    return inner.get_nested_transaction() or inner.get_transaction()


def as_sent(statement: ClauseElement) -> str:
    """A statement as `send` takes it; whoever sends it fills in all of its parameters."""
    return str(statement.compile(dialect=engine().dialect))


async def send(
    session: AsyncSession, statement: str, values: Sequence[Any] | Mapping[str, Any]
) -> AsyncCursor:
    """One statement as it stands: SQLAlchemy would work on it for longer than PostgreSQL does.

    What the session has not flushed is not in the database yet.
    """
    return await (await psycopg_connection(session)).execute(statement, values)
