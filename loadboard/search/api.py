"""/v1/search: the open loads that somebody asks for."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from loadboard.auth import Principal
from loadboard.errors import Problem, documented
from loadboard.feed import STALE_S, WITH_POSITION, BoardFeed, feed_of, position_of
from loadboard.idempotency import IGNORED
from loadboard.permissions import Searcher
from loadboard.search.hexes import HexPage, HexSearch, hexes
from loadboard.search.schemas import Search, SearchPage
from loadboard.search.searching import Page, search
from loadboard.search.urlform import from_url, in_url
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=StrictRoute)

GEOJSON = "application/geo+json"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": SearchPage, "content": {GEOJSON: {"schema": {"type": "object"}}}},
    **documented(400, 401, 413, 422, 503),
}


def _answer(found: Page, request: Request) -> Response:
    headers = {"Board-Position": str(found.position)}
    if found.age_s > STALE_S:
        headers["Board-Age"] = f"{found.age_s:.0f}"
    if GEOJSON in request.headers.get("Accept", ""):
        return Response(_geojson(found), headers=headers, media_type=GEOJSON)
    return Response(found.json(), headers=headers, media_type="application/json")


def _geojson(found: Page) -> bytes:
    """Each load at its first pickup."""
    loads = [orjson.loads(item) for item in found.items]
    features = [
        {
            "type": "Feature",
            "id": load["id"],
            "geometry": load["stops"][0]["point"],
            "properties": load,
        }
        for load in loads
    ]
    members = {"total": found.total, "next_cursor": found.next_cursor, "along": found.along}
    return orjson.dumps({"type": "FeatureCollection", "features": features, **members})


@router.post(
    "",
    responses=ANSWERS,
    openapi_extra={"parameters": [*WITH_POSITION["parameters"], *IGNORED["parameters"]]},
)
async def post_search(wanted: Search, who: Searcher, request: Request) -> Response:
    """Search the open loads by area, lane, window, equipment, size, rate and age."""
    return _answer(await _found(wanted, who, request), request)


@router.get("", responses=ANSWERS, openapi_extra=WITH_POSITION)
async def get_search(
    wanted: Annotated[Search, Depends(from_url)], who: Searcher, request: Request
) -> Response:
    """The same search as a URL."""
    try:
        found = await _found(wanted, who, request)
    except Problem as refused:
        raise (in_url(refused.errors) if refused.errors else refused) from refused
    return _answer(found, request)


async def _found(wanted: Search, who: Principal, request: Request) -> Page:
    position = position_of(request)
    return await search(feed_of(request), who, wanted, datetime.now(UTC), position)


@router.post(
    "/hexes",
    responses={
        200: {"content": {GEOJSON: {"schema": HexPage.model_json_schema()}}},
        **documented(400, 401, 413, 422, 503),
    },
    response_class=Response,
    openapi_extra=IGNORED,
)
async def post_hexes(wanted: HexSearch, who: Searcher, board: BoardFeed) -> Response:
    """How many of the loads begin in each H3 hexagon, and their median rate per mile."""
    return Response(await hexes(board, who, wanted, datetime.now(UTC)), media_type=GEOJSON)
