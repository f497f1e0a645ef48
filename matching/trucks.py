"""What is known of a truck: its place and limits, its driver's clock, and how fast things go."""

from dataclasses import dataclass, field

from geo.points import Point
from matching.equipment import EQUIPMENT
from matching.sites import Where

MAX_DRIVE_H = 11.0
MAX_WINDOW_H = 14.0
MAX_DRIVE_WITHOUT_BREAK_H = 8.0
MAX_CYCLE_H = 70.0
CYCLE_DAYS = 8
SHORT_CYCLE_H = 60.0

MAX_MILES = 10_000.0
"""More than any road of the country is long."""
MAX_LENGTH_FT, MAX_WEIGHT_LB = 1_000.0, 1_000_000.0
"""As far as loads go."""

DEADHEAD_MI = 150.0
"""What a truck goes empty to a pickup at most unless it says otherwise."""

WHOLE_TRAILER_FT = 48.0
"""The room left from which a truck of `LONG_TRAILERS` counts as empty.

So long a semitrailer every state has to allow, 23 CFR 658.13(b)(1); most are 48 or 53 feet.
"""
LONG_TRAILERS = frozenset({"van", "reefer", "flatbed", "step_deck", "conestoga"})
"""Kinds whose trailers are commonly that long; of others no length says that they are empty."""

_SLOWEST_MPH, _FASTEST_MPH = 10.0, 100.0
_LONGEST_STOP_H = 24.0
_ROUNDING_H = 1e-6


@dataclass(frozen=True)
class Clock:
    """A driver's hours of service at one moment, as an electronic log shows them (49 CFR 395.3).

    Each is taken as given; the defaults are a driver fresh from a restart. Raises ValueError, the
    field's name first, for hours that no clock can show.

    - `drive_left_h`: of the 11 hours of driving, (a)(3)(i).
    - `window_left_h`: of the 14 hours after coming on duty, (a)(2). All 14 left mean that the
      driver has yet to come on duty.
    - `drive_since_break_h`: driven since the last 30 minutes not driving, at most 8, (a)(3)(ii).
    - `cycle_left_h`: of the 70 (or 60) hours on duty in 8 (or 7) days, (b).
    - `recap_h`: hours on duty that fall out of those days at the next midnight, the one after it,
      and so on; () where that is not known. No more come back than have been used, unless the cycle
      is used up: work beyond the 70th hour is lawful, so more can then have been.
    """

    drive_left_h: float = MAX_DRIVE_H
    window_left_h: float = MAX_WINDOW_H
    drive_since_break_h: float = 0.0
    cycle_left_h: float = MAX_CYCLE_H
    recap_h: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_between("drive_left_h", self.drive_left_h, 0.0, MAX_DRIVE_H)
        _check_between("window_left_h", self.window_left_h, 0.0, MAX_WINDOW_H)
        _check_between(
            "drive_since_break_h", self.drive_since_break_h, 0.0, MAX_DRIVE_WITHOUT_BREAK_H
        )
        _check_between("cycle_left_h", self.cycle_left_h, 0.0, MAX_CYCLE_H)
        for hours in self.recap_h:
            _check_between("recap_h", hours, 0.0, 24.0)
        if len(self.recap_h) > CYCLE_DAYS:
            raise ValueError(f"recap_h: has at most {CYCLE_DAYS} days, not {len(self.recap_h)}")
        used, back = MAX_CYCLE_H - self.cycle_left_h, sum(self.recap_h)
        if self.cycle_left_h and back > used + _ROUNDING_H:
            raise ValueError(f"recap_h: gives {back:g} hours back where {used:g} have been used")


@dataclass(frozen=True)
class Pace:
    """How long driving and stops are planned to take, and which cycle the carrier works in.

    Raises ValueError, the field's name first, for what cannot be.

    - `speed_mph`: the average over a drive, 10 to 100. 50 is a convention of trip planning: limits
      of 65 to 75 on the freeway, less traffic, grades, towns and fuel.
    - `loading_h`, `unloading_h`: on duty at a stop, at most 24. Two hours are customarily free of
      charge, and what is beyond them is detention (the standard of FMCSA's study of 2014 too).
    - `cycle_h`: 70, or 60 for a carrier that does not run every day of the week, 395.3(b).
    """

    speed_mph: float = 50.0
    loading_h: float = 2.0
    unloading_h: float = 2.0
    cycle_h: float = MAX_CYCLE_H

    def __post_init__(self) -> None:
        _check_between("speed_mph", self.speed_mph, _SLOWEST_MPH, _FASTEST_MPH)
        _check_between("loading_h", self.loading_h, 0.0, _LONGEST_STOP_H)
        _check_between("unloading_h", self.unloading_h, 0.0, _LONGEST_STOP_H)
        if self.cycle_h not in (SHORT_CYCLE_H, MAX_CYCLE_H):
            raise ValueError(f"cycle_h: is 60 or 70, not {self.cycle_h}")


@dataclass(frozen=True)
class Home:
    """Where the driver has to be `by` a moment, microseconds since 1970 UTC."""

    at: Point
    by: int

    def __post_init__(self) -> None:
        _check_point("home.at", self.at)


@dataclass(frozen=True)
class Trip:
    """A trip that the truck makes anyway, and the miles it may go out of its route."""

    to: Point
    max_out_of_route_mi: float

    def __post_init__(self) -> None:
        _check_point("trip.to", self.to)
        _check_between("trip.max_out_of_route_mi", self.max_out_of_route_mi, 0.0, MAX_MILES)


@dataclass(frozen=True)
class Truck:
    """A truck that looks for a load. Raises ValueError, the field's name first, for what cannot be.

    `at` is where it is free, from `free_from` on (microseconds since 1970 UTC); `equipment` a code
    of `EQUIPMENT`; `length_ft` and `weight_lb` the room left; `max_deadhead_mi` the most it goes to
    the pickup, by road; `to` the area, or the states, that it wants to go to. None is no limit, but of
    `max_deadhead_mi`: then it is `DEADHEAD_MI`, or for a truck on a trip what the trip allows.
    """

    at: Point
    equipment: str
    free_from: int
    length_ft: float | None = None
    weight_lb: float | None = None
    hazmat: bool = False
    max_deadhead_mi: float | None = None
    to: Where | None = None
    home: Home | None = None
    trip: Trip | None = None
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        _check_point("at", self.at)
        if self.equipment not in EQUIPMENT:
            raise ValueError(f"equipment: is one of {', '.join(EQUIPMENT)}, not {self.equipment}")
        _check_limit("length_ft", self.length_ft, MAX_LENGTH_FT)
        _check_limit("weight_lb", self.weight_lb, MAX_WEIGHT_LB)
        _check_limit("max_deadhead_mi", self.max_deadhead_mi, MAX_MILES)
        if self.trip and self.trip.to == self.at:
            raise ValueError("trip.to: is where the truck is, so the trip has no miles")


def _check_limit(name: str, value: float | None, most: float) -> None:
    if value is not None:
        _check_between(name, value, 0.0, most)


def _check_point(name: str, point: Point) -> None:
    _check_between(f"{name}.lon", point.lon, -180.0, 180.0)
    _check_between(f"{name}.lat", point.lat, -90.0, 90.0)


def _check_between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: is between {least:g} and {most:g}, not {value}")
