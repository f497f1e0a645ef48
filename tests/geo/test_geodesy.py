import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.geodesy import (
    GREATEST_STRETCH,
    LEAST_STRETCH,
    SPHERE_RADIUS_M,
    distance_m,
    distances_m,
    great_circle_m,
)
from geo.points import Point
from tests.geo.shapes import points


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        # A degree of the equator is a π/180; the quarter meridian is a constant of the ellipsoid.
        (Point(0, 0), Point(1, 0), 6_378_137.0 * math.pi / 180.0),
        (Point(12, 0), Point(12, 90), 10_001_965.729),
        # Kennedy to Heathrow, the example of the GeographicLib documentation.
        (Point(-73.8, 40.6), Point(-0.5, 51.6), 5_551_759.400),
        (Point(180, 10), Point(-180, 10), 0.0),
        (Point(0, 90), Point(137, 90), 0.0),
        (Point(0, -90), Point(5, 90), 20_003_931.459),
    ],
)
def test_distances_that_are_known(a: Point, b: Point, metres: float) -> None:
    assert distance_m(a, b) == pytest.approx(metres, abs=1e-3)


@given(points, st.lists(points, max_size=20))
def test_the_vectorised_distance_is_the_single_one(origin: Point, others: list[Point]) -> None:
    lons, lats = np.array(others, dtype=float).reshape(-1, 2).T
    assert distances_m(origin, lons, lats).tolist() == [distance_m(origin, p) for p in others]


@given(points, points)
def test_the_ellipsoid_stretches_the_sphere_within_bounds(a: Point, b: Point) -> None:
    exact, spherical = distance_m(a, b), float(great_circle_m(*a, *b))
    assert LEAST_STRETCH * spherical - 1e-5 <= exact <= GREATEST_STRETCH * spherical + 1e-5


def test_the_bounds_are_reached_on_short_lines_at_the_equator_and_the_pole() -> None:
    for a, b, bound in [
        (Point(0, 0), Point(0, 0.01), LEAST_STRETCH),
        (Point(0, 90), Point(0, 89.99), GREATEST_STRETCH),
    ]:
        assert distance_m(a, b) / great_circle_m(*a, *b) == pytest.approx(bound, rel=1e-6)


@given(points, points)
def test_the_great_circle_is_the_angle_between_vectors(a: Point, b: Point) -> None:
    u, v = _vector(a), _vector(b)
    angle = math.atan2(float(np.linalg.norm(np.cross(u, v))), float(u @ v))
    assert float(great_circle_m(*a, *b)) == pytest.approx(SPHERE_RADIUS_M * angle, abs=0.5)


def test_great_circles_broadcast() -> None:
    lons, lats = np.array([[0.0], [90.0]]), np.array([[0.0], [0.0]])
    table = great_circle_m(lons, lats, [0.0, 180.0, 45.0], [0.0, 0.0, 90.0])
    quarter = SPHERE_RADIUS_M * math.pi / 2.0
    expected = [[0.0, 2.0 * quarter, quarter], [quarter, quarter, quarter]]
    np.testing.assert_allclose(table, expected, atol=1e-6)


def _vector(point: Point) -> np.ndarray:
    lon, lat = math.radians(point.lon), math.radians(point.lat)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
