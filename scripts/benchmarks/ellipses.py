"""What lies in the ellipse about a trip, as one statement of PostGIS."""

from typing import Any

import numpy as np
import psycopg
from boards import START
from numpy.typing import NDArray
from rivals import DELIVERY, PICKUP
from searches import PICKED_UP

from geo.geodesy import great_circle_m
from geo.points import metres
from matching.corridor import Trip

# By the sphere, which is less work than by the spheroid; the box is what the index can be asked for.
ELLIPSE = """
    {point} && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s)
    AND ST_Distance({point}::geography, ST_MakePoint(%(start_x)s, %(start_y)s)::geography, false)
      + ST_Distance({point}::geography, ST_MakePoint(%(end_x)s, %(end_y)s)::geography, false)
      <= %(whole)s"""
FOUND = f"""
COPY (SELECT id, pickup_lon, pickup_lat, delivery_lon, delivery_lat, loaded_miles::float8 FROM load
  WHERE status = 'posted' AND equipment = 'van' AND open_until > %(now)s
    AND pickup_from <= %(to)s AND pickup_to >= %(from)s
    AND {ELLIPSE.format(point=PICKUP)} AND {ELLIPSE.format(point=DELIVERY)})
TO STDOUT (FORMAT binary)"""  # noqa: S608
COLUMNS = {
    "id": ">i8", "pickup_lon": ">f8", "pickup_lat": ">f8", "delivery_lon": ">f8", "delivery_lat": ">f8",
    "miles": ">f8",
}  # fmt: skip
# A row on the wire: how many columns, and before each its length.
ROW = np.dtype(
    [("fields", ">i2")]
    + [field for name, kind in COLUMNS.items() for field in ((f"{name}_size", ">i4"), (name, kind))]
)
HEADER, TRAILER = 19, 2
# Of both spheres, PostGIS's and ours, and of loaded miles that are told to the tenth.
MARGIN_M = metres(1.0)


def parameters(trip: Trip, out_of_route_m: float) -> dict[str, Any]:
    """What the statement is asked of a trip: no way by road is below the great circle."""
    whole_m = trip.metres + out_of_route_m + MARGIN_M
    west, south, east, north = _box(trip, whole_m)
    first, last = PICKED_UP
    return {
        "start_x": trip.start.lon, "start_y": trip.start.lat, "whole": whole_m,
        "end_x": trip.end.lon, "end_y": trip.end.lat,
        "west": west, "south": south, "east": east, "north": north,
        "now": START, "from": first, "to": last,
    }  # fmt: skip


def in_ellipse(
    connection: psycopg.Connection[Any], asked: dict[str, Any]
) -> dict[str, NDArray[Any]]:
    """The loads whose ends both lie there, as columns: binary, without an object for each."""
    with connection.cursor() as cursor, cursor.copy(FOUND, asked) as copy:
        raw = b"".join(bytes(block) for block in copy)
    rows = np.frombuffer(raw[HEADER : len(raw) - TRAILER], dtype=ROW)
    return {name: rows[name].astype(kind[1:]) for name, kind in COLUMNS.items()}


def _box(trip: Trip, whole_m: float) -> tuple[float, float, float, float]:
    """The box about the ellipse, by a grid of tenths of a degree."""
    lons, lats = np.meshgrid(np.arange(-130.0, -60.0, 0.1), np.arange(20.0, 55.0, 0.1))
    away_m = great_circle_m(*trip.start, lons, lats) + great_circle_m(*trip.end, lons, lats)
    inside = away_m <= whole_m
    x, y = lons[inside], lats[inside]
    return x.min() - 0.1, y.min() - 0.1, x.max() + 0.1, y.max() + 0.1
