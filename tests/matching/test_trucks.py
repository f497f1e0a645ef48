"""Clocks and paces that can be, and those that can't."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from geo.points import Point
from matching.trucks import Clock, Home, Pace, Trip, Truck

DALLAS = Point(-96.8, 32.8)
VAN = Truck(DALLAS, "van", 0)


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("drive_left_h", lambda: Clock(drive_left_h=-0.1)),
        ("drive_left_h", lambda: Clock(drive_left_h=11.1)),
        ("drive_left_h", lambda: Clock(drive_left_h=float("nan"))),
        ("window_left_h", lambda: Clock(window_left_h=-1)),
        ("window_left_h", lambda: Clock(window_left_h=14.5)),
        ("drive_since_break_h", lambda: Clock(drive_since_break_h=-1)),
        ("drive_since_break_h", lambda: Clock(drive_since_break_h=8.01)),
        ("cycle_left_h", lambda: Clock(cycle_left_h=-1)),
        ("cycle_left_h", lambda: Clock(cycle_left_h=70.5)),
        ("cycle_left_h", lambda: Clock(cycle_left_h=float("nan"))),
        ("recap_h", lambda: Clock(cycle_left_h=0, recap_h=(8, -1))),
        ("recap_h", lambda: Clock(cycle_left_h=0, recap_h=(8, 24.5))),
        ("recap_h", lambda: Clock(cycle_left_h=0, recap_h=(float("nan"),))),
        ("recap_h", lambda: Clock(cycle_left_h=0, recap_h=(1,) * 9)),
        ("recap_h", lambda: Clock(cycle_left_h=50, recap_h=(10, 10.5))),
        ("recap_h", lambda: Clock(recap_h=(1,))),
        ("speed_mph", lambda: Pace(speed_mph=0)),
        ("speed_mph", lambda: Pace(speed_mph=float("inf"))),
        ("loading_h", lambda: Pace(loading_h=-1)),
        ("unloading_h", lambda: Pace(unloading_h=25)),
        ("cycle_h", lambda: Pace(cycle_h=65)),
        ("at.lon", lambda: replace(VAN, at=Point(181, 0))),
        ("at.lat", lambda: replace(VAN, at=Point(0, float("nan")))),
        ("equipment", lambda: replace(VAN, equipment="V")),
        ("length_ft", lambda: replace(VAN, length_ft=-1)),
        ("weight_lb", lambda: replace(VAN, weight_lb=float("nan"))),
        ("max_deadhead_mi", lambda: replace(VAN, max_deadhead_mi=1e9)),
        ("home.at.lat", lambda: Home(Point(0, 91), 0)),
        ("trip.to.lon", lambda: Trip(Point(-200, 0), 60)),
        ("trip.max_out_of_route_mi", lambda: Trip(DALLAS, 1e9)),
        ("trip.to", lambda: replace(VAN, trip=Trip(DALLAS, 60))),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(field)}: "):
        make()


def test_a_clock_that_is_not_given_is_fresh() -> None:
    assert Clock() == Clock(11, 14, 0, 70, ())


def test_clocks_at_their_limits_are_taken() -> None:
    Clock(0, 0, 8, 0, (0, 24))
    Clock(11, 14, 0, 50, (10, 10))
    Clock(cycle_left_h=0, recap_h=(9,) * 8)


def test_a_truck_needs_no_more_than_place_equipment_and_moment() -> None:
    assert VAN.clock == Clock()
    assert (VAN.to, VAN.home, VAN.trip, VAN.length_ft) == (None, None, None, None)


def test_a_truck_with_everything_is_taken() -> None:
    atlanta = Point(-84.4, 33.7)
    Truck(DALLAS, "van", 0, 0, 0, True, 0, home=Home(atlanta, 1), trip=Trip(atlanta, 0))
