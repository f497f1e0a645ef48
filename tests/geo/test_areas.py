import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon

from geo.areas import (
    MAX_CROSSINGS,
    Area,
    Box,
    Circle,
    Region,
    _most_crossings,
    box_around,
    region_from_geojson,
)
from geo.geodesy import distance_m, great_circle_m
from geo.points import Bounds, Point
from tests.geo.shapes import WGS84, about, anywhere, areas, boxes, circles, points, seeds

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]


def holds(area: Area, *positions: tuple[float, float]) -> list[bool]:
    lons, lats = np.array(positions, dtype=float).T
    return [bool(held) for held in area.contains(lons, lats)]


@given(areas, seeds)
@settings(deadline=None)
def test_a_box_around_an_area_holds_its_points(area: Area, seed: int) -> None:
    lons, lats = about(area, np.random.default_rng(seed), 60)
    held = area.contains(lons, lats)
    assert box_around(area).contains(lons[held], lats[held]).all()


def test_a_box_around_a_circle_is_hardly_wider() -> None:
    west, south, east, north = box_around(Circle(Point(-97, 33), 241_401.6)).bounds
    assert distance_m(Point(-97, south), Point(-97, north)) == pytest.approx(482_803, rel=0.015)
    assert distance_m(Point(west, 33), Point(east, 33)) == pytest.approx(482_803, rel=0.015)


@given(circles, seeds)
@settings(deadline=None)
def test_a_circle_holds_what_is_near_enough(circle: Circle, seed: int) -> None:
    lons, lats = about(circle, np.random.default_rng(seed), 60)
    expected = [
        distance_m(circle.center, Point(lon, lat)) <= circle.radius_m
        for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True)
    ]
    assert circle.contains(lons, lats).tolist() == expected


@given(points, points)
def test_a_circle_holds_its_boundary(center: Point, on_it: Point) -> None:
    radius = distance_m(center, on_it)
    assert holds(Circle(center, radius), on_it) == [True]
    if radius > 0.0:
        assert holds(Circle(center, math.nextafter(radius, 0.0)), on_it) == [False]


def test_a_circle_of_nothing_holds_its_centre() -> None:
    assert holds(Circle(Point(180, 40), 0.0), (180, 40), (-180, 40), (180, 40.000001)) == [
        True,
        True,
        False,
    ]


@given(boxes(), seeds)
@settings(deadline=None)
def test_a_box_holds_what_is_between_its_sides(box: Box, seed: int) -> None:
    lons, lats = about(box, np.random.default_rng(seed), 60)
    expected = [_in_box(box, lon, lat) for lon, lat in zip(lons, lats, strict=True)]
    assert box.contains(lons, lats).tolist() == expected


@given(boxes(), seeds)
@settings(deadline=None)
def test_the_parts_of_a_box_are_the_box(box: Box, seed: int) -> None:
    lons, lats = about(box, np.random.default_rng(seed), 60)
    either = np.zeros(len(lons), dtype=bool)
    for west, south, east, north in box.parts():
        assert west <= east
        either |= (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
    assert box.contains(lons, lats).tolist() == either.tolist()


def _in_box(box: Box, lon: float, lat: float) -> bool:
    west, south, east, north = box.bounds
    names = {lon, -lon} if abs(lon) == 180.0 else {lon}
    if west <= east:
        across = any(west <= name <= east for name in names)
    else:
        across = any(name >= west or name <= east for name in names)
    return across and south <= lat <= north


@pytest.mark.parametrize(
    ("bounds", "position", "expected"),
    [
        (Bounds(170, -10, 180, 10), (-180, 0), True),
        (Bounds(-180, -10, -170, 10), (180, 0), True),
        (Bounds(170, -10, -170, 10), (175, 10), True),
        (Bounds(170, -10, -170, 10), (0, 0), False),
        (Bounds(-170, -10, 170, 10), (180, 0), False),
        (Bounds(180, -10, -180, 10), (180, 0), True),
        (Bounds(180, -10, -180, 10), (0, 0), False),
        (Bounds(-180, -90, 180, 90), (12, 90), True),
        (Bounds(10, 80, 20, 90), (15, 90), True),
        (Bounds(10, 80, 20, 90), (25, 90), False),
    ],
)
def test_boxes_at_the_seams(bounds: Bounds, position: tuple[float, float], expected: bool) -> None:
    assert holds(Box(bounds), position) == [expected]


def direction(corner: tuple[int, int]) -> float:
    return math.atan2(corner[1], corner[0])


steps = st.integers(-8, 8)
corners = st.tuples(steps, steps).filter(any)


@given(st.lists(corners, min_size=5, max_size=9, unique_by=direction), st.booleans())
@settings(deadline=None, max_examples=200)
def test_a_region_holds_what_ray_casting_holds(ring: list[tuple[int, int]], pierced: bool) -> None:
    """Everything lies on a grid of halves, so corners and edges are met, and sums are exact."""
    rings = [[(4 * x, 4 * y) for x, y in sorted(ring, key=direction)]]
    if pierced:
        rings.append([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    polygon = Polygon(rings[0], rings[1:])
    assume(polygon.is_valid)
    xs, ys = (axis.ravel() / 2.0 for axis in np.mgrid[-66:67:3, -66:67:3])
    expected = [_in_rings(rings, x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    assert Region(polygon).contains(xs, ys).tolist() == expected


def _in_rings(rings: list[list[tuple[int, int]]], x: float, y: float) -> bool:
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
            turn = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
            if turn == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                return True
            if (y1 > y) != (y2 > y) and (turn > 0) == (y2 > y1):
                inside = not inside
    return inside


@given(areas, points, st.floats(0, 6.2), seeds)
@settings(deadline=None, max_examples=300)
def test_discs_apart_hold_nothing_of_the_area_and_discs_within_nothing_else(
    area: Area, center: Point, exponent: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    reach = 10.0**exponent
    starts = np.column_stack(about(area, rng, 20))
    starts = np.concatenate((starts[rng.integers(0, len(starts), 6)], [center]))
    touches, within = area.relate(starts[:, 0], starts[:, 1], np.full(len(starts), reach))
    for start, touch, all_in in zip(starts, touches, within, strict=True):
        lons, lats = _in_disc(Point(*start.tolist()), reach, rng)
        held = area.contains(lons, lats)
        assert touch or not held.any()
        assert not all_in or held.all()


def _in_disc(center: Point, reach: float, rng: np.random.Generator) -> tuple[Any, Any]:
    distances = reach * np.sqrt(rng.uniform(0, 1, 80))
    from_lon, from_lat = np.full(80, center.lon), np.full(80, center.lat)
    lons, lats, _ = WGS84.fwd(from_lon, from_lat, rng.uniform(0, 360, 80), distances)
    kept = great_circle_m(*center, lons, lats) <= reach
    return lons[kept], lats[kept]


@given(seeds)
@settings(deadline=None, max_examples=20)
def test_the_whole_earth_and_its_halves(seed: int) -> None:
    lons, lats = anywhere(np.random.default_rng(seed), 200)
    assert Box(Bounds(-180, -90, 180, 90)).contains(lons, lats).all()
    assert Circle(Point(17, 4), 20_003_932.0).contains(lons, lats).all()
    assert (Circle(Point(0, 90), 10_001_965.73).contains(lons, lats) == (lats >= 0)).all()


@pytest.mark.parametrize("radius", [-1.0, math.nan, math.inf])
def test_radii_that_are_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="a radius is a finite number of at least 0"):
        Circle(Point(0, 0), radius)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (Bounds(0, 10, 1, 9), "south .10. at or below its north .9."),
        (Bounds(-181, 0, 1, 1), "longitude is between -180 and 180, not -181"),
        (Bounds(0, 0, 1, 91), "latitude is between -90 and 90, not 91"),
        (Bounds(0, 0, math.nan, 1), "longitude is between -180 and 180, not nan"),
    ],
)
def test_boxes_that_are_refused(bounds: Bounds, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Box(bounds)


@pytest.mark.parametrize("shape", [LineString([(0, 0), (1, 1)]), Polygon(), MultiPolygon()])
def test_shapes_that_are_no_region(shape: Any) -> None:
    with pytest.raises(ValueError, match="a Polygon or a MultiPolygon that is not empty"):
        Region(shape)


def test_geojson_that_is_accepted() -> None:
    hole = [[1, 1], [2, 1], [2, 2], [1, 1]]
    pierced = region_from_geojson({"type": "Polygon", "coordinates": [SQUARE, hole]})
    assert holds(pierced, (0.5, 0.5), (1.8, 1.2), (1, 1), (4, 4), (5, 5)) == [
        True,
        False,
        True,
        True,
        False,
    ]
    far = [[[10.5, 10], [11, 10], [11, 11], [10.5, 10]]]
    two = region_from_geojson({"type": "MultiPolygon", "coordinates": [[SQUARE], far]})
    assert holds(two, (2, 2), (10.9, 10.1), (7, 7)) == [True, True, False]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


LONG = [[i / 100.0, 0] for i in range(10_000)] + [[0, 50], [0, 0]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected a GeoJSON object of type Polygon or MultiPolygon"),
        ({"type": "Point", "coordinates": [0, 0]}, "of type Polygon or MultiPolygon"),
        ({"type": ["Polygon"], "coordinates": [SQUARE]}, "of type Polygon or MultiPolygon"),
        (polygon(SQUARE) | {"crs": {}, "bbox": []}, "only type and coordinates, without bbox, crs"),
        (polygon(SQUARE) | {"x" * 99: 1}, "only type and coordinates, without x{60}$"),
        ({"type": "Polygon"}, "a polygon is a list of one or more rings, not None"),
        (polygon(), "a polygon is a list of one or more rings"),
        ({"type": "MultiPolygon", "coordinates": []}, "a list of one or more polygons"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "a position is .longitude, latitude."),
        (polygon([]), "a ring is a list of one or more positions"),
        (polygon("ring"), "a ring is a list of one or more positions, not 'ring'"),
        (polygon(SQUARE[:-1]), "its last is its first; this one has 4, from .0.0, 0.0. to .0.0, 4"),
        (polygon([[0, 0], [1, 1], [0, 0]]), "four positions or more.*this one has 3"),
        (polygon([[0, 0, 5], *SQUARE]), "a position is .longitude, latitude., not .0, 0, 5."),
        (polygon([["0", 0], *SQUARE]), "a position is two numbers, not .'0', 0."),
        (polygon([[True, 0], *SQUARE]), "a position is two numbers"),
        (polygon([[math.nan, 0], *SQUARE]), "between -180 and 180, not nan"),
        (polygon([[math.inf, 0], *SQUARE]), "between -180 and 180, not inf"),
        (polygon([[10**400, 0], *SQUARE]), "between -180 and 180, not 10"),
        (polygon([[0, 91], *SQUARE]), "a latitude is between -90 and 90, not 91"),
        (polygon([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]), r"Self-intersection\[1 1\]"),
        (polygon(SQUARE, [[9, 9], [10, 9], [10, 10], [9, 9]]), r"Hole lies outside shell\[9 9\]"),
        (polygon([[0, 0], [0, 0], [0, 0], [0, 0]]), "not valid"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "not valid"),
        (polygon(LONG), "expected at most 10,000 positions in all"),
    ],
)
def test_geojson_that_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        region_from_geojson(value)
    assert len(str(refusal.value)) < 500


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(st.sampled_from(["Polygon", "MultiPolygon"]), json_values)
@settings(deadline=None)
def test_any_json_is_a_region_or_a_plain_refusal(kind: str, coordinates: object) -> None:
    try:
        region = region_from_geojson({"type": kind, "coordinates": coordinates})
    except ValueError:
        return
    assert isinstance(region, Region)


def comb(teeth: int) -> list[list[float]]:
    """A ring that a parallel crosses twice for each tooth."""
    zigzag = [[0.001 * step, float(step % 2)] for step in range(2 * teeth + 1)]
    return [*zigzag, [0.001 * 2 * teeth, -1.0], [0.0, -1.0], [0.0, 0.0]]


@given(st.integers(3, 40), seeds)
@settings(deadline=None)
def test_crossings_are_counted(corners: int, seed: int) -> None:
    """Rings around two points, seldom round: the edges over each parallel between two corners."""
    rng = np.random.default_rng(seed)
    turns = 2.0 * np.pi * np.arange(corners) / corners
    far = rng.integers(1, 5, corners)
    rings = [np.column_stack((x + far * np.cos(turns), far * np.sin(turns))) for x in (-10, 10)]
    shape = MultiPolygon([Polygon(ring) for ring in rings])
    assume(shape.is_valid)
    edges = [(a[1], b[1]) for ring in rings for a, b in zip(ring, np.roll(ring, 1, 0), strict=True)]
    lats = np.unique(np.concatenate(rings)[:, 1])
    over = [
        sum(min(edge) < lat < max(edge) for edge in edges) for lat in (lats[1:] + lats[:-1]) / 2.0
    ]
    assert _most_crossings(shape) == max(over)


def test_a_region_is_no_more_intricate_than_can_be_worked_out_soon() -> None:
    most = region_from_geojson({"type": "Polygon", "coordinates": [comb(MAX_CROSSINGS // 2)]})
    assert holds(most, (0.001, 0.9), (0.002, 0.9), (0.001, -0.5)) == [True, False, True]
    with pytest.raises(ValueError, match=f"at most {MAX_CROSSINGS} times, not {MAX_CROSSINGS + 2}"):
        region_from_geojson({"type": "Polygon", "coordinates": [comb(MAX_CROSSINGS // 2 + 1)]})
