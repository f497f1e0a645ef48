"""The best loads for a truck against every load judged by itself."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areas import Box, Circle
from geo.geodesy import great_circle_m
from geo.known import Known, nothing
from geo.points import Bounds, Point, metres, miles
from geo.roads import road_m
from matching.board import Board, View
from matching.columns import END, STATE_NUMBERS, UNKNOWN
from matching.duty import HOUR
from matching.rank import Match, dollars, rank
from matching.search import Wanted
from matching.sites import Where
from matching.trucks import Clock, Home, Pace, Trip, Truck
from matching.worth import Costs
from tests.geo.test_known import some
from tests.matching.loads import ATLANTA, DALLAS, DAY, load, loads
from tests.matching.rank_oracle import Asked, distances, ranked
from tests.matching.test_corridor import knowing, known_or_not

NOW = 20_600 * DAY + 9 * HOUR
PLACES = {
    "Dallas": DALLAS,
    "Atlanta": ATLANTA,
    "Fort Worth": Point(-97.3208, 32.7254),
    "Waco": Point(-97.1467, 31.5493),
    "Tyler": Point(-95.3011, 32.3513),
    "Shreveport": Point(-93.7502, 32.5252),
    "Jackson": Point(-90.1848, 32.2988),
    "Memphis": Point(-90.049, 35.1495),
    "Milwaukee": Point(-87.9065, 43.0389),
    "Muskegon": Point(-86.2484, 43.2342),
    "Toronto": Point(-79.3832, 43.6532),
}
GEORGIA: Where = frozenset({"GA"})
TEXAS: Where = Box(Bounds(-107.0, 25.0, -94.0, 37.0))


def board_of(seed: int, count: int) -> list[dict[str, Any]]:
    """Loads of many kinds between a few places, most near Dallas, in the days to come."""
    rng = random.Random(seed)
    points = list(PLACES.values())
    points += [Point(DALLAS.lon + rng.uniform(-3, 3), DALLAS.lat + rng.uniform(-2, 2))]
    rows = []
    for id in range(1, count + 1):
        pickup, delivery = rng.choice(points[:6] + points[-1:] + points[:1] * 4), rng.choice(points)
        opens = NOW + rng.randrange(-24, 60) * HOUR + rng.randrange(HOUR)
        straight = road_m(pickup, delivery)
        delivered = opens + round(straight / 72_000 * HOUR) + rng.randrange(-4, 48) * HOUR
        rows.append(
            load(
                id,
                pickup,
                delivery,
                equipment=rng.choice([0] * 8 + [1, 15]),
                full=rng.random() < 0.6,
                hazmat=rng.random() < 0.1,
                weight_lb=rng.choice([UNKNOWN, 500, 20_000, 45_000]),
                length_ft=rng.choice([UNKNOWN, 10.0, 24.5, 48.0, 53.0]),
                rate_cents=rng.choice([UNKNOWN, 185_000, rng.randrange(500_000)]),
                loaded_tenths=round(miles(straight) * 10 * rng.choice([1, 1, 1.1])),
                pickup_from=opens,
                pickup_to=opens + rng.randrange(6, 48) * HOUR,
                delivery_from=rng.choice([delivered, -(1 << 62)]),
                delivery_to=rng.choice([delivered + 6 * HOUR, delivered + DAY, END]),
                open_until=NOW + rng.randrange(-2, 60) * HOUR,
                delivery_state=STATE_NUMBERS[rng.choice(["TX", "GA"])],
            )
        )
    return rows


hours = st.floats(0, 1).map(lambda part: round(part, 2))


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    if draw(st.booleans()):
        return Clock()
    return Clock(draw(hours) * 11, draw(hours) * 14, draw(hours) * 8, draw(hours) * 70)


def mostly(usual: Any, rest: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(usual), st.just(usual), st.just(usual), rest)


@st.composite
def trucks(draw: st.DrawFn) -> Truck:
    home = st.builds(
        Home,
        st.sampled_from([PLACES["Waco"], ATLANTA]),
        st.integers(10, 120).map(lambda later: NOW + later * HOUR),
    )
    trip = st.builds(
        Trip, st.sampled_from([ATLANTA, PLACES["Jackson"]]), st.sampled_from([0.0, 25.0, 200.0])
    )
    return Truck(
        draw(st.sampled_from([DALLAS, PLACES["Tyler"], Point(-96.2, 32.0)])),
        draw(mostly("van", st.sampled_from(["auto_carrier", "dump_trailer"]))),
        NOW + draw(st.integers(-5, 20)) * HOUR,
        length_ft=draw(mostly(None, st.sampled_from([24.5, 30.0, 48.0, 53.0]))),
        weight_lb=draw(mostly(None, st.sampled_from([500.0, 20_000.5, 45_000.0]))),
        hazmat=draw(st.booleans()),
        max_deadhead_mi=draw(mostly(None, st.sampled_from([0.0, 40.0, 300.0]))),
        to=draw(mostly(None, st.sampled_from([TEXAS, GEORGIA]))),
        home=draw(mostly(None, home)),
        trip=draw(mostly(None, trip)),
        clock=draw(clocks()),
    )


@st.composite
def wanteds(draw: st.DrawFn) -> Wanted:
    if draw(st.integers(0, 3)):
        return Wanted(0)
    return Wanted(
        0,
        pickup=draw(st.none() | st.just(Circle(DALLAS, metres(100)))),
        delivery=draw(st.none() | st.just(TEXAS)),
        equipment=draw(st.none() | st.sampled_from([frozenset({"van"}), frozenset[str]()])),
        hazmat=draw(st.none() | st.booleans()),
        full=draw(st.none() | st.booleans()),
        max_weight_lb=draw(st.none() | st.just(30_000)),
        min_rate_cents=draw(st.none() | st.just(100_000)),
        include_unknown=draw(st.booleans()),
    )


costs = st.just(Costs()) | st.builds(
    Costs,
    st.floats(0, 300),
    st.floats(0, 9_000),
    st.floats(0, 9_000),
    st.just(0.0),
    st.floats(0, 9),
)
paces = st.just(Pace()) | st.builds(Pace, st.floats(40, 65), st.floats(0, 3), st.floats(0, 3))


@st.composite
def questions(draw: st.DrawFn, count: int = 60) -> tuple[View, Asked]:
    rows = board_of(draw(st.integers(0, 2**32 - 1)), count)
    cut = draw(st.sampled_from([0, count // 2, count]))
    board = Board([loads(rows[:cut])])
    board.apply(loads(rows[cut:]))
    asked = Asked(rows, draw(trucks()), draw(paces), NOW, draw(wanteds()))
    return board.view, asked


def ranking(view: View, asked: Asked, costs: Costs, limit: int) -> list[Match]:
    return rank(view, asked.truck, costs, asked.pace, asked.now, asked.wanted, limit)


@given(questions(), costs, st.integers(1, 70), known_or_not)
@settings(max_examples=120)
def test_the_best_loads_are_those_of_brute_force(
    question: tuple[View, Asked], costs: Costs, limit: int, places: Known
) -> None:
    view, asked = question
    expected = ranked(asked, costs)
    with knowing(places):
        found = ranking(view, asked, costs, limit)
    assert [(match.id, match.worth_cents) for match in found] == expected[:limit]
    rows = {row["id"]: row for row in asked.rows}
    for match in found:
        deadhead, _, out = distances(asked, rows[match.id])
        assert match.deadhead_mi == miles(deadhead)
        assert match.out_of_route_mi == (miles(out) if asked.truck.trip else None)
        if match.worth_cents is not None:
            assert match.worth_cents == sum(term.cents for term in match.terms)


@given(st.integers(0, 2**32 - 1), clocks(), costs, st.integers(1, 3), st.booleans(), known_or_not)
@settings(max_examples=80)
def test_the_best_few_of_many_are_those_of_brute_force(
    seed: int, clock: Clock, costs: Costs, limit: int, on_trip: bool, places: Known
) -> None:
    rows = board_of(seed, 200)
    for row in rows:
        row["rate_cents"] = row["loaded_tenths"] * 25 + row["id"] % 40 * 1_000
    trip = Trip(ATLANTA, 500.0) if on_trip else None
    truck = Truck(DALLAS, "van", NOW, hazmat=True, clock=clock, trip=trip)
    asked = Asked(rows, truck, Pace(), NOW, Wanted(0))
    with knowing(places):
        found = ranking(Board([loads(rows)]).view, asked, costs, limit)
    expected = ranked(asked, costs)
    assert [(match.id, match.worth_cents) for match in found] == expected[:limit]


def hauling(rows: list[dict[str, Any]], truck: Truck, limit: int = 50) -> list[Match]:
    return rank(Board([loads(rows)]).view, truck, Costs(), Pace(), NOW, limit=limit)


def plain(id: int, **changed: Any) -> dict[str, Any]:
    """A load from Dallas to Atlanta that can be picked up now."""
    times = {"pickup_from": NOW, "pickup_to": NOW + DAY, "open_until": NOW + DAY}
    return load(id, **(times | {"delivery_from": NOW} | changed))


VAN = Truck(DALLAS, "van", NOW)


def test_ties_go_to_the_lower_id_and_unknown_rates_come_last() -> None:
    rows = [plain(id) for id in (7, 3, 9)]
    rows += [
        plain(id, rate_cents=UNKNOWN, loaded_tenths=tenths) for id, tenths in ((1, 50), (2, 9))
    ]
    rows += [plain(5, rate_cents=0)]
    found = hauling(rows, VAN)
    assert [match.id for match in found] == [3, 7, 9, 5, 2, 1]
    assert [match.worth_cents is None for match in found] == [False] * 4 + [True] * 2
    for limit in range(1, 6):
        assert hauling(rows, VAN, limit) == found[:limit]


def test_a_match_tells_its_plan_and_its_money() -> None:
    (match,) = hauling([plain(1)], replace(VAN, at=PLACES["Waco"]))
    deadhead = miles(road_m(PLACES["Waco"], DALLAS))
    driven = (deadhead + 790) / 50
    assert [step["kind"] for step in match.plan] == [
        *("drive", "load", "drive", "break", "drive", "rest", "drive", "unload")
    ]
    assert match.plan[0]["from"] == NOW
    assert sum(step["miles"] for step in match.plan) == pytest.approx(deadhead + 790)
    hours = {term.name: term.quantity for term in match.terms}
    assert hours["driving"] == pytest.approx(driven)
    assert (hours["waiting"], hours["resting"]) == (0, 10.5)
    assert hours["loaded"] == pytest.approx(790)
    spent = round(126.5 * deadhead) + 99_935 + round(4_000 * driven) + 10_500 + 5_550
    assert match.worth_cents == 185_000 - spent
    assert match.sentence == (
        f"{dollars(match.worth_cents)} after costs: $1,850 for 790 loaded and "
        f"{deadhead:,.0f} empty miles, 10.5 hours resting."
    )
    assert match.out_of_route_mi is None


@pytest.mark.parametrize(
    ("cents", "text"),
    [(124_000, "$1,240"), (-35_060, "-$351"), (49, "$0"), (-49, "$0"), (150, "$2"), (250, "$2")],
)
def test_dollars_are_written_whole(cents: int, text: str) -> None:
    assert dollars(cents) == text


def test_limits_are_met_exactly() -> None:
    waco = PLACES["Waco"]
    road = road_m(waco, DALLAS)
    for most, fits in ((miles(road) * (1 + 1e-12), 1), (miles(road) * (1 - 1e-9), 0)):
        assert len(hauling([plain(1)], replace(VAN, at=waco, max_deadhead_mi=most))) == fits
    trip = Trip(ATLANTA, 0.0)
    out = road + 7_900 * metres(0.1) - road_m(waco, ATLANTA)
    for most, fits in ((miles(out) + 1e-9, 1), (miles(out) - 1e-9, 0)):
        bound = replace(trip, max_out_of_route_mi=most)
        found = hauling([plain(1)], replace(VAN, at=waco, trip=bound))
        assert [match.out_of_route_mi for match in found] == [pytest.approx(miles(out))] * fits


def test_a_truck_on_a_trip_may_pick_up_anywhere_along_it_unless_it_says_otherwise() -> None:
    jackson = PLACES["Jackson"]
    ends = {"pickup_lon": jackson.lon, "pickup_lat": jackson.lat}
    rows = [plain(1, loaded_tenths=3_800) | ends]
    truck = replace(VAN, trip=Trip(ATLANTA, 60.0))
    assert len(hauling(rows, truck)) == 1
    assert hauling(rows, replace(truck, max_deadhead_mi=150.0)) == []
    assert hauling(rows, VAN) == []


def test_home_is_reached_by_the_hours_of_service() -> None:
    ends = NOW + round((790 / 50 + 4 + 10.5) * HOUR)
    back = miles(road_m(ATLANTA, PLACES["Jackson"])) / 50
    # 4.8 hours were driven since the rest, so the 7.6 back pass the eleventh: another rest.
    for hours, fits in ((back + 10.001, True), (back + 9.999, False)):
        home = Home(PLACES["Jackson"], ends + round(hours * HOUR))
        assert bool(hauling([plain(1)], replace(VAN, home=home))) == fits


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^limit: "):
        hauling([plain(1)], VAN, 0)


def test_a_truck_is_not_free_in_the_past() -> None:
    (match,) = hauling([plain(1)], replace(VAN, free_from=NOW - DAY))
    assert match.plan[0]["from"] == NOW


def test_an_empty_board_has_nothing_for_a_truck() -> None:
    assert hauling([], VAN) == []
    assert hauling([], replace(VAN, trip=Trip(ATLANTA, 50.0), home=Home(ATLANTA, NOW))) == []


def test_a_truck_where_roads_are_not_known_goes_by_the_great_circle() -> None:
    toronto = PLACES["Toronto"]
    near = Point(toronto.lon - 0.5, toronto.lat)
    rows = [plain(1) | {"pickup_lon": near.lon, "pickup_lat": near.lat}]
    (match,) = hauling(rows, replace(VAN, at=toronto))
    straight = miles(float(great_circle_m(*toronto, *near)))
    assert match.deadhead_mi == pytest.approx(1.3 * straight)


def test_what_was_measured_for_the_first_few_counts_for_all() -> None:
    """Loads that a bound let pass, and that turned out too far, stay out when more are planned."""
    near, beyond = (Point(DALLAS.lon - east, DALLAS.lat) for east in (0.30, 0.36))
    rows = [
        plain(id, rate_cents=900_000 - id * 10_000, pickup_to=NOW + 5 * HOUR)
        | {"pickup_lon": at.lon, "pickup_lat": at.lat}
        for id, at in enumerate([beyond, near] * 40, start=1)
    ]
    # A fresh driver would be in time for all. This one is for the last two alone, so all are planned.
    for row in rows[:-2]:
        row["delivery_to"] = NOW + 33 * HOUR
    # Beyond by road alone.
    limit = (float(great_circle_m(*DALLAS, *beyond)) + road_m(DALLAS, beyond)) / 2
    assert road_m(DALLAS, near) < limit
    truck = replace(VAN, max_deadhead_mi=miles(limit), clock=Clock(1.0, 14.0, 0.0, 70.0))
    for places in (nothing(), some()):
        with knowing(places):
            assert [match.id for match in hauling(rows, truck, 1)] == [80]
