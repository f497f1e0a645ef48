"""Estimates and accesses of points that are known beforehand, against those that are found."""

from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.accesses import Accesses, accesses, keep, prepared
from geo.fields import field_m
from geo.known import Known, all_places, known, load, nothing, rows_of, save
from geo.network import network
from geo.places import find
from geo.points import Point
from geo.roads import roads_m
from tests.geo.test_roads import ACROSS_WATER, AROUND_WATER, Floats, places, random_points

OUTSIDE = [Point(-79.4, 43.7), Point(10.0, 50.0)]


def prepared_points(points: list[Point]) -> Known:
    return prepared(np.unique([complex(*point) for point in points]))


listed = cache(all_places)


@cache
def some() -> Known:
    """Towns by water and by bridges, towns all over, neighbours, and the nodes of one chain."""
    watery = [Point(*end) for pair in (*AROUND_WATER, *ACROSS_WATER) for end in (pair[1], pair[3])]
    spread, close = listed()[::1500], listed()[30_000:30_020]
    chain = np.diff(network().chain_start).argmax()
    first = network().chain_start[chain]
    nodes = network().chain_nodes[first : first + 12]
    on_chain = map(Point, network().lons[nodes].tolist(), network().lats[nodes].tolist())
    towns = (Point(place.real, place.imag) for place in (*spread, *close))
    return prepared_points([*watery, *towns, *on_chain])


def all_pairs(found: Known) -> tuple[Floats, Floats, Floats, Floats]:
    p, q = np.meshgrid(found.places, found.places)
    return p.real.ravel(), p.imag.ravel(), q.real.ravel(), q.imag.ravel()


def estimates(found: Known, *ends: Floats) -> list[float]:
    with patch("geo.roads.known", lambda: found):
        return list(roads_m(*ends).tolist())


def accesses_with(found: Known, lons: Floats, lats: Floats) -> Accesses:
    with patch("geo.accesses.known", lambda: found):
        return accesses(lons, lats)


def arrays(of: Accesses) -> list[list[float]]:
    columns = (of.lons, of.lats, of.inside, *of.spots, of.starts, of.junctions, of.ticks)
    return [column.tolist() for column in columns]


def mixed() -> tuple[Floats, Floats]:
    """Points of `some`, others, and points where no estimate holds, in no order."""
    lons, lats = random_points(20, seed=6)
    known_ones = some().places[::5]
    lons = np.concatenate((lons, known_ones.real, [point.lon for point in OUTSIDE]))
    lats = np.concatenate((lats, known_ones.imag, [point.lat for point in OUTSIDE]))
    order = np.random.default_rng(7).permutation(len(lons))
    return lons[order], lats[order]


def test_pairs_of_known_points_are_the_same_numbers() -> None:
    ends = all_pairs(some())
    assert estimates(some(), *ends) == estimates(nothing(), *ends)


@given(st.lists(places, min_size=2, max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_points_may_be_known(points: list[Point]) -> None:
    found = prepared_points(points)
    ends = all_pairs(found)
    assert estimates(found, *ends) == estimates(nothing(), *ends)


@given(st.lists(st.integers(0, len(listed()) - 1), min_size=2, max_size=12, unique=True))
@settings(max_examples=50, deadline=None)
def test_pairs_of_towns_and_zip_codes_are_the_same_numbers(rows: list[int]) -> None:
    found = prepared(listed()[sorted(rows)])
    ends = all_pairs(found)
    assert estimates(found, *ends) == estimates(nothing(), *ends)


def test_pairs_of_which_one_end_or_none_is_known_are_the_same_numbers() -> None:
    lons, lats = mixed()
    rows = rows_of(some(), lons, lats)
    assert {*np.sign(rows[:-1] * 2 + 1) - np.sign(rows[1:] * 2 + 1)} == {-2, 0, 2}
    ends = lons[:-1], lats[:-1], lons[1:], lats[1:]
    assert estimates(some(), *ends) == estimates(nothing(), *ends)


def test_known_accesses_are_those_that_are_found() -> None:
    lons, lats = mixed()
    assert arrays(accesses_with(some(), lons, lats)) == arrays(accesses_with(nothing(), lons, lats))
    none = np.empty(0)
    assert arrays(accesses_with(some(), none, none)) == arrays(accesses_with(nothing(), none, none))


def test_a_field_over_known_points_is_the_same_numbers_as_roads() -> None:
    lons, lats = some().places.real, some().places.imag
    to = accesses_with(some(), lons, lats)
    for place in some().places[::3]:
        with patch("geo.accesses.known", some):
            field = field_m(Point(place.real, place.imag), to)
        assert field.tolist() == estimates(nothing(), place.real, place.imag, lons, lats)


def test_the_row_is_that_of_the_very_same_point() -> None:
    found = some()
    lons, lats = found.places.real, found.places.imag
    assert rows_of(found, lons, lats).tolist() == list(range(len(lons)))
    for other_lons, other_lats in (
        (np.nextafter(lons, 0), lats),
        (lons, np.nextafter(lats, 90)),
        (lats, lons),
        (lons * np.nan, lats),
        (lons, lats * np.inf),
        (lons + 360, lats),
    ):
        assert (rows_of(found, other_lons, other_lats) == -1).all()
    assert rows_of(nothing(), lons, lats).tolist() == [-1] * len(lons)
    assert rows_of(found, [], []).shape == (0,)


@pytest.mark.parametrize("text", ["Dallas, TX", "75201", "Key West, FL", "Mackinac Island, MI"])
def test_towns_and_zip_codes_are_among_all_places(text: str) -> None:
    assert complex(*find(text).point) in listed()


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    save(some(), tmp_path / "known")
    again = load(tmp_path / "known")
    for name in Known._fields:
        kept, made = getattr(again, name), getattr(some(), name)
        assert kept.dtype == made.dtype
        assert kept.tolist() == made.tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["known"]
    ends = all_pairs(some())
    assert estimates(again, *ends) == estimates(some(), *ends)


def test_accesses_are_kept_once_for_every_later_process(tmp_path: Path) -> None:
    folder = tmp_path / "known"
    with (
        patch("geo.accesses.keep_anchors"),
        patch("geo.accesses.all_places", lambda: listed()[:40]),
        patch("geo.accesses.known_folder", lambda: folder),
        patch("geo.known.known_folder", lambda: folder),
    ):
        assert len(known.__wrapped__().places) == 0
        keep()
        kept = known.__wrapped__()
        written = (folder / "ticks.npy").stat().st_mtime_ns
        keep()
    assert kept.places.tolist() == listed()[:40].tolist()
    assert (folder / "ticks.npy").stat().st_mtime_ns == written


def test_without_a_folder_nothing_is_kept() -> None:
    with (
        patch("geo.accesses.keep_anchors"),
        patch("geo.accesses.known_folder", lambda: None),
        patch("geo.accesses.save") as saved,
        patch("geo.known.known_folder", lambda: None),
    ):
        keep()
        assert len(known.__wrapped__().places) == 0
    assert not saved.called
