"""Rows in the order of the sites at which they begin or end, and the ways to go through them.

What is compiled here goes through a million rows in some milliseconds and holds nobody up meanwhile.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.areas import Mask
from geo.compiled import compiled
from matching.columns import Rows

_NEAR = 16
"""Rows that are looked through one by one; what is farther is found by halving."""
_SHORT = 512
"""To read all of so many rows in order takes no longer than to leap."""


@compiled
def by_number(numbers: Rows, rows: Rows, known: int) -> tuple[Rows, Rows]:
    """Rows in the order of their numbers, which are below `known`; those of one number stay in order.

    Also where the rows of each number start, shape (known + 1,).
    """
    starts = np.zeros(known + 1, dtype=np.int32)
    for row in rows:
        starts[numbers[row] + 1] += 1
    for number in range(known):
        starts[number + 1] += starts[number]
    ordered, places = np.empty(len(rows), dtype=np.int32), starts.copy()
    for row in rows:
        ordered[places[numbers[row]]] = row
        places[numbers[row]] += 1
    return ordered, starts


@compiled
def taken(old: NDArray[Any], new: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """The values of rows, which count on from `old` to `new`; shape as `rows`."""
    values = np.empty(len(rows), dtype=old.dtype)
    size = len(old)
    for i in range(len(rows)):
        row = rows[i]
        values[i] = old[np.uintp(row)] if row < size else new[np.uintp(row - size)]
    return values


@compiled
def spans(starts: Rows, sites: NDArray[np.intp]) -> Rows:
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
def lanes(starts: Rows, sites: NDArray[np.intp], deliveries: Rows, chosen: Mask) -> Rows:
    """Of those numbers the rows that end at a chosen site, where a site's rows are in order of their ends.

    Where a site has many, what lies between two chosen ends is passed over unread.
    """
    following, size = _chosen_next(chosen), 0
    for site in sites:
        size += starts[site + 1] - starts[site]
    rows, count = np.empty(size, dtype=np.int32), 0
    for site in sites:
        row, end = starts[site], starts[site + 1]
        if end - row <= _SHORT:
            for number in range(row, end):
                rows[count] = number
                count += chosen[np.uintp(deliveries[np.uintp(number)])]
            continue
        while row < end:
            delivery = np.uintp(deliveries[row])
            if chosen[delivery]:
                rows[count] = row
                count += 1
                row += 1
            else:
                row = _ahead(deliveries, row + 1, end, following[delivery])
    return rows[:count].copy()


@compiled
def _chosen_next(chosen: Mask) -> Rows:
    """For each site that one, or the first after it, which is chosen; shape (n,)."""
    following, site = np.empty(len(chosen), dtype=np.int32), len(chosen)
    for i in range(len(chosen) - 1, -1, -1):
        site = i if chosen[i] else site
        following[i] = site
    return following


@compiled
def _ahead(numbers: Rows, row: int, end: int, number: int) -> int:
    """The first of the rows from `row` to `end`, in order of their numbers, with that or a greater one."""
    near = min(row + _NEAR, end)
    while row < near:
        if numbers[row] >= number:
            return row
        row += 1
    step = _NEAR
    while row + step < end and numbers[row + step] < number:
        row += step
        step *= 2
    last = min(row + step, end)
    while row < last:
        middle = (row + last) // 2
        if numbers[middle] < number:
            row = middle + 1
        else:
            last = middle
    return row
