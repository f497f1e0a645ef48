"""Which loads of a board pass a search, and which of them come first."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats, Mask
from geo.compiled import compiled
from matching.board import Main, View
from matching.columns import BEGINNING, END, EQUIPMENT_NUMBERS, UNKNOWN, Columns, Rows
from matching.sites import Where

TENTHS = 10.0
_SCATTERED = 4.0
"""Rows by delivery lie scattered: to read one takes as long as several in order, ten on a large board."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a load must meet; a part that is left out refuses nothing.

    Moments are microseconds since 1970 UTC. A load passes a limit on what its poster did not tell, unless
    `include_unknown` is false.
    """

    now: int
    pickup: Where | None = None
    delivery: Where | None = None
    window_from: int = BEGINNING
    window_to: int = END
    equipment: frozenset[str] | None = None
    full: bool | None = None
    hazmat: bool | None = None
    max_weight_lb: int | None = None
    max_length_ft: float | None = None
    min_rate_cents: int | None = None
    min_rate_per_mile_cents: float | None = None
    posted_since: int = BEGINNING
    include_unknown: bool = True
    organization: int | None = None


class Limits(NamedTuple):
    """`Wanted` in numbers, for compiled code; -1 stands for no limit, of yes and no for either."""

    change: int
    now: int
    window_from: int
    window_to: int
    equipment: int
    full: int
    hazmat: int
    max_weight_lb: float
    max_length_ft: float
    min_rate_cents: float
    min_per_mile: float
    posted_since: int
    unknown: bool
    organization: int


def find(view: View, wanted: Wanted) -> Rows:
    """The rows of a view that pass, shape (n,), in no order."""
    pickup = None if wanted.pickup is None else view.sites.chosen(wanted.pickup)
    delivery = None if wanted.delivery is None else view.sites.chosen(wanted.delivery)
    return passing(view, wanted, pickup, delivery)


def passing(view: View, wanted: Wanted, pickup: Mask | None, delivery: Mask | None) -> Rows:
    """As `find`, of the loads that begin and end at the sites of the masks."""
    return sifted(view, wanted, in_reach(view, pickup, delivery), pickup, delivery)


def in_reach(view: View, pickup: Mask | None, delivery: Mask | None) -> tuple[Rows, Rows]:
    """Rows of `view.main`, and rows of `view.fresh`, with all that lie at the sites of the masks."""
    old = _in_reach(view.main, view.sites.ordered, pickup, delivery)
    return old, np.arange(view.added, dtype=np.int32)


def sifted(
    view: View,
    wanted: Wanted,
    rows: tuple[Rows, Rows],
    pickup: Mask | None,
    delivery: Mask | None,
) -> Rows:
    """Those of such rows, shape (n,), that pass and begin and end at the sites of the masks."""
    limits = _limits(wanted, view.change)
    everywhere = np.ones(view.sites.known, dtype=np.bool_)
    begin, end = (everywhere if mask is None else mask for mask in (pickup, delivery))
    old = _passing(view.main.columns, rows[0], begin, end, limits)
    new = _passing(view.fresh, rows[1], begin, end, limits)
    return np.concatenate((old, new + np.int32(len(view.main.columns.id))))


def _in_reach(main: Main, ordered: int, pickup: Mask | None, delivery: Mask | None) -> Rows:
    """All rows that begin at the sites of one mask, or that end at those of the other if far fewer."""
    starts = None if pickup is None else np.flatnonzero(pickup[:ordered])
    ends = None if delivery is None else np.flatnonzero(delivery[:ordered])
    by_pickup = np.inf if starts is None else _count(main.starts, starts)
    by_delivery = np.inf if ends is None else _count(main.delivery_starts, ends)
    if starts is not None and by_pickup <= _SCATTERED * by_delivery:
        return _spans(main.starts, starts)
    if ends is not None:
        return main.by_delivery[_spans(main.delivery_starts, ends)]
    return np.arange(len(main.columns.id), dtype=np.int32)


def _count(starts: Rows, sites: NDArray[np.intp]) -> int:
    return int((starts[sites + 1] - starts[sites]).sum())


def _passing(columns: Columns, rows: Rows, begin: Mask, end: Mask, limits: Limits) -> Rows:
    rows = _sift(columns, rows, begin, end, limits)
    if (
        max(limits.max_weight_lb, limits.max_length_ft, limits.min_rate_cents, limits.min_per_mile)
        < 0
    ):
        return rows
    return _sift_amounts(columns, rows, limits)


def per_mile_cents(view: View, rows: Rows) -> Floats:
    """Cents a loaded mile, -1 where the rate is unknown or there are no miles; shape (n,)."""
    rates, tenths = view.take("rate_cents", rows), view.take("loaded_tenths", rows)
    unknown = (rates == UNKNOWN) | (tenths == 0)
    return np.where(unknown, -1.0, rates / np.where(unknown, 1.0, tenths / TENTHS))


def first(
    keys: Floats, ids: NDArray[np.int64], count: int, after: tuple[float, int] | None = None
) -> Rows:
    """The places of the `count` least keys that come after a key and id, ties by id; shape (≤ count,)."""
    key, id = after or (-np.inf, -1)
    return _first(keys, ids, count, key, id)


def _limits(wanted: Wanted, change: int) -> Limits:
    equipment = -1
    if wanted.equipment is not None:
        equipment = sum(1 << EQUIPMENT_NUMBERS[code] for code in wanted.equipment)
    return Limits(
        change,
        wanted.now,
        wanted.window_from,
        wanted.window_to,
        equipment,
        -1 if wanted.full is None else int(wanted.full),
        -1 if wanted.hazmat is None else int(wanted.hazmat),
        -1.0 if wanted.max_weight_lb is None else float(wanted.max_weight_lb),
        -1.0 if wanted.max_length_ft is None else float(wanted.max_length_ft),
        -1.0 if wanted.min_rate_cents is None else float(wanted.min_rate_cents),
        -1.0 if wanted.min_rate_per_mile_cents is None else float(wanted.min_rate_per_mile_cents),
        wanted.posted_since,
        wanted.include_unknown,
        -1 if wanted.organization is None else wanted.organization,
    )


@compiled
def _spans(starts: Rows, sites: NDArray[np.intp]) -> Rows:
    """The numbers from `starts[s]` to `starts[s + 1]` for each site s."""
    size = 0
    for site in sites:
        size += starts[site + 1] - starts[site]
    numbers, end = np.empty(size, dtype=np.int32), 0
    for site in sites:
        for number in range(starts[site], starts[site + 1]):
            numbers[end] = number
            end += 1
    return numbers


@compiled
def _sift(columns: Columns, rows: Rows, begin: Mask, end: Mask, limits: Limits) -> Rows:
    """Those of the rows that stand, begin and end at the sites of the masks, and are of the kind wanted.

    One loop without calls: to hand on the columns takes longer than to look at a row.
    """
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for row in rows:
        if (
            begin[columns.pickup[row]]
            and end[columns.delivery[row]]
            and (limits.equipment < 0 or (limits.equipment >> columns.equipment[row]) & 1)
            and columns.pickup_from[row] <= limits.window_to
            and columns.pickup_to[row] >= limits.window_from
            and columns.open_until[row] > limits.now
            and columns.died[row] > limits.change
            and columns.first_posted_at[row] >= limits.posted_since
            and (limits.full < 0 or columns.full[row] == limits.full)
            and (limits.hazmat < 0 or columns.hazmat[row] == limits.hazmat)
            and (limits.organization < 0 or columns.organization[row] == limits.organization)
        ):
            found[count] = row
            count += 1
    return found[:count].copy()


@compiled
def _sift_amounts(columns: Columns, rows: Rows, limits: Limits) -> Rows:
    """Those of the rows that are within the limits, or unknown where that is let pass."""
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for row in rows:
        weight, length = columns.weight_lb[row], columns.length_ft[row]
        rate, miles = columns.rate_cents[row], columns.loaded_tenths[row] / TENTHS
        per_mile = rate / miles if rate != UNKNOWN and miles > 0 else UNKNOWN
        if (
            (limits.max_weight_lb < 0 or _within(weight, 0, limits.max_weight_lb, limits.unknown))
            and (
                limits.max_length_ft < 0 or _within(length, 0, limits.max_length_ft, limits.unknown)
            )
            and (
                limits.min_rate_cents < 0
                or _within(rate, limits.min_rate_cents, END, limits.unknown)
            )
            and (
                limits.min_per_mile < 0
                or _within(per_mile, limits.min_per_mile, END, limits.unknown)
            )
        ):
            found[count] = row
            count += 1
    return found[:count].copy()


@compiled
def _within(value: float, least: float, most: float, unknown: bool) -> bool:
    return bool(unknown if value == UNKNOWN else least <= value <= most)


@compiled
def _first(keys: Floats, ids: NDArray[np.int64], count: int, key: float, id: int) -> Rows:
    """Keeps the best so far in order; most keys are no better than the last of them."""
    best, size = np.empty(count, dtype=np.int32), 0
    for i in range(len(keys)):
        if keys[i] < key or (keys[i] == key and ids[i] <= id):
            continue
        if size == count and not _comes_first(keys, ids, i, best[size - 1]):
            continue
        at = size if size < count else size - 1
        while at > 0 and _comes_first(keys, ids, i, best[at - 1]):
            best[at] = best[at - 1]
            at -= 1
        best[at] = i
        size = min(size + 1, count)
    return best[:size].copy()


@compiled
def _comes_first(keys: Floats, ids: NDArray[np.int64], i: int, k: int) -> bool:
    return bool(keys[i] < keys[k] or (keys[i] == keys[k] and ids[i] < ids[k]))
