"""Carriers' trucks: taken in, looked at, and taken off again."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.errors import not_found
from loadboard.models import Truck
from loadboard.paging import Paged, newest_first
from loadboard.trucks.schemas import TruckIn, TruckOut, TruckPage


def shown(truck: Truck) -> TruckOut:
    return TruckOut.model_validate(
        {
            "id": truck.id,
            "status": truck.status,
            "posted_at": truck.posted_at,
            "truck": truck.content,
        }
    )


async def post(session: AsyncSession, carrier: Principal, posted: TruckIn, now: datetime) -> Truck:
    """Stores a truck."""
    truck = Truck(
        organization_id=carrier.organization_id,
        person_id=carrier.person_id,
        status="posted",
        content=posted.model_dump(mode="json", by_alias=True, exclude_none=True),
        posted_at=now,
    )
    session.add(truck)
    await session.flush()
    return truck


async def own_truck(
    session: AsyncSession, carrier: Principal, truck_id: int, *, lock: bool = False
) -> Truck:
    """A truck of the asker's organisation."""
    truck = await session.get(Truck, truck_id, with_for_update=lock or None)
    if truck is None or truck.organization_id != carrier.organization_id:
        raise not_found("truck")
    return truck


async def withdraw(session: AsyncSession, carrier: Principal, truck_id: int) -> Truck:
    """Takes a truck off; once more changes nothing."""
    truck = await own_truck(session, carrier, truck_id, lock=True)
    truck.status = "withdrawn"
    return truck


async def own_trucks(
    session: AsyncSession, carrier: Principal, status: str | None, asked: Paged
) -> TruckPage:
    """The trucks of the asker's organisation, newest first."""
    query = {"trucks": carrier.organization_id, "status": status}
    mine = [Truck.organization_id == carrier.organization_id]
    if status is not None:
        mine.append(Truck.status == status)
    found, total, more = await newest_first(session, Truck, Truck.id, mine, query, asked)
    return TruckPage(items=list(map(shown, found)), total=total, next_cursor=more)
