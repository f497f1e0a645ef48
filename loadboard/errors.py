"""Every refusal as application/problem+json (RFC 9457), naming the field and what would be accepted."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

# COPY goes past SQLAlchemy, and raises the driver's own.
UNAVAILABLE = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
"""What is raised when the database can't be reached."""
log = structlog.get_logger()


class FieldError(BaseModel):
    """One field that was refused: `pointer` is a JSON pointer (RFC 6901) or the name of a parameter."""

    pointer: str
    message: str


class ProblemDetails(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError]


class Problem(Exception):
    """A refusal. `kind` is the last part of its stable type."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.errors, self.headers, self.members = list(errors), headers, members

    def response(self) -> Response:
        body = ProblemDetails(
            type=f"/problems/{self.kind}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            errors=self.errors,
        )
        return JSONResponse(
            body.model_dump() | self.members,
            self.status,
            self.headers,
            media_type="application/problem+json",
        )


def invalid(*errors: FieldError) -> Problem:
    detail = "; ".join(f"{error.pointer} {error.message}".strip() for error in errors[:3])
    return Problem(422, "invalid", detail, errors)


def not_found(what: str) -> Problem:
    return Problem(404, "not-found", f"There is no {what} here that you may see.")


def pointer(path: Sequence[str | int]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "".join(f"/{part}" for part in parts)


def message(error: Any) -> str:
    """What pydantic found, in the words of somebody who wants to mend it."""
    match error["type"]:
        case "extra_forbidden":
            return "is not a field known here"
        case "missing":
            return "is required"
        case "value_error":
            return str(error["ctx"]["error"])
        case "json_invalid":
            return f"is not JSON: {error['ctx']['error']}"
        case "model_attributes_type" if error["loc"] == ("body",):
            return "is not a JSON object, or was not sent as application/json"
    text: str = error["msg"]
    return text[:1].lower() + text[1:]


def field_errors(
    error: ValidationError | RequestValidationError, skip: int = 0
) -> list[FieldError]:
    """pydantic's findings as pointers; `skip` drops FastAPI's leading "body" or "query"."""
    return [
        FieldError(
            pointer=pointer(item["loc"][skip:]) if item["type"] != "json_invalid" else "",
            message=message(item),
        )
        for item in error.errors()[:50]
    ]


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _request_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid(*field_errors(error, skip=1)).response()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    # The phrase of 413 depends on the version of Python; a type must stay.
    phrase = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    kind = "too-large" if error.status_code == 413 else phrase
    headers = dict(error.headers) if error.headers else None
    return Problem(error.status_code, kind, str(error.detail), headers=headers).response()


async def _unavailable(_: Request, error: Exception) -> Response:
    log.warning("database_unavailable", error=str(error)[:300])
    return Problem(
        503,
        "database-unavailable",
        "The database can't be reached just now. Nothing was changed that you were not told of.",
        headers={"Retry-After": "2"},
    ).response()


async def _unexpected(_: Request, error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    # This answer is made outside the middleware that gives every other one its id.
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    headers = {"X-Request-Id": request_id} if request_id else None
    detail = "This is a defect here, and it was logged."
    return Problem(500, "unexpected", detail, headers=headers).response()


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _request_invalid)
    app.add_exception_handler(HTTPException, _http)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of an endpoint, for its OpenAPI description; whoever needs a token has a rate limit."""
    if 401 in statuses:
        statuses = (*statuses, 429)
    content = {"application/problem+json": {"schema": ProblemDetails.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }
