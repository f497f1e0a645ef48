"""Chains: the rows that came since a merge, from each one of a site to the one that came before it.

So the few rows of an area are found without going through all. Rows are only ever put at the head
of a chain: who reads an older view passes over the first ones, which it does not know yet.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled
from matching.columns import Rows

PICKUP, DELIVERY = 0, 1


class Chains(NamedTuple):
    """By end, `PICKUP` or `DELIVERY`: each site's latest row, each row's one before; -1 for none."""

    latest: NDArray[np.int32]
    before: NDArray[np.int32]

    def at(self, end: int, sites: NDArray[np.intp], added: int) -> Rows:
        """The rows below `added` that begin, or end, at these sites; shape (n,)."""
        return _at(self.latest[end], self.before[end], sites, added)


def no_chains() -> Chains:
    """Chains of no rows."""
    return Chains(*(np.empty((2, 0), dtype=np.int32) for _ in Chains._fields))


def linked(chains: Chains, ends: NDArray[np.int32], first: int, sites: int, rows: int) -> Chains:
    """The chains with the rows from `first` on, whose sites are `ends`, shape (2, n).

    Room for so many sites and rows is made where there is less; else the arrays stay the same.
    """
    latest, before = _with_room(chains.latest, sites), _with_room(chains.before, rows)
    if before is not chains.before and latest is chains.latest:
        # Older views must not be led to rows for which their own array has no room.
        latest = latest.copy()
    _link(latest, before, ends, first)
    return Chains(latest, before)


def _with_room(array: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    if array.shape[1] >= size:
        return array
    grown = np.full((2, size), -1, dtype=np.int32)
    grown[:, : array.shape[1]] = array
    return grown


@compiled
def _link(
    latest: NDArray[np.int32], before: NDArray[np.int32], ends: NDArray[np.int32], first: int
) -> None:
    for end in range(2):
        for i in range(ends.shape[1]):
            before[end, first + i] = latest[end, ends[end, i]]
            latest[end, ends[end, i]] = first + i


@compiled
def _at(latest: Rows, before: Rows, sites: NDArray[np.intp], added: int) -> Rows:
    rows, count = np.empty(added, dtype=np.int32), 0
    for site in sites:
        # A site that came after the chains has none.
        row = latest[site] if site < len(latest) else -1
        while row >= 0:
            if row < added:
                rows[count] = row
                count += 1
            row = before[row]
    return rows[:count].copy()
