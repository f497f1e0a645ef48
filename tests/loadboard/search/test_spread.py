"""A lane is searched from the end with fewer loads, as far as PostgreSQL's statistics tell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import Circle
from geo.cells import cells_of, cover
from geo.points import Point, metres
from loadboard.search.spread import Spread
from tests.loadboard.search.boards import DALLAS, HOUR, HOUSTON, NOW, Board, load, near
from tests.loadboard.search.test_plan import explained

FAR = Point(-112.07, 33.45)
RESOLUTION = 8


def spread_of(lons: np.ndarray, lats: np.ndarray) -> Spread:
    """What ANALYZE would keep if it looked at every row."""
    cells = np.sort(cells_of(lons, lats, RESOLUTION))
    found, counts = np.unique(cells, return_counts=True)
    often = counts > 5
    rest = cells[~np.isin(cells, found[often])]
    places = np.linspace(0, len(rest) - 1, 101).astype(int)
    return Spread(found[often], counts[often] / len(cells), rest[places])


@given(st.integers(0, 2**32 - 1), st.floats(50, 400))
@settings(deadline=None, max_examples=30)
def test_a_share_is_about_what_is_there(seed: int, radius_mi: float) -> None:
    rng = np.random.default_rng(seed)
    lons, lats = rng.uniform(-110, -85, 3_000), rng.uniform(30, 45, 3_000)
    lons[:900], lats[:900] = DALLAS
    circle = Circle(Point(*rng.uniform((-105, 32), (-90, 43)).tolist()), metres(radius_mi))
    covered = cover(circle, RESOLUTION)
    inside, edge = covered.contains(cells_of(lons, lats, RESOLUTION))
    share = spread_of(lons, lats).share(covered)
    assert share == pytest.approx(float((inside | edge).mean()), abs=0.1)


@pytest.mark.parametrize(("crowded", "scanned"), [("pickup", "delivery"), ("delivery", "pickup")])
def test_the_end_with_fewer_loads_is_scanned(board: Board, crowded: str, scanned: str) -> None:
    rng = np.random.default_rng(1)

    def around(middle: Point) -> Point:
        lon, lat = (middle + rng.normal(0, 1, 2)).tolist()
        return Point(lon, lat)

    def made(rare: bool) -> tuple[Point, Point]:
        ends = (around(DALLAS), around(HOUSTON))
        if not rare:
            ends = (ends[0], around(FAR)) if crowded == "pickup" else (around(FAR), ends[1])
        return ends

    board.post(load(*made(n % 10 == 0), (NOW, NOW + HOUR)) for n in range(1_500))
    for command in ("CHECKPOINT", "VACUUM ANALYZE load"):
        board.execute(command)
    body = {"pickup": near(DALLAS, 100), "delivery": near(HOUSTON, 100)}
    plan = explained(board, body)
    used = {n["Index Name"] for n in plan if str(n.get("Index Name")).startswith("load_cells")}
    assert used == {f"load_cells_{scanned}_a"}
