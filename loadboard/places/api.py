"""/v1/places and /v1/roads: what the map and the forms need to know of the country."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from geo import places
from geo.network import network
from loadboard.auth import Who
from loadboard.errors import documented
from loadboard.fields import Strictly
from loadboard.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["places"], route_class=StrictRoute)


class PlaceOut(BaseModel):
    label: str
    name: str
    state: str
    lat: float
    lon: float
    zone: str


class PlaceList(BaseModel):
    items: list[PlaceOut]


class PlaceQuery(Strictly):
    q: str = Field(min_length=1, max_length=120)
    limit: int = Field(8, ge=1, le=50)


@router.get("/places", responses=documented(401, 422, 503))
async def suggest_places(query: Annotated[PlaceQuery, Query()], _: Who) -> PlaceList:
    """Towns and ZIP codes that begin with what somebody typed, the largest first."""
    found = places.suggest(query.q, query.limit)
    return PlaceList(
        items=[
            PlaceOut(
                label=place.label,
                name=place.name,
                state=place.state,
                lat=place.point.lat,
                lon=place.point.lon,
                zone=place.zone,
            )
            for place in found
        ]
    )


@router.get("/roads", responses=documented(401, 422, 503), response_class=Response)
async def freeways(_: Who) -> Response:
    """The freeways that miles are estimated on, as GeoJSON."""
    geometry: dict[str, Any] = {"type": "MultiLineString", "coordinates": network().lines()}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    return Response(
        orjson.dumps({"type": "FeatureCollection", "features": [feature]}),
        media_type="application/geo+json",
        headers={"Cache-Control": "private, max-age=86400"},
    )
