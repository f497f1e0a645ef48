"""Clocks and paces that can be, and those that can't."""

from collections.abc import Callable

import pytest

from matching.trucks import Clock, Pace


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
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        make()


def test_a_clock_that_is_not_given_is_fresh() -> None:
    assert Clock() == Clock(11, 14, 0, 70, ())


def test_clocks_at_their_limits_are_taken() -> None:
    Clock(0, 0, 8, 0, (0, 24))
    Clock(11, 14, 0, 50, (10, 10))
    Clock(cycle_left_h=0, recap_h=(9,) * 8)
