"""Search along the road: loads that lie on the way of a trip, by what they add to it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from geo.areas import Floats
from geo.coverage import is_covered
from geo.points import Point
from matching.board import View
from matching.columns import Rows
from matching.search import Wanted
from matching.ways import length_m, loads_of, on_trip, possible, settled


@dataclass(frozen=True, slots=True)
class Trip:
    """A way that a truck is going anyway, between two points where road estimates hold."""

    start: Point
    end: Point

    def __post_init__(self) -> None:
        for name, point in (("start", self.start), ("end", self.end)):
            if not is_covered(point):
                raise ValueError(
                    f"the {name} of a trip lies in the 48 contiguous states, in degrees: "
                    f"not at longitude {point.lon}, latitude {point.lat}"
                )
        if self.start == self.end:
            raise ValueError("a trip has its start and its end at different points")

    @property
    def metres(self) -> float:
        """The estimated road metres of the trip without any load."""
        return length_m(self.start, self.end)


class Along(NamedTuple):
    """Loads on the way of a trip, arrays of shape (n,), in no order.

    What each adds to the trip in metres, and how far along the trip its pickup and its delivery are.
    """

    rows: Rows
    out_of_route_m: Floats
    pickup_along_m: Floats
    delivery_along_m: Floats


def along(view: View, wanted: Wanted, trip: Trip, max_out_of_route_m: float) -> Along:
    """The loads that pass and add at most so many metres to the trip, inclusive.

    A load adds what the way to its first pickup, its loaded miles, and the way from its last delivery
    are more than the trip, or nothing. It is how far along the trip as the way to its pickup is
    long, and its delivery as much of the trip as the way from there to the end leaves. Ways are
    `geo.roads.roads_m`, to the last bit.

    Raises ValueError unless the limit is a finite number of at least 0.
    """
    if not (math.isfinite(max_out_of_route_m) and max_out_of_route_m >= 0.0):
        raise ValueError(f"a limit is a finite number of at least 0, not {max_out_of_route_m}")
    masks = (
        None if where is None else view.sites.chosen(where)
        for where in (wanted.pickup, wanted.delivery)
    )
    ways = on_trip(view, trip.start, trip.end, max_out_of_route_m).only(*masks)
    loads = settled(loads_of(view, possible(view, wanted, ways)), ways)
    pickups, deliveries = ways.to[loads.pickups], ways.onward[loads.deliveries]
    return Along(loads.rows, loads.added_m(ways), pickups, trip.metres - deliveries)
