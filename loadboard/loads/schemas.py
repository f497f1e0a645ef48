"""A load as it is posted, and as it is answered."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from loadboard.fields import (
    EquipmentCode,
    Moment,
    Number,
    PlaceRef,
    Strictly,
    Text,
    Whole,
    Window,
    YesNo,
)

MAX_STOPS = 20
LoadStatus = Literal[
    "draft", "posted", "booked", "dispatched", "picked_up", "in_transit", "delivered", "invoiced", "paid", "cancelled",
    "expired",
]  # fmt: skip


OrganizationId = Annotated[Whole, Field(ge=1, le=2**31 - 1)]
NetworkId = Annotated[Whole, Field(ge=1, le=2**63 - 1)]
Instant = Literal["nobody", "networks", "everyone"]
Flag = Literal["duplicate", "reposted"]
CancelReason = Literal["covered_elsewhere", "no_longer_needed", "posted_in_error", "other"]


def _unsaid(value: Any) -> bool:
    return value in (None, "nobody")


class PostedStop(PlaceRef):
    kind: Literal["pickup", "delivery"]
    window: Window | None = None
    address: Text | None = Field(
        None,
        max_length=300,
        description="Street address, told with the contact alone",
        exclude_if=_unsaid,
    )


class AudienceIn(Strictly):
    """The carriers of one's networks, and carriers by their ids; nobody else."""

    networks: list[NetworkId] = Field([], max_length=50)
    carriers: list[OrganizationId] = Field([], max_length=1_000)

    @field_validator("networks", "carriers")
    @classmethod
    def _in_order(cls, ids: list[int]) -> list[int]:
        return sorted(set(ids))

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if not (self.networks or self.carriers):
            raise ValueError("needs a network or a carrier; or say everyone")
        return self


def _everyone(value: Any) -> Any:
    if isinstance(value, str):
        if value != "everyone":
            raise ValueError("must be everyone, or the networks and carriers that see the load")
        return None
    return value


_AUDIENCE = {"anyOf": [{"type": "string", "const": "everyone"}, AudienceIn.model_json_schema()]}


class Contact(Strictly):
    """Whom to call."""

    name: Text | None = Field(None, max_length=100)
    phone: Text | None = Field(None, max_length=40, examples=["+1 214 555 0100"])
    email: Text | None = Field(None, max_length=254, examples=["desk@shipper.example"])

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.phone is None and self.email is None:
            raise ValueError("needs a phone or an email")
        return self


class PostedLoad(Strictly):
    """A load as its poster says it. Null means unknown."""

    reference: Text = Field(max_length=100, examples=["A-1001"])
    equipment: EquipmentCode = Field(examples=["van"])
    full: YesNo = True
    weight_lb: Whole | None = Field(None, ge=1, le=1_000_000, examples=[42000])
    length_ft: Number | None = Field(None, ge=0.1, le=1_000, examples=[53])
    hazmat: YesNo = False
    commodity: Text | None = Field(None, max_length=200, examples=["paper"])
    rate_cents: Whole | None = Field(None, ge=1, le=1_000_000_000, examples=[185000])
    currency: Literal["USD"] = "USD"
    posted_miles: Number | None = Field(None, ge=0, le=50_000, examples=[790])
    expires_at: Moment | None = None
    stops: list[PostedStop] = Field(min_length=2, max_length=MAX_STOPS)
    # What came later is left out where it is not said, so that the same content has the same hash.
    audience: Annotated[
        AudienceIn | None, BeforeValidator(_everyone), WithJsonSchema(_AUDIENCE)
    ] = Field(None, description="Who sees the load", exclude_if=_unsaid)
    instant: Instant = Field(
        "nobody",
        description="Which carriers may book at once at the posted rate; others request",
        exclude_if=_unsaid,
    )
    contact: Contact | None = Field(
        None, description="Told to a carrier that asks for it", exclude_if=_unsaid
    )

    @field_validator("stops")
    @classmethod
    def _route(cls, stops: list[PostedStop]) -> list[PostedStop]:
        if stops[0].kind != "pickup":
            raise ValueError("must begin with a pickup")
        if stops[-1].kind != "delivery":
            raise ValueError("must end with a delivery")
        if stops[0].window is None:
            raise ValueError("need the window of the first pickup")
        latest = stops[0].window.from_
        for number, stop in enumerate(stops):
            if stop.window is not None:
                if stop.window.to < latest:
                    raise ValueError(
                        f"must follow one another, and number {number + 1} is over before one ahead of it opens"
                    )
                latest = max(latest, stop.window.from_)
        return stops


class LoadIn(PostedLoad):
    """A load to be posted, or kept as a draft that only its organisation sees."""

    # No part of what is posted: neither of its hash nor of its listing.
    draft: YesNo = Field(False, exclude=True)


class GeoJsonPoint(BaseModel):
    type: Literal["Point"]
    coordinates: tuple[float, float]


class StopOut(BaseModel):
    kind: Literal["pickup", "delivery"]
    place: str | None
    zip: str | None
    town: str | None = Field(description="The place, or the town nearest to the coordinates")
    lat: float
    lon: float
    point: GeoJsonPoint
    state: str | None
    zone: str = Field(description="IANA time zone of the stop")
    window: dict[str, datetime] | None


class Poster(BaseModel):
    id: int
    name: str


class RecordOut(BaseModel):
    """What became of a poster's loads for everyone in the last 90 days."""

    posted: int
    booked_here: int
    cancelled_or_elsewhere: int
    expired_unconfirmed: int = Field(description="Without a word that they were still open")


class LoadOut(BaseModel):
    """A load as the board shows it."""

    id: int
    version: int
    status: LoadStatus
    reference: str
    organization: Poster
    equipment: str
    full: bool
    weight_lb: int | None
    length_ft: float | None
    hazmat: bool
    commodity: str | None
    rate_cents: int | None
    currency: Literal["USD"]
    rate_per_mile_cents: float | None = Field(description="Rate over our loaded miles")
    posted_miles: float | None
    loaded_miles: float = Field(description="Estimated miles from first pickup to last delivery")
    miles_estimated: Literal["road", "great_circle"]
    sample: bool = Field(description="Made by the generator of sample loads")
    expires_at: datetime | None
    stops: list[StopOut]
    first_posted_at: datetime
    updated_at: datetime
    confirmed_at: datetime
    instant: Instant = "nobody"
    flags: list[Flag] = Field(
        [],
        description="Of this version: duplicate, the same freight is posted by the same organisation"
        " already; reposted, it has been booked here",
    )
    cancel_reason: CancelReason | None = None
    record: RecordOut | None = Field(None, description="Of its poster")
    audience: Literal["everyone"] | AudienceIn | None = Field(
        None, description="Told to its poster alone"
    )
    contact: Contact | None = Field(None, description="Told to its poster alone")
    addresses: list[str | None] | None = Field(
        None, description="Of the stops; told to its poster alone"
    )


class LoadPage(BaseModel):
    items: list[LoadOut]
    total: int
    next_cursor: str | None


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, an object merges, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
