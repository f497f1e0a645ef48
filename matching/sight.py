"""What somebody may see of the loads that others posted: their audiences, and whose loads are hidden."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import inlined

Flags = NDArray[np.uint8]

EVERYONE = 0
"""The audience of a load that is for all."""


class Sight(NamedTuple):
    """1 or 0 for each number: the audiences that count somebody in, and the posters whose loads are shown.

    The last of each is for all numbers beyond, too. Bits would be an eighth of it, and take a load nearly
    twice as long.

    One is equal to itself alone: arrays can't be compared as a whole.
    """

    audiences: Flags
    posters: Flags

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    @property
    def nbytes(self) -> int:
        """The memory of the arrays, in bytes."""
        return self.audiences.nbytes + self.posters.nbytes


def sight_of(audiences: Iterable[int], hidden: Iterable[int]) -> Sight:
    """The sight of somebody in these audiences from whom the loads of these organisations are hidden."""
    return Sight(_flags((EVERYONE, *audiences)), 1 - _flags(hidden))


def _flags(numbers: Iterable[int]) -> Flags:
    listed = np.fromiter(numbers, dtype=np.int64)
    flags = np.zeros(int(listed.max(initial=-1)) + 2, dtype=np.uint8)
    flags[listed] = 1
    return flags


NOTHING_HIDDEN = sight_of((), ())
"""The sight of somebody who is in no audience; it stands in for none at all in compiled code."""


@inlined
def is_in(flags: Flags, number: int) -> int:
    """1 or 0, without a branch: none could foretell whose load is next."""
    # Unsigned, or numba would look for numbers that count from the end.
    return int(flags[min(np.uint32(number), np.uint32(len(flags) - 1))])


@inlined
def is_seen(sight: Sight, audience: int, organization: int) -> int:
    """1 if a load of an organisation for an audience is seen, else 0."""
    return is_in(sight.audiences, audience) & is_in(sight.posters, organization)
