"""Why loads are refused, counted against every load judged by itself, and limits really relaxed."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import Point, miles
from geo.roads import road_m
from matching.board import Board, View
from matching.columns import UNKNOWN
from matching.duty import HOUR
from matching.refusals import Refusals, refusals, why
from matching.relax import MORE, Relax, relaxed_rule, share
from matching.rules import RULES, case_of
from matching.search import Wanted
from matching.trucks import Clock, Home, Pace, Trip, Truck
from tests.matching.loads import ATLANTA, DALLAS, DAY, load, loads
from tests.matching.rank_oracle import Asked, hauled, refusal
from tests.matching.test_rank import NOW, PLACES, TEXAS, questions

VAN = Truck(DALLAS, "van", NOW)


def told(view: View, asked: Asked) -> Refusals:
    return refusals(view, asked.truck, asked.pace, asked.now, asked.wanted)


@given(questions())
@settings(max_examples=120)
def test_each_open_load_is_counted_for_the_first_rule_that_refuses_it(
    question: tuple[View, Asked],
) -> None:
    view, asked = question
    found = told(view, asked)
    counts = Counter(refusal(asked, row) for row in asked.open())
    assert found.total == counts.pop(None, 0)
    assert {rule: count for rule, count in found.refused.items() if count} == counts
    assert tuple(found.refused) == RULES
    assert sum(found.refused.values()) + found.total == len(asked.open())


@given(questions())
@settings(max_examples=60)
def test_why_agrees_with_the_rules(question: tuple[View, Asked]) -> None:
    view, asked = question
    rows = view.rows()
    by_id = {row["id"]: row for row in asked.open()}
    for row, id in zip(rows.tolist(), view.take("id", rows).tolist(), strict=True):
        if id in by_id and id % 3 == 0:
            verdicts = why(view, row, asked.truck, asked.pace, asked.now, asked.wanted)
            assert [verdict.rule for verdict in verdicts] == list(RULES)
            fails = [verdict.rule for verdict in verdicts if not verdict.passes]
            assert next(iter(fails), None) == refusal(asked, by_id[id])
            assert all(v.short_by != 0 for v in verdicts if not v.passes)
            assert all(not v.short_by for v in verdicts if v.passes)


def relaxed(truck: Truck, rule: str, limit: float) -> Truck:
    """The truck with another limit for a rule."""
    if rule == "deadhead":
        return replace(truck, max_deadhead_mi=limit)
    if rule == "out_of_route":
        assert truck.trip is not None
        return replace(truck, trip=replace(truck.trip, max_out_of_route_mi=limit))
    if rule == "home":
        assert truck.home is not None
        return replace(truck, home=replace(truck.home, by=int(limit)))
    if rule == "weight":
        return replace(truck, weight_lb=limit)
    return replace(truck, length_ft=limit)


STEPS = {"deadhead": 0.1, "out_of_route": 0.1, "home": 1.0, "weight": 1.0, "length": 0.01}


def gains(asked: Asked, rule: str, limit: float) -> int:
    wider = asked._replace(truck=relaxed(asked.truck, rule, limit))
    return len(hauled(wider)) - len(hauled(asked))


@given(questions(120), st.data())
@settings(max_examples=80)
def test_a_relaxed_limit_brings_what_it_promises_and_no_less_does(
    question: tuple[View, Asked], data: st.DataObject
) -> None:
    view, asked = question
    truck = data.draw(
        st.sampled_from(
            [
                replace(asked.truck, max_deadhead_mi=20.0, equipment="van"),
                replace(asked.truck, weight_lb=400.0, length_ft=None, equipment="van"),
                replace(asked.truck, length_ft=20.0, weight_lb=None, equipment="van"),
                replace(asked.truck, trip=Trip(ATLANTA, 10.0), max_deadhead_mi=None),
                replace(asked.truck, home=Home(PLACES["Waco"], NOW + 12 * HOUR), trip=None),
            ]
        )
    )
    asked = asked._replace(truck=replace(truck, to=None), wanted=Wanted(0))
    found = told(view, asked).relax
    options = all_relaxed(view, asked)
    case = case_of(view, asked.truck, asked.pace, asked.now, asked.wanted)
    assert found == min(options, key=lambda relax: share(case, relax), default=None)
    for rule, limit, to, more in options:
        assert gains(asked, rule, to) == more >= MORE
        assert gains(asked, rule, max(limit, to - STEPS[rule])) < MORE


def all_relaxed(view: View, asked: Asked) -> list[Relax]:
    """Every rule relaxed, whether or not its count says that it is worth the while."""
    case = case_of(view, asked.truck, asked.pace, asked.now, asked.wanted)
    rules = ("deadhead", "weight", "length", "out_of_route", "home")
    return [relax for rule in rules if (relax := relaxed_rule(case, rule))]


def around(count: int, **changed: Any) -> list[dict[str, Any]]:
    """Loads that a van at Dallas can haul, each some miles farther away than the one before."""
    times = {"pickup_from": NOW, "pickup_to": NOW + DAY, "open_until": NOW + DAY}
    times |= {"delivery_from": NOW}
    return [
        load(id, Point(DALLAS.lon, DALLAS.lat + id / 20), **(times | changed))
        for id in range(1, count + 1)
    ]


def ask(rows: list[dict[str, Any]], truck: Truck, wanted: Wanted | None = None) -> Refusals:
    return refusals(Board([loads(rows)]).view, truck, Pace(), NOW, wanted)


def test_the_tenth_load_beyond_the_limit_is_what_more_miles_bring() -> None:
    near = [miles(road_m(DALLAS, Point(DALLAS.lon, DALLAS.lat + k / 20))) for k in range(1, 31)]
    found = ask(around(30), replace(VAN, max_deadhead_mi=near[4]))
    assert found.refused["deadhead"] == 25
    assert found.total == 5
    assert found.relax is not None
    rule, limit, to, more = found.relax
    assert (rule, more) == ("deadhead", 10)
    assert limit == pytest.approx(near[4])
    assert near[14] <= to < near[14] + 0.1


def test_nothing_is_relaxed_for_fewer_than_ten_or_for_loads_too_far() -> None:
    assert ask(around(11), replace(VAN, max_deadhead_mi=10.0)).relax is None
    far = [load(id, ATLANTA, pickup_from=NOW, pickup_to=NOW + 3 * DAY) for id in range(1, 20)]
    rows = [row | {"open_until": NOW + DAY} for row in far]
    assert ask(rows, replace(VAN, max_deadhead_mi=100.0)).relax is None
    assert ask(rows, replace(VAN, max_deadhead_mi=300.0)).relax is not None


def test_the_least_share_is_relaxed() -> None:
    heavy = around(10, weight_lb=44_000, length_ft=40.0)
    long = [row | {"id": row["id"] + 10, "length_ft": 53.0} for row in around(10, weight_lb=100)]
    found = ask(heavy + long, replace(VAN, weight_lb=40_000, length_ft=48))
    assert (found.refused["weight"], found.refused["length"]) == (10, 10)
    # A tenth of the weight, more than a tenth of the length.
    assert found.relax == Relax("weight", 40_000, 44_000, 10)


def test_a_full_load_needs_an_empty_trailer() -> None:
    part = around(3, full=False, length_ft=20.0)
    full = [row | {"id": row["id"] + 3, "full": True} for row in part]
    for feet, fits in ((None, 6), (53.0, 6), (48.0, 6), (47.9, 3), (20.0, 3), (19.9, 0)):
        found = ask(part + full, replace(VAN, length_ft=feet))
        assert (found.total, found.refused["length"]) == (fits, 6 - fits)
    trailers = [row | {"equipment": 15} for row in part + full]
    assert ask(trailers, replace(VAN, equipment="dump_trailer", length_ft=20.0)).total == 6


def test_what_is_unknown_passes_unless_told_not_to() -> None:
    rows = around(4, full=False, length_ft=float(UNKNOWN), weight_lb=UNKNOWN)
    small = replace(VAN, length_ft=10.0, weight_lb=100.0)
    assert ask(rows, small).total == 4
    assert ask(rows, small, Wanted(0, include_unknown=False)).refused["weight"] == 4
    assert ask(rows, VAN, Wanted(0, include_unknown=False)).total == 4


def test_why_measures_by_how_much() -> None:
    rows = around(1, weight_lb=42_000, hazmat=True, equipment=1, pickup_to=NOW + HOUR)
    view = Board([loads(rows)]).view
    truck = Truck(ATLANTA, "van", NOW, 48, 40_000, max_deadhead_mi=100, to=TEXAS, clock=Clock(11))
    said = {verdict.rule: verdict for verdict in why(view, 0, truck, Pace(), NOW)}
    road = miles(road_m(ATLANTA, Point(DALLAS.lon, DALLAS.lat + 0.05)))
    assert said["deadhead"][1:3] == (False, road)
    assert said["deadhead"].limit == pytest.approx(100)
    assert said["deadhead"].short_by == pytest.approx(road - 100)
    assert said["equipment"][1:] == (False, "reefer", "van", None, None)
    assert said["hazmat"][1:] == (False, True, False, None, None)
    assert said["weight"][1:] == (False, 42_000, 40_000, 2_000, "lb")
    assert said["length"][1:] == (False, 53, 48, 5, "ft")
    assert said["filters"].passes
    assert not said["destination"].passes
    assert said["pickup_window"].limit == 1
    late = road / 50 + 10.5 - 1
    assert said["pickup_window"].short_by == pytest.approx(late, abs=1e-6)
    assert said["delivery_window"][3:] == (None, 0.0, "h")
    assert (said["home"].passes, said["home"].limit) == (True, None)


def test_an_empty_board_refuses_nothing() -> None:
    assert ask([], VAN) == Refusals(dict.fromkeys(RULES, 0), 0, None)
