"""Hours of service twice more: a driver who lives minute by minute, and an inspector of plans.

The driver looks at the rules anew each minute, and is off duty in any that he may not drive in. The
inspector reads a finished plan, as one reads a log, and names each clause that it breaks.
"""

from dataclasses import dataclass, field
from itertools import groupby

from matching.duty import HOUR
from matching.hours import Step
from matching.trucks import Clock

MINUTE = HOUR // 60
OFF_DUTY = {"wait", "break", "rest", "restart"}


@dataclass
class Driver:
    """A driver's log as counts of whole minutes; `now` counts from when the truck is free."""

    drive_left: int
    window_left: int
    since_break: int
    cycle_left: int
    cycle: int
    recaps: dict[int, int]
    now: int = 0
    on_shift: bool = False
    off_in_a_row: int = 0
    still_in_a_row: int = 0
    exhausted: bool = False
    totals: dict[str, int] = field(default_factory=lambda: {"drive": 0, "wait": 0, "rest": 0})

    def spend_minute(self, duty: str) -> None:
        """Live through a minute of "drive", "work" or "off", and take stock at its end."""
        self.now += 1
        self.on_shift = self.on_shift or duty != "off"
        self.window_left -= self.on_shift
        self.cycle_left -= duty != "off"
        self.off_in_a_row = self.off_in_a_row + 1 if duty == "off" else 0
        self.still_in_a_row = self.still_in_a_row + 1 if duty != "drive" else 0
        if duty == "drive":
            self.drive_left -= 1
            self.since_break += 1
            self.totals["drive"] += 1
        self.cycle_left += self.recaps.pop(self.now, 0)
        if self.still_in_a_row >= 30:
            self.since_break = 0
        if self.off_in_a_row >= 10 * 60:
            self.drive_left, self.window_left, self.on_shift = 11 * 60, 14 * 60, False
        if self.off_in_a_row >= 34 * 60:
            self.cycle_left, self.recaps = self.cycle, {}

    def may_drive(self, still_to_drive: int) -> bool:
        """Whether the next minute may be driven; a used-up cycle first gets hours enough."""
        enough = self.cycle_left >= still_to_drive or self.off_in_a_row >= 34 * 60
        self.exhausted = self.cycle_left <= 0 or (self.exhausted and not enough)
        rested = self.drive_left > 0 and self.window_left > 0 and self.since_break < 8 * 60
        return rested and not self.exhausted

    def drive(self, minutes: int) -> int:
        """Drive so many minutes; the moment that the first of them begins, now if there is none."""
        set_out = None
        while minutes > 0:
            on_break, began = self.since_break >= 8 * 60, self.now
            while not self.may_drive(minutes):
                self.spend_minute("off")
            self._book(self.now - began, "rest" if on_break else "wait")
            set_out = self.now if set_out is None else set_out
            self.spend_minute("drive")
            minutes -= 1
        return self.now if set_out is None else set_out

    def wait_until(self, moment: int) -> None:
        began = self.now
        while self.now < moment:
            self.spend_minute("off")
        self._book(self.now - began, "wait")

    def work(self, minutes: int) -> None:
        """Load or unload; the driver comes on duty for it even if it takes no time."""
        self.on_shift, self.off_in_a_row = True, 0
        for _ in range(minutes):
            self.spend_minute("work")

    def _book(self, minutes: int, short: str) -> None:
        self.totals["rest" if minutes >= 10 * 60 else short] += minutes


def inspect(clock: Clock, cycle: int, midnight: int, steps: list[Step]) -> list[str]:
    """The clauses of 395.3 that the drives of a plan break; `midnight` is the first in the plan."""
    found: list[str] = []
    for i, step in enumerate(steps):
        if step["kind"] == "drive":
            found += _inspect_drive(clock, steps[: i + 1])
            found += _inspect_cycle(clock, cycle, midnight, steps[: i + 1])
    return found


def _inspect_drive(clock: Clock, steps: list[Step]) -> list[str]:
    end = steps[-1]["to"]
    shift, rested = _since_off(steps, 10 * HOUR)
    window, drive = (
        (14 * HOUR, 11 * HOUR) if rested else (_us(clock.window_left_h), _us(clock.drive_left_h))
    )
    on_duty = [step["from"] for step in shift if step["kind"] not in OFF_DUTY]
    came = steps[0]["from"] if window < 14 * HOUR else on_duty[0]
    broken = ["(a)(2)"] if end > came + window else []
    if _length(shift, {"drive"}) > drive:
        broken.append("(a)(3)(i)")
    driven = 0 if any(_breaks(steps)) else _us(clock.drive_since_break_h)
    since = steps[max((i for i, ends in enumerate(_breaks(steps)) if ends), default=-1) + 1 :]
    if driven + _length(since, {"drive"}) > 8 * HOUR:
        broken.append("(a)(3)(ii)")
    return broken


def _inspect_cycle(clock: Clock, cycle: int, midnight: int, steps: list[Step]) -> list[str]:
    since, restarted = _since_off(steps, 34 * HOUR)
    if restarted:
        return ["(b)"] if _length(since, {"drive", "load", "unload"}) > cycle else []
    start, end = steps[-1]["from"], steps[-1]["to"]
    returns = [(midnight + k * 24 * HOUR, _us(h)) for k, h in enumerate(clock.recap_h)]
    left = min(_us(clock.cycle_left_h), cycle - sum(hours for _, hours in returns))
    before = _length(steps[:-1], {"drive", "load", "unload"})
    for moment in (*(at for at, _ in returns if start < at < end), end):
        back = sum(hours for at, hours in returns if at < moment)
        if before + moment - start > left + back:
            return ["(b)"]
    return []


def _since_off(steps: list[Step], length: int) -> tuple[list[Step], bool]:
    """The steps after the last time off of that length; whether there was one."""
    after, found = steps, False
    for i, step in enumerate(steps):
        if step["kind"] in OFF_DUTY and step["to"] - step["from"] >= length:
            after, found = steps[i + 1 :], True
    return after, found


def _breaks(steps: list[Step]) -> list[bool]:
    """For each step: whether it ends 30 minutes in a row without driving."""
    ends: list[bool] = []
    for driving, group in groupby(steps, key=lambda step: step["kind"] == "drive"):
        run = list(group)
        long = not driving and run[-1]["to"] - run[0]["from"] >= HOUR // 2
        ends += [False] * (len(run) - 1) + [long]
    return ends


def _length(steps: list[Step], kinds: set[str]) -> int:
    return sum(step["to"] - step["from"] for step in steps if step["kind"] in kinds)


def _us(hours: float) -> int:
    return round(hours * HOUR)
