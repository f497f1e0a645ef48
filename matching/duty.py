"""A driver's duty and time off, simulated: the rules of `matching.hours` at work on many hauls."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import borrowed, compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OPEN_FROM = -(2**63)
"""The start of a window that has none."""
OPEN_TO = 2**63 - 1
"""The end of a window that has none."""

HOUR = 3_600_000_000
"""Microseconds, which all times and durations here are in."""

DRIVE, WAIT, BREAK, REST, RESTART, LOAD, UNLOAD = range(7)
"""The kinds of steps."""
IN_TIME, LATE_TO_PICKUP, LATE_TO_DELIVERY = range(3)
"""Which window is the first to be missed."""

# Compiled code is renewed when this file changes, so what it holds of the law stands in this file.
_DRIVE = 11 * HOUR
WINDOW = 14 * HOUR
_WITHOUT_BREAK = 8 * HOUR
_BREAK = HOUR // 2
_REST = 10 * HOUR
_RESTART = 34 * HOUR
NOT_BEGUN = OPEN_TO


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


class State:
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


STATE = np.dtype([(field, np.int64) for field in State.__annotations__])


class Tables(NamedTuple):
    """Arrays that the simulation reads and writes.

    `recaps` has a row for each midnight to come that gives hours back: the moment, and how much.
    `steps` has rows of kind, start and end, for as many steps as are to be noted.
    """

    recaps: Ints
    steps: Ints


class Times(NamedTuple):
    """How long a metre takes, and the stops."""

    per_metre: float
    loading: int
    unloading: int


class Outcome(NamedTuple):
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


@compiled
def simulate(states: Any, tables: Tables, hauls: Hauls, columns: Ints, times: Times) -> None:
    """Fill in the plan for each candidate, a column of `columns`."""
    tables, hauls = borrowed(tables), borrowed(hauls)
    start, is_fresh = states[0].now, states[0].window_end == NOT_BEGUN
    for i in range(len(hauls.loaded_m)):
        chosen = _live(states, tables, hauls, i, start, times)
        if is_fresh and _may_gain(chosen, hauls, i, times):
            leaving = chosen.leaving + hauls.pickup_from[i] - chosen.at_pickup
            chosen = _better(chosen, _live(states, tables, hauls, i, leaving, times))
        for k, value in enumerate(chosen):
            columns[k, i] = value


@compiled
def _may_gain(outcome: Outcome, hauls: Hauls, i: int, times: Times) -> bool:
    """Whether the truck is early, yet unloads later than straight on or when the window opens."""
    opens = hauls.pickup_from[i]
    if opens <= outcome.at_pickup or opens - outcome.at_pickup >= _REST:
        return False
    straight_on = outcome.loaded + _length(hauls.loaded_m[i], times)
    return bool(outcome.unloading > max(hauls.delivery_from[i], straight_on))


@compiled
def _length(metres: float, times: Times) -> int:
    return int(np.rint(metres * times.per_metre))


@compiled
def note(
    states: Any,
    recaps: Ints,
    hauls: Hauls,
    leaving: Ints,
    times: Times,
    steps: NDArray[np.int64],
    counts: Ints,
) -> None:
    """Note the steps of each candidate, as many as there is room for, and how many there are."""
    for i in range(len(leaving)):
        _live(states, Tables(recaps, steps[i]), hauls, i, leaving[i], times)
        counts[i] = states[1].steps


@compiled
def _better(outcome: Outcome, other: Outcome) -> Outcome:
    if (outcome.fails == IN_TIME) != (other.fails == IN_TIME):
        return outcome if outcome.fails == IN_TIME else other
    return outcome if outcome.unloaded <= other.unloaded else other


@compiled
def _live(
    states: Any, tables: Tables, hauls: Hauls, i: int, not_before: int, times: Times
) -> Outcome:
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
    return Outcome(
        fails, late, *moments, *spent, _drive_home(s, tables, _length(hauls.home_m[i], times))
    )


@compiled
def _drive_home(s: State, tables: Tables, length: int) -> int:
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
def _drive(s: State, tables: Tables, left: int) -> None:
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
def _set_out(s: State, tables: Tables, left: int, not_before: int) -> int:
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
def _resumes(s: State, tables: Tables, left: int) -> int:
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
def _recovers(s: State, tables: Tables, needed: int) -> int:
    """The first midnight by which the cycle has so much, or a restart's end if that is sooner."""
    left, until = s.cycle_left, s.now + _RESTART
    for k in range(s.back, len(tables.recaps)):
        left += tables.recaps[k, 1]
        if left >= needed:
            until = min(until, tables.recaps[k, 0])
    return until


@compiled
def _wait(s: State, tables: Tables, until: int) -> None:
    if until > s.now:
        _be_off(s, tables, WAIT, until)


@compiled
def _serve(s: State, tables: Tables, kind: int, length: int) -> None:
    """Load or unload."""
    _come_on_duty(s)
    s.cycle_left -= length
    _be_still(s, length)
    _pass(s, tables, kind, s.now + length)


@compiled
def _come_on_duty(s: State) -> None:
    if s.window_end == NOT_BEGUN:
        s.window_end = s.now + WINDOW


@compiled
def _be_off(s: State, tables: Tables, kind: int, until: int) -> None:
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
        s.drive_left, s.window_end = _DRIVE, NOT_BEGUN
    if length >= _RESTART:
        s.cycle_left, s.back = s.cycle, len(tables.recaps)


@compiled
def _be_still(s: State, length: int) -> None:
    s.still += length
    if s.still >= _BREAK:
        s.since_break = 0


@compiled
def _pass(s: State, tables: Tables, kind: int, until: int) -> None:
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
