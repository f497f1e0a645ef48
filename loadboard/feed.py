"""Keeps this process's board equal to PostgreSQL: filled once, then by the events, in their order.

Events are read by `(xid, id)`, and only those whose transaction is below the snapshot's horizon: what is
below it has ended, so nothing can turn up behind the cursor any more. What an event says of a load is
looked up in `load` by the same statement, so it may be newer than the event; the board takes versions in
any order.
"""

import asyncio
import time
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import orjson
import psycopg
import structlog
from fastapi import Depends, Request
from prometheus_client import Gauge
from psycopg import AsyncConnection, AsyncCursor
from psycopg.pq.abc import PGresult
from redis.exceptions import RedisError

from loadboard.cache import failed
from loadboard.errors import FieldError, Problem, invalid
from loadboard.loads.columns import SELECT, loads_in, open_loads
from loadboard.loads.texts import remembered
from loadboard.records import Records
from loadboard.settings import settings
from loadboard.sight import CHANGED, Sights
from loadboard.waking import CHANNEL, commits, words
from matching.board import Board, View

LOADS = Gauge("loadboard_board_loads", "Loads on this process's board")
LAG = Gauge("loadboard_board_lag_seconds", "Since the board was last known to be current")
HELD = Gauge(
    "loadboard_feed_held_seconds", "How long open transactions have kept events from being read"
)
POLL_S, HELD_POLL_S = 1.0, 0.01
STALE_S = 3.0
# So few events are applied in less time than it takes to hand them to a thread.
AT_ONCE = 20
# For so long a search waits for what its own process committed.
OWN_WAIT_S = 1.0
MOST_EVENTS = 1_000
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# The horizon is of the statement's own snapshot. There is one row at least, whose event may be null; loads
# and listings are given for the events that are below the horizon alone. OFFSET 0 has each load looked up,
# where a plan made for any cursor would rather go through all of them.
EVENTS = f"""
WITH horizon AS MATERIALIZED
  ({HORIZON} AS xmin, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax)
SELECT horizon.xmin, horizon.xmax, event.xid::text::bigint, event.id, event.load_id, event.version::bigint,
  event.kind, CASE WHEN event.xid::text::bigint < horizon.xmin THEN listing::text END, load.*
FROM horizon LEFT JOIN LATERAL (
  SELECT xid, id, load_id, version, kind, listing FROM event
  WHERE (xid, id) > (%s::text::xid8, %s::text::bigint) ORDER BY xid, id LIMIT {MOST_EVENTS}
) AS event ON true LEFT JOIN LATERAL (
  SELECT {SELECT} FROM load WHERE id = event.load_id AND event.xid::text::bigint < horizon.xmin OFFSET 0
) AS load ON true ORDER BY xid, event.id"""  # noqa: S608
# To plan it takes longer than to run it, so it is planned once, for tables of any size: by their indexes.
PLANNED_ONCE = (
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off"
)
# Its columns: six numbers, the kind, the listing, and those of the load.
_KIND, _LISTING, _LOAD = 6, 7, 8
log = structlog.get_logger()


class _News(NamedTuple):
    """What `EVENTS` told: the snapshot, `(xid, id)` of the events, and how many are below its horizon."""

    result: PGresult
    xmin: int
    xmax: int
    events: list[tuple[int, int]]
    ready: int


class Feed:
    """A board and how far it has come. `xmin` says that it knows of all transactions below."""

    def __init__(self) -> None:
        self.board: Board | None = None
        self.sights = Sights()
        self.records = Records()
        self.xmin = 0
        self._xmax = 0
        self._cursor = (0, 0)
        self._commits_seen = -1
        self._current_at = 0.0
        self._held_since: float | None = None
        self._reader: AsyncCursor[Any] | None = None
        self._lock = asyncio.Lock()
        self._readings: set[asyncio.Future[bool]] = set()

    async def view(self, position: int | None = None) -> View:
        """The board as it is now: with all that this process has committed, and up to a Board-Position."""
        if self.board is None or self._commits_seen != commits.count:
            await self._read_for(settings().board_wait_s if self.board is None else OWN_WAIT_S)
        deadline = time.monotonic() + settings().board_wait_s
        while position is not None and self.xmin <= position:
            if time.monotonic() > deadline:
                raise _behind("The board here has not come to this Board-Position yet.")
            await asyncio.sleep(HELD_POLL_S)
            await self._read_for(settings().board_wait_s)
            if 0 < self._xmax <= position:
                message = "is a position that this board never answered; leave it out"
                raise invalid(FieldError(pointer="/Board-Position", message=message))
        if self.board is None:
            raise _behind("The board is being filled.")
        return self.board.view

    async def _read_for(self, seconds: float) -> None:
        """Wait for a reading, but not for ever: another's lock may hold it up."""
        reading = asyncio.ensure_future(self.read())
        self._readings.add(reading)
        reading.add_done_callback(self._readings.discard)
        await asyncio.wait({reading}, timeout=seconds)

    @property
    def age_s(self) -> float:
        """Seconds since the board was last known to be current; infinite before it is filled."""
        return float("inf") if self.board is None else time.monotonic() - self._current_at

    @property
    def is_current(self) -> bool:
        return self.age_s <= STALE_S

    async def read(self) -> bool:
        """Take up what is new, and fill the board first where that was not done.

        Whether all that happened is known now: an open transaction may hold some of it back. A database
        that is away leaves the board as it was.
        """
        async with self._lock:
            counted = commits.count
            try:
                is_all = await self._read()
            except (psycopg.Error, OSError) as error:
                log.warning("feed_interrupted", error=str(error)[:300])
                await self.close()
                LAG.set(self.age_s)
                return False
            self._commits_seen = counted
            self._measure(is_all)
            return is_all

    async def _read(self) -> bool:
        reader = await self._connected()
        if self.board is None:
            await self._fill(reader.connection)
        while True:
            news = await _news(reader, self._cursor)
            self._xmax = news.xmax
            if self._xmax < self.xmin:
                # Transactions are counted anew: another database than before, restored perhaps.
                await self._fill(reader.connection)
                continue
            await self._apply(news)
            if len(news.events) < MOST_EVENTS:
                self.xmin = max(self.xmin, news.xmin)
                return news.ready == len(news.events)
            if not news.ready:
                return False

    async def _fill(self, connection: AsyncConnection[Any]) -> None:
        """Everything in one snapshot; events that are not below its horizon are read again."""
        started = time.monotonic()
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            await connection.execute("SET LOCAL enable_seqscan = on")
            [xmin] = await (await connection.execute(HORIZON)).fetchone() or (0,)
            batches = [loads async for loads in open_loads(connection)]
        self.sights.forget(None)
        self.board = await asyncio.to_thread(Board, batches)
        self._cursor, self.xmin = (xmin - 1, 2**62), xmin
        log.info(
            "board_filled", loads=len(self.board), seconds=round(time.monotonic() - started, 2)
        )

    async def _apply(self, news: "_News") -> None:
        if not news.ready:
            return
        self._hear(news)
        if news.ready <= AT_ONCE:
            self._take_up(news)
        else:
            await asyncio.to_thread(self._take_up, news)
        self._cursor = news.events[news.ready - 1]

    def _hear(self, news: "_News") -> None:
        """Before the board shows it: a sight may be newer than the board, never older.

        And a load that is new can be shown whatever is away.
        """
        for row in range(news.ready):
            kind, listing = (news.result.get_value(row, column) for column in (_KIND, _LISTING))
            if kind == CHANGED.encode():
                self.sights.forget(orjson.loads(listing or b"null"))
            elif listing is not None:
                load_id, version = _numbers(news.result, row, 4, 6)
                # What is of no load tells of accounts, and is no listing.
                if load_id:
                    remembered().texts[load_id, version] = listing

    def _take_up(self, news: "_News") -> None:
        assert self.board is not None
        self.board.apply(*loads_in(news.result, _LOAD, news.ready))

    def _measure(self, is_all: bool) -> None:
        now = time.monotonic()
        if is_all:
            self._current_at, self._held_since = now, None
        elif self._held_since is None:
            self._held_since = now
        LOADS.set(len(self.board or ()))
        LAG.set(self.age_s)
        HELD.set(now - self._held_since if self._held_since else 0.0)

    async def _connected(self) -> AsyncCursor[Any]:
        """One cursor for all readings: to make one takes a fifth of what a reading does."""
        if self._reader is None:
            timeout = f"-c statement_timeout={settings().statement_timeout_s * 10}s"
            options = f"-c jit=off -c timezone=UTC {timeout} {PLANNED_ONCE}"
            connection = await AsyncConnection.connect(
                settings().database_url, autocommit=True, options=options, connect_timeout=5
            )
            self._reader = connection.cursor(binary=True)
        return self._reader

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.connection.close()
            self._reader = None

    async def run(self) -> None:
        """Follow the events for as long as the process lives."""
        listening = asyncio.create_task(_listen())
        merging = asyncio.create_task(asyncio.sleep(0))
        try:
            while True:
                commits.happened.clear()
                await self.read()
                if self.board is not None and self.board.is_due and merging.done():
                    merging = asyncio.create_task(asyncio.to_thread(self.board.merge))
                await _pause(POLL_S if self._held_since is None else HELD_POLL_S)
        finally:
            listening.cancel()
            await self.close()


async def _news(reader: AsyncCursor[Any], after: tuple[int, int]) -> _News:
    # As text: of numbers the driver tells the size as well, and another size is another statement.
    await reader.execute(EVENTS, tuple(map(str, after)), prepare=True)
    result = reader.pgresult
    assert result is not None
    xmin, xmax = _numbers(result, 0, 0, 2)
    numbers = (_numbers(result, row, 2, 4) for row in range(result.ntuples))
    events = [(xid, id) for xid, id in numbers if xid]
    return _News(result, xmin, xmax, events, sum(xid < xmin for xid, _ in events))


def _numbers(result: PGresult, row: int, first: int, end: int) -> list[int]:
    """Some columns, 0 for null."""
    values = (result.get_value(row, column) or b"" for column in range(first, end))
    return [int.from_bytes(value, signed=True) for value in values]


async def _pause(seconds: float) -> None:
    """Until something happens, or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await commits.happened.wait()


async def _listen() -> None:
    """Pass on what other processes say; while Redis is away the polling has to do."""
    while True:
        try:
            async with words(CHANNEL) as said:
                async for _ in said:
                    commits.happened.set()
        except (RedisError, OSError) as error:
            failed(error)
            await asyncio.sleep(POLL_S)


def _behind(detail: str) -> Problem:
    return Problem(503, "board-behind", detail, headers={"Retry-After": "1"})


def feed_of(request: Request) -> Feed:
    """The board of the process that answers a request."""
    feed: Feed = request.app.state.feed
    return feed


async def _feed(request: Request) -> Feed:
    # A plain function would be called in a thread of its own.
    return feed_of(request)


BoardFeed = Annotated[Feed, Depends(_feed)]

WITH_POSITION: dict[str, Any] = {
    "parameters": [
        {
            "name": "Board-Position",
            "in": "header",
            "description": "What a write answered: the answer waits until it sees that write",
            "schema": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        }
    ]
}
"""For OpenAPI, of an endpoint that asks `position_of`."""


def position_of(request: Request) -> int | None:
    """The Board-Position that a request names; a Problem for what is none.

    Read by hand: what FastAPI would do for one header takes longer than to find a hundred loads.
    """
    said = request.headers.get("Board-Position")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 20 and int(said) < 2**63):
        message = "is a whole number that a write answered as its Board-Position"
        raise invalid(FieldError(pointer="/Board-Position", message=message))
    return int(said)
