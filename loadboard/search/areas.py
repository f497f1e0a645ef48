"""From the AREA of a request to a shape on the earth, or a list of states."""

from functools import lru_cache
from typing import NamedTuple

from geo.areas import Area, Box, Circle, region_from_geojson
from geo.cells import Cover, cover
from geo.points import Bounds, Point, metres
from geo.states import STATES, is_state
from loadboard.errors import FieldError, invalid
from loadboard.fields import PlaceRef
from loadboard.loads.preparing import named_place, place_error
from loadboard.search.schemas import SPEED_MPH, AreaIn
from matching.sites import Reachable


class Where(NamedTuple):
    """An area of a search: a shape, or the states that a stop must be stored under."""

    shape: Area | Reachable | None
    states: tuple[str, ...] | None

    @property
    def area(self) -> Area | None:
        """The shape, for what knows no roads; ValueError for a drive time."""
        if isinstance(self.shape, Reachable):
            raise ValueError("drive times are searched on the board alone")
        return self.shape

    @property
    def center(self) -> Point | None:
        return self.shape.center if isinstance(self.shape, Circle) else None


def where(area: AreaIn | None, pointer: str) -> Where | None:
    """The area meant; a Problem that names the part which can't be understood."""
    if area is None:
        return None
    if area.states is not None:
        return Where(None, _states(area.states, f"{pointer}/states"))
    return Where(_shape(area, pointer), None)


def _shape(area: AreaIn, pointer: str) -> Area | Reachable:
    if area.near is not None:
        center = point_of(area.near, f"{pointer}/near")
        return Circle(center, metres(area.radius_mi or 0.0))
    if area.of is not None:
        hours = area.within_hours or 0.0
        return Reachable(point_of(area.of, f"{pointer}/of"), metres(hours * SPEED_MPH))
    if area.bbox is not None:
        return Box(Bounds(*area.bbox))
    try:
        return region_from_geojson(area.polygon)
    except ValueError as error:
        # What was sent may hold half a surrogate pair, which no answer can.
        message = str(error).encode(errors="replace").decode()
        raise invalid(FieldError(pointer=f"{pointer}/polygon", message=message)) from error


def point_of(ref: PlaceRef, pointer: str) -> Point:
    """Where a place of a request is; a Problem when nobody knows it."""
    try:
        place = named_place(ref)
    except ValueError as error:
        raise invalid(place_error(ref, pointer, error)) from error
    return place.point if place else Point(ref.lon or 0.0, ref.lat or 0.0)


def _states(codes: list[str], pointer: str) -> tuple[str, ...]:
    wanted = tuple(sorted({code.upper() for code in codes}))
    for code in wanted:
        if not is_state(code):
            message = f"{code} is none of the states known here: {', '.join(STATES)}"
            raise invalid(FieldError(pointer=pointer, message=message))
    return wanted


@lru_cache(maxsize=5_000)
def cover_of(shape: Area, resolution: int) -> Cover:
    return cover(shape, resolution)
