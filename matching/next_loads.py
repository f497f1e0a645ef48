"""What being somewhere on some day is worth: what the open loads that begin there leave, in the middle.

Not recursive: a next load's own next load does not count.
"""

from typing import NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats
from geo.cells import parent
from geo.compiled import borrowed, compiled
from matching.board import View
from matching.columns import EQUIPMENT_NUMBERS, UNKNOWN, Columns, Rows
from matching.duty import HOUR
from matching.worth import Costs

Ints = NDArray[np.int64]

RESOLUTION = 3
"""Of the H3 cells that count as around a place: 12,400 km² on average, some 40 miles each way."""
SAMPLE = 10
"""Loads below which nothing is said."""
DAYS = 60
"""Days from the first for which anything is said."""

_DAY = 24 * HOUR
_TENTHS = 10.0


class NextLoads(NamedTuple):
    """The table for one kind of equipment, frozen for a view.

    `cents[c, d]` is the median net of the loads whose pickup windows open in cell c on day d or the
    day after, days in UTC and counted from `first_day` (since 1970). The net is the rate less the
    cost of the loaded miles by the default `Costs`; loads of unknown rate are left out, and it is 0
    where there are fewer than `SAMPLE`. `loads` is how many there are, `cell_of` the number of
    each site's cell; `most[c, d]` is the most in cell c on day d or any later one, at least 0.
    """

    cents: Floats
    loads: Ints
    most: Floats
    cell_of: Ints
    first_day: int

    def at(self, sites: Rows, moments: Ints) -> tuple[Floats, Ints]:
        """The value, and how many loads it is from, at sites at moments (µs since 1970); shape (n,).

        Both are 0 for days before the first and from `DAYS` after it on.
        """
        days = moments // _DAY - self.first_day
        within = (days >= 0) & (days < DAYS)
        cells, days = self.cell_of[sites], np.where(within, days, 0)
        return np.where(within, self.cents[cells, days], 0.0), self.loads[cells, days] * within

    def most_from(self, sites: Rows, moments: Ints) -> Floats:
        """The most that `at` has for the same sites at these moments or later ones, at least 0."""
        days = np.maximum(moments // _DAY - self.first_day, 0)
        most = self.most[self.cell_of[sites], np.minimum(days, DAYS - 1)]
        return np.where(days < DAYS, most, 0.0)


class _Kept:
    """The tables of one view, known by its main rows, which are not kept alive, and its change."""

    def __init__(self, view: View) -> None:
        self._ids, self._change = ref(view.main.columns.id), view.change
        self.tables: dict[tuple[str, int], NextLoads] = {}

    def is_of(self, view: View) -> bool:
        return self._ids() is view.main.columns.id and self._change == view.change


_kept: list[_Kept] = []


def next_loads(view: View, equipment: str, now: int) -> NextLoads:
    """The table of a view for a code of `EQUIPMENT`, whose first day is that of `now` (µs since 1970).

    Made once for a view; only those of the last view that was asked about are kept.
    """
    kept = next((kept for kept in _kept if kept.is_of(view)), None) or _Kept(view)
    _kept[:] = [kept]
    key = equipment, now // _DAY
    if key not in kept.tables:
        kept.tables[key] = _made(view, *key)
    return kept.tables[key]


def _made(view: View, equipment: str, first_day: int) -> NextLoads:
    number = EQUIPMENT_NUMBERS[equipment]
    cells, cell_of = np.unique(
        parent(view.sites.cells[: view.sites.known], RESOLUTION), return_inverse=True
    )
    wanted = number, view.change, first_day
    # A day more than is told of: each value is of two days.
    ends = np.zeros(len(cells) * (DAYS + 1) + 1, dtype=np.int64)
    parts = (view.main.columns, len(view.main.columns.id)), (view.fresh, view.added)
    for columns, count in parts:
        _count(columns, count, cell_of, *wanted, ends)
    nets = np.empty(ends.sum())
    ends = np.cumsum(ends)
    for columns, count in parts:
        _fill(columns, count, cell_of, *wanted, ends, nets, Costs().cost_of_mile_cents / _TENTHS)
    cents, loads = _medians(ends, nets, len(cells))
    most = np.maximum.accumulate(np.maximum(cents, 0.0)[:, ::-1], axis=1)[:, ::-1]
    return NextLoads(cents, loads, most, cell_of, first_day)


@compiled
def _slot(
    columns: Columns, row: int, cell_of: Ints, equipment: int, change: int, first_day: int
) -> int:
    """Which of all days of all cells a row counts for; -1 for none."""
    if columns.equipment[row] != equipment or columns.died[row] <= change:
        return -1
    day = columns.pickup_from[row] // _DAY - first_day
    if columns.rate_cents[row] == UNKNOWN or day < 0 or day > DAYS:
        return -1
    return int(cell_of[columns.pickup[row]] * (DAYS + 1) + day)


@compiled
def _count(
    columns: Columns,
    rows: int,
    cell_of: Ints,
    equipment: int,
    change: int,
    first_day: int,
    counts: Ints,
) -> None:
    """Count the rows of each slot, in the place of the slot behind it."""
    columns = borrowed(columns)
    for row in range(rows):
        slot = _slot(columns, row, cell_of, equipment, change, first_day)
        if slot >= 0:
            counts[slot + 1] += 1


@compiled
def _fill(
    columns: Columns,
    rows: int,
    cell_of: Ints,
    equipment: int,
    change: int,
    first_day: int,
    ends: Ints,
    nets: Floats,
    per_tenth: float,
) -> None:
    """Write the nets of the rows slot by slot; each slot's start moves on to its end."""
    columns = borrowed(columns)
    for row in range(rows):
        slot = _slot(columns, row, cell_of, equipment, change, first_day)
        if slot >= 0:
            nets[ends[slot]] = columns.rate_cents[row] - per_tenth * columns.loaded_tenths[row]
            ends[slot] += 1


@compiled
def _medians(ends: Ints, nets: Floats, cells: int) -> tuple[Floats, Ints]:
    """The median and the count of every two days in a row, which lie side by side."""
    medians, counts = np.zeros((cells, DAYS)), np.zeros((cells, DAYS), dtype=np.int64)
    for cell in range(cells):
        for day in range(DAYS):
            slot = cell * (DAYS + 1) + day
            start = ends[slot - 1] if slot > 0 else 0
            counts[cell, day] = ends[slot + 1] - start
            if counts[cell, day] >= SAMPLE:
                medians[cell, day] = np.median(nets[start : ends[slot + 1]])
    return medians, counts
