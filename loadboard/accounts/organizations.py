"""Organisations, as the operator makes, verifies and suspends them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.accounts.inviting import NewInvitation, invite
from loadboard.accounts.record import note
from loadboard.accounts.unique import flush_unique
from loadboard.errors import FieldError, Problem, not_found
from loadboard.etags import check_match
from loadboard.fields import Day, Email, Name, Strictly, YesNo
from loadboard.models import Organization
from loadboard.paging import Paged, newest_first
from loadboard.principals import Principal, forget
from loadboard.sight import record_standing

Kind = Literal["shipper", "broker", "carrier", "operator"]
Authority = Literal["unknown", "active", "inactive"]
Registered = Annotated[
    str,
    Field(pattern="^[1-9][0-9]{0,7}$", description="Digits alone", examples=["1234567"]),
]


class OrganizationOut(BaseModel):
    id: int
    name: str
    kind: Kind
    usdot: str | None
    mc: str | None
    authority: Authority
    insured_until: date | None
    suspended: bool
    created_at: datetime


class OrganizationPage(BaseModel):
    items: list[OrganizationOut]
    total: int
    next_cursor: str | None


class Registration(Strictly):
    name: Name
    kind: Kind
    usdot: Registered | None = None
    mc: Registered | None = None
    owner_email: Email = Field(description="Who is invited as the first of its people")


class OrganizationIn(Registration):
    """Operators are made by command alone."""

    kind: Literal["shipper", "broker", "carrier"]


class NewOrganization(BaseModel):
    organization: OrganizationOut
    invitation: NewInvitation


class OrganizationChange(Strictly):
    """What is left out stays as it is; null takes a number or a date away."""

    name: Name | None = None
    usdot: Registered | None = None
    mc: Registered | None = None
    authority: Authority | None = Field(None, description="Operating authority, as verified")
    insured_until: Day | None = Field(None, description="The last day that its insurance covers")
    suspended: YesNo | None = Field(
        None, description="Its people and keys are refused, and its loads are shown to nobody"
    )

    @model_validator(mode="before")
    @classmethod
    def _not_null(cls, said: object) -> object:
        if isinstance(said, dict):
            for name in ("name", "authority", "suspended"):
                if name in said and said[name] is None:
                    raise ValueError(f"{name} must not be null; leave it out")
        return said


class Sought(Paged):
    q: Name | None = Field(None, description="Part of the name, or a USDOT or MC number")
    kind: Kind | None = None
    status: Literal["active", "suspended"] | None = None


def shown(organization: Organization) -> OrganizationOut:
    kept = {
        name: getattr(organization, name)
        for name in OrganizationOut.model_fields
        if name != "suspended"
    }
    return OrganizationOut.model_validate(
        {**kept, "suspended": organization.suspended_at is not None}
    )


async def create(
    session: AsyncSession, said: Registration, by: Principal | None, now: datetime
) -> NewOrganization:
    """A new organisation, and the invitation for the first of its people."""
    organization = Organization(**said.model_dump(exclude={"owner_email"}))
    session.add(organization)
    await flush_unique(session)
    await session.refresh(organization)
    await note(session, "organization.made", organization.id, by, now, **_said(organization))
    role = "staff" if said.kind == "operator" else "owner"
    invitation = await invite(session, organization, said.owner_email, role, by, now)
    return NewOrganization(organization=shown(organization), invitation=invitation)


async def search(session: AsyncSession, sought: Sought) -> OrganizationPage:
    """Organisations, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if sought.q is not None:
        numbers = Organization.usdot == sought.q, Organization.mc == sought.q
        conditions.append(or_(Organization.name.icontains(sought.q, autoescape=True), *numbers))
    if sought.kind is not None:
        conditions.append(Organization.kind == sought.kind)
    if sought.status is not None:
        active = Organization.suspended_at.is_(None)
        conditions.append(active if sought.status == "active" else ~active)
    query = {"organizations": sought.model_dump(include={"q", "kind", "status"})}
    found, total, more = await newest_first(
        session, Organization, Organization.id, conditions, query, sought
    )
    return OrganizationPage(items=list(map(shown, found)), total=total, next_cursor=more)


async def organization(session: AsyncSession, number: int, *, lock: bool = False) -> Organization:
    found = await session.get(Organization, number, with_for_update=lock or None)
    if found is None:
        raise not_found("organization")
    return found


async def change(
    session: AsyncSession,
    number: int,
    if_match: str | None,
    wanted: OrganizationChange,
    by: Principal | None,
    now: datetime,
) -> OrganizationOut:
    """Verifies, renames, suspends or restores; it counts at once for whoever is signed in."""
    changed = await organization(session, number, lock=True)
    check_match(shown(changed), if_match)
    if wanted.suspended and changed.kind == "operator":
        error = FieldError(pointer="/suspended", message="the operator can't be suspended")
        raise Problem(409, "operator", "The operator can't be suspended.", [error])
    for name in wanted.model_fields_set - {"suspended"}:
        setattr(changed, name, getattr(wanted, name))
    if wanted.suspended is not None:
        changed.suspended_at = (changed.suspended_at or now) if wanted.suspended else None
        await record_standing(session, changed.id, now)
    await flush_unique(session)
    await note(session, "organization.changed", changed.id, by, now, **_said(changed))
    forget(session, "organization_id", changed.id)
    return shown(changed)


def _said(organization: Organization) -> dict[str, Any]:
    return shown(organization).model_dump(mode="json", exclude={"id", "created_at"})
