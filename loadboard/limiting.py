"""Counts of what may happen so often and no more, kept by `limits`.

They are in Redis, so that all processes count together. While Redis is away each process counts for
itself, in memory: what is allowed then is so much a process.
"""

import time
from functools import cache

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from loadboard.cache import failed, redis, soon

# So long nothing is asked of a Redis that did not answer: its silence may take half a second each time.
SILENCE_S = 5.0


class Counts:
    """Fixed windows in Redis, or in memory while it is away."""

    def __init__(self) -> None:
        # The scheme only names the driver; the connections are those of `cache`.
        pool = {"connection_pool": redis().connection_pool}
        storage = RedisStorage("async+redis://", implementation="redispy", **pool)  # type: ignore[arg-type]
        self._shared = FixedWindowRateLimiter(storage)
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._silent_until = 0.0

    async def hit_shared(self, item: RateLimitItem, *of: str, cost: int = 1) -> bool | None:
        """Whether it fits under the limit; None when Redis can't tell."""
        if time.monotonic() < self._silent_until:
            return None
        try:
            async with soon():
                return await self._shared.hit(item, *of, cost=cost)
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + SILENCE_S
            failed(error)
            return None

    async def hit(self, item: RateLimitItem, *of: str) -> bool:
        fits = await self.hit_shared(item, *of)
        return await self._own.hit(item, *of) if fits is None else fits

    async def clear(self, item: RateLimitItem, *of: str) -> None:
        await self._own.clear(item, *of)
        if time.monotonic() >= self._silent_until:
            try:
                async with soon():
                    await self._shared.clear(item, *of)
            except (RedisError, OSError) as error:
                failed(error)


@cache
def counts() -> Counts:
    return Counts()
