"""/v1/networks and /v1/blocks: whom a poster deals with in private, and who deals with whom at all."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loadboard.auth import TenantSession
from loadboard.errors import documented
from loadboard.idempotency import KeyedTenantSession
from loadboard.loads.writing import position
from loadboard.networks import blocking, keeping
from loadboard.networks.schemas import (
    NetworkIn,
    NetworkOut,
    NetworkPage,
    OrganizationRef,
    PartnerOut,
    PartnerPage,
)
from loadboard.paging import Paged
from loadboard.permissions import Blocker, NetworkKeeper
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1", route_class=StrictRoute)

PathId = Annotated[int, Field(ge=1, le=2**63 - 1)]


async def _gone(session: TenantSession) -> Response:
    return Response(status_code=204, headers={"Board-Position": await position(session)})


@router.post(
    "/networks",
    status_code=201,
    tags=["networks"],
    responses=documented(400, 401, 403, 409, 413, 422, 503),
)
async def create_network(
    said: NetworkIn,
    who: NetworkKeeper,
    session: KeyedTenantSession,
    response: Response,
) -> NetworkOut:
    """Make a network of carriers, to post loads for them alone."""
    network = await keeping.create(session, who, said)
    response.headers["Location"] = f"/v1/networks/{network.id}"
    return network


@router.get("/networks", tags=["networks"], responses=documented(401, 403, 422, 503))
async def list_networks(
    query: Annotated[Paged, Query()], who: NetworkKeeper, session: TenantSession
) -> NetworkPage:
    """One's own networks."""
    return await keeping.own_networks(session, who, query)


@router.patch(
    "/networks/{network_id}",
    tags=["networks"],
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def rename_network(
    network_id: PathId, said: NetworkIn, who: NetworkKeeper, session: TenantSession
) -> NetworkOut:
    """Give a network another name."""
    return await keeping.rename(session, who, network_id, said)


@router.delete(
    "/networks/{network_id}",
    status_code=204,
    tags=["networks"],
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def delete_network(
    network_id: PathId, who: NetworkKeeper, session: TenantSession
) -> Response:
    """End a network that no open load is for."""
    await keeping.remove(session, who, network_id, datetime.now(UTC))
    return await _gone(session)


@router.get(
    "/networks/{network_id}/members",
    tags=["networks"],
    responses=documented(401, 403, 404, 422, 503),
)
async def list_members(
    network_id: PathId,
    query: Annotated[Paged, Query()],
    who: NetworkKeeper,
    session: TenantSession,
) -> PartnerPage:
    """The carriers of a network."""
    return await keeping.members(session, who, network_id, query)


@router.post(
    "/networks/{network_id}/members",
    tags=["networks"],
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def add_member(
    network_id: PathId,
    carrier: OrganizationRef,
    who: NetworkKeeper,
    session: KeyedTenantSession,
    response: Response,
) -> NetworkOut:
    """Take a carrier into a network; once more changes nothing."""
    network = await keeping.add_member(session, who, network_id, carrier, datetime.now(UTC))
    response.headers["Board-Position"] = await position(session)
    return network


@router.delete(
    "/networks/{network_id}/members/{organization_id}",
    status_code=204,
    tags=["networks"],
    responses=documented(401, 403, 404, 422, 503),
)
async def remove_member(
    network_id: PathId, organization_id: PathId, who: NetworkKeeper, session: TenantSession
) -> Response:
    """Take a carrier out of a network."""
    await keeping.remove_member(session, who, network_id, organization_id, datetime.now(UTC))
    return await _gone(session)


@router.get("/blocks", tags=["blocks"], responses=documented(401, 403, 422, 503))
async def list_blocks(
    query: Annotated[Paged, Query()], who: Blocker, session: TenantSession
) -> PartnerPage:
    """The organisations that one's own blocks."""
    return await blocking.own_blocks(session, who, query)


@router.post("/blocks", tags=["blocks"], responses=documented(400, 401, 403, 409, 413, 422, 503))
async def block(
    other: OrganizationRef,
    who: Blocker,
    session: KeyedTenantSession,
    response: Response,
) -> PartnerOut:
    """Have nothing to do with an organisation: neither sees or books with the other any more."""
    blocked = await blocking.block(session, who, other, datetime.now(UTC))
    response.headers["Board-Position"] = await position(session)
    return blocked


@router.delete(
    "/blocks/{organization_id}",
    status_code=204,
    tags=["blocks"],
    responses=documented(401, 403, 404, 422, 503),
)
async def unblock(organization_id: PathId, who: Blocker, session: TenantSession) -> Response:
    """End a block of one's own."""
    await blocking.unblock(session, who, organization_id, datetime.now(UTC))
    return await _gone(session)
