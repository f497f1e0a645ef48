"""/v1/trucks: the trucks that a carrier posts."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loadboard.apart import apart
from loadboard.db import Session
from loadboard.errors import documented
from loadboard.idempotency import KeyedSession
from loadboard.paging import Paged
from loadboard.permissions import TruckPoster, TruckReader
from loadboard.strict import StrictRoute
from loadboard.trucks import posting
from loadboard.trucks.reading import to_truck
from loadboard.trucks.schemas import TruckIn, TruckOut, TruckPage

router = APIRouter(prefix="/v1/trucks", tags=["trucks"], route_class=StrictRoute)

TruckId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class OwnTrucks(Paged):
    status: Literal["posted", "withdrawn"] | None = None


@router.post(
    "",
    status_code=201,
    responses=documented(400, 401, 403, 409, 413, 422, 503),
)
async def post_truck(
    posted: TruckIn, who: TruckPoster, session: KeyedSession, response: Response
) -> TruckOut:
    """Post a truck; ask for its matches by its id."""
    now = datetime.now(UTC)
    if posted.to is not None and posted.to.is_long:
        await apart(lambda: to_truck(posted, now))
    else:
        to_truck(posted, now)
    truck = await posting.post(session, who, posted, now)
    response.headers["Location"] = f"/v1/trucks/{truck.id}"
    return posting.shown(truck)


@router.get("", responses=documented(400, 401, 403, 422, 503))
async def list_own_trucks(
    query: Annotated[OwnTrucks, Query()], who: TruckReader, session: Session
) -> TruckPage:
    """The trucks of one's own organisation, newest first."""
    return await posting.own_trucks(session, who, query.status, query)


@router.get("/{truck_id}", responses=documented(401, 403, 404, 422, 503))
async def get_truck(truck_id: TruckId, who: TruckReader, session: Session) -> TruckOut:
    """One of one's own trucks."""
    return posting.shown(await posting.own_truck(session, who, truck_id))


@router.post("/{truck_id}/withdraw", responses=documented(401, 403, 404, 409, 422, 503))
async def withdraw_truck(truck_id: TruckId, who: TruckPoster, session: KeyedSession) -> TruckOut:
    """Take a truck off."""
    return posting.shown(await posting.withdraw(session, who, truck_id))
