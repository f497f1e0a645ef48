"""/v1/organizations: what the operator's staff see and decide of organisations."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loadboard.accounts import organizations, people
from loadboard.db import Session
from loadboard.errors import documented
from loadboard.etags import IfMatch, etag
from loadboard.idempotency import NO_STORE, KeyedSession
from loadboard.loads.writing import position
from loadboard.paging import Paged
from loadboard.permissions import OrganizationManager, OrganizationReader
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1/organizations", tags=["organizations"], route_class=StrictRoute)

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


@router.get("", responses=documented(400, 401, 403, 422, 503))
async def search_organizations(
    sought: Annotated[organizations.Sought, Query()], _: OrganizationReader, session: Session
) -> organizations.OrganizationPage:
    """Organisations by name or number, newest first."""
    return await organizations.search(session, sought)


@router.post("", status_code=201, responses=documented(400, 401, 403, 409, 413, 422, 503))
async def create_organization(
    made: organizations.OrganizationIn,
    who: OrganizationManager,
    session: KeyedSession,
    response: Response,
) -> organizations.NewOrganization:
    """Make an organisation, and an invitation for its first owner to hand on."""
    new = await organizations.create(session, made, who, datetime.now(UTC))
    response.headers["Cache-Control"] = NO_STORE
    response.headers["Location"] = f"/v1/organizations/{new.organization.id}"
    return new


@router.get("/{organization_id}", responses=documented(401, 403, 404, 422, 503))
async def get_organization(
    organization_id: Number, _: OrganizationReader, session: Session, response: Response
) -> organizations.OrganizationOut:
    """One organisation."""
    shown = organizations.shown(await organizations.organization(session, organization_id))
    response.headers["ETag"] = etag(shown)
    return shown


@router.get("/{organization_id}/people", responses=documented(400, 401, 403, 404, 422, 503))
async def list_people_of_organization(
    organization_id: Number,
    asked: Annotated[Paged, Query()],
    _: OrganizationReader,
    session: Session,
) -> people.PersonPage:
    """The people of an organisation, newest first."""
    found = await organizations.organization(session, organization_id)
    return await people.people(session, found.id, asked)


@router.patch(
    "/{organization_id}", responses=documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)
)
async def change_organization(
    organization_id: Number,
    wanted: organizations.OrganizationChange,
    who: OrganizationManager,
    session: Session,
    response: Response,
    if_match: IfMatch = None,
) -> organizations.OrganizationOut:
    """Verify authority and insurance, correct names and numbers, suspend or restore."""
    changed = await organizations.change(
        session, organization_id, if_match, wanted, who, datetime.now(UTC)
    )
    response.headers["ETag"] = etag(changed)
    response.headers["Board-Position"] = await position(session)
    return changed
