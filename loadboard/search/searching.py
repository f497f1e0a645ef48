"""Answers a search from the board: the page of loads, the exact total, the next cursor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

import anyio
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from geo.areas import Floats
from geo.geodesy import distances_m
from geo.points import METRES_PER_MILE, Point, metres, miles
from geo.route import path
from loadboard.auth import Principal
from loadboard.errors import FieldError, invalid
from loadboard.feed import Feed
from loadboard.fields import Moment, Number, Whole
from loadboard.loads.listing import moment, page, shown
from loadboard.loads.texts import listing_texts
from loadboard.paging import decode, encode
from loadboard.records import Records
from loadboard.search.areas import Where, point_of, where
from loadboard.search.schemas import AlongIn, Filters, Search, Sort
from matching.board import View
from matching.columns import BEGINNING, END, Rows
from matching.corridor import Trip, along
from matching.search import Wanted, find, first, per_mile_cents
from matching.sites import Where as Place

_LoadId = Annotated[Whole, Field(ge=1, lt=2**63)]
_Key = Annotated[Number, Field(allow_inf_nan=False)]
_Position = TypeAdapter(tuple[Moment, _Key, _LoadId])
"""What a cursor holds: the moment of the first page, and the last load's key and id."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Page(NamedTuple):
    items: list[bytes]
    total: int
    next_cursor: str | None
    along: dict[str, Any] | None
    position: int
    age_s: float

    def json(self) -> bytes:
        rest = {"along": self.along} if self.along else {}
        return page(self.items, self.total, self.next_cursor, **rest)


def microseconds(at: datetime) -> int:
    """As the board counts moments."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(microseconds: int) -> datetime:
    """The moment that the board counts so."""
    return _EPOCH + timedelta(microseconds=microseconds)


def asked(filters: Filters, principal: Principal, now: datetime) -> tuple[Wanted, Point | None]:
    """What a request wants, and the point that distances are measured from; a Problem for unknown places.

    The sight is to be added once there is a view, see `loadboard.sight`.
    """
    pickup, delivery = where(filters.pickup, "/pickup"), where(filters.delivery, "/delivery")
    window = filters.pickup_window
    wanted = Wanted(
        now=microseconds(now),
        pickup=place_of(pickup),
        delivery=place_of(delivery),
        window_from=microseconds(window.from_) if window and window.from_ else BEGINNING,
        window_to=microseconds(window.to) if window and window.to else END,
        equipment=frozenset(filters.equipment) if filters.equipment is not None else None,
        full=filters.full,
        hazmat=filters.hazmat,
        max_weight_lb=filters.max_weight_lb,
        max_length_ft=filters.max_length_ft,
        min_rate_cents=filters.min_rate_cents,
        min_rate_per_mile_cents=filters.min_rate_per_mile_cents,
        posted_since=_posted_since(filters, now),
        include_unknown=filters.include_unknown,
        organization=principal.organization_id if principal.sees_only_own else None,
    )
    return wanted, pickup.center if pickup else None


def _posted_since(filters: Filters, as_of: datetime) -> int:
    if filters.max_age_minutes is None:
        return BEGINNING
    return microseconds(as_of - timedelta(minutes=filters.max_age_minutes))


def place_of(area: Where | None) -> Place | None:
    """The area as a board takes it."""
    if area is None or area.shape is not None:
        return area and area.shape
    return frozenset(area.states or ())


class _Found(NamedTuple):
    """Rows of a view; along a trip also its miles, and for each row what it adds and where it lies."""

    rows: Rows
    trip: Trip | None = None
    out_of_route_mi: Floats | None = None
    along_mi: Floats | None = None


async def search(
    feed: Feed, principal: Principal, search: Search, now: datetime, position: int | None = None
) -> Page:
    """The loads that a search asks for, as the principal may see them."""
    wanted, center = asked(search, principal, now)
    trip = trip_of(search.along) if search.along else None
    query = search.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit"})
    query["organization"] = principal.organization_id
    as_of, after = now, None
    if search.cursor is not None:
        as_of, key, last_id = decode(query, search.cursor, _Position.validate_python)
        after = key, last_id
        # Ages count back from when the first page was asked.
        wanted = replace(wanted, posted_since=_posted_since(search, as_of))
    view = await feed.view(position)
    wanted = replace(wanted, sight=await feed.sights.of(principal))
    known, age_s = feed.xmin - 1, feed.age_s
    if trip is None:
        found = _Found(find(view, wanted))
    else:
        # Fields of a trip's ends take milliseconds, during which others are answered.
        limit_m = metres(search.along.max_out_of_route_mi) if search.along else 0.0
        found = await anyio.to_thread.run_sync(_along, view, wanted, trip, limit_m)
    keys, ids = _keys(view, found, search.sort, center), view.take("id", found.rows)
    best = first(keys, ids, search.limit + 1, after)
    await feed.records.keep_fresh(now)
    items = await _items(view, found, best[: search.limit], center, feed.records)
    more = None
    if len(best) > search.limit:
        last = best[search.limit - 1]
        more = encode(query, [moment(as_of), float(keys[last]), int(ids[last])])
    return Page(items, len(found.rows), more, _drawn(trip) if trip else None, known, age_s)


def trip_of(said: AlongIn) -> Trip:
    """The trip meant; a Problem where there is none by road."""
    ends = point_of(said.from_, "/along/from"), point_of(said.to, "/along/to")
    try:
        return Trip(*ends)
    except ValueError as error:
        raise invalid(FieldError(pointer="/along", message=str(error))) from error


def _drawn(trip: Trip) -> dict[str, Any]:
    line = {
        "type": "LineString",
        "coordinates": [list(point) for point in path(trip.start, trip.end)],
    }
    return {"trip_mi": miles(trip.metres), "line": line}


def _along(view: View, wanted: Wanted, trip: Trip, max_out_of_route_m: float) -> _Found:
    found = along(view, wanted, trip, max_out_of_route_m)
    ends = np.column_stack((found.pickup_along_m, found.delivery_along_m))
    return _Found(found.rows, trip, found.out_of_route_m / METRES_PER_MILE, ends / METRES_PER_MILE)


def _keys(view: View, found: _Found, sort: Sort, center: Point | None) -> Floats:
    """What a sort compares, least first."""
    rows = found.rows
    match sort:
        case "rate":
            return -view.take("rate_cents", rows).astype(np.float64)
        case "rate_per_mile":
            return -per_mile_cents(view, rows)
        case "pickup_time":
            return view.take("pickup_from", rows).astype(np.float64)
        case "age":
            return -view.take("first_posted_at", rows).astype(np.float64)
        case "distance":
            assert center is not None
            return _miles(view, rows, center)
        case "out_of_route":
            assert found.out_of_route_mi is not None
            return found.out_of_route_mi


def _miles(view: View, rows: Rows, center: Point) -> Floats:
    """Geodesic miles from a point to the pickup of each row, measured once for each site."""
    sites, numbers = np.unique(view.take("pickup", rows), return_inverse=True)
    points = view.sites.points.of(sites)
    miles: NDArray[np.float64] = distances_m(center, points.lons, points.lats) / METRES_PER_MILE
    return miles[numbers]


async def _items(
    view: View, found: _Found, best: Rows, center: Point | None, records: Records
) -> list[bytes]:
    rows = found.rows[best]
    ids, versions = view.take("id", rows).tolist(), view.take("version", rows).tolist()
    texts = await listing_texts(list(zip(ids, versions, strict=True)))
    measured: dict[str, list[Any]] = {
        "distance_mi": [None] * len(ids) if center is None else _miles(view, rows, center).tolist()
    }
    if found.out_of_route_mi is not None and found.along_mi is not None:
        measured["out_of_route_mi"] = found.out_of_route_mi[best].tolist()
        measured["along_mi"] = found.along_mi[best].tolist()
    measured["record"] = list(map(records.of, view.take("organization", rows).tolist()))
    confirmed = view.take("confirmed_at", rows).tolist()
    return [
        shown(text, instant(at), **dict(zip(measured, each, strict=True)))
        for text, at, *each in zip(texts, confirmed, *measured.values(), strict=True)
    ]
