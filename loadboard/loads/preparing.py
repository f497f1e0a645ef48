"""From what was posted to what is stored: places found, miles estimated, cells and zones worked out.

Works on many loads at once, because the estimates are much cheaper by the thousand.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np

from geo import places, roads, states
from geo.cells import cells_of
from geo.coverage import are_covered
from geo.places import Place
from geo.points import METRES_PER_MILE, Point
from loadboard.errors import FieldError
from loadboard.fields import PlaceRef
from loadboard.loads.prepared import Located, Prepared
from loadboard.loads.schemas import PostedLoad, PostedStop


@lru_cache(maxsize=50_000)
def _town(text: str) -> Place:
    return places.find(text)


@lru_cache(maxsize=50_000)
def _zip(text: str) -> Place:
    return places.find_zip(text)


def named_place(ref: PlaceRef) -> Place | None:
    """The town or ZIP code of a reference, None for coordinates; ValueError when there is none."""
    if ref.place is not None:
        return _town(ref.place)
    if ref.zip is not None:
        return _zip(ref.zip)
    return None


def place_error(ref: PlaceRef, where: str, error: ValueError) -> FieldError:
    field = "place" if ref.place is not None else "zip"
    return FieldError(pointer=f"{where}/{field}", message=str(error))


def locate(refs: Sequence[PlaceRef]) -> list[Located | ValueError]:
    """Where each place is; in its place the error, when nobody knows it."""
    found: list[Located | ValueError | None] = []
    for ref in refs:
        try:
            place = named_place(ref)
        except ValueError as error:
            found.append(error)
        else:
            found.append(place and _at(place))
    bare = [index for index, item in enumerate(found) if item is None]
    for index, located in zip(bare, _locate_points([refs[i] for i in bare]), strict=True):
        found[index] = located
    return [item for item in found if item is not None]


@lru_cache(maxsize=50_000)
def _at(place: Place) -> Located:
    return Located(place.point, place.label, place.state, place.zone)


def _locate_points(refs: Sequence[PlaceRef]) -> list[Located]:
    if not refs:
        return []
    points = [Point(float(ref.lon or 0), float(ref.lat or 0)) for ref in refs]
    lons, lats = (np.array(axis) for axis in zip(*points, strict=True))
    towns = places.nearest(lons, lats)
    return [
        Located(point, town and town.label, state, zone)
        for point, town, state, zone in zip(
            points, towns, states.states_of(lons, lats), places.zones_of(lons, lats), strict=True
        )
    ]


def loaded_miles(routes: Sequence[Sequence[Point]]) -> list[tuple[float, bool]]:
    """For each route its estimated miles, to a tenth, and whether all its legs are by road."""
    legs = [leg for route in routes for leg in pairwise(route)]
    a = np.array([leg[0] for leg in legs])
    b = np.array([leg[1] for leg in legs])
    leg_m = roads.roads_m(a[:, 0], a[:, 1], b[:, 0], b[:, 1])
    covered = are_covered(a[:, 0], a[:, 1]) & are_covered(b[:, 0], b[:, 1])
    counts = np.array([len(route) - 1 for route in routes])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    total = np.round(np.add.reduceat(leg_m, starts) / METRES_PER_MILE, 1)
    by_road = np.logical_and.reduceat(covered, starts)
    return list(zip(total.tolist(), by_road.tolist(), strict=True))


def _cells(
    points: Sequence[Point], resolutions: Sequence[int | None]
) -> list[tuple[int | None, ...]]:
    lons, lats = (np.array(axis) for axis in zip(*points, strict=True))
    columns = [
        [None] * len(points) if resolution is None else cells_of(lons, lats, resolution).tolist()
        for resolution in resolutions
    ]
    return list(zip(*columns, strict=True))


def prepare(
    posted: Sequence[PostedLoad], resolutions: Sequence[int | None]
) -> list[Prepared | list[FieldError]]:
    """Each load ready to be stored, or what is wrong with its places."""
    return with_cells(routed(posted), resolutions)


def routed(posted: Sequence[PostedLoad]) -> list[Prepared | list[FieldError]]:
    """All but the cells, which depend on how the board is indexed: what takes long, and no database."""
    located = iter(locate([stop for load in posted for stop in load.stops]))
    answers: list[Prepared | list[FieldError]] = []
    stops_of: list[tuple[int, tuple[Located, ...]]] = []
    for index, load in enumerate(posted):
        places_of = [next(located) for _ in load.stops]
        errors = _place_errors(load.stops, places_of)
        answers.append(errors)
        if not errors:
            stops_of.append((index, tuple(p for p in places_of if isinstance(p, Located))))
    if not stops_of:
        return answers
    miles = loaded_miles([[stop.point for stop in stops] for _, stops in stops_of])
    for (index, stops), (loaded, by_road) in zip(stops_of, miles, strict=True):
        answers[index] = Prepared(posted[index], stops, loaded, by_road)
    return answers


def with_cells(
    loads: Sequence[Prepared | list[FieldError]], resolutions: Sequence[int | None]
) -> list[Prepared | list[FieldError]]:
    """The loads with the cells of their ends, one for each resolution."""
    sound = [load for load in loads if isinstance(load, Prepared)]
    if not sound:
        return list(loads)
    pickups = _cells([load.stops[0].point for load in sound], resolutions)
    deliveries = _cells([load.stops[-1].point for load in sound], resolutions)
    ready = map(_with_cells, sound, pickups, deliveries)
    return [next(ready) if isinstance(load, Prepared) else load for load in loads]


def _with_cells(
    load: Prepared, pickup: tuple[int | None, ...], delivery: tuple[int | None, ...]
) -> Prepared:
    return replace(load, pickup_cells=pickup, delivery_cells=delivery)


def _place_errors(
    stops: Sequence[PostedStop], found: Sequence[Located | ValueError]
) -> list[FieldError]:
    return [
        place_error(stop, f"/stops/{number}", place)
        for number, (stop, place) in enumerate(zip(stops, found, strict=True))
        if isinstance(place, ValueError)
    ]
