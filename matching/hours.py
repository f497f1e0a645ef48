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

from geo.compiled import borrowed, compiled
from geo.points import METRES_PER_MILE
from matching.trucks import Clock, Pace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

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

_LAST = 2**62
_DAY = 24 * HOUR

# Compiled code is renewed when this file changes, so what it holds of the law stands in this file.
_DRIVE = 11 * HOUR
_WINDOW = 14 * HOUR
_WITHOUT_BREAK = 8 * HOUR
_BREAK = HOUR // 2
_REST = 10 * HOUR
_RESTART = 34 * HOUR
_NOT_BEGUN = OPEN_TO


class Hauls(NamedTuple):
    """Candidates: metres empty to the pickup and loaded to the delivery, and the windows of both.

    All of shape (n,); windows in microseconds since 1970 UTC, ends inclusive, with `OPEN_FROM` and
    `OPEN_TO` for those that do not end. `home_m` are the metres to drive after unloading, which are
    no part of the haul: 0 where nobody asks.
    """

    deadhead_m: Floats
    loaded_m: Floats
    pickup_from: Ints
    pickup_to: Ints
    delivery_from: Ints
    delivery_to: Ints
    home_m: Floats

    def take(self, rows: Ints | list[int]) -> "Hauls":
        """The candidates at these rows, in this order."""
        columns: list[Any] = [np.asarray(column)[rows] for column in self]
        return Hauls(*columns)


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


class _State:
    """A driver at a moment of a plan. What is left, or gone, is in microseconds.

    `cycle` is what a restart gives, `still` the time not driving since the last drive, `back` how
    many midnights have given hours back, `steps` how many steps were taken, `doing` the last one's
    kind.
    """

    now: int
    drive_left: int
    window_end: int
    since_break: int
    still: int
    cycle: int
    cycle_left: int
    back: int
    driving: int
    waiting: int
    resting: int
    steps: int
    doing: int


_STATE = np.dtype([(field, np.int64) for field in _State.__annotations__])


class _Tables(NamedTuple):
    """Arrays that the simulation reads and writes.

    `recaps` has a row for each midnight to come that gives hours back: the moment, and how much.
    `steps` has rows of kind, start and end, for as many steps as are to be noted.
    """

    recaps: Ints
    steps: Ints


class _Times(NamedTuple):
    """How long a metre takes, and the stops."""

    per_metre: float
    loading: int
    unloading: int


class _Outcome(NamedTuple):
    """A row of `Plans`."""

    fails: int
    late: int
    leaving: int
    at_pickup: int
    loading: int
    loaded: int
    at_delivery: int
    unloading: int
    unloaded: int
    driving: int
    waiting: int
    resting: int
    at_home: int


def plan(clock: Clock, pace: Pace, free_from: int, hauls: Hauls, midnight: int = 0) -> Plans:
    """The plan for each candidate, for a truck that is free at `free_from` with that clock.

    `free_from` is in microseconds since 1970 UTC. `midnight` is any moment at which a day of the
    driver's log begins, for hours that come back; unless given, days begin as in UTC.
    Raises ValueError for columns of different lengths, for distances that are negative, not numbers
    or beyond `FARTHEST_M`, and for windows that never open.
    """
    states, recaps = _begin(clock, pace, free_from, midnight)
    tables = _Tables(recaps, np.empty((0, 3), dtype=np.int64))
    columns = np.empty((len(Plans._fields), len(hauls.loaded_m)), dtype=np.int64)
    _plan(states, tables, _checked(hauls), columns, _times(pace))
    return Plans(*columns)


def itinerary(
    clock: Clock, pace: Pace, free_from: int, hauls: Hauls, which: int, midnight: int = 0
) -> list[Step]:
    """The steps of the plan for candidate `which`, without gaps, from `free_from` to unloaded.

    Made by the simulation that `plan` runs, with the same parameters and errors.
    """
    return itineraries(clock, pace, free_from, hauls.take([which]), midnight)[0]


def itineraries(
    clock: Clock, pace: Pace, free_from: int, hauls: Hauls, midnight: int = 0
) -> list[list[Step]]:
    """As `itinerary` for each candidate, for a few."""
    leaving = plan(clock, pace, free_from, hauls, midnight).leaving
    hauls, times = _checked(hauls._replace(home_m=np.zeros(len(leaving)))), _times(pace)
    states, recaps = _begin(clock, pace, free_from, midnight)
    steps, counts = np.empty((len(leaving), 0, 3), dtype=np.int64), np.zeros_like(leaving)
    for _ in ("to count the steps", "to note them"):
        steps = np.empty((len(leaving), counts.max(initial=0), 3), dtype=np.int64)
        _note(states, recaps, hauls, leaving, times, steps, counts)
    return [
        [_step(kind, start, end, pace) for kind, start, end in noted[:count]]
        for noted, count in zip(steps.tolist(), counts.tolist(), strict=True)
    ]


def driving_us(pace: Pace, metres: Floats) -> Ints:
    """The microseconds that so many metres are driven in, shape (n,)."""
    return np.rint(metres * _times(pace).per_metre).astype(np.int64)


def _checked(hauls: Hauls) -> Hauls:
    """Copies of the columns: of one type each, for which the simulation is compiled once."""
    types = [np.float64] * 2 + [np.int64] * 4 + [np.float64]
    columns: list[Any] = [np.array(*pair) for pair in zip(hauls, types, strict=True)]
    checked = Hauls(*columns)
    if any(column.shape != (checked.loaded_m.size,) for column in checked):
        raise ValueError("the columns of hauls have one dimension and the same length")
    for name in ("deadhead_m", "loaded_m", "home_m"):
        metres = getattr(checked, name)
        if not np.all((metres >= 0.0) & (metres <= FARTHEST_M)):
            raise ValueError(f"{name}: is between 0 and {FARTHEST_M:,.0f} metres")
    if np.any(checked.pickup_from > _LAST) or np.any(checked.delivery_from > _LAST):
        raise ValueError("pickup_from, delivery_from: a window never opens")
    return checked


def _begin(clock: Clock, pace: Pace, free_from: int, midnight: int) -> tuple[Any, Ints]:
    """Two states of the driver at `free_from`, to keep and to work on; and the hours to come back."""
    recaps = _recaps(clock, free_from, midnight)
    return _states(clock, pace, free_from, int(recaps[:, 1].sum())), recaps


def _times(pace: Pace) -> _Times:
    per_metre = HOUR / (pace.speed_mph * METRES_PER_MILE)
    return _Times(per_metre, _time(pace.loading_h), _time(pace.unloading_h))


def _recaps(clock: Clock, free_from: int, midnight: int) -> Ints:
    first = free_from + _DAY - (free_from - midnight) % _DAY
    rows = [(first + k * _DAY, _time(hours)) for k, hours in enumerate(clock.recap_h)]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _states(clock: Clock, pace: Pace, free_from: int, returning: int) -> Any:
    """Two states of the driver at `free_from`: one to begin each plan with, one to work on."""
    states = np.zeros(2, dtype=_STATE)
    states["now"] = free_from
    states["drive_left"] = _time(clock.drive_left_h)
    window = _time(clock.window_left_h)
    states["window_end"] = free_from + window if window < _WINDOW else _NOT_BEGUN
    states["since_break"] = _time(clock.drive_since_break_h)
    states["cycle"] = cycle = _time(pace.cycle_h)
    # What comes back has been used: more than the cycle holds was worked beyond its end.
    states["cycle_left"] = min(_time(clock.cycle_left_h), cycle - returning)
    return states


def _time(hours: float) -> int:
    return round(hours * HOUR)


def _step(kind: int, start: int, end: int, pace: Pace) -> Step:
    miles = (end - start) / HOUR * pace.speed_mph if kind == DRIVE else 0.0
    return {"kind": KINDS[kind], "from": start, "to": end, "miles": miles}


@compiled
def _plan(states: Any, tables: _Tables, hauls: Hauls, columns: Ints, times: _Times) -> None:
    """Fill in the plan for each candidate, a column of `columns`."""
    tables, hauls = borrowed(tables), borrowed(hauls)
    start, is_fresh = states[0].now, states[0].window_end == _NOT_BEGUN
    for i in range(len(hauls.loaded_m)):
        chosen = _live(states, tables, hauls, i, start, times)
        if is_fresh and _may_gain(chosen, hauls, i, times):
            leaving = chosen.leaving + hauls.pickup_from[i] - chosen.at_pickup
            chosen = _better(chosen, _live(states, tables, hauls, i, leaving, times))
        for k, value in enumerate(chosen):
            columns[k, i] = value


@compiled
def _may_gain(outcome: _Outcome, hauls: Hauls, i: int, times: _Times) -> bool:
    """Whether the truck is early, yet unloads later than straight on or when the window opens."""
    opens = hauls.pickup_from[i]
    if opens <= outcome.at_pickup or opens - outcome.at_pickup >= _REST:
        return False
    straight_on = outcome.loaded + _length(hauls.loaded_m[i], times)
    return bool(outcome.unloading > max(hauls.delivery_from[i], straight_on))


@compiled
def _length(metres: float, times: _Times) -> int:
    return int(np.rint(metres * times.per_metre))


@compiled
def _note(
    states: Any,
    recaps: Ints,
    hauls: Hauls,
    leaving: Ints,
    times: _Times,
    steps: NDArray[np.int64],
    counts: Ints,
) -> None:
    """Note the steps of each candidate, as many as there is room for, and how many there are."""
    for i in range(len(leaving)):
        _live(states, _Tables(recaps, steps[i]), hauls, i, leaving[i], times)
        counts[i] = states[1].steps


@compiled
def _better(outcome: _Outcome, other: _Outcome) -> _Outcome:
    if (outcome.fails == IN_TIME) != (other.fails == IN_TIME):
        return outcome if outcome.fails == IN_TIME else other
    return outcome if outcome.unloaded <= other.unloaded else other


@compiled
def _live(
    states: Any, tables: _Tables, hauls: Hauls, i: int, not_before: int, times: _Times
) -> _Outcome:
    """What comes of a candidate if the truck sets out as soon as it may, but not before."""
    s = states[1]
    states[1] = states[0]
    deadhead = _length(hauls.deadhead_m[i], times)
    leaving = _set_out(s, tables, deadhead, not_before)
    _drive(s, tables, deadhead)
    at_pickup = s.now
    _wait(s, tables, hauls.pickup_from[i])
    loading = s.now
    _serve(s, tables, LOAD, times.loading)
    loaded = s.now
    _drive(s, tables, _length(hauls.loaded_m[i], times))
    at_delivery = s.now
    _wait(s, tables, hauls.delivery_from[i])
    unloading = s.now
    _serve(s, tables, UNLOAD, times.unloading)
    fails, late = _verdict(
        _lateness(loading, hauls.pickup_to[i]), _lateness(unloading, hauls.delivery_to[i])
    )
    moments = leaving, at_pickup, loading, loaded, at_delivery, unloading, s.now
    spent = s.driving, s.waiting, s.resting
    return _Outcome(
        fails, late, *moments, *spent, _drive_home(s, tables, _length(hauls.home_m[i], times))
    )


@compiled
def _drive_home(s: _State, tables: _Tables, length: int) -> int:
    _drive(s, tables, length)
    return s.now


@compiled
def _lateness(moment: int, end: int) -> int:
    return moment - end if moment > end else 0


@compiled
def _verdict(to_pickup: int, to_delivery: int) -> tuple[int, int]:
    """The first rule that fails, and how late that is."""
    if to_pickup > 0:
        return LATE_TO_PICKUP, to_pickup
    return (LATE_TO_DELIVERY, to_delivery) if to_delivery > 0 else (IN_TIME, 0)


@compiled
def _drive(s: _State, tables: _Tables, left: int) -> None:
    """Drive for so long, and be off duty whenever driving on is forbidden."""
    while left > 0:
        _set_out(s, tables, left, s.now)
        _come_on_duty(s)
        spell = min(left, s.drive_left, s.window_end - s.now)
        spell = min(spell, _WITHOUT_BREAK - s.since_break, s.cycle_left)
        s.drive_left -= spell
        s.since_break += spell
        s.cycle_left -= spell
        s.driving += spell
        s.still = 0
        left -= spell
        _pass(s, tables, DRIVE, s.now + spell)


@compiled
def _set_out(s: _State, tables: _Tables, left: int, not_before: int) -> int:
    """Be off duty until driving is allowed and no sooner than `not_before`; that moment.

    Who has nothing to drive sets out as he is.
    """
    if left > 0:
        resumes = _resumes(s, tables, left)
        if max(resumes, not_before) > s.now:
            is_break = s.since_break >= _WITHOUT_BREAK and resumes >= not_before
            _be_off(s, tables, BREAK if is_break else WAIT, max(resumes, not_before))
    return s.now


@compiled
def _resumes(s: _State, tables: _Tables, left: int) -> int:
    """The moment, now or after time off, when driving on is allowed for some of what is left."""
    until = s.now
    if s.drive_left <= 0:
        until += _REST
    elif s.since_break >= _WITHOUT_BREAK:
        until += _BREAK - s.still
    if s.cycle_left <= 0:
        until = max(until, _recovers(s, tables, left))
    if s.window_end <= until:
        until = max(until, s.now + _REST)
    return until


@compiled
def _recovers(s: _State, tables: _Tables, needed: int) -> int:
    """The first midnight by which the cycle has so much, or a restart's end if that is sooner."""
    left, until = s.cycle_left, s.now + _RESTART
    for k in range(s.back, len(tables.recaps)):
        left += tables.recaps[k, 1]
        if left >= needed:
            until = min(until, tables.recaps[k, 0])
    return until


@compiled
def _wait(s: _State, tables: _Tables, until: int) -> None:
    if until > s.now:
        _be_off(s, tables, WAIT, until)


@compiled
def _serve(s: _State, tables: _Tables, kind: int, length: int) -> None:
    """Load or unload."""
    _come_on_duty(s)
    s.cycle_left -= length
    _be_still(s, length)
    _pass(s, tables, kind, s.now + length)


@compiled
def _come_on_duty(s: _State) -> None:
    if s.window_end == _NOT_BEGUN:
        s.window_end = s.now + _WINDOW


@compiled
def _be_off(s: _State, tables: _Tables, kind: int, until: int) -> None:
    """Be off duty until then: a rest or a restart if it is long enough, else of that kind."""
    length = until - s.now
    kind = RESTART if length >= _RESTART else REST if length >= _REST else kind
    _be_still(s, length)
    _pass(s, tables, kind, until)
    if kind == WAIT:
        s.waiting += length
    else:
        s.resting += length
    if length >= _REST:
        s.drive_left, s.window_end = _DRIVE, _NOT_BEGUN
    if length >= _RESTART:
        s.cycle_left, s.back = s.cycle, len(tables.recaps)


@compiled
def _be_still(s: _State, length: int) -> None:
    s.still += length
    if s.still >= _BREAK:
        s.since_break = 0


@compiled
def _pass(s: _State, tables: _Tables, kind: int, until: int) -> None:
    """Let time pass: hours come back at midnight, and the step is noted, one drive as one step."""
    while s.back < len(tables.recaps) and tables.recaps[s.back, 0] <= until:
        s.cycle_left += tables.recaps[s.back, 1]
        s.back += 1
    if kind != DRIVE or s.doing != DRIVE or s.steps == 0:
        s.steps += 1
        if s.steps <= len(tables.steps):
            tables.steps[s.steps - 1, 0], tables.steps[s.steps - 1, 1] = kind, s.now
    if s.steps <= len(tables.steps):
        tables.steps[s.steps - 1, 2] = until
    s.doing, s.now = kind, until
