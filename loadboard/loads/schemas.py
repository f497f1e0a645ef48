"""A load as it is posted, and as it is answered."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

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


class PostedStop(PlaceRef):
    kind: Literal["pickup", "delivery"]
    window: Window | None = None


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
