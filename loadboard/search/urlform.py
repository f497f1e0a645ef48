"""A search in the form of a URL: flat names for what the body nests."""

from collections.abc import Iterable
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import Field, ValidationError

from loadboard.errors import FieldError, Problem, field_errors, invalid
from loadboard.fields import Strictly
from loadboard.search.schemas import Search, Sort

PLACE = "A town, a ZIP code, or lat,lon"


class UrlSearch(Strictly):
    """The query parameters; several values are separated by commas."""

    pickup_near: str | None = Field(
        None, max_length=120, description=PLACE, examples=["Dallas, TX"]
    )
    pickup_radius_mi: float | None = None
    pickup_bbox: str | None = Field(None, max_length=200, description="west,south,east,north")
    pickup_polygon: str | None = Field(None, max_length=20_000, description="GeoJSON")
    pickup_states: str | None = Field(None, max_length=200, examples=["TX,OK"])
    pickup_within_hours: float | None = None
    pickup_of: str | None = Field(None, max_length=120, description=PLACE)
    delivery_near: str | None = Field(None, max_length=120, description=PLACE)
    delivery_radius_mi: float | None = None
    delivery_bbox: str | None = Field(None, max_length=200)
    delivery_polygon: str | None = Field(None, max_length=20_000)
    delivery_states: str | None = Field(None, max_length=200)
    delivery_within_hours: float | None = None
    delivery_of: str | None = Field(None, max_length=120, description=PLACE)
    along_from: str | None = Field(None, max_length=120, description=PLACE)
    along_to: str | None = Field(None, max_length=120, description=PLACE)
    along_max_out_of_route_mi: float | None = None
    pickup_from: str | None = Field(None, max_length=40)
    pickup_to: str | None = Field(None, max_length=40)
    equipment: str | None = Field(None, max_length=200, examples=["van,reefer"])
    full: bool | None = None
    hazmat: bool | None = None
    max_weight_lb: int | None = None
    max_length_ft: float | None = None
    min_rate_cents: int | None = None
    min_rate_per_mile_cents: float | None = None
    max_age_minutes: int | None = None
    include_unknown: bool | None = None
    sort: Sort | None = None
    limit: int | None = None
    cursor: str | None = Field(None, max_length=500)


def _place(text: str) -> dict[str, Any]:
    parts = text.split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        return {"zip": text} if text.strip()[:5].isdigit() else {"place": text}
    return {"lat": lat, "lon": lon}


def _numbers(text: str, name: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        message = "must be four numbers: west,south,east,north"
        raise invalid(FieldError(pointer=f"/{name}", message=message)) from error


def _polygon(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise invalid(FieldError(pointer=f"/{name}", message="must be GeoJSON")) from error


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _area(url: dict[str, Any], end: str) -> dict[str, Any] | None:
    area: dict[str, Any] = {}
    for part in ("near", "radius_mi", "bbox", "polygon", "states", "within_hours", "of"):
        value = url.pop(f"{end}_{part}", None)
        if value is None:
            continue
        match part:
            case "near" | "of":
                area[part] = _place(value)
            case "bbox":
                area[part] = _numbers(value, f"{end}_bbox")
            case "polygon":
                area[part] = _polygon(value, f"{end}_polygon")
            case "states":
                area[part] = _words(value)
            case _:
                area[part] = value
    return area or None


def _along(url: dict[str, Any]) -> dict[str, Any] | None:
    along: dict[str, Any] = {}
    for part in ("from", "to", "max_out_of_route_mi"):
        value = url.pop(f"along_{part}", None)
        if value is not None:
            along[part] = _place(value) if part in ("from", "to") else value
    return along or None


def _flat(pointer: str) -> str:
    """The parameter that a pointer into the body stands for."""
    match pointer.split("/"):
        case [_, ("pickup" | "delivery" | "along") as end, part, *_]:
            return f"/{end}_{part}"
        case [_, "pickup_window", end, *_]:
            return f"/pickup_{end}"
        case [_, "pickup_window"]:
            return "/pickup_from"
        case [_, name, *_]:
            return f"/{name}"
    return pointer


def in_url(errors: Iterable[FieldError]) -> Problem:
    """What is wrong with a search, said of the parameters instead of the body."""
    return invalid(
        *(FieldError(pointer=_flat(error.pointer), message=error.message) for error in errors)
    )


def from_url(url: Annotated[UrlSearch, Query()]) -> Search:
    """The search that a URL asks for; a Problem that names the parameter when it is none."""
    flat = url.model_dump(exclude_none=True)
    body: dict[str, Any] = {end: _area(flat, end) for end in ("pickup", "delivery")}
    window = {end: flat.pop(f"pickup_{end}") for end in ("from", "to") if f"pickup_{end}" in flat}
    body["pickup_window"], body["along"] = window or None, _along(flat)
    if "equipment" in flat:
        flat["equipment"] = _words(flat["equipment"])
    try:
        return Search.model_validate(body | flat)
    except ValidationError as error:
        raise in_url(field_errors(error)) from error
