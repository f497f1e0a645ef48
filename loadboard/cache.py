"""Redis, which remembers. Without it everything still works, slower."""

import asyncio
from functools import cache

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from loadboard.settings import settings

TIMEOUT_S = 0.5
FAILURES = Counter("loadboard_redis_failures", "Calls to Redis that failed")
log = structlog.get_logger()


@cache
def redis() -> Redis:
    """Every call of it is put under `soon()`: the library's own limit takes four times what a call does."""
    return Redis.from_url(
        settings().redis_url, socket_connect_timeout=TIMEOUT_S, socket_timeout=None
    )


def soon() -> asyncio.Timeout:
    """Ends, with an OSError, what Redis does not answer at once."""
    return asyncio.timeout(TIMEOUT_S)


async def remembered(key: str) -> bytes | None:
    try:
        async with soon():
            value = await redis().get(key)
    except (RedisError, OSError) as error:
        failed(error)
        return None
    return value if isinstance(value, bytes) else None


async def remember(key: str, value: bytes, seconds: int) -> None:
    if not seconds:
        return
    try:
        async with soon():
            await redis().set(key, value, ex=seconds)
    except (RedisError, OSError) as error:
        failed(error)


async def remembered_all(keys: list[str]) -> list[bytes | None]:
    """As `remembered`, of many keys in one journey."""
    try:
        async with soon():
            values = await redis().mget(keys)
    except (RedisError, OSError) as error:
        failed(error)
        return [None] * len(keys)
    return [value if isinstance(value, bytes) else None for value in values]


async def remember_all(values: dict[str, bytes], seconds: int) -> None:
    try:
        async with soon(), redis().pipeline(transaction=False) as pipeline:
            for key, value in values.items():
                pipeline.set(key, value, ex=seconds)
            await pipeline.execute()
    except (RedisError, OSError) as error:
        failed(error)


def failed(error: Exception) -> None:
    FAILURES.inc()
    log.warning("redis_unavailable", error=str(error)[:200])
