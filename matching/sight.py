"""What somebody may see of the loads that others posted: their audiences, and whose loads are hidden."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import inlined

Bits = NDArray[np.uint8]

EVERYONE = 0
"""The audience of a load that is for all."""


class Sight(NamedTuple):
    """Numbers as bits: the audiences that count somebody in, and the organisations that are hidden.

    Behind the last of each stands a byte of none, for all numbers beyond.

    One is equal to itself alone: arrays can't be compared as a whole.
    """

    audiences: Bits
    hidden: Bits

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    @property
    def nbytes(self) -> int:
        """The memory of the arrays, in bytes."""
        return self.audiences.nbytes + self.hidden.nbytes


def sight_of(audiences: Iterable[int], hidden: Iterable[int]) -> Sight:
    """The sight of somebody in these audiences from whom the loads of these organisations are hidden."""
    return Sight(_bits((EVERYONE, *audiences)), _bits(hidden))


def _bits(numbers: Iterable[int]) -> Bits:
    listed = np.fromiter(numbers, dtype=np.int64)
    flags = np.zeros(int(listed.max(initial=-1)) + 1, dtype=np.bool_)
    flags[listed] = True
    return np.append(np.packbits(flags, bitorder="little"), np.uint8(0))


NOTHING_HIDDEN = sight_of((), ())
"""The sight of somebody who is in no audience; it stands in for none at all in compiled code."""


@inlined
def is_in(bits: Bits, number: int) -> int:
    """1 or 0, without a branch: none could foretell whose load is next."""
    # Unsigned, or numba would look for numbers that count from the end.
    at = np.uint32(number)
    byte = bits[min(at >> np.uint32(3), np.uint32(len(bits) - 1))]
    return int((byte >> (at & np.uint32(7))) & 1)


@inlined
def is_seen(sight: Sight, audience: int, organization: int) -> int:
    """1 if a load of an organisation for an audience is seen, else 0."""
    return is_in(sight.audiences, audience) & (is_in(sight.hidden, organization) ^ 1)
