"""/v1/search: the open loads that somebody asks for."""

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Response

from loadboard.errors import Problem, documented
from loadboard.feed import STALE_S, BoardFeed
from loadboard.permissions import Searcher
from loadboard.search.hexes import HexPage, HexSearch, hexes
from loadboard.search.schemas import Search, SearchPage
from loadboard.search.searching import Page, search
from loadboard.search.urlform import from_url, in_url
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=StrictRoute)

GEOJSON = "application/geo+json"
Accept = Annotated[str, Header(include_in_schema=False)]
Position = Annotated[
    int | None,
    Header(
        alias="Board-Position",
        ge=0,
        lt=2**63,
        description="What a write answered: the search waits until it sees that write",
    ),
]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": SearchPage, "content": {GEOJSON: {"schema": {"type": "object"}}}},
    **documented(400, 401, 413, 422, 503),
}


def _answer(found: Page, accept: str) -> Response:
    headers = {"Board-Position": str(found.position)}
    if found.age_s > STALE_S:
        headers["Board-Age"] = f"{found.age_s:.0f}"
    if GEOJSON in accept:
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


@router.post("", responses=ANSWERS)
async def post_search(
    wanted: Search, who: Searcher, board: BoardFeed, accept: Accept = "", position: Position = None
) -> Response:
    """Search the open loads by area, lane, window, equipment, size, rate and age."""
    return _answer(await search(board, who, wanted, datetime.now(UTC), position), accept)


@router.get("", responses=ANSWERS)
async def get_search(
    wanted: Annotated[Search, Depends(from_url)],
    who: Searcher,
    board: BoardFeed,
    accept: Accept = "",
    position: Position = None,
) -> Response:
    """The same search as a URL."""
    try:
        found = await search(board, who, wanted, datetime.now(UTC), position)
    except Problem as refused:
        raise in_url(refused.errors) from refused
    return _answer(found, accept)


@router.post(
    "/hexes",
    responses={
        200: {"content": {GEOJSON: {"schema": HexPage.model_json_schema()}}},
        **documented(400, 401, 413, 422, 503),
    },
    response_class=Response,
)
async def post_hexes(wanted: HexSearch, who: Searcher, board: BoardFeed) -> Response:
    """How many of the loads begin in each H3 hexagon, and their median rate per mile."""
    return Response(await hexes(board, who, wanted, datetime.now(UTC)), media_type=GEOJSON)
