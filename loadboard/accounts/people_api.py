"""/v1/people and /v1/invitations: who acts for one's own organisation."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from loadboard.accounts import inviting, people
from loadboard.auth import TenantSession
from loadboard.db import Session
from loadboard.errors import documented
from loadboard.etags import IfMatch, etag
from loadboard.fields import Email, Strictly
from loadboard.idempotency import NO_STORE, KeyedTenantSession
from loadboard.models import Organization
from loadboard.paging import Paged
from loadboard.permissions import PeopleManager, PeopleReader
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["people"], route_class=StrictRoute)

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Invited(Strictly):
    email: Email
    role: people.Role


@router.get("/people", responses=documented(400, 401, 403, 422, 503))
async def list_people(
    asked: Annotated[Paged, Query()], who: PeopleReader, session: Session
) -> people.PersonPage:
    """The people of one's own organisation, newest first."""
    return await people.people(session, who.organization_id, asked)


@router.get("/people/{person_id}", responses=documented(401, 403, 404, 422, 503))
async def get_person(
    person_id: Number, who: PeopleReader, session: Session, response: Response
) -> people.PersonOut:
    """A person of one's own organisation."""
    shown = people.shown(await people.own_person(session, who.organization_id, person_id))
    response.headers["ETag"] = etag(shown)
    return shown


@router.patch(
    "/people/{person_id}", responses=documented(400, 401, 403, 404, 409, 412, 413, 422, 428, 503)
)
async def change_person(
    person_id: Number,
    wanted: people.PersonChange,
    who: PeopleManager,
    session: Session,
    response: Response,
    if_match: IfMatch = None,
) -> people.PersonOut:
    """Change a person's role or name, or disable the account. The last owner stays."""
    changed = await people.change(
        session, who.organization_id, person_id, if_match, wanted, who, datetime.now(UTC)
    )
    response.headers["ETag"] = etag(changed)
    return changed


@router.post(
    "/invitations", status_code=201, responses=documented(400, 401, 403, 409, 413, 422, 503)
)
async def invite(
    invited: Invited, who: PeopleManager, session: KeyedTenantSession, response: Response
) -> inviting.NewInvitation:
    """Invite somebody to one's own organisation. The answer has the secret to hand on, this once."""
    response.headers["Cache-Control"] = NO_STORE
    organization = await session.get_one(Organization, who.organization_id)
    return await inviting.invite(
        session, organization, invited.email, invited.role, who, datetime.now(UTC)
    )


@router.get("/invitations", responses=documented(400, 401, 403, 422, 503))
async def list_invitations(
    asked: Annotated[Paged, Query()], who: PeopleManager, session: TenantSession
) -> inviting.InvitationPage:
    """The invitations of one's own organisation that nobody has used yet."""
    return await inviting.open_invitations(session, who.organization_id, datetime.now(UTC), asked)


@router.delete(
    "/invitations/{invitation_id}", status_code=204, responses=documented(401, 403, 404, 422, 503)
)
async def withdraw_invitation(
    invitation_id: Number, who: PeopleManager, session: TenantSession
) -> None:
    """Take an invitation back."""
    await inviting.withdraw(session, who, invitation_id, datetime.now(UTC))
