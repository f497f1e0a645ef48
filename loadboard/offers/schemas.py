"""Offers as they are made, and as both sides see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from loadboard.fields import Moment, Strictly, Text, Whole

OfferStatus = Literal["open", "accepted", "declined", "withdrawn", "expired", "ended"]
Side = Literal["poster", "carrier"]
Cents = Annotated[Whole, Field(ge=1, le=1_000_000_000, examples=[185000])]
Id = Annotated[Whole, Field(ge=1, le=2**63 - 1)]


class Terms(Strictly):
    rate_cents: Cents
    note: Text | None = Field(None, max_length=1_000)
    expires_at: Moment | None = Field(
        None, description="Until when it can be accepted; as long as the load is open, unless said"
    )


class RequestIn(Terms):
    """What a carrier asks for a load."""

    truck_id: Id | None = Field(None, description="One of one's trucks, which is then kept free")


class TenderIn(Terms):
    """What a poster offers to one carrier."""

    carrier_id: Id


class Refusing(Strictly):
    reason: Text = Field(max_length=200, examples=["The rate is too low"])


class Party(BaseModel):
    id: int
    name: str


class RoundOut(BaseModel):
    """What one side did."""

    step: Literal["request", "tender", "counter", "accept", "decline", "withdraw", "expire", "end"]
    at: datetime
    by: Side | None = Field(description="Null for what nobody did: it expired or ended")
    rate_cents: int
    note: str | None
    reason: str | None


class OfferOut(BaseModel):
    id: int
    version: int
    kind: Literal["request", "tender"]
    status: OfferStatus
    turn: Side = Field(description="Who has to answer while it is open")
    load_id: int
    load_version: int = Field(description="The version of the load that the terms are about")
    load: dict[str, Any] = Field(description="The load in that version")
    poster: Party
    carrier: Party
    rate_cents: int
    note: str | None
    reason: str | None = Field(
        description="Why it was declined; or how the load left the board: booked, cancelled, expired"
    )
    truck_id: int | None
    expires_at: datetime | None
    made_at: datetime
    changed_at: datetime
    rounds: list[RoundOut]


class OfferPage(BaseModel):
    items: list[OfferOut]
    total: int
    next_cursor: str | None
