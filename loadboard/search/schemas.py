"""What a search asks, and what it answers."""

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from geo.areas import MAX_CROSSINGS, MAX_VERTICES, positions_in
from loadboard.fields import (
    EquipmentCode,
    Latitude,
    Longitude,
    Moment,
    Number,
    PlaceRef,
    Strictly,
    Text,
    Whole,
    YesNo,
)
from loadboard.loads.schemas import LoadOut
from loadboard.paging import DEFAULT_LIMIT, MAX_LIMIT
from matching.trucks import Pace

Sort = Literal["rate", "rate_per_mile", "pickup_time", "age", "distance", "out_of_route"]
SPEED_MPH = Pace().speed_mph
FEW_POSITIONS = 100
"""A polygon of no more is worked out in hardly more time than a circle."""
Corners = tuple[Longitude, Latitude, Longitude, Latitude]


class AreaIn(Strictly):
    """An area, said in one way."""

    near: PlaceRef | None = None
    radius_mi: Number | None = Field(None, ge=0, le=12_500, examples=[150])
    bbox: Corners | None = Field(
        None,
        description="[west, south, east, north]; west > east crosses the antimeridian",
        examples=[[-100, 30, -94, 35]],
    )
    polygon: dict[str, Any] | None = Field(
        None,
        description="A GeoJSON Polygon or MultiPolygon, edges straight in lon/lat; at most"
        f" {MAX_VERTICES:,} positions, and no parallel crosses its outline more than {MAX_CROSSINGS} times",
    )
    states: list[Text] | None = Field(None, min_length=1, max_length=49, examples=[["TX", "OK"]])
    within_hours: Number | None = Field(
        None,
        ge=0,
        le=100,
        description=f"Of driving by road at {SPEED_MPH} miles an hour",
        examples=[3],
    )
    of: PlaceRef | None = Field(None, description="Where those hours begin")

    @field_validator("bbox", mode="before")
    @classmethod
    def _four(cls, bbox: Any) -> Any:
        if bbox is not None and not (isinstance(bbox, list) and len(bbox) == 4):
            raise ValueError("must be four numbers: [west, south, east, north]")
        return bbox

    @field_validator("bbox")
    @classmethod
    def _upright(cls, bbox: Corners | None) -> Corners | None:
        if bbox is not None and bbox[1] > bbox[3]:
            raise ValueError("is [west, south, east, north], and south must not exceed north")
        return bbox

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        ways = (self.near, self.bbox, self.polygon, self.states, self.within_hours)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("needs exactly one of near, bbox, polygon, states or within_hours")
        if (self.near is None) != (self.radius_mi is None):
            raise ValueError("needs near and radius_mi together")
        if (self.within_hours is None) != (self.of is None):
            raise ValueError("needs within_hours and of together")
        return self

    @property
    def is_long(self) -> bool:
        """Whether it may take long to work out."""
        polygon = self.polygon is not None and positions_in(self.polygon) > FEW_POSITIONS
        return polygon or self.within_hours is not None


class AlongIn(Strictly):
    """A trip that is made anyway, and how much longer a load may make it."""

    from_: PlaceRef = Field(alias="from")
    to: PlaceRef
    max_out_of_route_mi: Number = Field(60, ge=0, le=1_000)


class PickupWindow(Strictly):
    """The pickup windows that overlap this span, ends included; an open end is no limit."""

    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise ValueError("ends before it starts: `to` must not be earlier than `from`")
        return self


class Filters(Strictly):
    """Which loads are wanted; a part that is left out refuses nothing."""

    pickup: AreaIn | None = None
    delivery: AreaIn | None = None
    pickup_window: PickupWindow | None = None
    equipment: list[EquipmentCode] | None = Field(None, min_length=1, examples=[["van"]])
    full: YesNo | None = None
    hazmat: YesNo | None = None
    max_weight_lb: Whole | None = Field(None, ge=1, le=1_000_000)
    max_length_ft: Number | None = Field(None, ge=0.1, le=1_000)
    min_rate_cents: Whole | None = Field(None, ge=1, le=1_000_000_000)
    min_rate_per_mile_cents: Number | None = Field(None, ge=0, le=1_000_000)
    max_age_minutes: Whole | None = Field(None, ge=1, le=5_256_000)
    include_unknown: YesNo = Field(
        True, description="Whether a load passes a filter on a value that it does not tell"
    )

    @property
    def is_long(self) -> bool:
        """Whether a search by it may take long, so that it is done apart from others."""
        return any(area is not None and area.is_long for area in (self.pickup, self.delivery))


class Search(Filters):
    along: AlongIn | None = None
    sort: Sort = "age"
    limit: Whole = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=500)

    @field_validator("sort")
    @classmethod
    def _has_a_centre(cls, sort: Sort, info: ValidationInfo) -> Sort:
        pickup = info.data.get("pickup")
        if sort == "distance" and "pickup" in info.data and (pickup is None or pickup.near is None):
            raise ValueError("by distance needs pickup.near, from which it is measured")
        if sort == "out_of_route" and "along" in info.data and info.data["along"] is None:
            raise ValueError("by out_of_route needs along, the trip that it is measured on")
        return sort

    @property
    def is_long(self) -> bool:
        return self.along is not None or super().is_long


class FoundLoad(LoadOut):
    distance_mi: float | None = Field(
        None, description="From pickup.near to the pickup, straight over the earth"
    )
    out_of_route_mi: float | None = Field(
        None,
        description="By which the load makes the trip longer: to it, loaded, and on to the end",
    )
    along_mi: tuple[float, float] | None = Field(
        None, description="How far along the trip the load is picked up and delivered"
    )


class AlongOut(BaseModel):
    trip_mi: float
    line: dict[str, Any] = Field(description="GeoJSON LineString of the trip by road")


class SearchPage(BaseModel):
    items: list[FoundLoad]
    total: int
    next_cursor: str | None
    along: AlongOut | None = None
