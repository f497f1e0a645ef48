"""What a carrier asks for a truck, and what each match answers."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from loadboard.fields import Number, Strictly, Whole
from loadboard.paging import DEFAULT_LIMIT, MAX_LIMIT
from loadboard.search.schemas import Filters, FoundLoad
from loadboard.trucks.schemas import TruckIn
from matching.worth import Costs

DEFAULTS = Costs()


class CostsIn(Strictly):
    """What the carrier counts a mile and an hour at; docs/matching.md says where the defaults are from."""

    cost_of_mile_cents: Number = Field(DEFAULTS.cost_of_mile_cents, ge=0, le=100_000)
    hour_driving_cents: Number = Field(DEFAULTS.hour_driving_cents, ge=0, le=100_000)
    hour_waiting_cents: Number = Field(DEFAULTS.hour_waiting_cents, ge=0, le=100_000)
    hour_resting_cents: Number = Field(DEFAULTS.hour_resting_cents, ge=0, le=100_000)
    payment_percent: Number = Field(DEFAULTS.payment_percent, ge=0, le=100)

    def costs(self) -> Costs:
        return Costs(**self.model_dump())


class MatchIn(Filters):
    truck: TruckIn | None = None
    truck_id: Whole | None = Field(None, ge=1, lt=2**63, description="A truck of POST /v1/trucks")
    costs: CostsIn = CostsIn()
    limit: Whole = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)

    @model_validator(mode="after")
    def _one_truck(self) -> Self:
        if (self.truck is None) == (self.truck_id is None):
            raise ValueError("needs exactly one of truck and truck_id")
        return self


class TermOut(BaseModel):
    name: str
    cents: int
    quantity: float
    unit: str


class StepOut(BaseModel):
    kind: Literal["drive", "wait", "break", "rest", "restart", "load", "unload"]
    from_: datetime = Field(alias="from")
    to: datetime
    miles: float


class MatchOut(BaseModel):
    load: FoundLoad
    worth_cents: int | None = Field(description="The sum of the terms; null for an unknown rate")
    terms: list[TermOut]
    plan: list[StepOut]
    deadhead_mi: float
    out_of_route_mi: float | None
    sentence: str


class RelaxOut(BaseModel):
    """The least change of one rule that brings ten more loads, or all that there are."""

    rule: str
    from_: float | None = Field(alias="from")
    to: float | None
    gains: int


class MatchPage(BaseModel):
    items: list[MatchOut]
    refused: dict[str, int] = Field(description="How many loads each rule refuses first")
    relax: RelaxOut | None


class RuleOut(BaseModel):
    rule: str
    passes: bool
    value: bool | float | str | None
    limit: bool | float | str | None
    short_by: float | None
    unit: str | None


class WhyOut(BaseModel):
    passes: bool
    rules: list[RuleOut]
