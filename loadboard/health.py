"""Whether the process lives, whether it can answer, and what it counts."""

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from loadboard.cache import redis
from loadboard.db import transaction

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    ready: bool
    database: Literal["up", "down"]
    redis: Literal["up", "down"]
    degraded: list[str]


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """Alive."""
    return {"alive": True}


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "Can't answer searches"}}
)
async def readyz(response: Response) -> Readiness:
    """Whether searches can be answered, and what is missing. Without Redis they are, slower."""
    database, cache = await _database_is_up(), await _redis_is_up()
    degraded = [name for name, up in (("database", database), ("redis", cache)) if not up]
    response.status_code = 200 if database else 503
    return Readiness(
        ready=database,
        database="up" if database else "down",
        redis="up" if cache else "down",
        degraded=degraded,
    )


async def _database_is_up() -> bool:
    try:
        async with transaction() as session:
            await session.execute(text("SELECT 1 FROM cell_scheme"))
    except (SQLAlchemyError, OSError):
        return False
    return True


async def _redis_is_up() -> bool:
    try:
        await redis().ping()
    except (RedisError, OSError):
        return False
    return True


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
