"""Areas that a search can name: a circle, a box, a region.

Each area answers two questions: which points it holds, exactly; and, for a cover of cells, which
discs may touch it and which lie certainly within it.
"""

import math
import reprlib
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from geo.geodesy import (
    GREATEST_STRETCH,
    LEAST_STRETCH,
    SPHERE_RADIUS_M,
    distances_m,
    great_circle_m,
)
from geo.points import Bounds, Point

MAX_VERTICES = 10_000
MAX_CROSSINGS = 250
"""As often may a parallel cross the outline of a region: so many edges a point is held against at most."""

_ROUNDING_M = 1e-3

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Circle:
    """All points within `radius_m` metres of `center`, inclusive, by WGS84 geodesic distance."""

    center: Point
    radius_m: float

    def __post_init__(self) -> None:
        _check_position(self.center.lon, self.center.lat)
        if not (math.isfinite(self.radius_m) and self.radius_m >= 0.0):
            raise ValueError(f"a radius is a finite number of at least 0, not {self.radius_m}")

    def contains(self, lons: Floats, lats: Floats) -> Mask:
        """Which of the points (degrees, two equal-length arrays) the circle holds."""
        spherical = great_circle_m(self.center.lon, self.center.lat, lons, lats)
        held = spherical * GREATEST_STRETCH + _ROUNDING_M <= self.radius_m
        near = spherical * LEAST_STRETCH - _ROUNDING_M <= self.radius_m
        unsure = np.flatnonzero(near & ~held)
        held[unsure] = distances_m(self.center, lons[unsure], lats[unsure]) <= self.radius_m
        return held

    def relate(self, lons: Floats, lats: Floats, reaches_m: Floats) -> tuple[Mask, Mask]:
        """Which discs may touch the circle, and which lie certainly within it.

        A disc is all points within `reaches_m` of its centre by `great_circle_m`.
        """
        spherical = great_circle_m(self.center.lon, self.center.lat, lons, lats)
        touches = (spherical - reaches_m) * LEAST_STRETCH <= self.radius_m
        within = (spherical + reaches_m) * GREATEST_STRETCH <= self.radius_m
        return touches, within


@dataclass(frozen=True)
class Box:
    """All points between two parallels and two meridians, edges included.

    West > east crosses the antimeridian, and west = east is a single meridian. -180 and 180 name
    the same meridian, so a box that ends at one holds the points written with the other. A point
    at a pole counts at the longitude that it is written with, like any other.
    """

    bounds: Bounds

    def __post_init__(self) -> None:
        west, south, east, north = self.bounds
        _check_position(west, south)
        _check_position(east, north)
        if south > north:
            raise ValueError(f"a box has its south ({south}) at or below its north ({north})")

    def parts(self) -> tuple[Bounds, ...]:
        """Plain boxes, none across the antimeridian, whose union is this box.

        A part can be a single meridian: 180 for a box that starts at -180, and the reverse.
        """
        plain = self.bounds.split()
        wests, easts = {part.west for part in plain}, {part.east for part in plain}
        if -180.0 in wests and 180.0 not in easts:
            return (*plain, self.bounds._replace(west=180.0, east=180.0))
        if 180.0 in easts and -180.0 not in wests:
            return (*plain, self.bounds._replace(west=-180.0, east=-180.0))
        return plain

    def contains(self, lons: Floats, lats: Floats) -> Mask:
        """Which of the points (degrees, two equal-length arrays) the box holds."""
        held = np.zeros(len(lons), dtype=np.bool_)
        for west, south, east, north in self.parts():
            held |= (west <= lons) & (lons <= east) & (south <= lats) & (lats <= north)
        return held

    def relate(self, lons: Floats, lats: Floats, reaches_m: Floats) -> tuple[Mask, Mask]:
        """Which discs may touch the box, and which lie certainly within it (see `Circle`)."""
        west, south, east, north = _frames(lons, lats, reaches_m)
        span = self.bounds.east - self.bounds.west + 360.0 * self.bounds.crosses_antimeridian
        ahead = np.mod(west - self.bounds.west, 360.0)
        behind = np.mod(self.bounds.west - west, 360.0)
        touches = (ahead <= span) | (behind <= east - west)
        touches &= (south <= self.bounds.north) & (north >= self.bounds.south)
        within = (ahead + (east - west) <= span) | (span == 360.0)
        within &= (south >= self.bounds.south) & (north <= self.bounds.north)
        return touches, within


@dataclass(frozen=True)
class Region:
    """A valid polygon or multipolygon, boundary included, its edges straight in lon/lat.

    This is the plane of RFC 7946 and of PostGIS `geometry`: a shape across the antimeridian is two
    polygons, and a point written at 180 is not one at -180.
    """

    geometry: Polygon | MultiPolygon

    def __post_init__(self) -> None:
        if not isinstance(self.geometry, Polygon | MultiPolygon) or self.geometry.is_empty:
            raise ValueError("a region is a Polygon or a MultiPolygon that is not empty")
        for lon, lat in shapely.get_coordinates(self.geometry)[:, :2].tolist():
            _check_position(lon, lat)
        if not self.geometry.is_valid:
            reason = shapely.is_valid_reason(self.geometry)
            raise ValueError(f"the polygon is not valid: {reason} (longitude, latitude)")
        if (crossings := _most_crossings(self.geometry)) > MAX_CROSSINGS:
            raise ValueError(
                f"a parallel crosses an outline at most {MAX_CROSSINGS} times, not {crossings} times"
            )
        shapely.prepare(self.geometry)

    def contains(self, lons: Floats, lats: Floats) -> Mask:
        """Which of the points (degrees, two equal-length arrays) the region holds."""
        return np.asarray(shapely.intersects_xy(self.geometry, lons, lats), dtype=np.bool_)

    def relate(self, lons: Floats, lats: Floats, reaches_m: Floats) -> tuple[Mask, Mask]:
        """Which discs may touch the region, and which lie certainly within it (see `Circle`)."""
        west, south, east, north = _frames(lons, lats, reaches_m)
        touches, within = self._relate_plain(
            np.maximum(west, -180.0), south, np.minimum(east, 180.0), north
        )
        over = np.flatnonzero((west < -180.0) | (east > 180.0))
        if over.size:
            rest_west = np.where(west < -180.0, west + 360.0, -180.0)[over]
            rest_east = np.where(west < -180.0, 180.0, east - 360.0)[over]
            rest = self._relate_plain(rest_west, south[over], rest_east, north[over])
            touches[over] |= rest[0]
            within[over] &= rest[1]
        return touches, within

    def _relate_plain(
        self, west: Floats, south: Floats, east: Floats, north: Floats
    ) -> tuple[Mask, Mask]:
        frames = shapely.box(west, south, east, north)
        touches = shapely.intersects(self.geometry, frames)
        within = np.zeros_like(touches)
        within[touches] = shapely.contains_properly(self.geometry, frames[touches])
        return touches, within


Area = Circle | Box | Region


def box_around(area: Area) -> Box:
    """A box, not always the least, that holds every point of the area."""
    if isinstance(area, Box):
        return area
    if isinstance(area, Region):
        return Box(Bounds(*area.geometry.bounds))
    reach = np.array([area.radius_m / LEAST_STRETCH + _ROUNDING_M])
    lon, lat = (np.array([degrees]) for degrees in area.center)
    west, south, east, north = (float(edge[0]) for edge in _frames(lon, lat, reach))
    west, east = west + 360.0 * (west < -180.0), east - 360.0 * (east > 180.0)
    return Box(Bounds(west, south, east, north))


def region_from_geojson(value: object) -> Region:
    """The region that a decoded GeoJSON Polygon or MultiPolygon stands for.

    Raises ValueError, saying what would be accepted, for anything else: another type, further
    members, rings that are open or shorter than four positions, positions that are not two finite
    numbers in range, more than `MAX_VERTICES` positions, a shape that crosses itself.
    """
    if not isinstance(value, dict) or value.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError("expected a GeoJSON object of type Polygon or MultiPolygon")
    if extra := sorted(str(name) for name in value.keys() - {"type", "coordinates"}):
        raise ValueError(f"expected only type and coordinates, without {', '.join(extra)[:60]}")
    if value["type"] == "MultiPolygon":
        _filled_list(value.get("coordinates"), "a MultiPolygon", "polygons")
    if positions_in(value) > MAX_VERTICES:
        raise ValueError(f"expected at most {MAX_VERTICES:,} positions in all")
    polygons = [value.get("coordinates")] if value["type"] == "Polygon" else value["coordinates"]
    shapes = [_polygon(rings) for rings in polygons]
    return Region(shapes[0] if value["type"] == "Polygon" else MultiPolygon(shapes))


def _polygon(value: object) -> Polygon:
    shell, *holes = (_ring(ring) for ring in _filled_list(value, "a polygon", "rings"))
    return Polygon(shell, holes)


def _ring(value: object) -> list[tuple[float, float]]:
    ring = [_position(position) for position in _filled_list(value, "a ring", "positions")]
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError(
            "a ring has four positions or more, and its last is its first; "
            f"this one has {len(ring)}, from {list(ring[0])} to {list(ring[-1])}"
        )
    return ring


def _position(value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"a position is [longitude, latitude], not {_short(value)}")
    lon, lat = value
    for number in (lon, lat):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"a position is two numbers, not {_short(value)}")
    _check_position(lon, lat)
    return float(lon), float(lat)


def _filled_list(value: object, whole: str, parts: str) -> list[object]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{whole} is a list of one or more {parts}, not {_short(value)}")
    return list(value)


def positions_in(value: dict[str, object]) -> int:
    """Positions in all rings of what may be a GeoJSON Polygon or MultiPolygon.

    What is not a list counts as nothing, and `region_from_geojson` refuses it.
    """
    lists = (list, tuple)
    coordinates = value.get("coordinates")
    polygons = [coordinates] if value.get("type") == "Polygon" else coordinates
    if not isinstance(polygons, lists):
        return 0
    rings = [ring for rings in polygons if isinstance(rings, lists) for ring in rings]
    return sum(len(ring) for ring in rings if isinstance(ring, lists))


def _most_crossings(geometry: Polygon | MultiPolygon) -> int:
    """How many edges reach over the parallel over which most do, a little on both sides."""
    lines = shapely.get_parts(shapely.boundary(shapely.get_parts(geometry)))
    coordinates, numbers = shapely.get_coordinates(lines, return_index=True)
    is_edge = numbers[1:] == numbers[:-1]
    ends = np.column_stack((coordinates[:-1, 1], coordinates[1:, 1]))[is_edge]
    ends = ends[ends[:, 0] != ends[:, 1]]
    lats = np.concatenate((ends.max(axis=1), ends.min(axis=1)))
    steps = np.repeat((-1, 1), len(ends))
    # Of edges that meet on a parallel the one is over before the other begins.
    order = np.lexsort((steps, lats))
    return int(np.cumsum(steps[order]).max(initial=0))


def _short(value: object) -> str:
    # Not the whole of what may be nested as deep as the stack.
    text = reprlib.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _check_position(lon: float, lat: float) -> None:
    if not -180.0 <= lon <= 180.0:
        raise ValueError(f"a longitude is between -180 and 180, not {lon}")
    if not -90.0 <= lat <= 90.0:
        raise ValueError(f"a latitude is between -90 and 90, not {lat}")


def _frames(lons: Floats, lats: Floats, reaches_m: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """West, south, east, north of discs on the sphere; west or east may pass ±180.

    A disc that holds a pole has all longitudes, -180 to 180. Otherwise its meridians of tangency
    are asin(sin r / cos lat) away from its centre (the right spherical triangle with the pole).
    """
    reaches = reaches_m / SPHERE_RADIUS_M
    south, north = lats - np.degrees(reaches), lats + np.degrees(reaches)
    polar = (south <= -90.0) | (north >= 90.0)
    sine = np.sin(reaches) / np.cos(np.radians(np.where(polar, 0.0, lats)))
    half = np.degrees(np.arcsin(np.clip(sine, 0.0, 1.0)))
    west, east = np.where(polar, -180.0, lons - half), np.where(polar, 180.0, lons + half)
    return west, np.maximum(south, -90.0), east, np.minimum(north, 90.0)
