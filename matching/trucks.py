"""What is known of a truck and its driver: the hours left on the clock, and how fast things go."""

from dataclasses import dataclass

MAX_DRIVE_H = 11.0
MAX_WINDOW_H = 14.0
MAX_DRIVE_WITHOUT_BREAK_H = 8.0
MAX_CYCLE_H = 70.0
CYCLE_DAYS = 8
SHORT_CYCLE_H = 60.0

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
    - `loading_h`, `unloading_h`: on duty at a stop, at most 24. Two hours is what a shipper has free
      of charge; beyond them it is detention (FMCSA, Impact of Driver Detention Time, takes that
      2-hour standard too).
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


def _check_between(field: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{field}: is between {least:g} and {most:g}, not {value}")
