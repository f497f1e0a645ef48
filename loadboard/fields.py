"""The kinds of value that requests are made of, each strict: nothing is guessed or rounded."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    model_validator,
)

from matching.equipment import equipment_code


class Strictly(BaseModel):
    """A request body: unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


# All but tab and line feed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


_EMAIL = re.compile(r"[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)*")


def _email(text: str) -> str:
    """As it is kept: in small letters, so that one mailbox is one person."""
    address = text.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise ValueError("must be an e-mail address such as name@company.com")
    return address


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return text


def _written_out(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value.upper()):
        return value
    raise ValueError("must be a time with its zone, such as 2026-11-24T13:00:00Z")


def _day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return value
    raise ValueError("must be a day, such as 2026-11-24")


def _as_utc(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise ValueError("must lie between the years 2000 and 2100")
    return moment.astimezone(UTC)


def _equipment(value: Any) -> Any:
    return equipment_code(value) if isinstance(value, str) else value


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_printable),
]
Name = Annotated[Text, Field(max_length=200)]
Email = Annotated[
    str,
    Field(max_length=300, examples=["name@company.com"]),
    AfterValidator(_email),
]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
YesNo = Annotated[bool, Strict()]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_as_utc)]
Day = Annotated[date, BeforeValidator(_day)]
EquipmentCode = Annotated[
    str,
    BeforeValidator(_equipment),
    Field(description="A code of GET /v1/equipment, or what people type: V, R, F, SD, dry van"),
]
Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]


class Window(Strictly):
    """A span of time, both ends included."""

    from_: Moment = Field(alias="from")
    to: Moment

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.from_:
            raise ValueError("ends before it starts: `to` must not be earlier than `from`")
        return self


class PlaceRef(Strictly):
    """A place, said in one way: a town, a ZIP code, or coordinates."""

    place: Text | None = Field(None, max_length=120, examples=["Dallas, TX"])
    zip: Text | None = Field(None, max_length=10, examples=["75201"])
    lat: Latitude | None = Field(None, examples=[32.7767])
    lon: Longitude | None = Field(None, examples=[-96.797])

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("needs both lat and lon")
        said = (self.place is not None) + (self.zip is not None) + (self.lat is not None)
        if said != 1:
            raise ValueError("needs exactly one of place, zip, or lat with lon")
        return self
