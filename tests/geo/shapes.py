"""Random areas, and points that are hard for them."""

import numpy as np
import shapely
from hypothesis import strategies as st
from pyproj import Geod
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box

from geo.areas import Area, Box, Circle, Floats, Region
from geo.points import Bounds, Point

WORLD = box(-180.0, -90.0, 180.0, 90.0)
HALF_EARTH_M = 10_001_965.729
WGS84 = Geod(ellps="WGS84")

longitudes = st.sampled_from([-180.0, -179.999, -96.8, 0.0, 179.999, 180.0]) | st.floats(-180, 180)
latitudes = st.sampled_from([-90.0, -89.99, 0.0, 32.8, 89.99, 90.0]) | st.floats(-90, 90)
points = st.builds(Point, longitudes, latitudes)
seeds = st.integers(0, 2**32 - 1)

radii = st.sampled_from([0.0, 1.0, 241_401.6, HALF_EARTH_M, 20_003_931.0, 3e7]) | st.floats(
    -1.0, 7.3
).map(lambda exponent: 10.0**exponent)
circles = st.builds(Circle, points, radii)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    west, east = draw(longitudes), draw(longitudes)
    if draw(st.booleans()):
        east = (west + 340.0 + 180.0) % 360.0 - 180.0
    south, north = sorted((draw(latitudes), draw(latitudes)))
    return Box(Bounds(west, south, east, north))


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """One or two stars, each perhaps with a hole, cut at the antimeridian and at the poles."""
    rng = np.random.default_rng(draw(seeds))
    stars = [_star(draw(points), draw(st.floats(-3, 1.9)), rng, draw(st.booleans()))]
    if draw(st.booleans()):
        stars.append(_star(draw(points), draw(st.floats(-3, 1.9)), rng, hole=True))
    shape = shapely.union_all([_cut(star) for star in stars])
    kept = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return Region(kept[0] if len(kept) == 1 else MultiPolygon(kept))


areas: st.SearchStrategy[Area] = st.one_of(circles, boxes(), regions())


def _star(center: Point, exponent: float, rng: np.random.Generator, hole: bool) -> Polygon:
    angles = np.linspace(0.0, 2.0 * np.pi, rng.integers(4, 40), endpoint=False)
    spokes = np.column_stack((np.cos(angles), np.sin(angles)))
    spokes *= 10.0**exponent * rng.uniform(0.3, 1.0, len(angles))[:, None]
    inner = [center + 0.6 * spokes] if hole else []
    return Polygon(center + spokes, inner)


def _cut(star: Polygon) -> shapely.Geometry:
    turns = [affinity.translate(star, xoff=turn) for turn in (-360.0, 0.0, 360.0)]
    return shapely.union_all([shapely.intersection(turn, WORLD) for turn in turns])


def anywhere(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Points spread evenly over the sphere."""
    return rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def about(area: Area, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Points in, on and just off the area, most of them near its edge."""
    if isinstance(area, Circle):
        lons, lats = _about_circle(area, rng, count)
    elif isinstance(area, Box):
        lons, lats = _about_box(area, rng, count)
    else:
        lons, lats = _about_region(area, rng, count)
    return _within_range(lons, lats)


def _within_range(lons: Floats, lats: Floats) -> tuple[Floats, Floats]:
    out = (lons < -180.0) | (lons > 180.0)
    return np.where(out, (lons + 180.0) % 360.0 - 180.0, lons), np.clip(lats, -90.0, 90.0)


def _about_circle(area: Circle, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    share = np.concatenate((rng.uniform(0, 1.2, count // 2), rng.normal(1, 1e-3, count // 2)))
    start = np.repeat([area.center], len(share), axis=0)
    distances = np.minimum(share * area.radius_m, 2e7)
    lons, lats, _ = WGS84.fwd(start[:, 0], start[:, 1], rng.uniform(0, 360, len(share)), distances)
    return np.append(lons, area.center.lon), np.append(lats, area.center.lat)


def _about_box(area: Box, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    west, south, east, north = area.bounds
    east += 360.0 * (east < west)
    near = np.concatenate((rng.uniform(-0.1, 1.1, count), [0, 0, 1, 1, 0.5, 0.5]))
    far = np.concatenate((rng.choice([0, 1e-9, 1, 1 + 1e-9], count), [0, 1, 0, 1, 0, 1]))
    across, along = (near, far) if rng.integers(2) else (far, near)
    return west + across * (east - west), south + along * (north - south)


def _about_region(area: Region, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    corners = shapely.get_coordinates(area.geometry)
    lines = area.geometry.boundary
    on_edge = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, rng.uniform(0, lines.length, count))
    )
    size = max(np.ptp(corners, axis=0))
    near = on_edge + rng.normal(0, 1, on_edge.shape) * size * 10.0 ** rng.uniform(-9, 0, (count, 1))
    lons, lats = np.concatenate((corners, on_edge, near)).T
    return lons, lats
