"""The word that something happened: to this process at once, to all others by Redis.

Redis says when, PostgreSQL says what: a word that is lost costs a reader a second, no more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
        # Beside the answer, which need not wait for Redis, nor for its absence.
        task = asyncio.get_running_loop().create_task(_publish())
        _publishing.add(task)
        task.add_done_callback(_publishing.discard)

    async def told(self) -> None:
        """Waits until all others have been told; for a process that is about to end."""
        await asyncio.gather(*_publishing)


commits = Commits()


async def _publish() -> None:
    try:
        async with soon():
            await redis().publish(CHANNEL, b"")
    except (RedisError, OSError) as error:
        failed(error)


@asynccontextmanager
async def wakes() -> AsyncIterator[AsyncIterator[None]]:
    """An item whenever any process says that something happened; RedisError when Redis is away."""
    async with redis().pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(CHANNEL)
        yield _words(channel)


async def _words(channel: object) -> AsyncIterator[None]:
    async for _ in channel.listen():  # type: ignore[attr-defined]
        yield None
