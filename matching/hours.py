"""Hours of service: when a truck can be at the pickup and the delivery, and how it spends the time.

The rules are those of 49 CFR 395.3 for a driver who carries property:

- (a)(1), (a)(2): no driving after the 14th hour since coming on duty, until 10 hours in a row off;
- (a)(3)(i): at most 11 hours of driving in between;
- (a)(3)(ii): no driving after 8 hours of it without 30 minutes in a row of anything else, which
  loading and waiting are as well, also together;
- (b): no driving after 70 hours on duty in 8 days (60 in 7); (c): 34 hours in a row off end those.

The plan drives whenever the rules let it and is off duty whenever they do not:

- Waiting at a stop is off duty. The 14-hour window runs on through it, unless it lasts 10 hours: then
  it is a rest, and from 34 hours on a restart.
- Loading and unloading are on duty: they start the window, and they may pass its end and that of
  the cycle, beyond which driving alone is forbidden.
- A used-up cycle waits for the first midnight by which hours enough have come back (`Clock.recap_h`) for
  the rest of the drive under way, and restarts if 34 hours off are over before that. What is worked
  in the plan itself never comes back otherwise: plans are shorter than eight days, or cautious.
- Time off is counted from `free_from` on: what the driver had before is unknown.

This need not be the earliest arrival. A driver who sets out later, or rests longer than a wait needs,
may save hours of the window for after the stop; ask again with a later `free_from`. Left out are
the split rests in a sleeper berth, 395.1(g), and the exceptions of 395.1: short haul, bad weather.
"""

from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled
from geo.points import METRES_PER_MILE
from matching.trucks import (
    MAX_DRIVE_H,
    MAX_DRIVE_WITHOUT_BREAK_H,
    MAX_WINDOW_H,
    Clock,
    Pace,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OPEN_FROM = -(2**63)
"""The start of a window that has none."""
OPEN_TO = 2**63 - 1
"""The end of a window that has none."""

HOUR = 3_600_000_000
"""Microseconds, which all times and durations here are in."""

FARTHEST_M = 1e8
"""The longest drive that is planned: two and a half times around the earth."""

KINDS = ("drive", "wait", "break", "rest", "restart", "load", "unload")
DRIVE, WAIT, BREAK, REST, RESTART, LOAD, UNLOAD = range(7)

RULES = ("", "pickup_window", "delivery_window")
IN_TIME, LATE_TO_PICKUP, LATE_TO_DELIVERY = range(3)

_DAY = 24 * HOUR
_DRIVE = int(MAX_DRIVE_H) * HOUR
_WINDOW = int(MAX_WINDOW_H) * HOUR
_WITHOUT_BREAK = int(MAX_DRIVE_WITHOUT_BREAK_H) * HOUR
_BREAK = HOUR // 2
_REST = 10 * HOUR
_RESTART = 34 * HOUR
_NOT_BEGUN = OPEN_TO


class Hauls(NamedTuple):
    """Candidates: metres empty to the pickup and loaded to the delivery, and the windows of both.

    All of shape (n,); windows in microseconds since 1970 UTC, ends inclusive, with `OPEN_FROM` and
    `OPEN_TO` for those that do not end.
    """

    deadhead_m: Floats
    loaded_m: Floats
    pickup_from: Ints
    pickup_to: Ints
    delivery_from: Ints
    delivery_to: Ints


class Plans(NamedTuple):
    """What comes of each candidate, shape (n,), int64: moments since 1970 UTC, and durations.

    `fails` is the first rule that fails, an index into `RULES`, 0 where all is in time; `late` is
    by how much. Who comes late to a pickup is planned on as if it was loaded all the same.
    `driving`, `waiting` and `resting` (breaks and restarts too), with the time for loading and unloading,
    make up the time from `free_from` to `unloaded`. Times in microseconds.
    """

    fails: Ints
    late: Ints
    at_pickup: Ints
    loading: Ints
    loaded: Ints
    at_delivery: Ints
    unloading: Ints
    unloaded: Ints
    driving: Ints
    waiting: Ints
    resting: Ints

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Which candidates keep both windows, shape (n,)."""
        return self.fails == IN_TIME


Step = TypedDict("Step", {"kind": str, "from": int, "to": int, "miles": float})
"""A part of a plan: one of `KINDS`, its first and last moment (µs since 1970 UTC), miles driven."""


class _State:
    """A driver at a moment of a plan. What is left, or gone, is in microseconds.

    `still` is the time not driving since the last drive, `back` how many midnights have given hours back,
    `steps` how many steps have been taken, `doing` the kind of the last.
    """

    now: int
    drive_left: int
    window_end: int
    since_break: int
    still: int
    cycle_left: int
    back: int
    driving: int
    waiting: int
    resting: int
    steps: int
    doing: int


_STATE = np.dtype([(field, np.int64) for field in _State.__annotations__])


class _Terms(NamedTuple):
    """What holds for a whole plan, in microseconds.

    `recaps` has a row for each midnight to come: the moment, and the hours that come back.
    """

    recaps: Ints
    cycle: int
    loading: int
    unloading: int
    per_metre: float


def plan(clock: Clock, pace: Pace, free_from: int, hauls: Hauls, midnight: int = 0) -> Plans:
    """The plan for each candidate, for a truck that is free at `free_from` with that clock.

    `free_from` is in microseconds since 1970 UTC. `midnight` is any moment at which the driver's days
    begin, where `clock` has hours that come back; unless given, they begin as in UTC. Raises ValueError for
    arrays of different lengths and for distances that are negative, not numbers, or beyond `FARTHEST_M`.
    """
    hauls = _checked(hauls)
    state, terms = _begin(clock, pace, free_from, midnight)
    plans = np.empty((len(Plans._fields), len(hauls.loaded_m)), dtype=np.int64)
    _simulate(state, terms, hauls, plans, np.empty((0, 3), dtype=np.int64))
    return Plans(*plans)


def itinerary(
    clock: Clock, pace: Pace, free_from: int, hauls: Hauls, which: int, midnight: int = 0
) -> list[Step]:
    """The steps of the plan for candidate `which`, without gaps, from `free_from` to unloaded.

    Made by the simulation that `plan` runs, with the same parameters and errors.
    """
    hauls = _checked(Hauls(*(np.asarray(column)[which, None] for column in hauls)))
    state, terms = _begin(clock, pace, free_from, midnight)
    plans = np.empty((len(Plans._fields), 1), dtype=np.int64)
    steps = np.empty((0, 3), dtype=np.int64)
    for _ in range(2):
        count = _simulate(state, terms, hauls, plans, steps)
        steps = steps if len(steps) else np.empty((count, 3), dtype=np.int64)
    return [_step(kind, start, end, pace) for kind, start, end in steps.tolist()]


def _checked(hauls: Hauls) -> Hauls:
    metres = [np.asarray(column, dtype=np.float64) for column in hauls[:2]]
    windows = [np.asarray(column, dtype=np.int64) for column in hauls[2:]]
    if len({column.shape for column in (*metres, *windows)}) > 1 or metres[0].ndim != 1:
        raise ValueError("the columns of hauls are one-dimensional and of one length")
    for name, column in zip(Hauls._fields, metres, strict=False):
        if not np.all((column >= 0.0) & (column <= FARTHEST_M)):
            raise ValueError(f"{name}: is between 0 and {FARTHEST_M:,.0f} metres")
    return Hauls(*metres, *windows)


def _begin(clock: Clock, pace: Pace, free_from: int, midnight: int) -> tuple[Any, _Terms]:
    """Two states, the first of them the driver's at `free_from`, the second to work with."""
    first = free_from + _DAY - (free_from - midnight) % _DAY
    recaps = [(first + k * _DAY, _time(hours)) for k, hours in enumerate(clock.recap_h)]
    cycle, returning = _time(pace.cycle_h), sum(hours for _, hours in recaps)
    states = np.zeros(2, dtype=_STATE)
    begun = clock.window_left_h < MAX_WINDOW_H
    states["now"] = free_from
    states["drive_left"] = _time(clock.drive_left_h)
    states["window_end"] = free_from + _time(clock.window_left_h) if begun else _NOT_BEGUN
    states["since_break"] = _time(clock.drive_since_break_h)
    # What comes back has been used: more than the cycle holds was worked beyond its end.
    states["cycle_left"] = min(_time(clock.cycle_left_h), cycle - returning)
    stops = _time(pace.loading_h), _time(pace.unloading_h)
    table = np.array(recaps, dtype=np.int64).reshape(-1, 2)
    return states, _Terms(table, cycle, *stops, HOUR / (pace.speed_mph * METRES_PER_MILE))


def _time(hours: float) -> int:
    return round(hours * HOUR)


def _step(kind: int, start: int, end: int, pace: Pace) -> Step:
    miles = (end - start) / HOUR * pace.speed_mph if kind == DRIVE else 0.0
    return {"kind": KINDS[kind], "from": start, "to": end, "miles": miles}


@compiled
def _simulate(states: Any, terms: _Terms, hauls: Hauls, plans: Ints, steps: Ints) -> int:
    """Fill a column of `plans` for each candidate; how many steps the last one takes.

    They are noted in `steps`, shape (m, 3) of kind, start, end, as far as it has room.
    """
    s = states[1]
    for i in range(len(hauls.loaded_m)):
        states[1] = states[0]
        _drive(s, terms, steps, hauls.deadhead_m[i])
        plans[2, i] = s.now
        _wait(s, terms, steps, hauls.pickup_from[i])
        plans[3, i] = s.now
        _serve(s, terms, steps, LOAD, terms.loading)
        plans[4, i] = s.now
        _drive(s, terms, steps, hauls.loaded_m[i])
        plans[5, i] = s.now
        _wait(s, terms, steps, hauls.delivery_from[i])
        plans[6, i] = s.now
        _serve(s, terms, steps, UNLOAD, terms.unloading)
        plans[7, i] = s.now
        plans[8, i], plans[9, i], plans[10, i] = s.driving, s.waiting, s.resting
        plans[0, i], plans[1, i] = IN_TIME, 0
        if plans[3, i] > hauls.pickup_to[i]:
            plans[0, i], plans[1, i] = LATE_TO_PICKUP, plans[3, i] - hauls.pickup_to[i]
        elif plans[6, i] > hauls.delivery_to[i]:
            plans[0, i], plans[1, i] = LATE_TO_DELIVERY, plans[6, i] - hauls.delivery_to[i]
    return s.steps


@compiled
def _drive(s: _State, terms: _Terms, steps: Ints, metres: float) -> None:
    """Drive so far, and be off duty whenever driving on is forbidden."""
    left = int(np.rint(metres * terms.per_metre))
    while left > 0:
        resumes = _resumes(s, terms, left)
        if resumes > s.now:
            kind = BREAK if s.since_break >= _WITHOUT_BREAK else WAIT
            _be_off(s, terms, steps, kind, resumes)
        _come_on_duty(s)
        spell = min(left, s.drive_left, s.window_end - s.now)
        spell = min(spell, _WITHOUT_BREAK - s.since_break, s.cycle_left)
        s.drive_left -= spell
        s.since_break += spell
        s.cycle_left -= spell
        s.driving += spell
        s.still = 0
        left -= spell
        _pass(s, terms, steps, DRIVE, s.now + spell)


@compiled
def _resumes(s: _State, terms: _Terms, left: int) -> int:
    """The moment, now or after time off, when driving on is allowed for some of what is left."""
    until = s.now
    if s.drive_left <= 0:
        until += _REST
    elif s.since_break >= _WITHOUT_BREAK:
        until += _BREAK - s.still
    if _cycle_left(s, terms, until) <= 0:
        until = _recovers(s, terms, left)
    if s.window_end <= until:
        until = max(until, s.now + _REST)
    return until


@compiled
def _cycle_left(s: _State, terms: _Terms, until: int) -> int:
    """What is left of the cycle after time off until then."""
    left = s.cycle_left
    for k in range(s.back, len(terms.recaps)):
        if terms.recaps[k, 0] <= until:
            left += terms.recaps[k, 1]
    return left


@compiled
def _recovers(s: _State, terms: _Terms, needed: int) -> int:
    """The first midnight by which the cycle has so much, or the end of a restart if that is sooner."""
    left = s.cycle_left
    for k in range(s.back, len(terms.recaps)):
        left += terms.recaps[k, 1]
        if left >= needed:
            return min(terms.recaps[k, 0], s.now + _RESTART)
    return s.now + _RESTART


@compiled
def _wait(s: _State, terms: _Terms, steps: Ints, until: int) -> None:
    if until > s.now:
        _be_off(s, terms, steps, WAIT, until)


@compiled
def _serve(s: _State, terms: _Terms, steps: Ints, kind: int, length: int) -> None:
    """Load or unload."""
    _come_on_duty(s)
    s.cycle_left -= length
    _be_still(s, length)
    _pass(s, terms, steps, kind, s.now + length)


@compiled
def _come_on_duty(s: _State) -> None:
    if s.window_end == _NOT_BEGUN:
        s.window_end = s.now + _WINDOW


@compiled
def _be_off(s: _State, terms: _Terms, steps: Ints, kind: int, until: int) -> None:
    """Be off duty until then: a rest or a restart if it is long enough, else of that kind."""
    length = until - s.now
    kind = RESTART if length >= _RESTART else REST if length >= _REST else kind
    _be_still(s, length)
    _pass(s, terms, steps, kind, until)
    if kind == WAIT:
        s.waiting += length
    else:
        s.resting += length
    if length >= _REST:
        s.drive_left, s.window_end = _DRIVE, _NOT_BEGUN
    if length >= _RESTART:
        s.cycle_left, s.back = terms.cycle, len(terms.recaps)


@compiled
def _be_still(s: _State, length: int) -> None:
    s.still += length
    if s.still >= _BREAK:
        s.since_break = 0


@compiled
def _pass(s: _State, terms: _Terms, steps: Ints, kind: int, until: int) -> None:
    """Let time pass: hours come back at midnight, and the step is noted, one drive as one step."""
    while s.back < len(terms.recaps) and terms.recaps[s.back, 0] <= until:
        s.cycle_left += terms.recaps[s.back, 1]
        s.back += 1
    if kind != DRIVE or s.doing != DRIVE or s.steps == 0:
        s.steps += 1
        if s.steps <= len(steps):
            steps[s.steps - 1, 0], steps[s.steps - 1, 1] = kind, s.now
    if s.steps <= len(steps):
        steps[s.steps - 1, 2] = until
    s.doing, s.now = kind, until
