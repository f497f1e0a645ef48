"""/v1/me: who is signed in; and the kinds of equipment that anybody may name."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from loadboard.auth import Who
from loadboard.errors import documented
from loadboard.permissions import may
from loadboard.strict import StrictRoute
from matching.equipment import EQUIPMENT

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)


class OrganizationOut(BaseModel):
    id: int
    name: str
    kind: str


class Me(BaseModel):
    email: str | None = Field(description="Null for a key")
    organization: OrganizationOut
    role: str
    may: list[str] = Field(description="The actions that role and organisation allow")


class EquipmentOut(BaseModel):
    code: str
    name: str
    aliases: tuple[str, ...]


class EquipmentList(BaseModel):
    items: list[EquipmentOut]


@router.get("/me", responses=documented(401, 422, 503))
async def me(who: Who) -> Me:
    """Who the token stands for."""
    organization = OrganizationOut(id=who.organization_id, name=who.organization, kind=who.kind)
    return Me(email=who.email, organization=organization, role=who.role, may=may(who))


@router.get("/equipment", responses=documented(401, 422, 503))
async def equipment(_: Who) -> EquipmentList:
    """The kinds of equipment, with the codes that people type for them."""
    return EquipmentList(items=[EquipmentOut(**kind._asdict()) for kind in EQUIPMENT.values()])
