"""The board: all open loads as columns in the order of their pickups' cells.

Most rows stand in `Main`, which is never changed but for `died`; what came since stands in `fresh`
behind it, until `merge` makes a new `Main` of both. A reader takes a `View` and keeps it as long as it likes:
changes show only in later views.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled
from matching.chains import Chains, linked, no_chains
from matching.columns import NEVER, Columns, Loads, Rows, room, write
from matching.order import by_number, taken
from matching.sites import Points, Sites, extended, in_order, sites_of

_FEW_FRESH, _FRESH_PART = 8_192, 128
_FROZEN_FOR = 1_000
"""The part of the loads that has to change before `View.frozen` moves on."""
_CLOSED = 1 << 62
_NOWHERE = [Points(np.empty(0), np.empty(0), np.empty(0, dtype=np.uint8))]
Ints = NDArray[np.int64]


class Main(NamedTuple):
    """Rows by pickup site and then by delivery site, and the ways to find them by delivery and by id.

    Loads picked up at site s are the rows from `starts[s]` to `starts[s + 1]`; those delivered there
    are `by_delivery[delivery_starts[s]:delivery_starts[s + 1]]`, in the order of their pickups.
    """

    columns: Columns
    starts: Rows
    by_delivery: Rows
    delivery_starts: Rows
    by_id: Rows


class Position(NamedTuple):
    """A state of the board: after which change, and how many rows were fresh then."""

    added: int
    change: int


class View(NamedTuple):
    """The board as it stood after one change: rows of `main`, and the first `added` of `fresh`.

    A row number from `len(main.columns.id)` up is one of `fresh`, which are found by their `chains`.
    `frozen` is a state not long ago, the same for many views, for what takes too long to work out for each.
    """

    main: Main
    fresh: Columns
    chains: Chains
    added: int
    sites: Sites
    change: int
    frozen: Position

    def take(self, name: str, rows: Rows) -> NDArray[Any]:
        """A column's values for rows, shape as `rows`."""
        return taken(getattr(self.main.columns, name), getattr(self.fresh, name), rows)

    def rows(self) -> Rows:
        """All rows that stand."""
        old = np.flatnonzero(self.main.columns.died > self.change)
        new = np.flatnonzero(self.fresh.died[: self.added] > self.change)
        return np.concatenate((old, new + len(self.main.columns.id))).astype(np.int32)

    def row(self, id: int) -> int | None:
        """The row of a load, None where it does not stand."""
        columns, count = self.main.columns, len(self.main.columns.id)
        row = int(_find(columns.id, self.main.by_id, np.array([id]))[0])
        if row >= 0 and columns.died[row] > self.change:
            return row
        fresh = np.flatnonzero(self.fresh.id[: self.added] == id)
        alive = fresh[self.fresh.died[fresh] > self.change]
        return count + int(alive[-1]) if len(alive) else None

    @property
    def nbytes(self) -> int:
        """The memory of all arrays, in bytes."""
        arrays = (*self.main.columns, *self.main[1:], *self.fresh, *self.chains)
        return self.sites.nbytes + sum(array.nbytes for array in arrays)


class Board:
    """The open loads. Changes come from one thread at a time; any number may read meanwhile."""

    def __init__(self, batches: Iterable[Loads] = ()) -> None:
        """A board of these loads, each of which is given once."""
        columns, sites = _gathered(batches)
        self._count = len(columns.id)
        rows = np.arange(self._count, dtype=np.int32)
        main, sites = _main(columns, room(0), rows, sites)
        self.view = View(main, room(0), no_chains(), 0, sites, 0, Position(0, 0))
        # Changes since the view's frozen state.
        self._unfrozen = 0
        self._fresh_rows: dict[int, int] = {}
        # The versions in which loads were closed: since the last merge, and before, by id.
        self._closed: dict[int, int] = {}
        self._graves = np.empty((2, 0), dtype=np.int64)
        # Deaths since a merge began, to be carried over; None while none is under way.
        self._meanwhile: list[int] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def apply(self, loads: Loads, closed: Sequence[tuple[int, int]] = ()) -> None:
        """Take up loads, and take away those closed, by id and version.

        Of what is said of a load the highest version counts, and of one version the last confirmation;
        a load that is closed in a version is gone in all up to it. So changes may come in any order and
        more than once.
        """
        with self._lock:
            change = self.view.change + 1
            ids = np.array([*loads["id"].tolist(), *(id for id, _ in closed)], dtype=np.int64)
            known = dict(zip(ids.tolist(), self._stamps(ids), strict=True))
            for id, version in closed:
                if (version, _CLOSED) > known[id]:
                    known[id] = version, _CLOSED
                    self._closed[id] = version
                    self._kill(id, change)
            kept: dict[int, int] = {}
            stamps = zip(loads["version"].tolist(), loads["confirmed_at"].tolist(), strict=True)
            for index, (id, stamp) in enumerate(zip(loads["id"].tolist(), stamps, strict=True)):
                if stamp > known[id]:
                    known[id], kept[id] = stamp, index
            self._unfrozen += len(ids)
            self._add(loads[list(kept.values())], change)

    def _add(self, loads: Loads, change: int) -> None:
        view = self.view
        for row, id in enumerate(loads["id"].tolist(), start=view.added):
            self._kill(id, change)
            self._fresh_rows[id] = row
            self._closed.pop(id, None)
        sites, numbers = extended(view.sites, _ends(loads))
        fresh = _with_room(view.fresh, view.added, len(loads))
        rows, ends = write(loads, fresh, view.added), numbers.reshape(2, -1)
        fresh.pickup[rows], fresh.delivery[rows] = ends
        chains = linked(view.chains, ends, view.added, len(sites.cells), len(fresh.id))
        added, frozen = view.added + len(loads), view.frozen
        self._count += len(loads)
        if self._unfrozen * _FROZEN_FOR >= self._count:
            frozen, self._unfrozen = Position(added, change), 0
        self.view = View(view.main, fresh, chains, added, sites, change, frozen)

    def _kill(self, id: int, change: int) -> None:
        columns, row = self.view.fresh, self._fresh_rows.pop(id, -1)
        if row < 0:
            main = self.view.main
            columns, row = main.columns, int(_find(main.columns.id, main.by_id, np.array([id]))[0])
        if row >= 0 and columns.died[row] == NEVER:
            columns.died[row] = change
            self._count -= 1
        if self._meanwhile is not None:
            self._meanwhile.append(id)

    def _stamps(self, ids: Ints) -> Iterator[tuple[int, int]]:
        """Version and confirmation of what is known of each load, (0, 0) where nothing is."""
        view = self.view
        for id, row in zip(
            ids.tolist(), _find(view.main.columns.id, view.main.by_id, ids), strict=True
        ):
            if id in self._closed:
                yield self._closed[id], _CLOSED
            elif id in self._fresh_rows:
                yield _stamp(view.fresh, self._fresh_rows[id])
            elif row >= 0 and view.main.columns.died[row] == NEVER:
                yield _stamp(view.main.columns, row)
            else:
                yield self._grave(id)

    def _grave(self, id: int) -> tuple[int, int]:
        at = np.searchsorted(self._graves[0], id, "right")
        if at and self._graves[0, at - 1] == id:
            return int(self._graves[1, at - 1]), _CLOSED
        return 0, 0

    @property
    def is_due(self) -> bool:
        """Whether a merge is worth its while."""
        view = self.view
        return view.added >= merge_at(len(view.main.columns.id))

    def merge(self) -> None:
        """Make one `Main` of all rows. Others may read and apply changes meanwhile."""
        with self._lock:
            before, self._meanwhile = self.view, []
        merged, sites = _main(before.main.columns, before.fresh, before.rows(), before.sites)
        with self._lock:
            view = self.view
            self._fresh_rows = {
                id: row - before.added
                for id, row in self._fresh_rows.items()
                if row >= before.added
            }
            fresh = view.fresh.of(np.arange(before.added, view.added))
            sites, numbers = _joined(sites, view.sites, fresh)
            for column in (fresh.pickup, fresh.delivery):
                column[:] = numbers[column]
            ends = np.stack((fresh.pickup, fresh.delivery))
            chains = linked(no_chains(), ends, 0, len(sites.cells), len(fresh.id))
            dead = np.array(self._meanwhile, dtype=np.int64)
            rows = _find(merged.columns.id, merged.by_id, dead)
            merged.columns.died[rows[rows >= 0]] = view.change
            self._meanwhile = None
            self._bury()
            now = Position(len(fresh.id), view.change)
            self._unfrozen = 0
            self.view = View(merged, fresh, chains, now.added, sites, now.change, now)

    def _bury(self) -> None:
        """Keep the closings since the last merge by id; of one load the last stands last."""
        closed = np.array([list(self._closed), list(self._closed.values())], dtype=np.int64)
        graves = np.concatenate((self._graves, closed), axis=1)
        self._graves = graves[:, np.argsort(graves[0], kind="stable")]
        self._closed.clear()


def merge_at(loads: int) -> int:
    """How many fresh rows call for a merge of a board with so many loads.

    Fresh rows lie scattered, so searches take longer the more there are; a merge takes some 0.15 µs a load.
    """
    return max(_FEW_FRESH, loads // _FRESH_PART)


def _stamp(columns: Columns, row: int) -> tuple[int, int]:
    return int(columns.version[row]), int(columns.confirmed_at[row])


@compiled
def _find(ids: Ints, by_id: Rows, wanted: Ints) -> Rows:
    """The row of each id, -1 where there is none."""
    found = np.empty(len(wanted), dtype=np.int32)
    for i in range(len(wanted)):
        low, high = 0, len(by_id)
        while low < high:
            middle = (low + high) // 2
            if ids[by_id[middle]] < wanted[i]:
                low = middle + 1
            else:
                high = middle
        is_there = low < len(by_id) and ids[by_id[low]] == wanted[i]
        found[i] = by_id[low] if is_there else -1
    return found


def _ends(loads: Loads) -> Points:
    """The points of all pickups, then of all deliveries."""
    return Points(
        *(
            np.concatenate((loads[f"pickup_{name}"], loads[f"delivery_{name}"]))
            for name in ("lon", "lat", "state")
        )
    )


def _gathered(batches: Iterable[Loads]) -> tuple[Columns, Sites]:
    columns, count = room(0), 0
    pickups, deliveries = [], []
    for loads in batches:
        columns = _with_room(columns, count, len(loads))
        write(loads, columns, count)
        count += len(loads)
        ends = np.arange(len(loads))
        points = _ends(loads)
        pickups.append(points.of(ends))
        deliveries.append(points.of(ends + len(loads)))
    columns = columns.of(slice(count))
    points = Points(*map(np.concatenate, zip(*_NOWHERE, *pickups, *deliveries, strict=True)))
    sites, numbers = sites_of(points)
    columns.pickup[:], columns.delivery[:] = numbers.reshape(2, -1)
    return columns, sites


def _with_room(columns: Columns, count: int, more: int) -> Columns:
    """The columns with room for more rows behind the first `count`."""
    if count + more <= len(columns.id):
        return columns
    grown = room(max(count + more, 2 * count, 64))
    for name in Columns._fields:
        getattr(grown, name)[:count] = getattr(columns, name)[:count]
    return grown


def _main(old: Columns, new: Columns, rows: Rows, sites: Sites) -> tuple[Main, Sites]:
    """The `Main` of rows that count on from `old` to `new`, with the sites that they use in order."""
    pickups, deliveries = (
        taken(old.pickup, new.pickup, rows),
        taken(old.delivery, new.delivery, rows),
    )
    used = np.zeros(sites.known, dtype=np.bool_)
    used[pickups] = used[deliveries] = True
    sites, numbers = in_order(sites.points, sites.cells, np.flatnonzero(used))
    pickups, deliveries = numbers[pickups], numbers[deliveries]
    all_rows = np.arange(len(rows), dtype=np.int32)
    order, _ = by_number(deliveries, all_rows, sites.known)
    order, starts = by_number(pickups, order, sites.known)
    rows = rows[order]
    made = Columns._make(
        taken(getattr(old, name), getattr(new, name), rows) for name in old._fields
    )
    made.pickup[:], made.delivery[:] = pickups[order], deliveries[order]
    # Who dies while this is made is carried over by the id.
    made.died[:] = NEVER
    by_delivery, delivery_starts = by_number(made.delivery, all_rows, sites.known)
    by_id = np.argsort(made.id).astype(np.int32)
    return Main(made, starts, by_delivery, delivery_starts, by_id), sites


def _joined(sites: Sites, others: Sites, fresh: Columns) -> tuple[Sites, Rows]:
    """The sites with those of the fresh rows, which are numbers of `others`; their new numbers."""
    used = np.unique(np.concatenate((fresh.pickup, fresh.delivery)))
    sites, found = extended(sites, others.points.of(used))
    numbers = np.full(others.known, -1, dtype=np.int32)
    numbers[used] = found
    return sites, numbers
