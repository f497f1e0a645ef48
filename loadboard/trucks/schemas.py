"""A truck as its carrier posts it, and as it is answered."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from loadboard.fields import EquipmentCode, Moment, Number, PlaceRef, Strictly, YesNo
from loadboard.search.schemas import AreaIn
from matching.trucks import (
    MAX_CYCLE_H,
    MAX_DRIVE_H,
    MAX_DRIVE_WITHOUT_BREAK_H,
    MAX_LENGTH_FT,
    MAX_WEIGHT_LB,
    MAX_WINDOW_H,
)

MAX_DEADHEAD_MI, MAX_OUT_OF_ROUTE_MI = 1_000, 1_000


class HomeIn(Strictly):
    at: PlaceRef
    by: Moment = Field(description="The moment by which the driver has to be there")


class TripIn(Strictly):
    to: PlaceRef
    max_out_of_route_mi: Number = Field(60, ge=0, le=MAX_OUT_OF_ROUTE_MI)


class ClockIn(Strictly):
    """The driver's hours of service now, as an electronic log shows them (49 CFR 395.3)."""

    drive_left_h: Number = Field(MAX_DRIVE_H, ge=0, le=MAX_DRIVE_H)
    window_left_h: Number = Field(MAX_WINDOW_H, ge=0, le=MAX_WINDOW_H)
    drive_since_break_h: Number = Field(0, ge=0, le=MAX_DRIVE_WITHOUT_BREAK_H)
    cycle_left_h: Number = Field(MAX_CYCLE_H, ge=0, le=MAX_CYCLE_H)
    recap_h: list[Number] = Field(
        [], max_length=8, description="Hours that come back at each following midnight"
    )


class TruckIn(Strictly):
    """A truck that looks for loads. What is left out is no limit."""

    at: PlaceRef
    free_from: Moment | None = Field(None, description="Now, unless said")
    equipment: EquipmentCode = Field(examples=["van"])
    length_ft: Number | None = Field(None, gt=0, le=MAX_LENGTH_FT, description="Room that is left")
    weight_lb: Number | None = Field(None, gt=0, le=MAX_WEIGHT_LB)
    hazmat: YesNo = False
    max_deadhead_mi: Number | None = Field(None, ge=0, le=MAX_DEADHEAD_MI)
    to: AreaIn | None = Field(None, description="Where it wants to go")
    home: HomeIn | None = None
    trip: TripIn | None = Field(None, description="A trip that it makes anyway")
    clock: ClockIn = ClockIn()


class TruckOut(BaseModel):
    id: int
    status: Literal["posted", "withdrawn"]
    posted_at: datetime
    truck: TruckIn


class TruckPage(BaseModel):
    items: list[TruckOut]
    total: int
    next_cursor: str | None
