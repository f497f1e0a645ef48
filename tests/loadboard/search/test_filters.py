"""Every filter, alone and together, against the same rule applied to one load after the other."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import Point
from loadboard.search.schemas import Filters
from tests.geo.shapes import seeds
from tests.loadboard.conftest import Member
from tests.loadboard.search.boards import (
    ALIASES,
    DALLAS,
    HOUR,
    HOUSTON,
    NOW,
    Board,
    found_ids,
    load,
    near,
    passes,
)
from tests.loadboard.search.oracles import miles_between
from tests.loadboard.search.test_areas import on_one_board

TICK = timedelta(microseconds=1)
AGES = [timedelta(0), TICK, 10 * TICK, HOUR, HOUR + TICK, HOUR - TICK, 5 * HOUR]
WEIGHTS = [None, 1, 20_000, 44_000]
LENGTHS = [None, 0.1, 26.0, 26.5, 53.0]
RATES = [None, 1, 100_000, 185_000, 1_000_000_000]
PLACES = [DALLAS, HOUSTON, Point(-97.0, 33.0), Point(-90.0, 35.0)]


def fill(board: Board, seed: int, number: int = 80) -> None:
    rng = np.random.default_rng(seed)
    board.clear()

    def one_of(values: list[Any]) -> Any:
        return values[rng.integers(len(values))]

    for age in AGES:
        posted_at = NOW - age
        loads = []
        for _ in range(number // len(AGES)):
            opens = NOW + HOUR * int(rng.integers(-8, 5))
            closes = max(opens, posted_at + TICK) + one_of([timedelta(0), HOUR, 3 * HOUR])
            expires_at = one_of([None] * 6 + [posted_at + TICK, posted_at + HOUR, NOW + 9 * HOUR])
            content = {
                "equipment": one_of(sorted(ALIASES)),
                "full": one_of([True, False]),
                "hazmat": one_of([True, False]),
                "weight_lb": one_of(WEIGHTS),
                "length_ft": one_of(LENGTHS),
                "rate_cents": one_of(RATES),
                "expires_at": expires_at,
            }
            loads.append(load(one_of(PLACES), one_of(PLACES), (opens, closes), **content))
        board.post(loads, at=posted_at)


def said_times() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [
            (NOW + HOUR * hours + off).isoformat()
            for hours in range(-3, 7)
            for off in (-TICK, 0 * TICK, TICK)
        ]
    )


windows = st.fixed_dictionaries({}, optional={"from": said_times(), "to": said_times()}).filter(
    lambda span: span.get("from", "") <= span.get("to", "~")
)
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "equipment": st.lists(st.sampled_from(sorted(ALIASES)), min_size=1, max_size=3),
    "full": st.booleans(),
    "hazmat": st.booleans(),
    "max_weight_lb": st.sampled_from([1, 19_999, 20_000, 20_001, 1_000_000]),
    "max_length_ft": st.sampled_from([0.1, 25.9, 26.0, 26.4, 26.5, 1_000.0]),
    "min_rate_cents": st.sampled_from([1, 2, 99_999, 100_000, 100_001, 1_000_000_000]),
    "min_rate_per_mile_cents": st.sampled_from([0.0, 100.0, 500.0, 1_000_000.0]),
    "max_age_minutes": st.sampled_from([1, 59, 60, 61, 300]),
    "pickup_window": windows,
    "include_unknown": st.booleans(),
}
filters = st.fixed_dictionaries({}, optional=FILTERS)


def check(board: Board, carrier: Member, body: dict[str, Any]) -> None:
    assert found_ids(carrier, body) == board.where(passes(body)), body
    around = body | {"pickup": near(DALLAS, 50), "delivery": near(HOUSTON, 300)}
    assert found_ids(carrier, around) == board.where(
        passes(body),
        lambda made: miles_between(DALLAS, made.pickup) <= 50,
        lambda made: miles_between(HOUSTON, made.delivery) <= 300,
    ), around


def check_together(board: Board, carrier: Member, seed: int, bodies: list[dict[str, Any]]) -> None:
    fill(board, seed)
    for body in bodies:
        check(board, carrier, body)


@given(seeds, st.lists(filters, min_size=3, max_size=8))
@settings(on_one_board, max_examples=15)
def test_filters_together(
    board: Board, carrier: Member, seed: int, bodies: list[dict[str, Any]]
) -> None:
    check_together(board, carrier, seed, bodies)


@pytest.mark.long
@given(seeds, st.lists(filters, min_size=3, max_size=8))
@settings(on_one_board, max_examples=2_000)
def test_filters_together_at_length(
    board: Board, carrier: Member, seed: int, bodies: list[dict[str, Any]]
) -> None:
    check_together(board, carrier, seed, bodies)


EVERY: dict[str, list[Any]] = {
    "equipment": [["V"], ["Dry Van", "R"], ["s-d"], ["flat", "FB", "van"]],
    "full": [True, False],
    "hazmat": [True, False],
    "max_weight_lb": [1, 19_999, 20_000],
    "max_length_ft": [0.1, 26.4, 26.5],
    "min_rate_cents": [1, 2, 100_000, 100_001],
    "min_rate_per_mile_cents": [0, 0.5, 500],
    "max_age_minutes": [1, 59, 60, 61],
    "pickup_window": [
        {"from": (NOW + HOUR).isoformat()},
        {"to": NOW.isoformat()},
        {"from": (NOW + HOUR).isoformat(), "to": (NOW + HOUR).isoformat()},
        {"from": (NOW + HOUR + TICK).isoformat(), "to": (NOW + 2 * HOUR - TICK).isoformat()},
        {"from": None, "to": None},
    ],
    "include_unknown": [True, False],
}


def test_each_filter_alone(board: Board, carrier: Member) -> None:
    assert EVERY.keys() == FILTERS.keys()
    assert EVERY.keys() == Filters.model_fields.keys() - {"pickup", "delivery"}
    fill(board, seed=7, number=210)
    for name, values in EVERY.items():
        for value in values:
            for unknown in (True, False):
                check(board, carrier, {"include_unknown": unknown} | {name: value})


def test_a_rate_per_mile_is_compared_to_the_last_bit(board: Board, carrier: Member) -> None:
    fill(board, seed=11)
    rates = sorted({one.rate_per_mile for one in board.loads if one.rate_per_mile})
    for rate in [r for r in rates if r <= 1_000_000][::5]:
        for least in (rate, float(np.nextafter(rate, 0)), float(np.nextafter(rate, 1e9))):
            check(board, carrier, {"min_rate_per_mile_cents": least, "include_unknown": False})


def test_a_window_touches_at_both_of_its_ends(board: Board, carrier: Member) -> None:
    [made] = board.post([load(window=(NOW + HOUR, NOW + 2 * HOUR))])
    inside = [({"to": NOW + HOUR}), ({"from": NOW + 2 * HOUR})]
    outside = [({"to": NOW + HOUR - TICK}), ({"from": NOW + 2 * HOUR + TICK})]
    for spans, expected in ((inside, {made.id}), (outside, set())):
        for span in spans:
            said = {end: at.isoformat() for end, at in span.items()}
            assert found_ids(carrier, {"pickup_window": said}) == expected
