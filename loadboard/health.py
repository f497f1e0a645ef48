"""Whether the process lives, whether it can answer, and what it counts."""

from math import inf
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from loadboard.cache import redis, soon
from loadboard.db import transaction
from loadboard.feed import BoardFeed
from loadboard.settings import settings

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    ready: bool
    database: Literal["up", "down"]
    redis: Literal["up", "down"]
    board_age_s: float | None = Field(description="Since it was last known to be current")
    degraded: list[str]


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """Alive."""
    return {"alive": True}


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "Can't answer searches"}}
)
async def readyz(response: Response, board: BoardFeed) -> Readiness:
    """Whether searches are answered from a board that is not too old, and what is missing meanwhile."""
    if not board.is_current:
        await board.read()
    database, cache = await _database_is_up(), await _redis_is_up()
    parts = ("database", database), ("redis", cache), ("board", board.is_current)
    ready = board.age_s <= settings().board_age_s
    response.status_code = 200 if ready else 503
    return Readiness(
        ready=ready,
        database="up" if database else "down",
        redis="up" if cache else "down",
        board_age_s=round(board.age_s, 3) if board.age_s < inf else None,
        degraded=[name for name, up in parts if not up],
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
        async with soon():
            await redis().ping()
    except (RedisError, OSError):
        return False
    return True


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
