"""A search finds exactly the loads that brute force and plain PostGIS find in its areas."""

from typing import Any

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from shapely.geometry import MultiPolygon, Polygon, box

from geo.areas import Area, Box, Circle, Region
from geo.cells import center
from geo.geodesy import great_circle_m
from geo.points import METRES_PER_MILE, Bounds, Point
from loadboard.loads.schemas import PostedLoad
from tests.geo.shapes import areas, seeds
from tests.loadboard.conftest import Member
from tests.loadboard.search.boards import NOW, Board, found, found_ids, load, near
from tests.loadboard.search.oracles import (
    RESOLUTION,
    SLOPING_EDGE_DEG,
    WGS84,
    hard_points,
    holds,
    miles_between,
    postgis_ids,
    said,
)

LOADS = 60
on_one_board = settings(
    deadline=None,
    max_examples=30,
    # Shrinking a board takes minutes, and makes it no clearer.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def nameable(area: Area) -> Area:
    """The area that results when a circle's radius went through miles, as a request does."""
    if isinstance(area, Circle):
        miles = min(area.radius_m / METRES_PER_MILE, 12_500.0)
        return Circle(area.center, miles * METRES_PER_MILE)
    return area


def postgis_sees(area: Area) -> bool:
    """PostGIS leaves out sides of a polygon that are shorter than 1e-12 degrees."""
    if not isinstance(area, Box):
        return True
    west, south, east, north = area.bounds
    return all(side == 0.0 or abs(side) > SLOPING_EDGE_DEG for side in (east - west, north - south))


any_area = areas.filter(postgis_sees).map(nameable)


def check(board: Board, carrier: Member, pickup: Area | None, delivery: Area | None) -> None:
    expected = board.where(
        lambda made: pickup is None or holds(pickup, made.pickup),
        lambda made: delivery is None or holds(delivery, made.delivery),
    )
    assert postgis_ids(board.database_url, NOW, pickup, delivery) == expected, "the oracles differ"
    body: dict[str, Any] = {}
    if pickup is not None:
        body["pickup"] = said(pickup)
    if delivery is not None:
        body["delivery"] = said(delivery)
    assert found_ids(carrier, body) == expected, body
    assert board.by_sql(body).total == len(expected), body


def check_all(board: Board, carrier: Member, pickup: Area, delivery: Area, seed: int) -> None:
    rng = np.random.default_rng(seed)
    board.clear()
    ends = [rng.permutation(hard_points(area, rng, LOADS)) for area in (pickup, delivery)]
    board.post(
        load(Point(*a), Point(*b)) for a, b in zip(*(end.tolist() for end in ends), strict=False)
    )
    check(board, carrier, pickup, None)
    check(board, carrier, None, delivery)
    check(board, carrier, pickup, delivery)


@given(any_area, any_area, seeds)
@on_one_board
def test_any_area(board: Board, carrier: Member, pickup: Area, delivery: Area, seed: int) -> None:
    check_all(board, carrier, pickup, delivery, seed)


@pytest.mark.long
@given(any_area, any_area, seeds)
@settings(on_one_board, max_examples=3_000)
def test_any_area_at_length(
    board: Board, carrier: Member, pickup: Area, delivery: Area, seed: int
) -> None:
    check_all(board, carrier, pickup, delivery, seed)


# --- Edges that are exactly representable, so that nothing is left to rounding.

QUARTERS = [Point(lon / 4, lat / 4) for lon in range(-6, 26) for lat in range(-6, 26, 2)]
FRAME = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 2, 3).exterior])
EXACT: list[Area] = [
    Box(Bounds(0, 0, 4, 4)),
    Box(Bounds(0.25, -1, 0.25, 4)),
    Box(Bounds(1, 2, 1, 2)),
    Region(FRAME),
    Region(MultiPolygon([FRAME, box(1.25, 1.5, 1.75, 2.5), box(4, 4, 5, 5)])),
]


def test_edges_corners_and_the_edges_of_holes_belong_to_an_area(
    board: Board, carrier: Member
) -> None:
    board.post(load(at, Point(at.lon + 20, at.lat)) for at in QUARTERS)
    for area in EXACT:
        check(board, carrier, area, None)
        assert any(holds(area, made.pickup) for made in board.loads)


WEST, EAST = Point(-180.0, 10.0), Point(180.0, 10.0)
WIDE: list[Area] = [
    Box(Bounds(170, 0, -170, 20)),
    Box(Bounds(20, -80, 0, 80)),
    Box(Bounds(-170, -90, 170, 90)),
    Box(Bounds(-180, -90, 180, 90)),
    Box(Bounds(170, 0, 180, 20)),
    Box(Bounds(-180, 0, -170, 20)),
    Box(Bounds(180, 0, -180, 20)),
    Region(box(170, 0, 180, 20)),
    Region(box(-180, 0, -170, 20)),
    Region(MultiPolygon([box(170, 0, 180, 20), box(-180, 0, -170, 20)])),
    Circle(Point(179.99, 10), 5_000.0),
    Circle(Point(0, 90), 100_000.0),
    Circle(Point(40, -90), 0.0),
]


def test_poles_the_antimeridian_and_boxes_around_the_earth(board: Board, carrier: Member) -> None:
    lons = [*range(-180, 181, 10), -179.999, 179.999, 0.001]
    lats = [-90.0, -89.5, -80.0, 0.0, 10.0, 20.0, 80.0, 89.5, 90.0]
    board.post(load(Point(lon, lat), Point(lat, lon / 2)) for lon in lons for lat in lats[::2])
    board.post(load(WEST, EAST) for _ in range(2))
    board.post([load(EAST, WEST)])
    for area in WIDE:
        check(board, carrier, area, None)
        check(board, carrier, None, area)


@pytest.mark.parametrize("miles", [0.5, 150.0, 3_000.0, 12_000.0])
def test_a_radius_is_kept_to_the_micrometre(board: Board, carrier: Member, miles: float) -> None:
    middle, metres = Point(-96.797, 32.7767), miles * METRES_PER_MILE
    azimuths = np.linspace(0, 360, 24)
    for off in (-2e-6, 2e-6):
        start = np.repeat([middle], len(azimuths), axis=0)
        distances = np.full(len(azimuths), metres + off)
        lons, lats, _ = WGS84.fwd(start[:, 0], start[:, 1], azimuths, distances)
        board.post(load(Point(*at)) for at in zip(lons.tolist(), lats.tolist(), strict=True))
    assert len(found_ids(carrier, {"pickup": near(middle, miles)})) == len(azimuths)
    check(board, carrier, Circle(middle, metres), None)


# --- Cells that stick out of their ancestors.


def farthest_descendant(ancestor: int) -> int:
    """A cell that lies far from its ancestor's centre, by keeping the best few of each level."""
    middle, found_cells = center(ancestor), [ancestor]
    for _ in range(h3.get_resolution(ancestor), RESOLUTION):
        children = [child for cell in found_cells for child in h3.cell_to_children(cell)]
        lats, lons = np.array([h3.cell_to_latlng(cell) for cell in children]).T
        far = np.argsort(-great_circle_m(*middle, lons, lats), kind="stable")[:12]
        found_cells = [children[at] for at in far.tolist()]
    return found_cells[0]


def test_cells_that_stick_out_of_their_ancestors_are_found(board: Board, carrier: Member) -> None:
    coarse = [*sorted(h3.get_res0_cells())[::6], *h3.get_pentagons(1)[:4], *h3.get_pentagons(3)[:4]]
    coarse += [h3.latlng_to_cell(33.0, -97.0, level) for level in range(2, RESOLUTION)]
    places = [center(farthest_descendant(cell)) for cell in coarse]
    for made in board.post(load(place, place) for place in places):
        for end in ("pickup", "delivery"):
            assert found_ids(carrier, {end: near(made.pickup, 0.05)}) >= {made.id}
        lane = {"pickup": near(made.pickup, 0.05), "delivery": near(made.pickup, 0.1)}
        assert found_ids(carrier, lane) >= {made.id}


# --- States, names, and which stops count.

TOWNS = ["Dallas, TX", "Texarkana, TX", "Texarkana, AR", "Tulsa, OK", "Chicago, IL", "Gary, IN"]


def named(pickup: dict[str, Any], delivery: dict[str, Any], *between: dict[str, Any]) -> PostedLoad:
    posted = load().model_dump(mode="json", by_alias=True)
    posted["stops"][0] = {"window": posted["stops"][0]["window"], "kind": "pickup", **pickup}
    posted["stops"][1:] = [*between, {"kind": "delivery", **delivery}]
    return load(**{"stops": posted["stops"]})


def test_states_are_those_of_the_stops(board: Board, carrier: Member) -> None:
    lanes = [(a, b) for a in TOWNS for b in TOWNS if a != b]
    made = board.post(named({"place": a}, {"place": b}) for a, b in lanes)
    abroad, mexico = Point(-106.48, 31.2), Point(-99.13, 19.43)
    board.post([load(abroad, mexico)])

    def expected(pickup: set[str], delivery: set[str]) -> set[int]:
        return {
            one.id
            for one, (a, b) in zip(made, lanes, strict=True)
            if a[-2:] in pickup and b[-2:] in delivery
        }

    everywhere = {town[-2:] for town in TOWNS}
    south = {"states": ["ok", "TX"]}
    assert found_ids(carrier, {"pickup": south}) == expected({"OK", "TX"}, everywhere)
    assert found_ids(carrier, {"delivery": {"states": ["AR"]}}) == expected(everywhere, {"AR"})
    both = {"pickup": south, "delivery": {"states": ["IL", "IN"]}}
    assert found_ids(carrier, both) == expected({"OK", "TX"}, {"IL", "IN"})
    mixed = {"pickup": {"near": {"place": "Texarkana, AR"}, "radius_mi": 20}, "delivery": south}
    assert found_ids(carrier, mixed) == {
        one.id
        for one, (a, b) in zip(made, lanes, strict=True)
        if a.startswith("Texarkana") and b[-2:] in {"OK", "TX"}
    }


def test_the_first_pickup_and_the_last_delivery_count(board: Board, carrier: Member) -> None:
    texas, illinois = {"place": "Dallas, TX"}, {"place": "Chicago, IL"}
    also = [
        {"kind": "pickup", "place": "Tulsa, OK"},
        {"kind": "delivery", "place": "Gary, IN"},
    ]
    [made] = board.post([named(texas, illinois, *also)])
    for end, place in (("pickup", "Dallas, TX"), ("delivery", "Chicago, IL")):
        area = {"near": {"place": place}, "radius_mi": 5}
        assert found_ids(carrier, {end: area}) == {made.id}
    for place in ("Tulsa, OK", "Gary, IN"):
        for end in ("pickup", "delivery"):
            area = {"near": {"place": place}, "radius_mi": 5}
            assert found_ids(carrier, {end: area}) == set()


def test_a_town_a_zip_code_and_coordinates_name_the_same_area(
    board: Board, carrier: Member
) -> None:
    board.post(load(Point(-96.8 + step / 10, 32.8)) for step in range(-20, 20))
    for said_as in ({"place": "Dallas, TX"}, {"zip": "75201"}):
        items = found(carrier, {"pickup": {"near": said_as, "radius_mi": 30}, "sort": "distance"})
        assert items
        key, value = next(iter(said_as.items()))
        places = carrier.get("/v1/places", params={"q": value, "limit": 1}).json()["items"]
        middle = Point(places[0]["lon"], places[0]["lat"])
        expected = {made.id for made in board.loads if miles_between(middle, made.pickup) <= 30}
        assert {item["id"] for item in items} == expected, key


def test_distance_is_told_where_there_is_a_centre(board: Board, carrier: Member) -> None:
    middle = Point(-96.8, 32.8)
    made = board.post(load(Point(-96.8 + step, 32.8)) for step in range(5))
    items = found(carrier, {"pickup": near(middle, 1_000)})
    miles = {one.id: miles_between(middle, one.pickup) for one in made}
    for item in items:
        assert item["distance_mi"] == pytest.approx(miles[item["id"]], abs=1e-9)
    assert len(items) == len(made)
    shape = {"polygon": shapely.geometry.mapping(box(-97, 32, -90, 33))}
    assert {item["distance_mi"] for item in found(carrier, {"pickup": shape})} == {None}
