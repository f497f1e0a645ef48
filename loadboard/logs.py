"""Structured logs and metrics of every request, each under the request's id."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO

import orjson
import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.tracebacks import ExceptionDictTransformer

from loadboard.quotas import HEADERS

REQUESTS = Histogram(
    "loadboard_request_seconds",
    "Time to answer a request",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ANSWERS = Counter("loadboard_answers", "Answers given", ["method", "route", "status"])

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
log = structlog.get_logger()


def configure(level: str, to: BinaryIO | None = None) -> None:
    """Logs go to standard output, unless another file is named."""
    structlog.configure(
        logger_factory=structlog.BytesLoggerFactory(to),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without the values of variables: a token may be among them.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
    )


class Observed:
    """Gives every request an id, which its logs and its answer carry, and counts and times it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *scope.get(HEADERS, ()),
                    (b"x-request-id", request_id.encode()),
                    # What others have written is shown as what it is said to be, never as a page.
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        # Anybody can name a method; only those that are known become labels.
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", "none")
        observe, count = _counters(method, route, status)
        observe(seconds)
        count()
        log.info(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            ms=round(seconds * 1000, 2),
        )


@lru_cache(maxsize=1_000)
def _counters(
    method: str, route: str, status: int
) -> tuple[Callable[[float], None], Callable[[], None]]:
    """Kept, for to look them up by their labels takes longer than to count."""
    return REQUESTS.labels(method, route).observe, ANSWERS.labels(method, route, status).inc


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
