"""/v1/loads: posting, looking at, changing and closing loads."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Query, Response
from pydantic import Field

from loadboard.db import Session
from loadboard.errors import Problem, documented
from loadboard.feed import BoardFeed
from loadboard.fields import Strictly
from loadboard.idempotency import KeyedSession
from loadboard.loads import changing, own
from loadboard.loads.history import HistoryOut, history_of
from loadboard.loads.listing import listing_of, shown
from loadboard.loads.posting import Refusal, Sender, submission, submit
from loadboard.loads.route import RouteFeature, route_of
from loadboard.loads.schemas import CancelReason, LoadIn, LoadOut, LoadPage, LoadStatus
from loadboard.loads.writing import position
from loadboard.models import Load
from loadboard.paging import DEFAULT_LIMIT, MAX_LIMIT
from loadboard.permissions import OwnReader, Poster, Reader
from loadboard.strict import StrictRoute
from loadboard.versions import IfMatch

router = APIRouter(prefix="/v1/loads", tags=["loads"], route_class=StrictRoute)

LoadId = Annotated[int, Field(ge=1, le=2**63 - 1)]
JSON = "application/json"


def _answer(body: bytes, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    version = orjson.loads(body)["version"]
    return Response(body, status, {"ETag": f'"{version}"', **(headers or {})}, media_type=JSON)


@router.post(
    "",
    status_code=201,
    response_model=LoadOut,
    responses={
        200: {"model": LoadOut, "description": "The same content was posted before"},
        **documented(400, 401, 403, 409, 413, 422, 503),
    },
)
async def post_load(posted: LoadIn, who: Poster, session: KeyedSession) -> Response:
    """Post a load, or keep it as a draft. The same content under the same reference again is answered 200 and changes nothing."""
    sender = Sender(who.organization_id, who.organization, who.person_id)
    now = datetime.now(UTC)
    [outcome] = await submit(
        session, sender, [submission(posted)], now, may_update=False, draft=posted.draft
    )
    if isinstance(outcome, Refusal):
        raise _refused(outcome)
    load = await session.get_one(Load, outcome.load_id)
    body = await changing.own_view(session, load)
    headers = {"Location": f"/v1/loads/{load.id}", "Board-Position": await position(session)}
    return _answer(body, headers, 201 if outcome.result == "created" else 200)


def _refused(refusal: Refusal) -> Problem:
    detail = "; ".join(f"{error.pointer} {error.message}" for error in refusal.errors)
    if refusal.load_id is None:
        return Problem(422, "invalid", detail, refusal.errors)
    return Problem(409, "reference-taken", detail, refusal.errors, load_id=refusal.load_id)


class Cancellation(Strictly):
    reason: CancelReason | None = None


class OwnLoads(Strictly):
    status: LoadStatus | None = None
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=500)


@router.get("", response_model=LoadPage, responses=documented(400, 401, 403, 422, 503))
async def list_own_loads(
    query: Annotated[OwnLoads, Query()], who: OwnReader, session: Session
) -> Response:
    """The loads of one's own organisation, newest first, in every state unless one is named."""
    body = await own.own_loads(
        session, who.organization_id, query.status, query.limit, query.cursor
    )
    return Response(body, media_type=JSON)


@router.get("/{load_id}", response_model=LoadOut, responses=documented(401, 404, 422, 503))
async def get_load(load_id: LoadId, who: Reader, session: Session, board: BoardFeed) -> Response:
    """One load, if one may see it."""
    load = await changing.visible_load(session, who, load_id)
    if load.organization_id == who.organization_id:
        return _answer(await changing.own_view(session, load))
    await board.records.keep_fresh(datetime.now(UTC))
    record = orjson.Fragment(board.records.of(load.organization_id))
    return _answer(shown(*await listing_of(session, load), record=record))


@router.patch(
    "/{load_id}",
    response_model=LoadOut,
    responses=documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503),
)
async def change_load(
    load_id: LoadId,
    patch: Annotated[dict[str, Any], Body(media_type="application/merge-patch+json")],
    who: Poster,
    session: Session,
    if_match: IfMatch = None,
) -> Response:
    """Change an open load by a JSON merge patch (RFC 7396); `stops` are replaced as a whole."""
    body = await changing.change(session, who, load_id, if_match, patch, datetime.now(UTC))
    return _answer(body, {"Board-Position": await position(session)})


@router.post(
    "/{load_id}/post",
    response_model=LoadOut,
    responses=documented(401, 403, 404, 409, 412, 422, 428, 503),
)
async def post_draft(
    load_id: LoadId, who: Poster, session: KeyedSession, if_match: IfMatch = None
) -> Response:
    """Put a draft on the board."""
    body = await changing.post(session, who, load_id, if_match, datetime.now(UTC))
    return _answer(body, {"Board-Position": await position(session)})


@router.post(
    "/{load_id}/cancel",
    response_model=LoadOut,
    responses=documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503),
)
async def cancel_load(
    load_id: LoadId,
    who: Poster,
    session: KeyedSession,
    cancelled: Cancellation | None = None,
    if_match: IfMatch = None,
) -> Response:
    """Take a load off the board for good, and say why if you like."""
    reason = cancelled.reason if cancelled else None
    body = await changing.cancel(session, who, load_id, if_match, datetime.now(UTC), reason)
    return _answer(body, {"Board-Position": await position(session)})


@router.post(
    "/{load_id}/confirm",
    response_model=LoadOut,
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def confirm_load(load_id: LoadId, who: Poster, session: KeyedSession) -> Response:
    """Say that a load is still open: moves `confirmed_at`, never `first_posted_at`."""
    body = await changing.confirm(session, who, load_id, datetime.now(UTC))
    return _answer(body, {"Board-Position": await position(session)})


@router.get("/{load_id}/history", responses=documented(401, 403, 404, 422, 503))
async def get_history(load_id: LoadId, who: Reader, session: Session) -> HistoryOut:
    """The rates and times of a load in all its versions, to whoever may see it."""
    load = await changing.visible_load(session, who, load_id)
    return await history_of(session, load)


@router.get(
    "/{load_id}/route", response_model=RouteFeature, responses=documented(401, 404, 422, 503)
)
async def get_route(load_id: LoadId, who: Reader, session: Session) -> RouteFeature:
    """The way of a load along the road network that its miles are estimated on, as GeoJSON."""
    load = await changing.visible_load(session, who, load_id)
    listing, _ = await listing_of(session, load)
    return route_of(orjson.loads(listing))
