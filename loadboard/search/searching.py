"""Answers a search from the board: the page of loads, the exact total, the next cursor."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, TypeAdapter

from geo.areas import Floats
from geo.points import METRES_PER_MILE, Point, metres, miles
from geo.route import path
from loadboard.apart import apart
from loadboard.auth import Principal
from loadboard.errors import FieldError, invalid
from loadboard.feed import Feed
from loadboard.fields import Moment, Number, Whole
from loadboard.loads.listing import moment, page
from loadboard.paging import decode, encode
from loadboard.records import Records
from loadboard.search.areas import Where, point_of, where
from loadboard.search.chosen import found_rows, is_quick
from loadboard.search.schemas import AlongIn, Filters, Search, Sort
from loadboard.search.showing import miles_from, shown_loads
from matching.board import View
from matching.columns import BEGINNING, END, Rows
from matching.corridor import Trip, along
from matching.search import Wanted, first, per_mile_cents
from matching.sight import Sight
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


def asked(
    filters: Filters,
    principal: Principal,
    now: datetime,
    sight: Sight | None = None,
    as_of: datetime | None = None,
) -> tuple[Wanted, Point | None]:
    """What a request wants, and the point that distances are measured from; a Problem for unknown places.

    The sight is to be asked for after the view, see `loadboard.sight`. Ages count back from `as_of`, or now.
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
        posted_since=_posted_since(filters, as_of or now),
        include_unknown=filters.include_unknown,
        organization=principal.organization_id if principal.sees_only_own else None,
        sight=sight,
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
    trip: dict[str, Any] | None = None
    out_of_route_mi: Floats | None = None
    along_mi: Floats | None = None


class _Best(NamedTuple):
    """What was found, the place of those to show among its rows, and where the page ends if more follow."""

    found: _Found
    shown: Rows
    center: Point | None
    ended: tuple[float, int] | None


async def search(
    feed: Feed, principal: Principal, search: Search, now: datetime, position: int | None = None
) -> Page:
    """The loads that a search asks for, as the principal may see them."""
    # Of the first page: ages count back from there on all others.
    as_of, after = now, None
    if search.cursor is not None:
        query = _query(search, principal)
        as_of, key, last_id = decode(query, search.cursor, _Position.validate_python)
        after = key, last_id
    view = await feed.view(position)
    sight = await feed.sights.of(principal)
    known, age_s = feed.xmin - 1, feed.age_s

    if search.is_long:
        best = await apart(
            lambda: _best(view, search, *asked(search, principal, now, sight, as_of), after)
        )
    else:
        wanted, center = asked(search, principal, now, sight, as_of)
        if is_quick(view, wanted):
            best = _best(view, search, wanted, center, after)
        else:
            best = await asyncio.to_thread(_best, view, search, wanted, center, after)
    await feed.records.keep_fresh(now)
    items = await _shown(view, best, feed.records)
    more = None
    if best.ended is not None:
        more = encode(_query(search, principal), [moment(as_of), *best.ended])
    return Page(items, len(best.found.rows), more, best.found.trip, known, age_s)


def _best(
    view: View,
    search: Search,
    wanted: Wanted,
    center: Point | None,
    after: tuple[float, int] | None,
) -> _Best:
    found = _found(view, search, wanted)
    keys, ids = _keys(view, found, search.sort, center), view.take("id", found.rows)
    best = first(keys, ids, search.limit + 1, after)
    ended = None
    if len(best) > search.limit:
        last = best[search.limit - 1]
        ended = float(keys[last]), int(ids[last])
    return _Best(found, best[: search.limit], center, ended)


def _found(view: View, search: Search, wanted: Wanted) -> _Found:
    if search.along is None:
        return _Found(found_rows(view, wanted))
    trip = trip_of(search.along)
    found = along(view, wanted, trip, metres(search.along.max_out_of_route_mi))
    ends = np.column_stack((found.pickup_along_m, found.delivery_along_m)) / METRES_PER_MILE
    return _Found(found.rows, _drawn(trip), found.out_of_route_m / METRES_PER_MILE, ends)


def _query(search: Search, principal: Principal) -> dict[str, Any]:
    """What a cursor belongs to."""
    asked = search.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit"})
    return asked | {"organization": principal.organization_id}


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
            return miles_from(center, view, rows)
        case "out_of_route":
            assert found.out_of_route_mi is not None
            return found.out_of_route_mi


async def _shown(view: View, best: _Best, records: Records) -> list[bytes]:
    found, measured = best.found, {}
    if found.out_of_route_mi is not None and found.along_mi is not None:
        measured["out_of_route_mi"] = found.out_of_route_mi[best.shown]
        measured["along_mi"] = found.along_mi[best.shown]
    return await shown_loads(view, found.rows[best.shown], best.center, measured, records)
