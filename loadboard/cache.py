"""Redis, which remembers. Without it everything still works, slower."""

from functools import cache

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from loadboard.settings import settings

FAILURES = Counter("loadboard_redis_failures", "Calls to Redis that failed")
log = structlog.get_logger()


@cache
def redis() -> Redis:
    return Redis.from_url(settings().redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)


async def remembered(key: str) -> bytes | None:
    try:
        value = await redis().get(key)
    except (RedisError, OSError) as error:
        failed(error)
        return None
    return value if isinstance(value, bytes) else None


async def remember(key: str, value: bytes, seconds: int) -> None:
    if not seconds:
        return
    try:
        await redis().set(key, value, ex=seconds)
    except (RedisError, OSError) as error:
        failed(error)


async def remembered_all(keys: list[str]) -> list[bytes | None]:
    """As `remembered`, of many keys in one journey."""
    try:
        values = await redis().mget(keys)
    except (RedisError, OSError) as error:
        failed(error)
        return [None] * len(keys)
    return [value if isinstance(value, bytes) else None for value in values]


async def remember_all(values: dict[str, bytes], seconds: int) -> None:
    try:
        async with redis().pipeline(transaction=False) as pipeline:
            for key, value in values.items():
                pipeline.set(key, value, ex=seconds)
            await pipeline.execute()
    except (RedisError, OSError) as error:
        failed(error)


def failed(error: Exception) -> None:
    FAILURES.inc()
    log.warning("redis_unavailable", error=str(error)[:200])
