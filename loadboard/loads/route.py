"""The line that a load follows on the map."""

from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel

from geo.points import Point
from geo.route import path


class Line(BaseModel):
    type: Literal["LineString"] = "LineString"
    coordinates: list[tuple[float, float]]


class RouteProperties(BaseModel):
    miles: float
    estimated: bool = True


class RouteFeature(BaseModel):
    type: Literal["Feature"] = "Feature"
    geometry: Line
    properties: RouteProperties


def route_of(listing: dict[str, Any]) -> RouteFeature:
    points = [Point(stop["lon"], stop["lat"]) for stop in listing["stops"]]
    line: list[tuple[float, float]] = [points[0]]
    for a, b in pairwise(points):
        line.extend(path(a, b)[1:])
    return RouteFeature(
        geometry=Line(coordinates=line), properties=RouteProperties(miles=listing["loaded_miles"])
    )
