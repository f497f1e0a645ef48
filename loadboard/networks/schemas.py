"""Networks, their members, and blocks, as they are said and answered."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from loadboard.fields import Strictly, Text
from loadboard.loads.schemas import OrganizationId

Usdot = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,7}$")]


class NetworkIn(Strictly):
    name: Text = Field(max_length=100, examples=["Core carriers"])


class OrganizationRef(Strictly):
    """An organisation, by its id here or by its USDOT number."""

    organization_id: OrganizationId | None = None
    usdot: Usdot | None = Field(None, examples=["1234567"])

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if (self.organization_id is None) == (self.usdot is None):
            raise ValueError("needs exactly one of organization_id and usdot")
        return self

    @property
    def pointer(self) -> str:
        return "/usdot" if self.organization_id is None else "/organization_id"


class NetworkOut(BaseModel):
    id: int
    name: str
    members: int
    created_at: datetime


class NetworkPage(BaseModel):
    items: list[NetworkOut]
    total: int
    next_cursor: str | None


class PartnerOut(BaseModel):
    """An organisation in a network, or blocked, and since when."""

    organization_id: int
    name: str
    usdot: str | None
    since: datetime


class PartnerPage(BaseModel):
    items: list[PartnerOut]
    total: int
    next_cursor: str | None
