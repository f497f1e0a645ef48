"""Road estimates against their definition, their promises, and roads as they are."""

import csv
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.barriers import BARRIERS
from geo.coverage import are_covered, is_covered
from geo.geodesy import great_circle_m
from geo.network import network
from geo.points import METRES_PER_MILE, Point, miles
from geo.roads import road_m, roads_m
from geo.water import water
from tests.geo import road_oracle

Floats = NDArray[np.float64]

REAL_DAY = Path(
    os.environ.get(
        "LOADBOARD_REAL_DAY",
        Path(__file__).parents[3] / "shared" / "data" / "loads-2023-11-19.csv",
    )
)

# Driving distances in miles, approximate, and for whom only the water is in the way.
AROUND_WATER = [
    ("Milwaukee", (-87.91, 43.04), "Muskegon", (-86.25, 43.23), 280),
    ("Chicago", (-87.63, 41.88), "Benton Harbor", (-86.45, 42.11), 98),
    ("Rockford", (-89.09, 42.27), "Grand Rapids", (-85.67, 42.96), 265),
    ("Green Bay", (-88.02, 44.51), "Traverse City", (-85.62, 44.76), 390),
    ("Escanaba", (-87.06, 45.75), "Petoskey", (-84.96, 45.37), 180),
    ("Duluth", (-92.10, 46.79), "Houghton", (-88.57, 47.12), 215),
    ("Grand Marais, Minnesota", (-90.33, 47.75), "Houghton", (-88.57, 47.12), 320),
    ("Detroit", (-83.05, 42.33), "Cleveland", (-81.69, 41.50), 170),
    ("Detroit", (-83.05, 42.33), "Buffalo", (-78.88, 42.89), 360),
    ("Port Huron", (-82.43, 42.97), "Buffalo", (-78.88, 42.89), 415),
    ("Rochester", (-77.61, 43.16), "Detroit", (-83.05, 42.33), 430),
    ("Bay City", (-83.89, 43.59), "Bad Axe", (-83.00, 43.80), 55),
    ("Burlington", (-73.21, 44.48), "Plattsburgh", (-73.45, 44.70), 60),
    ("Boston", (-71.06, 42.36), "Bar Harbor", (-68.20, 44.39), 280),
    ("Plymouth", (-70.67, 41.96), "Provincetown", (-70.19, 42.05), 77),
    ("Bridgeport", (-73.19, 41.18), "Port Jefferson", (-73.07, 40.95), 90),
    ("New London", (-72.10, 41.35), "Greenport", (-72.36, 41.10), 190),
    ("Lewes", (-75.14, 38.77), "Cape May", (-74.91, 38.94), 180),
    ("Dover", (-75.52, 39.16), "Millville", (-75.04, 39.40), 85),
    ("Lexington Park", (-76.45, 38.27), "Cambridge, Maryland", (-76.08, 38.56), 120),
    ("Baltimore", (-76.61, 39.29), "Chestertown", (-76.07, 39.21), 74),
    ("Aberdeen", (-76.16, 39.51), "Rock Hall", (-76.24, 39.14), 76),
    ("Annapolis", (-76.49, 38.98), "Saint Michaels", (-76.22, 38.79), 51),
    ("Reedville", (-76.28, 37.84), "Crisfield", (-75.85, 37.98), 220),
    ("Reedville", (-76.28, 37.84), "Norfolk", (-76.29, 36.85), 97),
    ("Crisfield", (-75.85, 37.98), "Onancock", (-75.75, 37.71), 57),
    ("New Bern", (-77.04, 35.11), "Hatteras", (-75.69, 35.22), 190),
    ("Key West", (-81.78, 24.56), "Naples", (-81.79, 26.14), 235),
    ("Tampa", (-82.46, 27.95), "Pensacola", (-87.22, 30.42), 450),
    ("Fairhope", (-87.90, 30.52), "Bayou La Batre", (-88.25, 30.40), 50),
    ("Seattle", (-122.33, 47.61), "Bremerton", (-122.63, 47.57), 63),
    ("Everett", (-122.20, 47.98), "Port Townsend", (-122.76, 48.12), 140),
    ("San Rafael", (-122.53, 37.97), "Vallejo", (-122.26, 38.10), 25),
    ("Salt Lake City", (-111.89, 40.76), "Lakeside, Utah", (-112.86, 41.22), 85),
]
# Where a bridge, a tunnel or a causeway leads across, water must not be in the way.
ACROSS_WATER = [
    ("San Francisco", (-122.42, 37.77), "Oakland", (-122.27, 37.80), 12),
    ("San Mateo", (-122.32, 37.56), "Hayward", (-122.08, 37.67), 19),
    ("Annapolis", (-76.49, 38.98), "Easton", (-76.08, 38.77), 43),
    ("Chestertown", (-76.07, 39.21), "Centreville", (-76.07, 39.04), 18),
    ("Easton", (-76.08, 38.77), "Cambridge, Maryland", (-76.08, 38.56), 16),
    ("Gloucester Point", (-76.50, 37.26), "Yorktown", (-76.51, 37.24), 3),
    ("Hampton", (-76.35, 37.03), "Norfolk", (-76.29, 36.85), 17),
    ("Newport News", (-76.48, 37.03), "Smithfield", (-76.63, 36.98), 17),
    ("Tappahannock", (-76.86, 37.93), "Warsaw", (-76.76, 37.96), 8),
    ("Norfolk", (-76.29, 36.85), "Cape Charles", (-76.02, 37.27), 40),
    ("Saint Petersburg", (-82.64, 27.77), "Bradenton", (-82.57, 27.50), 27),
    ("Tacoma", (-122.44, 47.25), "Gig Harbor", (-122.58, 47.33), 12),
    ("Mackinaw City", (-84.73, 45.78), "Saint Ignace", (-84.73, 45.87), 7),
    ("Wilmington, Delaware", (-75.55, 39.74), "Pennsville", (-75.52, 39.65), 10),
    ("New Orleans", (-90.07, 29.95), "Slidell", (-89.78, 30.28), 32),
    ("Mobile", (-88.04, 30.69), "Daphne", (-87.90, 30.60), 12),
    ("Galveston", (-94.80, 29.30), "Houston", (-95.37, 29.76), 51),
    ("Metairie", (-90.15, 29.98), "Mandeville", (-90.07, 30.36), 30),
]


def random_points(count: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    lons, lats = rng.uniform(-125, -67, 3 * count), rng.uniform(24.5, 49.4, 3 * count)
    inside = np.flatnonzero(are_covered(lons, lats))[:count]
    assert len(inside) == count
    return lons[inside], lats[inside]


def offset(point: Point, east_m: float, north_m: float) -> Point:
    metres = 111_195.0
    lat = point.lat + north_m / metres
    return Point(point.lon + east_m / metres / np.cos(np.radians(point.lat)), lat)


@cache
def corner_points() -> list[Point]:
    lons, lats, _ = road_oracle.corners()
    return [Point(float(lon), float(lat)) for lon, lat in zip(lons, lats, strict=True)]


def node_point(node: int) -> Point:
    return Point(float(network().lons[node]), float(network().lats[node]))


offsets = st.floats(-30_000, 30_000) | st.floats(-300, 300) | st.just(0.0)
anywhere = st.builds(Point, st.floats(-124.9, -66.9), st.floats(24.5, 49.4))
by_nodes = st.builds(
    lambda node, east, north: offset(node_point(node), east, north),
    st.integers(0, len(network().lons) - 1),
    offsets,
    offsets,
)
by_corners = st.builds(
    lambda corner, east, north: offset(corner_points()[corner], east, north),
    st.integers(0, len(water().corners) - 1),
    offsets,
    offsets,
)
places = (anywhere | by_nodes | by_corners).filter(is_covered)


def is_off_barriers(p: Point) -> bool:
    """By 6 mm and more: nearer than that, rounding alone says on which side a point is."""
    there = shapely.points(road_oracle.plane(np.array([p.lon]), np.array([p.lat])))
    return bool((shapely.distance(road_oracle.barriers(), there) > 1e-9).all())


beside_water = places.filter(is_off_barriers)


@given(beside_water, beside_water)
@settings(max_examples=20, deadline=None)
def test_equals_the_definition(p: Point, q: Point) -> None:
    assert road_m(p, q) == pytest.approx(road_oracle.road_m(p, q), abs=1.0)


@given(places, places)
@settings(max_examples=300, deadline=None)
def test_is_the_same_both_ways_and_never_below_the_great_circle(p: Point, q: Point) -> None:
    there = road_m(p, q)
    assert there == road_m(q, p)
    assert there >= great_circle_m(*p, *q)


def test_many_pairs_at_once_are_the_same_numbers() -> None:
    starts, goals = random_points(400, seed=1), random_points(400, seed=2)
    together = roads_m(*starts, *goals)
    alone = [
        road_m(Point(*start), Point(*goal))
        for start, goal in zip(zip(*starts, strict=True), zip(*goals, strict=True), strict=True)
    ]
    assert together.tolist() == alone
    assert together.tolist() == roads_m(*goals, *starts).tolist()
    assert (together >= great_circle_m(*starts, *goals)).all()


def test_takes_one_start_for_many_goals() -> None:
    lons, lats = random_points(50, seed=3)
    assert roads_m(-96.8, 32.8, lons, lats).tolist() == [
        road_m(Point(-96.8, 32.8), Point(*goal)) for goal in zip(lons, lats, strict=True)
    ]


def crosses(p: Point, q: Point) -> bool:
    ends = road_oracle.plane(np.array([p.lon, q.lon]), np.array([p.lat, q.lat]))
    return not road_oracle.is_open(ends[0], ends[1])


steps = st.floats(-1_500, 1_500) | st.floats(-20, 20)


@given(beside_water, beside_water, steps, steps)
@settings(max_examples=400, deadline=None)
def test_makes_no_jump(p: Point, q: Point, east: float, north: float) -> None:
    stepped = offset(q, east, north)
    assume(is_covered(stepped) and is_off_barriers(stepped) and not crosses(q, stepped))
    step = float(great_circle_m(*q, *stepped))
    # A corner stands 10 cm off its barrier, and a way has a handful of parts in whole ticks.
    assert abs(road_m(p, stepped) - road_m(p, q)) <= 1.3 * step + 0.6


@given(beside_water, beside_water, places)
@settings(max_examples=200, deadline=None)
def test_no_way_by_a_node_is_shorter_than_the_way(p: Point, q: Point, near: Point) -> None:
    roads = network()
    node = int(great_circle_m(near.lon, near.lat, roads.lons, roads.lats).argmin())
    by = node_point(node)
    legs = road_oracle.legs_m(by, np.array([p.lon, q.lon]), np.array([p.lat, q.lat]))
    assert road_m(p, q) <= legs.sum() + 0.6
    assert road_m(p, by) <= legs[0] + 0.6


@pytest.mark.parametrize(("one", "p", "other", "q", "real"), AROUND_WATER)
def test_goes_around_water(
    one: str, p: tuple[float, float], other: str, q: tuple[float, float], real: float
) -> None:
    estimate = miles(road_m(Point(*p), Point(*q)))
    assert 0.75 * real <= estimate <= 1.3 * real, f"{one} to {other}"


@pytest.mark.parametrize(("one", "p", "other", "q", "real"), ACROSS_WATER)
def test_crosses_where_the_road_does(
    one: str, p: tuple[float, float], other: str, q: tuple[float, float], real: float
) -> None:
    assert miles(road_m(Point(*p), Point(*q))) <= 1.3 * real + 3, f"{one} to {other}"


def test_the_lakes_bar_the_way_that_the_crow_flies() -> None:
    milwaukee, muskegon = Point(-87.91, 43.04), Point(-86.25, 43.23)
    assert miles(road_m(milwaukee, muskegon)) >= 250
    detroit, cleveland = Point(-83.05, 42.33), Point(-81.69, 41.5)
    assert miles(road_m(detroit, cleveland)) >= 160


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Point(-157.86, 21.31), Point(-96.8, 32.8)),
        (Point(-96.8, 32.8), Point(-149.9, 61.2)),
        (Point(-79.38, 43.65), Point(-78.88, 42.89)),
        (Point(179.9, -10.0), Point(-179.9, 10.0)),
    ],
)
def test_elsewhere_it_is_the_great_circle_and_more(p: Point, q: Point) -> None:
    assert road_m(p, q) == 1.3 * great_circle_m(*p, *q)


def test_a_point_is_no_way_from_itself() -> None:
    assert road_m(Point(-96.8, 32.8), Point(-96.8, 32.8)) == 0.0
    assert road_m(Point(10.0, 50.0), Point(10.0, 50.0)) == 0.0


def test_no_pairs_are_no_roads() -> None:
    assert roads_m([], [], [], []).shape == (0,)


def mileage_table() -> tuple[list[str], Floats, Floats, NDArray[np.int64], Floats]:
    """The cities, their places, the pairs of them, and the miles of each pair."""
    rows = (Path(__file__).parent / "data" / "miles-1949.tsv").read_text().splitlines()
    cities = [row.split("\t") for row in rows if not row.startswith("#")]
    pairs = [(i, i - 1 - k) for i, city in enumerate(cities) for k in range(len(city[3].split()))]
    table = [float(figure) for city in cities for figure in city[3].split()]
    lons, lats = (np.array([float(city[k]) for city in cities]) for k in (1, 2))
    return [city[0] for city in cities], lons, lats, np.array(pairs), np.array(table)


def test_error_against_a_mileage_table() -> None:
    names, lons, lats, pairs, table = mileage_table()
    assert len(table) == 128 * 127 // 2
    covered = are_covered(lons, lats)
    abroad = {"Winnipeg, MB", "Vancouver, BC", "Victoria, BC", "Toronto, ON", "Regina, SK"}
    assert {names[i] for i in np.flatnonzero(~covered)} <= abroad
    kept = covered[pairs].all(axis=1)
    assert kept.sum() >= 7_500
    (i, j), real = pairs[kept].T, table[kept]
    error = np.abs(roads_m(lons[i], lats[i], lons[j], lats[j]) / METRES_PER_MILE / real - 1)
    assert error.mean() <= 0.035
    assert np.percentile(error, 95) <= 0.11


@pytest.mark.skipif(not REAL_DAY.exists(), reason="the loads of the real day are not here")
def test_error_against_real_loads() -> None:
    with REAL_DAY.open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["mileage"]) > 50]
    names = ("originLongitude", "originLatitude", "destinationLongitude", "destinationLatitude")
    ends = [np.array([float(row[name]) for row in rows]) for name in names]
    real = np.array([float(row["mileage"]) for row in rows])
    error = np.abs(roads_m(*ends) / METRES_PER_MILE / real - 1)
    assert len(rows) > 400
    assert error.mean() <= 0.035


def test_the_network_is_whole() -> None:
    roads = network()
    assert (roads.table == roads.table.T).all()
    assert (np.diag(roads.table) == 0).all()
    a, b = roads.edges.T
    straight = great_circle_m(roads.lons[a], roads.lats[a], roads.lons[b], roads.lats[b])
    assert (roads.lengths / 128.0 >= straight).all()
    used = np.bincount(roads.chain_nodes, minlength=len(roads.lons))
    assert (used > 0).all()
    ends = np.zeros(len(roads.chain_nodes), dtype=np.bool_)
    ends[roads.chain_start[:-1]] = ends[roads.chain_start[1:] - 1] = True
    assert (used[roads.chain_nodes[~ends]] == 1).all()


def test_barriers_do_not_cross() -> None:
    for name, line in BARRIERS.items():
        for other, second in BARRIERS.items():
            if name < other:
                meeting = shapely.LineString(line).intersection(shapely.LineString(second))
                assert meeting.is_empty or all(
                    point.coords[0] in line and point.coords[0] in second
                    for point in getattr(meeting, "geoms", [meeting])
                ), f"{name} and {other}"
