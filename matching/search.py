"""Which loads of a board pass a search, and which of them come first."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.areas import Floats, Mask
from geo.compiled import compiled
from matching.board import Main, View
from matching.chains import DELIVERY, PICKUP
from matching.columns import BEGINNING, END, EQUIPMENT_NUMBERS, UNKNOWN, Columns, Rows
from matching.order import lanes, spans
from matching.sight import Sight, is_seen
from matching.sites import Where

TENTHS = 10.0
_SCATTERED = 4.0
"""Rows by delivery lie scattered: to read one takes as long as several in order, ten on a large board."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a load must meet; a part that is left out refuses nothing.

    Moments are microseconds since 1970 UTC. A load passes a limit on what its poster did not tell, unless
    `include_unknown` is false. Without a `sight` loads of all audiences pass.
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
    sight: Sight | None = None


class Limits(NamedTuple):
    """What every search limits, in numbers, for compiled code.

    Of `equipment`, `full` and `hazmat` the bit of each value that passes: of all in -1.
    """

    change: int
    now: int
    window_from: int
    window_to: int
    equipment: int
    full: int
    hazmat: int


def find(view: View, wanted: Wanted) -> Rows:
    """The rows of a view that pass, shape (n,), in no order."""
    pickup = None if wanted.pickup is None else view.sites.chosen(wanted.pickup)
    delivery = None if wanted.delivery is None else view.sites.chosen(wanted.delivery)
    return passing(view, wanted, pickup, delivery)


def passing(view: View, wanted: Wanted, pickup: Mask | None, delivery: Mask | None) -> Rows:
    """As `find`, of the loads that begin and end at the sites of the masks."""
    return sifted(view, wanted, in_reach(view, pickup, delivery))


def shows(view: View, row: int, sight: Sight | None) -> bool:
    """Whether a sight lets a row of the view be seen; without one, any."""
    rows = np.array([row], dtype=np.int32)
    audience, organization = (view.take(name, rows)[0] for name in ("audience", "organization"))
    return sight is None or is_seen(sight, int(audience), int(organization)) == 1


def in_reach(view: View, pickup: Mask | None, delivery: Mask | None) -> tuple[Rows, Rows]:
    """Rows of `view.main`, and rows of `view.fresh`, that begin and end at the sites of the masks.

    Standing or not; in no order. None stands for all sites.
    """
    return in_main(view, pickup, delivery), in_fresh(view, pickup, delivery)


def in_main(view: View, pickup: Mask | None, delivery: Mask | None) -> Rows:
    """The first part of `in_reach`: the same for all views of a main."""
    main, ordered = view.main, view.sites.ordered
    if pickup is not None and delivery is not None:
        return _between(main, pickup[:ordered], delivery[:ordered])
    if pickup is not None:
        return spans(main.starts, np.flatnonzero(pickup[:ordered]))
    if delivery is not None:
        return main.by_delivery[spans(main.delivery_starts, np.flatnonzero(delivery[:ordered]))]
    return np.arange(len(main.columns.id), dtype=np.int32)


def in_fresh(view: View, pickup: Mask | None, delivery: Mask | None) -> Rows:
    """The second part of `in_reach`."""
    if not view.added or (pickup is None and delivery is None):
        return np.arange(view.added, dtype=np.int32)
    if pickup is None:
        assert delivery is not None
        return view.chains.at(DELIVERY, np.flatnonzero(delivery), view.added)
    rows = view.chains.at(PICKUP, np.flatnonzero(pickup), view.added)
    return rows if delivery is None else rows[delivery[view.fresh.delivery[rows]]]


def sifted(view: View, wanted: Wanted, rows: tuple[Rows, Rows]) -> Rows:
    """Those of such rows, shape (n,), that stand and pass: the one place where loads are judged."""
    limits = _limits(wanted, view.change)
    old = _passing(view.main.columns, rows[0], wanted, limits)
    new = _passing(view.fresh, rows[1], wanted, limits)
    return np.concatenate((old, new + np.int32(len(view.main.columns.id))))


def _between(main: Main, pickup: Mask, delivery: Mask) -> Rows:
    starts, ends = np.flatnonzero(pickup), np.flatnonzero(delivery)
    if are_fewer_by_pickup(main, starts, ends):
        return lanes(main.starts, starts, main.columns.delivery, delivery)
    rows = main.by_delivery[spans(main.delivery_starts, ends)]
    return rows[pickup[main.columns.pickup[rows]]]


def are_fewer_by_pickup(main: Main, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> bool:
    """Whether fewer rows begin at some sites than end at others, these counted for as long as they take."""
    return _count(main.starts, starts) <= _SCATTERED * _count(main.delivery_starts, ends)


@compiled
def _count(starts: Rows, sites: NDArray[np.intp]) -> int:
    count = 0
    for site in sites:
        count += starts[site + 1] - starts[site]
    return count


def _passing(columns: Columns, rows: Rows, wanted: Wanted, limits: Limits) -> Rows:
    if not len(rows):
        return rows
    rows = _sift(columns, rows, limits)
    if wanted.posted_since > BEGINNING:
        rows = _sift_range(columns.first_posted_at, rows, wanted.posted_since, END, False)
    if wanted.organization is not None:
        own = wanted.organization
        rows = _sift_range(columns.organization, rows, own, own, False)
    most = (columns.weight_lb, wanted.max_weight_lb), (columns.length_ft, wanted.max_length_ft)
    for column, limit in most:
        if limit is not None:
            rows = _sift_range(column, rows, 0.0, float(limit), wanted.include_unknown)
    if wanted.min_rate_cents is not None:
        least = float(wanted.min_rate_cents)
        rows = _sift_range(columns.rate_cents, rows, least, np.inf, wanted.include_unknown)
    if wanted.min_rate_per_mile_cents is not None:
        cents = _per_mile(columns.rate_cents[rows], columns.loaded_tenths[rows])
        is_known = cents != UNKNOWN
        least = wanted.min_rate_per_mile_cents
        rows = rows[np.where(is_known, cents >= least, wanted.include_unknown)]
    if wanted.sight is not None:
        rows = _sift_seen(columns.audience, columns.organization, rows, wanted.sight)
    return rows


def per_mile_cents(view: View, rows: Rows) -> Floats:
    """Cents a loaded mile, -1 where the rate is unknown or there are no miles; shape (n,)."""
    return _per_mile(view.take("rate_cents", rows), view.take("loaded_tenths", rows))


@compiled
def _per_mile(rates: Rows, tenths: Rows) -> Floats:
    cents = np.empty(len(rates))
    for i in range(len(rates)):
        is_known = rates[i] != UNKNOWN and tenths[i] != 0
        cents[i] = rates[i] / (tenths[i] / TENTHS) if is_known else -1.0
    return cents


def first(
    keys: Floats,
    ids: NDArray[np.signedinteger[Any]],
    count: int,
    after: tuple[float, int] | None = None,
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
        -1 if wanted.full is None else 1 << wanted.full,
        -1 if wanted.hazmat is None else 1 << wanted.hazmat,
    )


@compiled
def _sift(columns: Columns, rows: Rows, limits: Limits) -> Rows:
    """Those of the rows that stand and are of the kind and the time that is wanted.

    Without branches, for none could foretell which loads pass: to look at all and to count those that do is faster.
    Nor are there calls: to hand on the columns takes longer than to look at a row. And a row has no sign,
    which saves looking whether it counts from the end.
    """
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for number in rows:
        row = np.uintp(number)
        found[count] = number
        count += (
            (limits.equipment >> columns.equipment[row])
            & (limits.full >> columns.full[row])
            & (limits.hazmat >> columns.hazmat[row])
            & (columns.died[row] > limits.change)
        )
    kept = 0
    for number in found[:count]:
        row = np.uintp(number)
        found[kept] = number
        kept += (
            (columns.pickup_from[row] <= limits.window_to)
            & (columns.pickup_to[row] >= limits.window_from)
            & (columns.open_until[row] > limits.now)
        )
    return found[:kept].copy()


@compiled
def _sift_range(column: NDArray[Any], rows: Rows, least: float, most: float, unknown: bool) -> Rows:
    """Those of the rows whose value is from the least to the most, or unknown where that is let pass."""
    found, count = np.empty(len(rows), dtype=np.int32), 0
    for row in rows:
        value = column[np.uintp(row)]
        found[count] = row
        if value == UNKNOWN:
            count += unknown
        else:
            count += (value >= least) & (value <= most)
    return found[:count].copy()


@compiled
def _sift_seen(audiences: Rows, organizations: Rows, rows: Rows, sight: Sight) -> Rows:
    """Those of the rows that a sight lets be seen, in the place of the rows.

    As long as all are seen they stay where they are.
    """
    count, size = 0, len(rows)
    while count < size:
        row = np.uintp(rows[count])
        if not is_seen(sight, audiences[row], organizations[row]):
            break
        count += 1
    for number in rows[count:]:
        row = np.uintp(number)
        rows[count] = number
        count += is_seen(sight, audiences[row], organizations[row])
    return rows[:count]


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
