from collections.abc import Iterator
from functools import lru_cache

import h3.api.basic_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo import cells as cells_module
from geo.areas import Area, Box, Circle, Floats, Region
from geo.cells import (
    REACH,
    boundary,
    cell_of,
    cells_of,
    center,
    cover,
    descendants,
    parent,
)
from geo.geodesy import GREATEST_STRETCH, great_circle_m
from geo.points import Bounds, Point
from tests.geo.shapes import about, anywhere, areas, points, seeds

Plane = NDArray[np.complex128]

FINE = 9
resolutions = st.integers(0, 15)


@given(points, resolutions)
def test_a_cell_holds_its_centre_and_is_where_h3_says(point: Point, resolution: int) -> None:
    cell = cell_of(point, resolution)
    assert cell == h3.latlng_to_cell(point.lat, point.lon, resolution)
    assert cell_of(center(cell), resolution) == cell
    lon, lat = np.array([point]).T
    assert cells_of(lon, lat, resolution).tolist() == [cell]


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_points_that_are_not_finite_have_no_cell(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        cells_of(np.array([0.0, number]), np.array([0.0, 0.0]), FINE)


@pytest.mark.parametrize("resolution", [-1, 16])
def test_resolutions_that_do_not_exist(resolution: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 15"):
        cell_of(Point(0, 0), resolution)
    with pytest.raises(ValueError, match="between 0 and 15"):
        cover(Circle(Point(0, 0), 1.0), resolution)


@given(seeds, resolutions, resolutions)
def test_parents_are_those_of_h3(seed: int, one: int, other: int) -> None:
    coarse, fine = sorted((one, other))
    found = cells_of(*anywhere(np.random.default_rng(seed), 20), fine)
    expected = [h3.cell_to_parent(cell, coarse) for cell in found.tolist()]
    assert parent(found, coarse).tolist() == expected


@given(points, resolutions, st.integers(0, 3))
def test_descendants_are_one_range_and_all_of_it(point: Point, coarse: int, depth: int) -> None:
    fine = min(coarse + depth, 15)
    for cell in (cell_of(point, coarse), h3.get_pentagons(coarse)[0]):
        low, high = descendants(cell, fine)
        children = h3.cell_to_children(cell, fine)
        assert (low, high) == (min(children), max(children))
        around = {out for child in (low, high) for out in h3.grid_disk(child, 2)}
        for out in around - set(children):
            assert not low <= out <= high


def test_descendants_at_a_coarser_resolution_are_refused() -> None:
    with pytest.raises(ValueError, match="coarser"):
        descendants(cell_of(Point(0, 0), 5), 4)


@given(points, st.integers(3, 15))
def test_a_boundary_is_a_ring_around_the_centre(point: Point, resolution: int) -> None:
    cell = cell_of(point, resolution)
    ring = boundary(cell)
    assert ring[0] == ring[-1]
    assert len(ring) in range(6, 12)
    lons, lats = np.array(ring).T
    if np.abs(lats).max() < 85.0:
        shape = shapely.Polygon(ring)
        assert shape.is_valid
        assert shape.exterior.is_ccw
        assert shape.covers(shapely.Point(center(cell)))
        assert np.ptp(lons) < 30.0


# --- Covers.


@lru_cache(maxsize=1)
def slivers() -> tuple[Floats, Floats]:
    """Points that lie in another cell than the index ancestor of their fine cell."""
    lons, lats = anywhere(np.random.default_rng(5), 4_000)
    fine = cells_of(lons, lats, FINE)
    split = np.zeros(len(fine), dtype=bool)
    for coarse in range(FINE):
        split |= parent(fine, coarse) != cells_of(lons, lats, coarse)
    return lons[split], lats[split]


def farthest_descendant(ancestor: int, resolution: int) -> int:
    """A cell of `resolution` that sticks out far from its ancestor, by keeping the best thirty."""
    middle = center(ancestor)
    found = [ancestor]
    for _ in range(h3.get_resolution(ancestor), resolution):
        found = [child for cell in found for child in h3.cell_to_children(cell)]
        lats, lons = np.array([h3.cell_to_latlng(cell) for cell in found]).T
        far = np.argsort(-great_circle_m(*middle, lons, lats), kind="stable")[:30]
        found = [found[at] for at in far.tolist()]
    return found[0]


def circumradius_m(cell: int) -> float:
    lats, lons = np.array(h3.cell_to_boundary(cell)).T
    return float(great_circle_m(*center(cell), lons, lats).max())


def check_cover(area: Area, lons: Floats, lats: Floats, resolution: int, max_ranges: int) -> None:
    found = cover(area, resolution, max_ranges)
    ranges = np.concatenate((found.inside, found.edge))
    ranges = ranges[np.argsort(ranges[:, 0])]
    assert len(ranges) <= max(max_ranges, 122)
    assert (ranges[:, 0] <= ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    held = area.contains(lons, lats)
    inside, edge = found.contains(cells_of(lons, lats, resolution))
    assert not (inside & edge).any()
    assert not (held & ~inside & ~edge).any(), "a point of the area is in none of the ranges"
    assert not (inside & ~held).any(), "a range said to be inside holds a point that is not"


@given(areas, seeds, st.just(FINE) | resolutions, st.sampled_from([512, 512, 1, 64]))
@settings(deadline=None, max_examples=250)
def test_a_cover_misses_nothing_and_its_inside_needs_no_test(
    area: Area, seed: int, resolution: int, max_ranges: int
) -> None:
    rng = np.random.default_rng(seed)
    far, near = anywhere(rng, 500), about(area, rng, 400)
    lons, lats = np.concatenate((far, near, slivers()), axis=1)
    check_cover(area, lons, lats, resolution, max_ranges)


@given(st.integers(0, 10_000), st.floats(-1, 6), seeds)
@settings(deadline=None, max_examples=150)
def test_a_sliver_is_found_by_a_circle_around_it(at: int, exponent: float, seed: int) -> None:
    lons, lats = slivers()
    at %= len(lons)
    circle = Circle(Point(float(lons[at]), float(lats[at])), 10.0**exponent)
    near = about(circle, np.random.default_rng(seed), 100)
    lons, lats = np.concatenate((near, (lons, lats)), axis=1)
    check_cover(circle, lons, lats, FINE, 512)


def ancestors() -> list[int]:
    """Cells of every resolution, with pentagons, their neighbours, and cells across two faces."""
    rng = np.random.default_rng(11)
    found = []
    for resolution in range(FINE):
        pentagon = h3.get_pentagons(resolution)[resolution % 12]
        near = h3.grid_disk(pentagon, 2)
        some = cells_of(*anywhere(rng, 400), resolution).tolist()
        split = [cell for cell in some if len(h3.get_icosahedron_faces(cell)) > 1]
        found += [pentagon, near[1], near[-1], *some[:6], *split[:2]]
    return found


def tips() -> Iterator[tuple[int, Point]]:
    for ancestor in ancestors():
        depth = min(h3.get_resolution(ancestor) + 4, FINE)
        tip = farthest_descendant(ancestor, depth)
        yield ancestor, center(h3.cell_to_center_child(tip, FINE))


def misses(ancestor: int, tip: Point) -> list[str]:
    """What goes wrong with areas that end between an ancestor and the tip of its descendants.

    The tip in a circle of its own, in a tiny square, and just outside of a circle that holds all of
    the ancestor's outline.
    """
    wrong = []
    cell = np.array([cell_of(tip, FINE)])
    side = 1e-9
    square = shapely.box(tip.lon - side, tip.lat - side, tip.lon + side, tip.lat + side)
    for area in (Circle(tip, 0.0), Region(square)):
        if not np.any(cover(area, FINE).contains(cell)):
            wrong.append(f"missed by {type(area).__name__}")
    outline = circumradius_m(ancestor) * GREATEST_STRETCH * 1.000_001
    around = Circle(center(ancestor), outline)
    held = around.contains(np.array([tip.lon]), np.array([tip.lat]))
    if cover(around, FINE).contains(cell)[0] > held:
        wrong.append("held to be inside")
    return wrong


def test_the_tips_of_descendants_are_not_missed() -> None:
    for ancestor, tip in tips():
        assert misses(ancestor, tip) == [], h3.int_to_str(ancestor)


def test_without_the_reach_the_tips_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: reckoning with the outline alone goes wrong in all three ways."""
    monkeypatch.setattr(cells_module, "REACH", 1.0)
    cells_module._children.cache_clear()
    cells_module._base_cells.cache_clear()
    try:
        wrong = {what for ancestor, tip in tips() for what in misses(ancestor, tip)}
    finally:
        cells_module._children.cache_clear()
        cells_module._base_cells.cache_clear()
    assert wrong == {"missed by Circle", "missed by Region", "held to be inside"}


def test_descendants_stay_within_reach() -> None:
    """Over all base cells, and by climbing on at every resolution, where it is worst."""
    worst = max(reach_of(cell) for cell in h3.get_res0_cells())
    rng = np.random.default_rng(3)
    for resolution in range(1, 15):
        some = cells_of(*anywhere(rng, 12), resolution).tolist()
        pentagons = h3.get_pentagons(resolution)
        worst = max(worst, *map(reach_of, some + pentagons[:2]))
    assert 1.03 < worst < 1.0 + 0.8 * (REACH - 1.0)


def reach_of(ancestor: int) -> float:
    """How far the outlines of descendants reach from the ancestor's centre, in circumradii."""
    tip = farthest_descendant(ancestor, min(h3.get_resolution(ancestor) + 4, 15))
    lats, lons = np.array(h3.cell_to_boundary(tip)).T
    return float(great_circle_m(*center(ancestor), lons, lats).max()) / circumradius_m(ancestor)


def test_where_the_stretch_is_worst_descendants_stay_within_the_stated_reach() -> None:
    """Regular hexagons in the plane, stretched as the corners of an icosahedron's face are."""
    worst = 0.0
    hexagon = np.exp(1j * np.pi / 3.0 * np.arange(6))
    tips_in_plane = _plane_tips(6)
    for turn in np.exp(1j * np.linspace(0.0, np.pi / 3.0, 60)):
        reach = np.abs(_stretched(tips_in_plane * turn)).max()
        worst = max(worst, float(reach / np.abs(_stretched(hexagon * turn)).max()))
    assert 1.07 < worst < 1.082


def _stretched(plane: Plane) -> Plane:
    return np.asarray(plane.real * 1.2584 + 1j * plane.imag)


def _plane_tips(depth: int) -> Plane:
    """Vertices of the outermost descendants of the unit hexagon, seven children to a cell."""
    centers, size, turn, spin = np.zeros(1, dtype=complex), 1.0, 1.0 + 0j, 1
    hexagon = np.exp(1j * np.pi / 3.0 * np.arange(6))
    for _ in range(depth):
        size, turn, spin = size / 7**0.5, turn * np.exp(1j * spin * np.arctan(3**0.5 / 5)), -spin
        steps = np.append(0, 3**0.5 * size * turn * np.exp(1j * np.pi / 6) * hexagon)
        centers = (centers[:, None] + steps).ravel()
    tips = (centers[:, None] + size * turn * hexagon).ravel()
    return np.asarray(tips[np.abs(tips) > 0.8])


@pytest.mark.parametrize(
    "area",
    [
        Box(Bounds(-180, -90, 180, 90)),
        Circle(Point(10, 20), 21_000_000.0),
    ],
)
def test_the_whole_earth_is_one_range(area: Area) -> None:
    found = cover(area, FINE)
    assert found.inside.tolist() == [[descendants(0x8001FFFFFFFFFFF, FINE)[0], _last_cell()]]
    assert not len(found.edge)


def _last_cell() -> int:
    return descendants(max(h3.get_res0_cells()), FINE)[1]


def test_a_cover_is_short_and_close() -> None:
    """A 150-mile circle: some tens to 200 ranges, and a sixth of its size too much at the most."""
    circle = Circle(Point(-96.8, 32.8), 241_401.6)
    found = cover(circle, FINE)
    assert 50 <= len(found.inside) + len(found.edge) <= 200
    rng = np.random.default_rng(2)
    lons, lats = rng.uniform(-101, -92, 20_000), rng.uniform(29, 37, 20_000)
    inside, edge = found.contains(cells_of(lons, lats, FINE))
    weight = np.cos(np.radians(lats))
    size = weight[circle.contains(lons, lats)].sum()
    assert size <= weight[inside | edge].sum() <= size * 7.0 / 6.0
    assert weight[edge].sum() <= size / 4.0


def test_a_country_of_ten_thousand_corners_takes_bounded_work() -> None:
    rng = np.random.default_rng(4)
    angles = np.linspace(0.0, 2.0 * np.pi, 9_999, endpoint=False)
    spread = 10.0 + 2.0 * np.sin(60.0 * angles)
    outline = np.column_stack((-98 + 2 * spread * np.cos(angles), 39 + spread * np.sin(angles)))
    country = Region(shapely.Polygon(outline))
    cells_module._children.cache_clear()
    cover(country, FINE)
    assert cells_module._children.cache_info().misses <= 122 + 7 * 512
    lons, lats = about(country, rng, 5_000)
    check_cover(country, lons, lats, FINE, 512)
