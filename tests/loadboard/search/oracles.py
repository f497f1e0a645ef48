"""What an area holds, worked out twice without cells: one point at a time, and by plain PostGIS.

Where two exact tests may differ by rounding alone no point is put: within a micrometre of a
circle, and on the sloping edges of polygons. Edges along meridians and parallels, corners, and the
centre of a circle of nothing are exact in both, so points are put there on purpose.
"""

from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from psycopg import sql
from pyproj import Geod
from shapely.geometry import mapping

from geo.areas import Area, Box, Circle, Floats, Mask, Region
from geo.cells import cells_of, parent
from geo.points import METRES_PER_MILE, Bounds, Point
from tests.geo.shapes import about, anywhere

WGS84 = Geod(ellps="WGS84")
CIRCLE_EDGE_M = 1e-6
SLOPING_EDGE_DEG = 1e-9
RESOLUTION = 8


def miles_between(a: Point, b: Point) -> float:
    return float(WGS84.inv(a.lon, a.lat, b.lon, b.lat)[2]) / METRES_PER_MILE


def said(area: Area) -> dict[str, Any]:
    """The area as a search body says it."""
    match area:
        case Circle(center, radius_m):
            at = {"lon": center.lon, "lat": center.lat}
            return {"near": at, "radius_mi": radius_m / METRES_PER_MILE}
        case Box(bounds):
            return {"bbox": list(bounds)}
        case Region(geometry):
            return {"polygon": mapping(geometry)}


def holds(area: Area, point: Point) -> bool:
    """Brute force: whether the area holds the point."""
    match area:
        case Circle(center, radius_m):
            return bool(WGS84.inv(*center, *point)[2] <= radius_m)
        case Box(bounds):
            return any(_between(bounds, Point(lon, point.lat)) for lon in _names(point.lon))
        case Region(geometry):
            return bool(geometry.covers(shapely.Point(point)))


def _names(lon: float) -> set[float]:
    return {-180.0, 180.0} if abs(lon) == 180.0 else {lon}


def _between(bounds: Bounds, point: Point) -> bool:
    west, south, east, north = bounds
    beside = west <= point.lon <= east if west <= east else not east < point.lon < west
    return beside and south <= point.lat <= north


def postgis_ids(url: str, now: datetime, pickup: Area | None, delivery: Area | None) -> set[int]:
    """The open loads whose first and last stop lie in the areas, as plain PostGIS has it."""
    query = sql.SQL(
        "SELECT load.id FROM load JOIN stop p ON p.load_id = load.id AND p.position = 0"
        " JOIN stop d ON d.load_id = load.id AND d.position ="
        " (SELECT max(position) FROM stop WHERE load_id = load.id)"
        " WHERE status = 'posted' AND open_until > {now} AND {pickup} AND {delivery}"
    ).format(
        now=sql.Literal(now),
        pickup=_condition(pickup, sql.SQL("p.point")),
        delivery=_condition(delivery, sql.SQL("d.point")),
    )
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute(query)}


def _condition(area: Area | None, point: sql.Composable) -> sql.Composable:
    match area:
        case None:
            return sql.SQL("true")
        case Circle(center, radius_m):
            return sql.SQL("ST_DWithin({}::geography, {}::geography, {})").format(
                point, _sql_point(center), sql.Literal(radius_m)
            )
        case Box(bounds):
            twin = sql.SQL(
                "CASE abs(ST_X({0})) WHEN 180 THEN ST_Collect({0},"
                " ST_SetSRID(ST_MakePoint(-ST_X({0}), ST_Y({0})), 4326)) ELSE {0} END"
            ).format(point)
            tests = (
                sql.SQL("ST_Intersects({}, {})").format(_envelope(part), twin)
                for part in bounds.split()
            )
            return sql.SQL("({})").format(sql.SQL(" OR ").join(tests))
        case Region(geometry):
            shape = sql.Literal(shapely.to_wkb(geometry))
            return sql.SQL("ST_Intersects(ST_GeomFromWKB({}, 4326), {})").format(shape, point)


def _sql_point(point: Point) -> sql.Composable:
    return sql.SQL("ST_SetSRID(ST_MakePoint({}, {}), 4326)").format(*map(sql.Literal, point))


def _envelope(bounds: Bounds) -> sql.Composable:
    """A box of PostGIS; a point or a line where it has no inside, which ST_MakeEnvelope breaks."""
    west, south, east, north = bounds
    if bounds[:2] == bounds[2:]:
        return _sql_point(Point(west, south))
    if west == east or south == north:
        ends = _sql_point(Point(west, south)), _sql_point(Point(east, north))
        return sql.SQL("ST_MakeLine({}, {})").format(*ends)
    return sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, 4326)").format(*map(sql.Literal, bounds))


def decidable(area: Area, lons: Floats, lats: Floats) -> Mask:
    """Which points are not so near a curved or sloping edge that rounding decides."""
    if isinstance(area, Circle):
        start = np.repeat([area.center], len(lons), axis=0)
        distances = WGS84.inv(start[:, 0], start[:, 1], lons, lats)[2]
        on_edge = np.abs(distances - area.radius_m) <= CIRCLE_EDGE_M
        return np.asarray(~on_edge | (distances == 0.0), dtype=np.bool_)
    if isinstance(area, Box):
        return np.ones(len(lons), dtype=np.bool_)
    corners = {Point(*corner) for corner in shapely.get_coordinates(area.geometry).tolist()}
    is_corner = [Point(*at) in corners for at in zip(lons.tolist(), lats.tolist(), strict=True)]
    off_edge = shapely.distance(area.geometry.boundary, shapely.points(lons, lats))
    return np.array(is_corner) | (off_edge > SLOPING_EDGE_DEG)


def in_slivers(lons: Floats, lats: Floats) -> Mask:
    """Which points lie in another coarse cell than the index ancestor of their own cell."""
    fine = cells_of(lons, lats, RESOLUTION)
    split = np.zeros(len(fine), dtype=np.bool_)
    for coarse in range(RESOLUTION):
        split |= parent(fine, coarse) != cells_of(lons, lats, coarse)
    return split


def hard_points(area: Area, rng: np.random.Generator, count: int) -> list[Point]:
    """Points near the edges of an area, in slivers where there are any, and a few far away."""
    lons, lats = about(area, rng, 3 * count)
    lons, lats = (np.concatenate(pair) for pair in zip((lons, lats), _extremes(rng), strict=True))
    kept = np.flatnonzero(decidable(area, lons, lats))
    kept = rng.permutation(kept)
    sliver = in_slivers(lons[kept], lats[kept])
    first = np.concatenate((kept[sliver][: count // 2], kept[~sliver]))[:count]
    chosen = zip(lons[first].tolist(), lats[first].tolist(), strict=True)
    return [Point(lon, lat) for lon, lat in chosen]


def _extremes(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Poles, the antimeridian under both its names, and anywhere."""
    lons, lats = anywhere(rng, 9)
    lats[:3] = rng.choice([-90.0, 90.0], 3)
    lons[3:6] = rng.choice([-180.0, 180.0], 3)
    return lons, lats
