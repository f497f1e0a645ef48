"""From the truck of a request to the one that is matched."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from geo.coverage import is_covered
from geo.points import Point
from loadboard.errors import FieldError, invalid
from loadboard.search.areas import point_of, where
from loadboard.search.searching import microseconds, place_of
from loadboard.trucks.schemas import ClockIn, HomeIn, TripIn, TruckIn
from matching.trucks import Clock, Home, Trip, Truck


@contextmanager
def naming(pointer: str) -> Iterator[None]:
    """A Problem that names the field, of a ValueError that begins with its name."""
    try:
        yield
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        where_ = f"{pointer}/{field.replace('.', '/')}"
        raise invalid(FieldError(pointer=where_, message=message)) from error


def to_truck(said: TruckIn, now: datetime, pointer: str = "") -> Truck:
    """The truck meant; a Problem that names what can't be. `pointer` leads to it in the request."""
    at, to = point_of(said.at, f"{pointer}/at"), where(said.to, f"{pointer}/to")
    home, trip = _home(said.home, f"{pointer}/home"), _trip(at, said.trip, f"{pointer}/trip")
    clock = _clock(said.clock, f"{pointer}/clock")
    with naming(pointer):
        return Truck(
            at,
            said.equipment,
            microseconds(said.free_from or now),
            said.length_ft,
            said.weight_lb,
            said.hazmat,
            said.max_deadhead_mi,
            place_of(to),
            home,
            trip,
            clock,
        )


def _home(said: HomeIn | None, pointer: str) -> Home | None:
    if said is None:
        return None
    return Home(point_of(said.at, f"{pointer}/at"), microseconds(said.by))


def _trip(at: Point, said: TripIn | None, pointer: str) -> Trip | None:
    if said is None:
        return None
    to = point_of(said.to, f"{pointer}/to")
    if not (is_covered(at) and is_covered(to)):
        message = "is no way by road: a trip begins and ends in the 48 contiguous states"
        raise invalid(FieldError(pointer=f"{pointer}/to", message=message))
    return Trip(to, said.max_out_of_route_mi)


def _clock(said: ClockIn, pointer: str) -> Clock:
    with naming(pointer):
        return Clock(
            said.drive_left_h,
            said.window_left_h,
            said.drive_since_break_h,
            said.cycle_left_h,
            tuple(said.recap_h),
        )
