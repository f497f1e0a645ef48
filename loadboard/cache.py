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
        _failed(error)
        return None
    return value if isinstance(value, bytes) else None


async def remember(key: str, value: bytes, seconds: int) -> None:
    if not seconds:
        return
    try:
        await redis().set(key, value, ex=seconds)
    except (RedisError, OSError) as error:
        _failed(error)


def _failed(error: Exception) -> None:
    FAILURES.inc()
    log.warning("redis_unavailable", error=str(error)[:200])
