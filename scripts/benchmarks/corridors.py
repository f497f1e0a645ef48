"""Loads along a trip on the board in memory, beside PostGIS and beside numpy over all rows."""

from collections.abc import Callable

import numpy as np
from boards import START, board
from ellipses import in_ellipse, parameters
from figures import MANY, Figure, Unequal, medians, seconds, tell
from held import held
from numpy.typing import NDArray
from rivals import COVERING_LANE, LANE, Rival
from searches import PICKED_UP, Hits

from geo import places
from geo.areas import Floats
from geo.fields import field_of
from geo.known import known, rows_of
from geo.points import METRES_PER_MILE, metres, miles
from loadboard.search.searching import microseconds
from matching.board import View
from matching.columns import EQUIPMENT_NUMBERS
from matching.corridor import Trip, along
from matching.search import Wanted, first

# Some 1,400 miles each.
TRIPS = (
    ("Los Angeles, CA", "Dallas, TX"), ("Denver, CO", "Atlanta, GA"), ("Dallas, TX", "Philadelphia, PA"),
    ("Memphis, TN", "Phoenix, AZ"), ("Atlanta, GA", "Denver, CO"), ("Phoenix, AZ", "Kansas City, MO"),
)  # fmt: skip
OUT_OF_ROUTE_M = metres(100)
LIMIT = 20
FIRST, LAST = map(microseconds, PICKED_UP)
NOW = microseconds(START)
WANTED = Wanted(NOW, window_from=FIRST, window_to=LAST, equipment=frozenset({"van"}))


def corridor_vs_postgis(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """The peer finds what lies in the ellipse, by its better index; the rest is our own, on its rows.

    Both sides have the fields of the trip's ends.
    """
    figures = [_vs_index(name, goal, loads, pairs, by) for by in (LANE, COVERING_LANE)]
    return min(figures, key=lambda figure: figure.ratio)


def corridor_cold_vs_pass(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Both fields are made anew in each pair, by either side: by the peer for all sites."""
    return _vs_pass(name, goal, loads, pairs, anew=True)


def corridor_warm_vs_pass(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """Both sides have the fields; the peer has their metres to all sites."""
    return _vs_pass(name, goal, loads, pairs, anew=False)


def _trips() -> list[Trip]:
    trips = [Trip(*(places.find(town).point for town in ends)) for ends in TRIPS]
    tell(f"  miles: {[round(miles(trip.metres)) for trip in trips]}")
    return trips


def _vs_index(name: str, goal: float | None, loads: int, pairs: int | None, by: Rival) -> Figure:
    on, count = board(loads), pairs or MANY
    view, trips = held(on).view, _trips()
    asked = {trip: parameters(trip, OUT_OF_ROUTE_M) for trip in trips}
    with on.connect() as connection, by.indexed(connection):

        def peer(trip: Trip) -> Hits:
            rows = in_ellipse(connection, asked[trip])
            to, onward = (
                field_of(point).known_m(rows_of(known(), rows[f"{end}_lon"], rows[f"{end}_lat"]))
                for point, end in ((trip.start, "pickup"), (trip.end, "delivery"))
            )
            added_m = (
                to + np.rint(rows["miles"] * 10.0) / 10.0 * METRES_PER_MILE + onward - trip.metres
            )
            within = added_m <= OUT_OF_ROUTE_M
            return _best(rows["id"][within], np.maximum(added_m[within], 0.0))

        times = _compared(trips, count, lambda trip: _ours(view, trip), peer)
    return Figure(name, *times, "ms", goal, count, loads)


def _vs_pass(name: str, goal: float | None, loads: int, pairs: int | None, *, anew: bool) -> Figure:
    view, count, trips = held(board(loads)).view, pairs or MANY, _trips()
    kept = {trip: _metres_to_all(view, trip) for trip in trips}

    def ours(trip: Trip) -> Hits:
        if anew:
            field_of.cache_clear()
        return _ours(view, trip)

    def peer(trip: Trip) -> Hits:
        if anew:
            field_of.cache_clear()
        return _by_pass(view, trip, *(_metres_to_all(view, trip) if anew else kept[trip]))

    return Figure(name, *_compared(trips, count, ours, peer), "ms", goal, count, loads)


def _compared(
    trips: list[Trip], count: int, ours: Callable[[Trip], Hits], peer: Callable[[Trip], Hits]
) -> tuple[float, float]:
    """Milliseconds of both sides, which answer the same."""
    for trip in trips:
        found, expected = ours(trip), peer(trip)
        if found != expected:
            raise Unequal(f"{found.total} hits and {expected.total} along {trip}")
        tell(f"  hits: {found.total}")
    times = medians(
        count,
        lambda number: 1000 * seconds(lambda: ours(trips[number % len(trips)])),
        lambda number: 1000 * seconds(lambda: peer(trips[number % len(trips)])),
    )
    return times


def _ours(view: View, trip: Trip) -> Hits:
    found = along(view, WANTED, trip, OUT_OF_ROUTE_M)
    ids = view.take("id", found.rows)
    return Hits(len(ids), tuple(ids[first(found.out_of_route_m, ids, LIMIT)].tolist()))


def _metres_to_all(view: View, trip: Trip) -> tuple[Floats, Floats]:
    """From the start to each site and onward to the end: all sites of the samples are known places."""
    at = rows_of(known(), *view.sites.points[:2])
    return field_of(trip.start).known_m(at), field_of(trip.end).known_m(at)


def _by_pass(view: View, trip: Trip, to: Floats, onward: Floats) -> Hits:
    """The order of the steps that was the fastest of three: the cheap filters over all rows first."""
    columns = view.main.columns
    fits = columns.equipment == EQUIPMENT_NUMBERS["van"]
    fits &= columns.pickup_from <= LAST
    fits &= columns.pickup_to >= FIRST
    fits &= columns.open_until > NOW
    fits &= columns.died > view.change
    rows = np.flatnonzero(fits)
    added_m = to[columns.pickup[rows]]
    added_m += columns.loaded_tenths[rows] / 10.0 * METRES_PER_MILE
    added_m += onward[columns.delivery[rows]]
    added_m -= trip.metres
    within = np.flatnonzero(added_m <= OUT_OF_ROUTE_M)
    return _best(columns.id[rows[within]], np.maximum(added_m[within], 0.0))


def _best(ids: NDArray[np.int64], added_m: Floats) -> Hits:
    """The total, and the first in order."""
    if len(ids) > LIMIT:
        last = np.partition(added_m, LIMIT - 1)[LIMIT - 1]
        few = np.flatnonzero(added_m <= last)
    else:
        few = np.arange(len(ids))
    order = few[np.lexsort((ids[few], added_m[few]))][:LIMIT]
    return Hits(len(ids), tuple(ids[order].tolist()))
