"""Hours of service: when a truck can be at the pickup and the delivery, and how it spends the time.

The rules are those of 49 CFR 395.3 for a driver who carries property:

- (a)(1), (a)(2): no driving after the 14th hour since coming on duty, until 10 hours in a row off;
- (a)(3)(i): at most 11 hours of driving in between;
- (a)(3)(ii): no driving after 8 hours of it without 30 minutes in a row of anything else, which
  loading and waiting are as well, also together;
- (b): no driving after 70 hours on duty in 8 days (60 in 7); (c): 34 hours in a row off end those.

The plan drives whenever the rules let it and is off duty whenever they do not:

- Waiting at a stop is off duty. The 14-hour window runs on through it, unless it lasts 10 hours:
  then it is a rest, and from 34 hours on a restart.
- Loading and unloading are on duty: they start the window, and they may pass its end and that of
  the cycle, beyond which driving alone is forbidden.
- A used-up cycle waits for the first midnight by which hours enough for the rest of the drive under
  way have come back (`Clock.recap_h`), and restarts if 34 hours off are over before that. Hours
  worked in the plan itself come back by a restart alone.
- Time off is counted from `free_from` on: what the driver had before is unknown.

A driver whose window does not run yet and who would be early at the pickup, but not by a rest, may
set out later instead, by as much as he would wait there: the window then begins later. Of both ways
that one is planned which keeps both windows; of two such, or none, the one that ends earlier; at
once if equal.

This is not always the earliest arrival: resting longer on the way than the rules ask for, or
restarting before the cycle is used up, may pay too. Left out are split rests in a sleeper berth,
395.1(g), and the exceptions of 395.1 (short haul, bad weather).
"""

from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from geo.points import METRES_PER_MILE
from matching.duty import (
    DRIVE,
    HOUR,
    IN_TIME,
    NOT_BEGUN,
    STATE,
    WINDOW,
    Hauls,
    Ints,
    Tables,
    Times,
    note,
    simulate,
)
from matching.trucks import Clock, Pace

Mask = NDArray[np.bool_]

FARTHEST_M = 1e8
"""The longest drive that is planned: two and a half times around the earth."""

KINDS = ("drive", "wait", "break", "rest", "restart", "load", "unload")
RULES = ("", "pickup_window", "delivery_window")
_LAST = 2**62
_STEPS = 24
"""Steps for which there is room at first; most plans have fewer."""
_DAY = 24 * HOUR


class Plans(NamedTuple):
    """What comes of each candidate, shape (n,), int64: moments since 1970 UTC, and durations.

    `fails` is the first rule that fails, an index into `RULES`, 0 where all is in time; `late` is
    by how much. Who comes late to a pickup is planned on as if it was loaded all the same.
    `leaving` is when the truck sets out: at `free_from`, after time off, or just in time.
    `driving`, `waiting` and `resting` (breaks and restarts too), with the time for loading and
    unloading, make up the time from `free_from` to `unloaded`; `at_home` is when a drive of `home_m`
    is over after that, with the time off that it needs. Times in microseconds.
    """

    fails: Ints
    late: Ints
    leaving: Ints
    at_pickup: Ints
    loading: Ints
    loaded: Ints
    at_delivery: Ints
    unloading: Ints
    unloaded: Ints
    driving: Ints
    waiting: Ints
    resting: Ints
    at_home: Ints

    @property
    def feasible(self) -> Mask:
        """Which candidates keep both windows, shape (n,)."""
        return np.equal(self.fails, IN_TIME)


Step = TypedDict("Step", {"kind": str, "from": int, "to": int, "miles": float})
"""A part of a plan: one of `KINDS`, its first and last moment (µs since 1970 UTC), miles driven."""


def plan(clock: Clock, pace: Pace, free_from: int, hauls: Hauls, midnight: int = 0) -> Plans:
    """The plan for each candidate, for a truck that is free at `free_from` with that clock.

    `free_from` is in microseconds since 1970 UTC. `midnight` is any moment at which a day of the
    driver's log begins, for hours that come back; unless given, days begin as in UTC.
    Raises ValueError for columns of different lengths, for distances that are negative, not numbers
    or beyond `FARTHEST_M`, and for windows that never open.
    """
    states, recaps = _begin(clock, pace, free_from, midnight)
    tables = Tables(recaps, np.empty((0, 3), dtype=np.int64))
    columns = np.empty((len(Plans._fields), len(hauls.loaded_m)), dtype=np.int64)
    simulate(states, tables, _checked(hauls), columns, times_of(pace))
    return Plans(*columns)


def itinerary(
    clock: Clock, pace: Pace, free_from: int, hauls: Hauls, which: int, midnight: int = 0
) -> list[Step]:
    """The steps of the plan for candidate `which`, without gaps, from `free_from` to unloaded.

    Made by the simulation that `plan` runs, with the same parameters and errors.
    """
    return itineraries(clock, pace, free_from, hauls.take([which]), midnight)[0]


def itineraries(
    clock: Clock,
    pace: Pace,
    free_from: int,
    hauls: Hauls,
    midnight: int = 0,
    leaving: Ints | None = None,
) -> list[list[Step]]:
    """As `itinerary` for each candidate, for a few; `leaving` is of their plans, if those are made."""
    if leaving is None:
        leaving = plan(clock, pace, free_from, hauls, midnight).leaving
    hauls, times = _checked(hauls._replace(home_m=np.zeros(len(leaving)))), times_of(pace)
    states, recaps = _begin(clock, pace, free_from, midnight)
    steps, counts = np.empty((len(leaving), _STEPS, 3), dtype=np.int64), np.zeros_like(leaving)
    note(states, recaps, hauls, leaving, times, steps, counts)
    if counts.max(initial=0) > _STEPS:
        steps = np.empty((len(leaving), counts.max(), 3), dtype=np.int64)
        note(states, recaps, hauls, leaving, times, steps, counts)
    counted = zip(steps.tolist(), counts.tolist(), strict=True)
    return [_steps(noted[:count], pace) for noted, count in counted]


def _checked(hauls: Hauls) -> Hauls:
    """The columns, each of one type, for which the simulation is compiled once."""
    types = [np.float64] * 2 + [np.int64] * 4 + [np.float64]
    columns: list[Any] = [
        np.ascontiguousarray(column, kind) for column, kind in zip(hauls, types, strict=True)
    ]
    checked = Hauls(*columns)
    if any(column.shape != (checked.loaded_m.size,) for column in checked):
        raise ValueError("the columns of hauls have one dimension and the same length")
    for name in ("deadhead_m", "loaded_m", "home_m"):
        metres = getattr(checked, name)
        # What is not a number is neither.
        if not (metres.min(initial=0.0) >= 0.0 and metres.max(initial=0.0) <= FARTHEST_M):
            raise ValueError(f"{name}: is between 0 and {FARTHEST_M:,.0f} metres")
    opens = checked.pickup_from.max(initial=0), checked.delivery_from.max(initial=0)
    if max(opens) > _LAST:
        raise ValueError("pickup_from, delivery_from: a window never opens")
    return checked


def _begin(clock: Clock, pace: Pace, free_from: int, midnight: int) -> tuple[Any, Ints]:
    """Two states of the driver at `free_from`, to keep and to use; and the hours to come back."""
    recaps = _recaps(clock, free_from, midnight)
    return _states(clock, pace, free_from, int(recaps[:, 1].sum())), recaps


def times_of(pace: Pace) -> Times:
    """How long a metre and the stops take, in microseconds."""
    per_metre = HOUR / (pace.speed_mph * METRES_PER_MILE)
    return Times(per_metre, _time(pace.loading_h), _time(pace.unloading_h))


def _recaps(clock: Clock, free_from: int, midnight: int) -> Ints:
    first = free_from + _DAY - (free_from - midnight) % _DAY
    rows = [(first + k * _DAY, _time(hours)) for k, hours in enumerate(clock.recap_h)]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _states(clock: Clock, pace: Pace, free_from: int, returning: int) -> Any:
    """Two states of the driver at `free_from`: one to begin each plan with, one to work on."""
    states = np.zeros(2, dtype=STATE)
    states["now"] = free_from
    states["drive_left"] = _time(clock.drive_left_h)
    window = _time(clock.window_left_h)
    states["window_end"] = free_from + window if window < WINDOW else NOT_BEGUN
    states["since_break"] = _time(clock.drive_since_break_h)
    states["cycle"] = cycle = _time(pace.cycle_h)
    # What comes back has been used: more than the cycle holds was worked beyond its end.
    states["cycle_left"] = min(_time(clock.cycle_left_h), cycle - returning)
    return states


def _time(hours: float) -> int:
    return round(hours * HOUR)


def _steps(noted: list[list[int]], pace: Pace) -> list[Step]:
    speed = pace.speed_mph
    return [
        {
            "kind": KINDS[kind],
            "from": start,
            "to": end,
            "miles": (end - start) / HOUR * speed if kind == DRIVE else 0.0,
        }
        for kind, start, end in noted
    ]
