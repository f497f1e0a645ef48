"""Plans by 49 CFR 395.3, worked by hand, clause by clause."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from geo.points import METRES_PER_MILE
from matching.duty import HOUR, OPEN_FROM, OPEN_TO, Hauls
from matching.hours import FARTHEST_M, RULES, Plans, itinerary, plan
from matching.trucks import Clock, Pace

MIDNIGHT = 1_795_392_000_000_000  # Monday, 2026-11-23, in UTC
PACE = Pace()
QUICK = Pace(loading_h=0.25)
DAY = "drive 8, break 0.5, drive 3, rest 10, "


class Case(NamedTuple):
    """A haul in hours of driving at `pace`, its windows and start in hours after midnight."""

    clause: str
    steps: str
    deadhead_h: float = 0.0
    loaded_h: float = 0.0
    clock: Clock = Clock()
    pickup_from_h: float | None = None
    delivery_from_h: float | None = None
    free_from_h: float = 0.0
    pace: Pace = PACE


CASES = [
    Case(
        "(a)(1): 10 hours off, and the driver is as fresh as at the start",
        "drive 1, load 2, rest 10, " + "drive 8, break 0.5, drive 3, unload 2",
        deadhead_h=1,
        loaded_h=11,
        clock=Clock(drive_left_h=1),
    ),
    Case(
        "(a)(1): a wait of 10 hours is a rest",
        "drive 1, rest 10, load 2, drive 8, break 0.5, drive 3, unload 2",
        deadhead_h=1,
        loaded_h=11,
        pickup_from_h=11,
    ),
    Case(
        "(a)(1): a wait of nine and a half hours is none, and the window of 14 ran on",
        "drive 1, wait 9.5, load 2, drive 1, rest 10, drive 1, unload 2",
        deadhead_h=1,
        loaded_h=2,
        pickup_from_h=10.5,
        clock=Clock(window_left_h=13.5),
    ),
    Case(
        "(a)(1): 10 hours in two parts, with loading between them, are no rest",
        "wait 5, load 2, rest 10, drive 1, unload 2",
        loaded_h=1,
        pickup_from_h=5,
        clock=Clock(drive_left_h=0),
    ),
    Case(
        "(a)(2): the 14 hours begin with duty, not with waiting before it",
        "wait 6, load 2, drive 8, break 0.5, drive 3, unload 2",
        loaded_h=11,
        pickup_from_h=6,
    ),
    Case(
        "(a)(2): once begun, they run on through waiting",
        "wait 6, load 2, drive 5, rest 10, drive 1, unload 2",
        loaded_h=6,
        pickup_from_h=6,
        clock=Clock(window_left_h=13),
    ),
    Case(
        "(a)(2): the window ends the drive though hours of driving are left",
        "drive 1, rest 10, drive 1, load 2, unload 2",
        deadhead_h=2,
        clock=Clock(drive_left_h=8, window_left_h=1),
    ),
    Case(
        "(a)(2): loading may pass the 14th hour, driving on from there may not",
        "drive 1, load 2, rest 10, drive 1, unload 2",
        deadhead_h=1,
        loaded_h=1,
        clock=Clock(window_left_h=1.5),
    ),
    Case(
        "(a)(2): unloading may pass the 14th hour, and nothing needs a rest before it",
        "load 2, drive 1, unload 2",
        loaded_h=1,
        clock=Clock(window_left_h=3),
    ),
    Case(
        "(a)(3)(i): 11 hours of driving in a day are allowed",
        "load 2, drive 8, break 0.5, drive 3, unload 2",
        loaded_h=11,
    ),
    Case(
        "(a)(3)(i): a 12th hour is not, though the window has half an hour left",
        "load 2, drive 8, break 0.5, drive 3, rest 10, drive 1, unload 2",
        loaded_h=12,
    ),
    Case(
        "(a)(3)(i): hours driven before count",
        "drive 2, rest 10, drive 1, load 2, unload 2",
        deadhead_h=3,
        clock=Clock(drive_left_h=2, window_left_h=5),
    ),
    Case(
        "(a)(3)(ii): after 8 hours of driving, 30 minutes without",
        "drive 8, break 0.5, drive 1, load 2, unload 2",
        deadhead_h=9,
    ),
    Case(
        "(a)(3)(ii): loading is an interruption",
        "drive 8, load 2, drive 1, unload 2",
        deadhead_h=8,
        loaded_h=1,
    ),
    Case(
        "(a)(3)(ii): waiting is an interruption",
        "drive 1, wait 0.5, load 0, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=2,
        pickup_from_h=1.5,
        clock=Clock(drive_since_break_h=7),
        pace=Pace(loading_h=0),
    ),
    Case(
        "(a)(3)(ii): a quarter of an hour off and one on duty are one interruption",
        "drive 1, wait 0.25, load 0.25, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=2,
        pickup_from_h=1.25,
        clock=Clock(drive_since_break_h=7),
        pace=QUICK,
    ),
    Case(
        "(a)(3)(ii): a quarter of an hour alone is none until a break fills it up",
        "drive 1, load 0.25, break 0.25, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=2,
        clock=Clock(drive_since_break_h=7),
        pace=QUICK,
    ),
    Case(
        "(a)(3)(ii): interruptions of 15 minutes apart do not add up",
        "load 0.25, drive 1, break 0.5, drive 1, unload 2",
        loaded_h=2,
        clock=Clock(drive_since_break_h=7),
        pace=QUICK,
    ),
    Case(
        "(a)(3)(ii), (a)(2): no break that the window would not outlast, but a rest",
        "drive 2, rest 10, drive 2, load 2, unload 2",
        deadhead_h=4,
        clock=Clock(drive_left_h=5, window_left_h=2.25, drive_since_break_h=6),
    ),
    Case(
        "(b)(2): after 70 hours on duty no driving; (c)(2): 34 hours off end them",
        "drive 3, restart 34, drive 2, load 2, unload 2",
        deadhead_h=5,
        clock=Clock(cycle_left_h=3),
    ),
    Case(
        "(b)(2): loading counts, and may pass the 70th hour; driving may not",
        "drive 2, load 2, restart 34, drive 1, unload 2",
        deadhead_h=2,
        loaded_h=1,
        clock=Clock(cycle_left_h=3),
    ),
    Case(
        "(b)(2): unloading may pass the 70th hour",
        "load 2, drive 1, unload 2",
        loaded_h=1,
        clock=Clock(cycle_left_h=3),
    ),
    Case(
        "(b)(2): waiting is off duty and does not count",
        "drive 1, wait 4, load 1, drive 1, unload 2",
        deadhead_h=1,
        loaded_h=1,
        pickup_from_h=5,
        clock=Clock(cycle_left_h=3),
        pace=Pace(loading_h=1),
    ),
    Case(
        "(b)(2): hours of the ninth day back come back at midnight",
        "drive 2, wait 4, drive 2, load 2, unload 2",
        deadhead_h=4,
        free_from_h=18,
        clock=Clock(cycle_left_h=2, recap_h=(6,)),
    ),
    Case(
        "(b)(2): they come back while driving, which goes on",
        "drive 3, load 2, unload 2",
        deadhead_h=3,
        free_from_h=23,
        clock=Clock(cycle_left_h=1.5, recap_h=(5,)),
    ),
    Case(
        "(b)(2), (a)(1): enough at the second midnight, which 34 hours off do not beat, is a rest",
        "rest 28, drive 3, load 2, unload 2",
        deadhead_h=3,
        free_from_h=20,
        clock=Clock(cycle_left_h=0, recap_h=(1, 4)),
    ),
    Case(
        "(b)(2), (c)(2): too little comes back in 34 hours: restart",
        "drive 2, restart 34, drive 2, load 2, unload 2",
        deadhead_h=4,
        free_from_h=18,
        clock=Clock(cycle_left_h=2, recap_h=(1, 0.5, 10)),
    ),
    Case(
        "(b)(2), (c)(2): nor is too little made more by a rest that is due anyway: restart",
        "restart 34, drive 8, load 2, unload 2",
        deadhead_h=8,
        free_from_h=20,
        clock=Clock(drive_left_h=0, cycle_left_h=0, recap_h=(5,)),
    ),
    Case(
        "(b)(2), (a)(1): hours that come back during a rest make the rest no longer",
        "rest 10, drive 5, load 2, unload 2",
        deadhead_h=5,
        free_from_h=20,
        clock=Clock(drive_left_h=0, cycle_left_h=0, recap_h=(5,)),
    ),
    Case(
        "(b)(2), (a)(2): where the window ends before midnight, 10 hours off",
        "rest 10, drive 1, load 2, unload 2",
        deadhead_h=1,
        free_from_h=20,
        clock=Clock(window_left_h=3, cycle_left_h=0, recap_h=(5,)),
    ),
    Case(
        "(b)(2): hours beyond the 70th must come back first",
        "rest 28, drive 1, load 2, unload 2",
        deadhead_h=1,
        free_from_h=20,
        clock=Clock(cycle_left_h=0, recap_h=(9, 9, 9, 9, 9, 9, 9, 16)),
    ),
    Case(
        "(b)(1): 60 hours where the carrier does not run every day",
        "load 2, " + DAY * 5 + "drive 3, restart 34, drive 1, unload 2",
        loaded_h=59,
        pace=Pace(cycle_h=60),
    ),
    Case(
        "(b)(2): 70 hours where it does",
        "load 2, " + DAY * 5 + "drive 4, unload 2",
        loaded_h=59,
    ),
    Case(
        "(c)(2): a wait of 34 hours restarts",
        "drive 1, restart 34, load 2, drive 8, unload 2",
        deadhead_h=1,
        loaded_h=8,
        pickup_from_h=35,
        clock=Clock(cycle_left_h=5),
    ),
    Case(
        "(c)(2): a wait of 33 hours does not",
        "drive 1, rest 33, load 2, drive 2, restart 34, drive 6, unload 2",
        deadhead_h=1,
        loaded_h=8,
        pickup_from_h=34,
        clock=Clock(cycle_left_h=5),
    ),
    Case(
        "(a)(1): so is a wait at the delivery a rest",
        "load 2, drive 1, rest 12, unload 2",
        loaded_h=1,
        delivery_from_h=15,
    ),
    Case(
        "(a)(2): waiting before coming on duty, not at the pickup, spares the window",
        "wait 8, drive 1, load 2, drive 8, break 0.5, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=10,
        pickup_from_h=9,
    ),
    Case(
        "(a)(2): so it does after a rest on the way, which the driver then has later",
        "wait 7, drive 8, break 0.5, drive 3, rest 10, drive 1, load 2, drive 8, unload 2",
        deadhead_h=12,
        loaded_h=8,
        pickup_from_h=29.5,
    ),
    Case(
        "(a)(2): a window that runs already is not spared by waiting first",
        "drive 1, wait 8, load 2, drive 2, rest 10, drive 8, unload 2",
        deadhead_h=1,
        loaded_h=10,
        pickup_from_h=9,
        clock=Clock(window_left_h=13),
    ),
    Case(
        "(a)(2): nor is there a reason to wait first where the window is long enough",
        "drive 1, wait 4, load 2, drive 7, unload 2",
        deadhead_h=1,
        loaded_h=7,
        pickup_from_h=5,
    ),
    Case(
        "(a)(2): nor where the delivery opens later than either way comes there",
        "drive 1, wait 8, load 2, drive 3, rest 10, drive 1, wait 7, unload 2",
        deadhead_h=1,
        loaded_h=4,
        pickup_from_h=9,
        delivery_from_h=32,
    ),
    Case(
        "(a)(3)(i): waiting first does not help who has too few hours of driving left",
        "drive 1, wait 4, load 2, drive 2, rest 10, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=4,
        pickup_from_h=5,
        clock=Clock(drive_left_h=3),
    ),
    Case(
        "(b)(2): nor who waits for hours to come back at midnight anyway",
        "drive 1, wait 4, load 1, rest 10, drive 2, unload 2",
        deadhead_h=1,
        loaded_h=2,
        pickup_from_h=13,
        free_from_h=8,
        clock=Clock(cycle_left_h=2, recap_h=(6,)),
        pace=Pace(loading_h=1),
    ),
]


def hauls(case: Case) -> Hauls:
    metres = case.pace.speed_mph * METRES_PER_MILE
    opens = (OPEN_FROM if h is None else at(h) for h in (case.pickup_from_h, case.delivery_from_h))
    pickup_from, delivery_from = (np.array([moment]) for moment in opens)
    ends = np.array([OPEN_TO])
    drives = np.array([case.deadhead_h]) * metres, np.array([case.loaded_h]) * metres
    return Hauls(*drives, pickup_from, ends, delivery_from, ends, np.zeros(1))


def at(hours: float) -> int:
    return MIDNIGHT + round(hours * HOUR)


def planned(case: Case) -> Plans:
    return plan(case.clock, case.pace, at(case.free_from_h), hauls(case))


@pytest.mark.parametrize("case", CASES, ids=[case.clause for case in CASES])
def test_worked_by_hand(case: Case) -> None:
    steps = itinerary(case.clock, case.pace, at(case.free_from_h), hauls(case), 0)
    spans = [(step["kind"], (step["to"] - step["from"]) / HOUR) for step in steps]
    assert ", ".join(f"{kind} {hours:g}" for kind, hours in spans) == case.steps


def test_the_sums_are_those_of_the_steps() -> None:
    case = Case("", "", deadhead_h=1, loaded_h=12, pickup_from_h=9, delivery_from_h=60)
    plans = planned(case)
    # drive 1, wait 8, load 2, drive 3 to the 14th hour, rest 10, drive 8, break, drive 1, rest.
    moments = plans.at_pickup, plans.loading, plans.loaded, plans.at_delivery
    assert [int(moment[0] - MIDNIGHT) / HOUR for moment in moments] == [1, 9, 11, 33.5]
    assert [int(moment[0] - MIDNIGHT) / HOUR for moment in plans[7:9]] == [60, 62]
    assert [int(length[0]) / HOUR for length in plans[9:12]] == [13, 8, 10 + 0.5 + 26.5]


def test_miles_are_those_of_the_drives() -> None:
    case = Case("", "", deadhead_h=9, loaded_h=2, pace=Pace(speed_mph=60))
    steps = itinerary(case.clock, case.pace, at(0), hauls(case), 0)
    miles = [step["miles"] for step in steps]
    assert miles == pytest.approx([480, 0, 60, 0, 120, 0])


def test_lateness_is_measured_and_the_first_rule_told() -> None:
    three = hauls(Case("", "", 3.0, 4.0)).take([0, 0, 0])
    pickup_to = np.array([at(3), at(2.5), at(3)])
    delivery_to = np.array([at(9), at(0), at(8)])
    plans = plan(Clock(), PACE, at(0), three._replace(pickup_to=pickup_to, delivery_to=delivery_to))
    assert [RULES[fails] for fails in plans.fails] == ["", "pickup_window", "delivery_window"]
    assert (plans.late / HOUR).tolist() == [0, 0.5, 1]
    assert plans.feasible.tolist() == [True, False, False]


def test_the_drive_home_comes_after_the_haul() -> None:
    case = Case("", "", deadhead_h=1, loaded_h=9)
    asked = hauls(case)._replace(home_m=np.array([5 * PACE.speed_mph * METRES_PER_MILE]))
    plans = plan(Clock(), PACE, at(0), asked)
    # drive 1, load 2, drive 8, break 0.5, drive 1, unload 2 to 14.5; drive 5 after a rest.
    assert (plans.unloaded[0], plans.at_home[0]) == (at(14.5), at(29.5))
    assert (plans.driving[0], plans.resting[0]) == (10 * HOUR, HOUR // 2)
    assert itinerary(Clock(), PACE, at(0), asked, 0)[-1]["to"] == at(14.5)
    assert planned(case).at_home[0] == at(14.5)


def test_days_begin_at_the_midnight_that_is_given() -> None:
    case = Case("", "", deadhead_h=4, clock=Clock(cycle_left_h=2, recap_h=(6,)))
    arrivals = [
        plan(case.clock, PACE, at(18), hauls(case), midnight).at_pickup[0]
        for midnight in (0, at(5), at(5 + 24 * 7), at(18))
    ]
    # Driving until 20:00; hours come back at 24:00, at 5:00, at 5:00, at 18:00 of the next day.
    assert arrivals == [at(26), at(31), at(31), at(44)]


def test_the_later_way_is_taken_where_it_alone_keeps_the_window() -> None:
    # Loaded at 12 both ways: at once the window ends at 14, with eight hours to go.
    case = Case("", "", deadhead_h=1, loaded_h=10, pickup_from_h=10)
    plans = planned(case)
    assert (plans.leaving[0], plans.at_pickup[0], plans.at_delivery[0]) == (at(9), at(10), at(22.5))
    in_time = hauls(case)._replace(delivery_to=np.array([at(23)]))
    assert plan(Clock(), PACE, at(0), in_time).feasible.tolist() == [True]
    begun = plan(Clock(window_left_h=13.9), PACE, at(0), in_time)
    assert (begun.fails[0], begun.leaving[0]) == (2, at(0))


def test_nothing_to_plan_is_planned() -> None:
    none = hauls(CASES[0]).take(np.array([], dtype=np.int64))
    assert all(len(column) == 0 for column in plan(Clock(), PACE, at(0), none))


def test_columns_may_be_views_and_of_other_types() -> None:
    case = Case("", "", deadhead_h=1, loaded_h=2, pickup_from_h=3)
    wide: list[Any] = [np.repeat(column, 4)[::2] for column in hauls(case)]
    wide[0] = wide[0].astype(np.float32)
    for column in wide:
        column.flags.writeable = False
    assert plan(Clock(), PACE, at(0), Hauls(*wide)).loaded.tolist() == [at(5)] * 2


@pytest.mark.parametrize("metres", [-1.0, float("nan"), float("inf"), FARTHEST_M * 1.01])
@pytest.mark.parametrize("column", ["deadhead_m", "loaded_m", "home_m"])
def test_distances_that_cannot_be_driven_are_refused(column: str, metres: float) -> None:
    wrong = hauls(CASES[0])._replace(**{column: np.array([metres])})
    with pytest.raises(ValueError, match=column):
        plan(Clock(), PACE, at(0), wrong)


def test_columns_of_different_lengths_are_refused() -> None:
    wrong = hauls(CASES[0])._replace(pickup_to=np.array([OPEN_TO, OPEN_TO]))
    with pytest.raises(ValueError, match="same length"):
        plan(Clock(), PACE, at(0), wrong)


@pytest.mark.parametrize("column", ["pickup_from", "delivery_from"])
def test_windows_that_never_open_are_refused(column: str) -> None:
    wrong = hauls(CASES[0])._replace(**{column: np.array([OPEN_TO])})
    with pytest.raises(ValueError, match=column):
        plan(Clock(), PACE, at(0), wrong)
