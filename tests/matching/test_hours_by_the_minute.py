"""Plans against a driver who lives them minute by minute, and before an inspector."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import METRES_PER_MILE
from matching.duty import HOUR, OPEN_FROM, OPEN_TO, Hauls, Ints
from matching.hours import Plans, Step, itinerary, plan
from matching.trucks import Clock, Pace
from tests.matching.hours_oracle import MINUTE, OFF_DUTY, Driver, inspect

FREE_FROM = 1_795_392_000_000_000  # Monday, 2026-11-23, 0:00 in UTC
DAY_MIN = 24 * 60


@dataclass
class Trip:
    """A truck and a haul in whole minutes, moments counted from when the truck is free."""

    drive_left: int
    window_left: int
    since_break: int
    cycle_left: int
    recaps: list[int]
    cycle_h: int
    first_midnight: int
    deadhead: int
    loaded: int
    loading: int
    unloading: int
    home: int
    pickup: tuple[int | None, int | None]
    delivery: tuple[int | None, int | None]

    @property
    def clock(self) -> Clock:
        return Clock(
            self.drive_left / 60,
            self.window_left / 60,
            self.since_break / 60,
            self.cycle_left / 60,
            tuple(back / 60 for back in self.recaps),
        )

    @property
    def pace(self) -> Pace:
        return Pace(60.0, self.loading / 60, self.unloading / 60, self.cycle_h)

    @property
    def hauls(self) -> Hauls:
        """A minute of driving is a mile."""
        miles = np.array([[self.deadhead], [self.loaded], [self.home]]) * METRES_PER_MILE
        opens = [_moment(window[0], OPEN_FROM) for window in (self.pickup, self.delivery)]
        ends = [_moment(window[1], OPEN_TO) for window in (self.pickup, self.delivery)]
        return Hauls(miles[0], miles[1], opens[0], ends[0], opens[1], ends[1], miles[2])

    @property
    def midnight(self) -> int:
        return FREE_FROM + self.first_midnight * MINUTE


def _moment(minutes: int | None, otherwise: int) -> Ints:
    return np.array([otherwise if minutes is None else FREE_FROM + minutes * MINUTE])


def minutes(least: int, most: int) -> st.SearchStrategy[int]:
    """Any minutes, but often the least or half hours, so that limits meet."""
    halves = st.integers(-(-least // 30), most // 30).map(lambda halves: 30 * halves)
    return st.just(least) | halves | st.integers(least, most)


@st.composite
def windows(draw: st.DrawFn) -> tuple[int | None, int | None]:
    opens = draw(st.none() | minutes(-300, 3_600))
    return opens, draw(st.none() | minutes(0, 1_200).map(lambda wide: (opens or 0) + wide))


@st.composite
def trips(draw: st.DrawFn) -> Trip:
    """Trips of drivers who are short of this or that, some with days beyond the cycle's end."""
    recaps = draw(st.lists(minutes(0, 600), max_size=8))
    most = draw(st.sampled_from([900, 4_200]))
    return Trip(
        drive_left=draw(st.just(660) | minutes(0, 660)),
        window_left=draw(st.just(840) | minutes(0, 840)),
        since_break=draw(minutes(0, 480)),
        cycle_left=draw(minutes(0, max(0, min(most, 4_200 - sum(recaps))))),
        recaps=recaps,
        cycle_h=draw(st.sampled_from([60, 70])),
        first_midnight=draw(minutes(1, DAY_MIN)),
        deadhead=draw(minutes(0, 900)),
        loaded=draw(minutes(0, 2_400)),
        loading=draw(minutes(0, 180)),
        unloading=draw(minutes(0, 180)),
        home=draw(minutes(0, 1_500)),
        pickup=draw(windows()),
        delivery=draw(windows()),
    )


@st.composite
def early_trips(draw: st.DrawFn) -> Trip:
    """Trips of fresh drivers who come early to a pickup, and then have a long way to go."""
    trip = draw(trips())
    if draw(st.booleans()):
        trip = replace(trip, drive_left=660, since_break=0, cycle_left=4_200, recaps=[])
    opens = trip.deadhead + draw(minutes(0, 660)) + draw(st.sampled_from([0, 30, 600]))
    return replace(
        trip,
        window_left=840,
        pickup=(opens, draw(st.none() | st.just(opens + 60))),
        delivery=(None, draw(st.none() | minutes(600, 2_400))),
        loaded=draw(minutes(240, 900)),
    )


def live(trip: Trip, first_wait: int) -> tuple[list[int], dict[str, int]]:
    """The moments of the trip in minutes, and the minutes driven, waited and rested."""
    days = {trip.first_midnight + DAY_MIN * k: back for k, back in enumerate(trip.recaps)}
    left = min(trip.cycle_left, trip.cycle_h * 60 - sum(trip.recaps))
    driver = Driver(
        trip.drive_left,
        trip.window_left,
        trip.since_break,
        left,
        trip.cycle_h * 60,
        days,
        on_shift=trip.window_left < 14 * 60,
    )
    driver.wait_until(first_wait)
    moments = list[int]()
    stops = (trip.deadhead, trip.pickup, trip.loading), (trip.loaded, trip.delivery, trip.unloading)
    for drive, window, work in stops:
        set_out = driver.drive(drive)
        moments = moments or [set_out]
        moments.append(driver.now)
        driver.wait_until(driver.now if window[0] is None else window[0])
        moments.append(driver.now)
        driver.work(work)
        moments.append(driver.now)
    totals = driver.totals.copy()
    driver.drive(trip.home)
    return [*moments, driver.now], totals


def live_best(trip: Trip) -> tuple[list[int], dict[str, int]]:
    """The better of setting out at once and, if that may be, just in time for the pickup."""
    at_once = live(trip, 0)
    early = 0 if trip.pickup[0] is None else trip.pickup[0] - at_once[0][1]
    if trip.window_left < 14 * 60 or not trip.deadhead or not 0 < early < 10 * 60:
        return at_once

    def rank(lived: tuple[list[int], dict[str, int]]) -> tuple[bool, int]:
        return judge(lived[0], trip)[0] > 0, lived[0][-2]

    return min(at_once, live(trip, at_once[0][0] + early), key=rank)


def judge(moments: list[int], trip: Trip) -> tuple[int, int]:
    for rule, start, end in ((1, moments[2], trip.pickup[1]), (2, moments[5], trip.delivery[1])):
        if end is not None and start > end:
            return rule, start - end
    return 0, 0


def planned(trip: Trip) -> Plans:
    return plan(trip.clock, trip.pace, FREE_FROM, trip.hauls, trip.midnight)


@given(trips() | early_trips())
@settings(max_examples=400)
def test_a_plan_is_what_a_driver_lives(trip: Trip) -> None:
    moments, totals = live_best(trip)
    columns = [int(column[0]) for column in planned(trip)]
    assert [(moment - FREE_FROM) / MINUTE for moment in (*columns[2:9], columns[12])] == moments
    assert [length / MINUTE for length in columns[9:12]] == list(totals.values())
    assert (columns[0], columns[1] / MINUTE) == judge(moments, trip)


@given(trips() | early_trips(), st.floats(0.8, 1.2), st.floats(10, 90))
@settings(max_examples=300)
def test_no_inspector_finds_fault_with_an_itinerary(trip: Trip, odd: float, mph: float) -> None:
    hauls = trip.hauls._replace(loaded_m=trip.hauls.loaded_m * odd)
    pace = Pace(mph, trip.loading / 60 * odd, trip.unloading / 60, trip.cycle_h)
    steps = itinerary(trip.clock, pace, FREE_FROM, hauls, 0, trip.midnight)
    assert inspect(trip.clock, trip.cycle_h * HOUR, trip.midnight, steps) == []


@pytest.mark.parametrize(
    ("clauses", "log", "clock"),
    [
        (["(a)(2)"], "drive 1, load 12.5, drive 1", Clock()),
        (["(a)(2)"], "drive 1, wait 9.9, load 2, drive 2", Clock()),
        (["(a)(2)"], "wait 1, drive 1.5", Clock(window_left_h=2)),
        ([], "wait 9, drive 1, load 12, drive 1", Clock()),
        (["(a)(3)(i)"], "drive 8, break 0.5, drive 3.5", Clock()),
        (["(a)(3)(i)"], "drive 2.5", Clock(drive_left_h=2)),
        ([], "drive 2, rest 10, drive 8, break 0.5, drive 3", Clock(drive_left_h=2)),
        (["(a)(3)(ii)"], "drive 8.5", Clock()),
        (["(a)(3)(ii)"], "drive 4, load 0.4, drive 4.5", Clock()),
        ([], "drive 4, wait 0.25, load 0.25, drive 4.5", Clock()),
        (["(b)"], "load 2, drive 1.5", Clock(cycle_left_h=3)),
        (["(b)"], "drive 2, rest 33, drive 2", Clock(cycle_left_h=3)),
        ([], "drive 2, restart 34, drive 2", Clock(cycle_left_h=3)),
        (["(b)"], "drive 2.5, rest 21.5, drive 2", Clock(cycle_left_h=2, recap_h=(4,))),
        ([], "drive 2, rest 22, drive 4", Clock(cycle_left_h=2, recap_h=(4,))),
    ],
)
def test_the_inspector_knows_the_clauses(clauses: list[str], log: str, clock: Clock) -> None:
    steps, now = list[Step](), FREE_FROM
    for kind, hours in (entry.split() for entry in log.split(", ")):
        end = now + round(float(hours) * HOUR)
        steps.append({"kind": kind, "from": now, "to": end, "miles": 0.0})
        now = end
    assert inspect(clock, 70 * HOUR, FREE_FROM + 24 * HOUR, steps) == clauses


@given(trips() | early_trips())
@settings(max_examples=300)
def test_an_itinerary_adds_up_to_its_plan(trip: Trip) -> None:
    steps = itinerary(trip.clock, trip.pace, FREE_FROM, trip.hauls, 0, trip.midnight)
    for step, after in pairwise(steps):
        assert step["to"] == after["from"]
        assert step["kind"] != after["kind"]
    assert all(step["from"] < step["to"] or step["kind"] in ("load", "unload") for step in steps)
    plans = planned(trip)
    assert (steps[0]["from"], steps[-1]["to"]) == (FREE_FROM, plans.unloaded[0])
    lengths = dict.fromkeys((*OFF_DUTY, "drive", "load", "unload"), 0)
    for step in steps:
        lengths[step["kind"]] += step["to"] - step["from"]
    assert lengths["drive"] == plans.driving[0]
    assert lengths["wait"] == plans.waiting[0]
    assert lengths["break"] + lengths["rest"] + lengths["restart"] == plans.resting[0]
    assert abs(sum(step["miles"] for step in steps) - trip.deadhead - trip.loaded) < 1e-6
    long = [s for s in steps if s["kind"] in OFF_DUTY and s["to"] - s["from"] >= 10 * HOUR]
    assert all(step["kind"] in ("rest", "restart") for step in long)


@given(st.lists(trips(), min_size=1, max_size=12), trips())
@settings(max_examples=50)
def test_candidates_do_not_touch_each_other(others: list[Trip], truck: Trip) -> None:
    columns: Any = zip(*(trip.hauls for trip in others), strict=True)
    hauls = Hauls(*map(np.concatenate, columns))
    together = plan(truck.clock, truck.pace, FREE_FROM, hauls, truck.midnight)
    for i, trip in enumerate(others):
        alone = plan(truck.clock, truck.pace, FREE_FROM, trip.hauls, truck.midnight)
        assert [column[i] for column in together] == [column[0] for column in alone]
