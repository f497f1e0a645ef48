"""What being somewhere on some day is worth: what the open loads that begin there leave, in the middle.

Not recursive: a next load's own next load does not count. Frozen: the loads that count are those of
the board at `View.frozen`, which moves on when a thousandth of the board has changed, and stays as it is
for all views until then. What was posted or closed since shows a little later.
"""

from typing import NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats
from geo.cells import Cells, parent
from geo.compiled import borrowed, compiled
from matching.board import View
from matching.columns import EQUIPMENT_NUMBERS, UNKNOWN, Columns, Rows
from matching.duty import HOUR
from matching.sight import EVERYONE, NOTHING_HIDDEN, Flags, Sight, is_in
from matching.sites import Sites
from matching.worth import Costs

Ints = NDArray[np.int64]

RESOLUTION = 3
"""Of the H3 cells that count as around a place: 12,400 km² on average, some 40 miles each way."""
SAMPLE = 10
"""Loads below which nothing is said."""
DAYS = 60
"""Days from the first for which anything is said."""
MOST_KEPT = 64
"""Tables of one board: one for each kind, and more for those from whom somebody's loads are hidden."""

DAY = 24 * HOUR
_TENTHS = 10.0


class NextLoads(NamedTuple):
    """The table for one kind of equipment.

    `cents[c, d]` is the median net of the loads whose pickup windows open in cell c on day d or the
    day after, days in UTC and counted from `first_day` (since 1970). The net is the rate less the
    cost of the loaded miles by the default `Costs`; loads of unknown rate are left out, and it is 0
    where there are fewer than `SAMPLE`. `loads` is how many there are; `most[c, d]` is the most in
    cell c on day d or any later one, at least 0. `cell_of` is the number of each site's cell of
    `cells`, the last number that of all others, where nothing begins.
    """

    cents: Floats
    loads: Ints
    most: Floats
    cells: Cells
    cell_of: Rows
    first_day: int

    def at(self, sites: Rows, moments: Ints) -> tuple[Floats, Ints]:
        """The value, and how many loads it is from, at sites at moments (µs since 1970); shape (n,).

        Both are 0 for days before the first and from `DAYS` after it on.
        """
        days = moments // DAY - self.first_day
        within = (days >= 0) & (days < DAYS)
        cells, days = self.cell_of[sites], np.where(within, days, 0)
        return np.where(within, self.cents[cells, days], 0.0), self.loads[cells, days] * within

    def knowing(self, sites: Sites) -> "NextLoads":
        """The table with the cells of all sites, of which it knows the first."""
        if sites.known == len(self.cell_of):
            return self
        return self._replace(cell_of=_numbers(self.cells, sites))


class _Kept:
    """The tables of one frozen board, known by its main rows, which are not kept alive."""

    def __init__(self, view: View) -> None:
        self._ids, self._frozen = ref(view.main.columns.id), view.frozen
        self.tables: dict[tuple[str, int, bytes | None], NextLoads] = {}

    def is_of(self, view: View) -> bool:
        return self._ids() is view.main.columns.id and self._frozen == view.frozen


_kept: list[_Kept] = []


def next_loads(view: View, equipment: str, now: int, sight: Sight | None = None) -> NextLoads:
    """The table for a code of `EQUIPMENT`, whose first day is that of `now` (µs since 1970).

    Of the loads for everyone that the sight does not hide, or of all without one: so those for an
    audience count for nobody, and all from whom the same posters are hidden share one table.

    Made once for each `View.frozen`; only those of the last one that was asked about are kept.
    """
    kept = next((kept for kept in _kept if kept.is_of(view)), None) or _Kept(view)
    _kept[:] = [kept]
    day = now // DAY
    key = equipment, day, None if sight is None else sight.posters.tobytes()
    table = kept.tables.get(key) or _made(view, equipment, day, sight)
    while key not in kept.tables and len(kept.tables) >= MOST_KEPT:
        kept.tables.pop(next(iter(kept.tables)), None)
    kept.tables[key] = table = table.knowing(view.sites)
    return table


def _made(view: View, equipment: str, first_day: int, sight: Sight | None) -> NextLoads:
    cells = np.unique(parent(view.sites.cells[: view.sites.known], RESOLUTION))
    cell_of, size = _numbers(cells, view.sites), len(cells) + 1
    added, change = view.frozen
    posters = (sight or NOTHING_HIDDEN).posters
    wanted = EQUIPMENT_NUMBERS[equipment], change, first_day, posters, sight is None
    # A day more than is told of: each value is of two days.
    ends = np.zeros(size * (DAYS + 1) + 1, dtype=np.int64)
    parts = (view.main.columns, len(view.main.columns.id)), (view.fresh, added)
    for columns, count in parts:
        _count(columns, count, cell_of, *wanted, ends)
    nets = np.empty(ends.sum())
    ends = np.cumsum(ends)
    for columns, count in parts:
        _fill(columns, count, cell_of, *wanted, ends, nets, Costs().cost_of_mile_cents / _TENTHS)
    cents, loads = _medians(ends, nets, size)
    most = np.maximum.accumulate(np.maximum(cents, 0.0)[:, ::-1], axis=1)[:, ::-1].copy()
    return NextLoads(cents, loads, most, cells, cell_of, first_day)


def _numbers(cells: Cells, sites: Sites) -> Rows:
    """The number of each site's cell, that behind the last for cells that are none of these."""
    wanted = parent(sites.cells[: sites.known], RESOLUTION)
    found = np.searchsorted(cells, wanted)
    is_there = cells[np.minimum(found, len(cells) - 1)] == wanted if len(cells) else found < 0
    return np.where(is_there, found, len(cells)).astype(np.int32)


@compiled
def _slot(
    columns: Columns,
    row: int,
    cell_of: Rows,
    equipment: int,
    change: int,
    first_day: int,
    posters: Flags,
    sees_all: bool,
) -> int:
    """Which of all days of all cells a row counts for; -1 for none."""
    if columns.equipment[row] != equipment or columns.died[row] <= change:
        return -1
    is_for_all = columns.audience[row] == EVERYONE and is_in(posters, columns.organization[row])
    if not (sees_all or is_for_all):
        return -1
    day = columns.pickup_from[row] // DAY - first_day
    if columns.rate_cents[row] == UNKNOWN or day < 0 or day > DAYS:
        return -1
    return int(cell_of[columns.pickup[row]] * (DAYS + 1) + day)


@compiled
def _count(
    columns: Columns,
    rows: int,
    cell_of: Rows,
    equipment: int,
    change: int,
    first_day: int,
    posters: Flags,
    sees_all: bool,
    counts: Ints,
) -> None:
    """Count the rows of each slot, in the place of the slot behind it."""
    columns, (posters,) = borrowed(columns), borrowed((posters,))
    for row in range(rows):
        slot = _slot(columns, row, cell_of, equipment, change, first_day, posters, sees_all)
        if slot >= 0:
            counts[slot + 1] += 1


@compiled
def _fill(
    columns: Columns,
    rows: int,
    cell_of: Rows,
    equipment: int,
    change: int,
    first_day: int,
    posters: Flags,
    sees_all: bool,
    ends: Ints,
    nets: Floats,
    per_tenth: float,
) -> None:
    """Write the nets of the rows slot by slot; each slot's start moves on to its end."""
    columns, (posters,) = borrowed(columns), borrowed((posters,))
    for row in range(rows):
        slot = _slot(columns, row, cell_of, equipment, change, first_day, posters, sees_all)
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
