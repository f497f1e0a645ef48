"""The word that something happened: to this process at once, to all others by Redis.

Redis says when, PostgreSQL says what: a word that is lost costs a reader a second, no more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from loadboard.cache import failed, redis, soon

CHANNEL = "loadboard:wake"
_publishing: set[asyncio.Task[None]] = set()


class Commits:
    """How many transactions with events this process has committed."""

    def __init__(self) -> None:
        self.count = 0
        self.happened = asyncio.Event()

    def note(self) -> None:
        self.count += 1
        self.happened.set()
        tell(CHANNEL)

    async def told(self) -> None:
        """Waits until all others have been told; for a process that is about to end."""
        await asyncio.gather(*_publishing)


commits = Commits()


def tell(channel: str, word: bytes = b"") -> None:
    """Says it to all processes, beside the answer, which need not wait for Redis, nor for its absence."""
    task = asyncio.get_running_loop().create_task(_publish(channel, word))
    _publishing.add(task)
    task.add_done_callback(_publishing.discard)


async def _publish(channel: str, word: bytes) -> None:
    try:
        async with soon():
            await redis().publish(channel, word)
    except (RedisError, OSError) as error:
        failed(error)


@asynccontextmanager
async def words(channel: str) -> AsyncIterator[AsyncIterator[bytes]]:
    """What any process says there, as it says it; RedisError when Redis is away, or was for a moment.

    On a connection of its own, since the driver's listener would connect again without a word of what
    it has missed, and takes as long for each word as the rest of hearing it.
    """
    connection: AbstractConnection = redis().connection_pool.make_connection()  # type: ignore[no-untyped-call]
    try:
        async with soon():
            await connection.send_command("SUBSCRIBE", channel)
        yield _words(connection)
    finally:
        await connection.disconnect(nowait=True)


async def _words(connection: AbstractConnection) -> AsyncIterator[bytes]:
    while True:
        kind, _, word = await connection.read_response(timeout=inf, push_request=True)
        if kind == b"message":
            yield word
