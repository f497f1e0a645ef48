"""Which state a point is in: towns, borders, coasts and what lies beyond."""

import gzip
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Point, get_coordinates
from tzfpy import get_tz

from geo import states
from geo.states import STATES, is_state, states_of

CODES, OUTLINES = states._outlines()
FEW = st.lists(
    st.tuples(st.floats(-130, -60, allow_nan=False), st.floats(22, 52, allow_nan=False)),
    min_size=1,
    max_size=20,
)


def columns(file: str, *numbers: int) -> list[tuple[str, ...]]:
    text = gzip.decompress((files("geo") / "data" / file).read_bytes()).decode()
    rows = (line.split("\t") for line in text.splitlines())
    return [tuple(row[number] for number in numbers) for row in rows]


def disagreements(file: str, lon: int, lat: int, state: int) -> tuple[int, int]:
    """How many places of a file are in no state, and in another than the post says."""
    rows = columns(file, lon, lat, state)
    found = states_of([float(row[0]) for row in rows], [float(row[1]) for row in rows])
    wrong = sum(mine is not None and mine != row[2] for mine, row in zip(found, rows, strict=True))
    return found.count(None), wrong


def test_states_are_the_48_and_dc() -> None:
    assert len(STATES) == 49
    assert set(CODES) == set(STATES)
    assert list(CODES) == sorted(CODES)
    assert not {"AK", "HI", "PR"} & set(STATES)


@pytest.mark.parametrize(
    ("code", "known"), [("TX", True), ("DC", True), ("AK", False), ("tx", False), ("", False)]
)
def test_is_state(code: str, known: bool) -> None:
    assert is_state(code) is known


@pytest.mark.parametrize(
    ("lon", "lat", "state"),
    [
        (-96.8067, 32.7831, "TX"),
        (-77.0364, 38.8951, "DC"),
        (-94.5786, 39.0997, "MO"),
        (-94.6275, 39.1142, "KS"),
        (-89.3687, 36.5265, "KY"),  # the bend that Tennessee and Missouri cut off
        (-94.97, 49.25, "MN"),  # the Northwest Angle
        (-69.3164, 43.7642, "ME"),  # Monhegan Island
        (-81.78, 24.555, "FL"),  # Key West
        (-70.09, 41.283, "MA"),  # Nantucket
        (-118.42, 33.39, "CA"),  # Catalina Island
        (-87.585, 41.89, "IL"),  # a mile out on Lake Michigan
        (-83.0363, 42.3149, None),  # Windsor, Ontario
        (-106.4869, 31.7200, None),  # Ciudad Juárez
        (-117.0036, 32.5331, None),  # Tijuana
        (-82.4066, 42.9745, None),  # Sarnia, Ontario
        (-97.5042, 25.8797, None),  # Matamoros
        (-87.0, 43.5, None),  # in the middle of Lake Michigan
        (-73.0, 39.0, None),  # the Atlantic
        (-149.9, 61.2, None),
        (-157.86, 21.31, None),
        (2.35, 48.86, None),
        (180.0, 90.0, None),
    ],
)
def test_known_points(lon: float, lat: float, state: str | None) -> None:
    assert states_of([lon], [lat]) == [state]


def test_nothing_in_nothing_out() -> None:
    assert states_of([], []) == []


def test_a_point_that_is_nowhere_has_no_state() -> None:
    assert states_of([np.nan, np.inf, -90.0, 1e300], [40.0, 40.0, 91.0, 40.0]) == [None] * 4


@given(FEW)
def test_agrees_with_each_outline_asked_alone(where: list[tuple[float, float]]) -> None:
    found = states_of(*zip(*where, strict=True))
    for (lon, lat), state in zip(where, found, strict=True):
        holding = [
            code for code, o in zip(CODES, OUTLINES, strict=True) if o.intersects(Point(lon, lat))
        ]
        if holding:
            assert state == min(holding)
        elif state:
            assert get_tz(lon, lat) in states._ZONES
        assert state is None or is_state(state)


@given(FEW)
def test_a_point_alone_is_as_among_others(where: list[tuple[float, float]]) -> None:
    together = states_of(*zip(*where, strict=True))
    assert together == [states_of([lon], [lat])[0] for lon, lat in where]


def shared_corners() -> tuple[NDArray[np.float64], list[str]]:
    """Corners of the outlines that several states have, and the first of these states."""
    owners: dict[tuple[float, float], set[str]] = {}
    for code, outline in zip(CODES, OUTLINES, strict=True):
        for lon, lat in get_coordinates(outline):
            owners.setdefault((lon, lat), set()).add(str(code))
    shared = {corner: min(codes) for corner, codes in owners.items() if len(codes) > 1}
    return np.array(list(shared)), list(shared.values())


def test_a_point_on_a_common_border_is_in_the_first_of_its_states() -> None:
    corners, first = shared_corners()
    assert len(corners) > 2_000
    assert states_of(*corners.T) == first


def test_no_gap_along_common_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inland, steps of 1e-15 to 0.01 degrees off shared corners stay in a state, with no snapping."""
    monkeypatch.setattr(states, "SNAP_METRES", 1e-9)
    corners, _ = shared_corners()
    lon, lat = corners.T
    inland = corners[(lon > -119) & (lon < -98) & (lat > 34) & (lat < 48)]
    rng = np.random.default_rng(7)
    steps = rng.normal(size=(len(inland), 100, 2)) * 10 ** rng.uniform(
        -15, -2, (len(inland), 100, 1)
    )
    around = (inland[:, None, :] + steps).reshape(-1, 2)
    assert len(around) > 20_000
    assert None not in states_of(*around.T)


def test_towns_and_zips_have_a_state_and_nearly_always_their_own() -> None:
    """Measured: 51 of 41,590 towns and 16 of 41,282 ZIP codes are over a border river, or so."""
    towns_nowhere, towns_wrong = disagreements("towns.tsv.gz", 2, 3, 1)
    zips_nowhere, zips_wrong = disagreements("zips.tsv.gz", 3, 4, 2)
    assert (towns_nowhere, zips_nowhere) == (0, 0)
    assert towns_wrong <= 51
    assert zips_wrong <= 16


def test_no_us_zone_is_forgotten() -> None:
    zones = {zone for (zone,) in [*columns("towns.tsv.gz", 4), *columns("zips.tsv.gz", 5)]}
    assert zones == states._ZONES
