"""What somebody may see of the loads that others posted: their audiences, and whose loads are hidden."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import compiled

Bits = NDArray[np.uint8]

EVERYONE = 0
"""The audience of a load that is for all."""


class Sight(NamedTuple):
    """Numbers as bits: the audiences that count somebody in, and the organisations that are hidden.

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
    return Sight(_bits(audiences), _bits(hidden))


def _bits(numbers: Iterable[int]) -> Bits:
    listed = np.fromiter(numbers, dtype=np.int64)
    flags = np.zeros(int(listed.max(initial=-1)) + 1, dtype=np.bool_)
    flags[listed] = True
    return np.packbits(flags, bitorder="little")


NOTHING_HIDDEN = sight_of((), ())
"""The sight of somebody who is in no audience; it stands in for none at all in compiled code."""


@compiled
def is_in(bits: Bits, number: int) -> bool:
    byte = number >> 3
    return bool(byte < len(bits) and (bits[byte] >> (number & 7)) & 1)


@compiled
def is_seen(sight: Sight, audience: int, organization: int) -> bool:
    """Whether a load of an organisation for an audience is seen."""
    return (audience == EVERYONE or is_in(sight.audiences, audience)) and not is_in(
        sight.hidden, organization
    )
