"""The columns of a board: what is known of each load, a number for each row."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.states import STATES
from matching.equipment import EQUIPMENT

Rows = NDArray[np.int32]
Loads = NDArray[np.void]
"""Loads as they are handed to a board, of the dtype `LOAD`."""

EQUIPMENT_NUMBERS = {code: number for number, code in enumerate(EQUIPMENT)}
STATE_NUMBERS = {code: number for number, code in enumerate(STATES, start=1)}
"""0 stands for no state."""

BEGINNING, END = -(1 << 62), 1 << 62
"""Moments before and after all others, for windows with open ends."""
NEVER = 2**31 - 1
UNKNOWN = -1
"""A weight, a length or a rate that the poster did not tell."""

LOAD = np.dtype(
    [
        ("id", "i8"),
        ("version", "i4"),
        ("confirmed_at", "i8"),
        ("organization", "i4"),
        ("equipment", "u1"),
        ("full", "?"),
        ("hazmat", "?"),
        ("weight_lb", "i4"),
        ("length_ft", "f8"),
        ("rate_cents", "i4"),
        ("loaded_tenths", "i4"),
        ("pickup_lon", "f8"),
        ("pickup_lat", "f8"),
        ("pickup_state", "u1"),
        ("delivery_lon", "f8"),
        ("delivery_lat", "f8"),
        ("delivery_state", "u1"),
        ("pickup_from", "i8"),
        ("pickup_to", "i8"),
        ("delivery_from", "i8"),
        ("delivery_to", "i8"),
        ("open_until", "i8"),
        ("first_posted_at", "i8"),
        ("audience", "i4"),
    ]
)
"""A load. Moments are microseconds since 1970 UTC, `loaded_tenths` tenths of a mile.

`audience` is a number that `matching.sight` knows, 0 for everyone.
"""


class Columns(NamedTuple):
    """Columns of equal length. `pickup` and `delivery` are numbers of sites.

    `died` is the change of the board that took the row away, NEVER while it stands.
    """

    id: NDArray[np.int64]
    version: NDArray[np.int32]
    confirmed_at: NDArray[np.int64]
    organization: NDArray[np.int32]
    equipment: NDArray[np.uint8]
    full: NDArray[np.bool_]
    hazmat: NDArray[np.bool_]
    weight_lb: NDArray[np.int32]
    length_ft: NDArray[np.float64]
    rate_cents: NDArray[np.int32]
    loaded_tenths: NDArray[np.int32]
    pickup: NDArray[np.int32]
    delivery: NDArray[np.int32]
    pickup_from: NDArray[np.int64]
    pickup_to: NDArray[np.int64]
    delivery_from: NDArray[np.int64]
    delivery_to: NDArray[np.int64]
    open_until: NDArray[np.int64]
    first_posted_at: NDArray[np.int64]
    audience: NDArray[np.int32]
    died: NDArray[np.int32]

    def of(self, rows: slice | NDArray[np.integer]) -> "Columns":
        """These rows: views of the arrays for a slice, else copies."""
        return Columns._make(getattr(self, name)[rows] for name in self._fields)


_OWN = {"pickup": np.int32, "delivery": np.int32, "died": np.int32}
GIVEN = tuple(name for name in Columns._fields if name not in _OWN)
"""The columns that are taken over from `LOAD` as they are."""


def room(rows: int) -> Columns:
    """Columns for so many rows, not yet filled."""
    kinds = (_OWN[name] if name in _OWN else LOAD[name] for name in Columns._fields)
    made = Columns(*(np.empty(rows, dtype=kind) for kind in kinds))
    made.died[:] = NEVER
    return made


def write(loads: Loads, into: Columns, first: int) -> slice:
    """Write loads, but for their sites, into rows from `first` on; those rows."""
    rows = slice(first, first + len(loads))
    for name in GIVEN:
        getattr(into, name)[rows] = loads[name]
    into.died[rows] = NEVER
    return rows
