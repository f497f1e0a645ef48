"""/v1/matches: the loads that are worth most to a truck."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from loadboard.errors import documented
from loadboard.feed import WITH_POSITION, BoardFeed, feed_of, position_of
from loadboard.fields import Strictly
from loadboard.idempotency import IGNORED
from loadboard.matches import answering
from loadboard.matches.schemas import MatchIn, MatchPage, WhyOut
from loadboard.permissions import Matcher
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/matches", tags=["matches"], route_class=StrictRoute)


class Why(Strictly):
    load: Annotated[int, Field(ge=1, lt=2**63)]
    truck: Annotated[int, Field(ge=1, lt=2**63)]


@router.post(
    "",
    response_model=MatchPage,
    responses=documented(400, 401, 403, 404, 413, 422, 503),
    openapi_extra={"parameters": [*WITH_POSITION["parameters"], *IGNORED["parameters"]]},
)
async def post_matches(asking: MatchIn, who: Matcher, request: Request) -> Response:
    """Rank the open loads for a truck by what each is worth to it in dollars, and say why."""
    now = datetime.now(UTC)
    position = position_of(request)
    body = await answering.matches(feed_of(request), who, asking, now, position)
    return Response(body, media_type="application/json")


@router.get("/why", response_model=WhyOut, responses=documented(400, 401, 403, 404, 422, 503))
async def get_why(query: Annotated[Why, Query()], who: Matcher, board: BoardFeed) -> dict[str, Any]:
    """What every rule says of one load for one of one's own trucks."""
    now = datetime.now(UTC)
    return await answering.why_not(board, who, query.load, query.truck, now)
