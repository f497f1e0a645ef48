"""Worth, term by term, and what being somewhere is worth for the next load."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import METRES_PER_MILE, Point
from matching.board import Board, View
from matching.columns import UNKNOWN
from matching.duty import HOUR
from matching.next_loads import DAYS, NextLoads, next_loads
from matching.worth import UNITS, Costs, Miles, Worth, worth
from tests.matching.loads import ATLANTA, DALLAS, DAY, load, loads
from tests.matching.rank_oracle import outlook

TODAY = 20_600 * DAY


def one(
    costs: Costs,
    rate: int,
    miles: tuple[float, float, float | None],
    hours: tuple[float, float, float] = (0.0, 0.0, 0.0),
    next_cents: float = 0.0,
) -> Worth:
    driven = Miles(*(np.array([m or 0.0]) * METRES_PER_MILE for m in miles))
    rates = np.array([rate], dtype=np.int32)
    nexts = np.array([next_cents]), np.array([12])
    driving, waiting, resting = (np.array([round(h * HOUR)]) for h in hours)
    trip_mph = None if miles[2] is None else 50.0
    return worth(costs, rates, driven, (driving, waiting, resting), *nexts, trip_mph)


def terms(found: Worth) -> dict[str, int]:
    return dict(zip(UNITS, found.cents[:, 0].tolist(), strict=True))


def test_terms_worked_by_hand() -> None:
    found = one(Costs(), 215_000, (45.0, 790.0, None), (16.7, 3.5, 10.5), 31_000.4)
    assert terms(found) == {
        "rate": 215_000,
        "deadhead": -5_692,  # 45 × 126.5 = 5,692.5, to the even cent
        "loaded": -99_935,
        "out_of_route": 0,
        "driving": -66_800,
        "waiting": -7_000,
        "resting": -10_500,
        "payment": -6_450,
        "next_load": 31_000,
    }
    assert found.total.tolist() == [49_623]
    quantities = dict(zip(UNITS, found.quantities[:, 0].tolist(), strict=True))
    assert quantities == pytest.approx(
        {"rate": 1, "deadhead": 45, "loaded": 790, "out_of_route": 0}
        | {"driving": 16.7, "waiting": 3.5, "resting": 10.5, "payment": 3, "next_load": 12}
    )


def test_a_trip_that_is_made_anyway_costs_its_detour_alone() -> None:
    found = terms(one(Costs(), 100_000, (45.0, 790.0, 25.0), (16.7, 0, 0)))
    assert (found["deadhead"], found["loaded"], found["out_of_route"]) == (0, 0, -3_162)
    assert found["driving"] == -2_000  # half an hour


def test_a_load_of_unknown_rate_has_no_worth_but_a_price_to_ask() -> None:
    found = one(Costs(), UNKNOWN, (0.0, 100.0, None))
    assert (found.known.tolist(), found.total.tolist()) == ([False], [-12_650])
    assert (terms(found)["rate"], terms(found)["payment"]) == (0, 0)


cents = st.floats(0, 10_000)


@given(
    st.builds(Costs, cents, cents, cents, cents, st.floats(0, 100)),
    st.integers(0, 2**31 - 1),
    st.tuples(st.floats(0, 5_000), st.floats(0, 5_000), st.none() | st.floats(0, 5_000)),
    st.tuples(*[st.floats(0, 200)] * 3),
    st.floats(-1e6, 1e6),
)
@settings(max_examples=300)
def test_terms_are_each_rounded_and_sum_to_the_worth(
    costs: Costs,
    rate: int,
    miles: tuple[float, float, float | None],
    hours: tuple[float, float, float],
    next_cents: float,
) -> None:
    found = one(costs, rate, miles, hours, next_cents)
    q = found.quantities[:, 0].tolist()
    prices = [costs.cost_of_mile_cents] * 3
    prices += [costs.hour_driving_cents, costs.hour_waiting_cents, costs.hour_resting_cents]
    expected = [rate, *(round(-p * n) for p, n in zip(prices, q[1:7], strict=True))]
    expected += [round(-costs.payment_percent * rate / 100.0), round(next_cents)]
    assert list(terms(found).values()) == expected
    assert found.total.tolist() == [sum(expected)]


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 100_000.1])
@pytest.mark.parametrize(
    "field",
    ["cost_of_mile_cents", "hour_driving_cents", "hour_waiting_cents", "hour_resting_cents"],
)
def test_costs_that_cannot_be_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(field)}: "):
        Costs(**{field: value})


def test_more_than_all_of_the_rate_is_no_payment() -> None:
    with pytest.raises(ValueError, match=r"^payment_percent: "):
        Costs(payment_percent=100.1)


def asked(table: NextLoads, view: View, at: Point, moment: int) -> tuple[float, int]:
    lons, lats, _ = view.sites.points
    known = slice(view.sites.known)
    sites = np.flatnonzero((lons[known] == at.lon) & (lats[known] == at.lat))
    values, counts = table.at(sites[:1].astype(np.int32), np.array([moment]))
    return float(values[0]), int(counts[0])


@given(st.integers(0, 2**32 - 1), st.integers(0, 120), st.integers(0, 2))
@settings(max_examples=60)
def test_the_next_load_is_the_median_net_of_those_around(seed: int, cut: int, gone: int) -> None:
    rng = np.random.default_rng(seed)
    near = [DALLAS, Point(DALLAS.lon + 0.05, DALLAS.lat), ATLANTA]
    rows = [
        load(
            number,
            near[rng.integers(3)],
            near[rng.integers(3)],
            equipment=int(rng.choice([0, 0, 0, 1])),
            rate_cents=int(rng.choice([UNKNOWN, 50_000, *rng.integers(1, 400_000, 4)])),
            loaded_tenths=int(rng.integers(0, 20_000)),
            pickup_from=TODAY + int(rng.integers(-DAY, 3 * DAY)),
        )
        for number in range(1, 121)
    ]
    board = Board([loads(rows[:cut])])
    board.apply(loads(rows[cut:]), [(number, 2) for number in range(1, 20 * gone)])
    rows = [row for row in rows if row["id"] >= 20 * gone]
    table = next_loads(board.view, "van", TODAY + 7 * HOUR)
    for at in {Point(row["delivery_lon"], row["delivery_lat"]) for row in rows}:
        for day in range(4):
            value, count = asked(table, board.view, at, TODAY + day * DAY + 5 * HOUR)
            expected = outlook(rows, at, TODAY + day * DAY)
            assert count == expected[1]
            assert value == pytest.approx(expected[0])


def test_nothing_is_said_of_days_past_or_far_off() -> None:
    days = range(-2, DAYS + 2)
    rows = [
        load(1 + 100 * (day + 2) + k, pickup_from=TODAY + day * DAY)
        for day in days
        for k in range(10)
    ]
    view = Board([loads(rows)]).view
    table = next_loads(view, "van", TODAY)
    said = [asked(table, view, DALLAS, TODAY + day * DAY)[1] for day in days]
    assert said == [0, 0, *[20] * DAYS, 0, 0]


def test_the_table_is_that_of_the_view() -> None:
    board = Board([loads(load(k, pickup_from=TODAY) for k in range(1, 11))])
    before = board.view
    board.apply(loads([load(11, pickup_from=TODAY, rate_cents=300_000)]), [(1, 2), (2, 2)])
    board.apply(loads([load(12, pickup_from=TODAY)]))
    for view, count in ((before, 10), (board.view, 10), (before, 10)):
        assert asked(next_loads(view, "van", TODAY), view, DALLAS, TODAY)[1] == count
    board.apply(loads([]), [(12, 2)])
    assert asked(next_loads(board.view, "van", TODAY), board.view, DALLAS, TODAY) == (0.0, 9)
    assert next_loads(board.view, "van", TODAY) is next_loads(board.view, "van", TODAY + HOUR)
    assert asked(next_loads(board.view, "reefer", TODAY), board.view, DALLAS, TODAY)[1] == 0


def test_the_table_stays_while_little_changes() -> None:
    elsewhere = Point(-110.0, 45.0)
    rows = [load(k, pickup_from=TODAY) for k in range(1, 3_001)]
    board = Board([loads(rows)])
    first = next_loads(board.view, "van", TODAY)
    board.apply(loads([load(1, elsewhere, elsewhere, version=2, pickup_from=TODAY)]), [(2, 2)])
    later = next_loads(board.view, "van", TODAY)
    assert later.cents is first.cents
    assert asked(later, board.view, DALLAS, TODAY) == asked(first, board.view, DALLAS, TODAY)
    assert asked(later, board.view, elsewhere, TODAY) == (0.0, 0)
    board.apply(loads([load(3, version=2, pickup_from=TODAY)]))
    assert asked(next_loads(board.view, "van", TODAY), board.view, DALLAS, TODAY)[1] == 2_998
    board.merge()
    assert asked(next_loads(board.view, "van", TODAY), board.view, elsewhere, TODAY)[1] == 1
