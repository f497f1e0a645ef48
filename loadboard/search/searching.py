"""Answers a search from the board: the page of loads, the exact total, the next cursor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from geo.areas import Floats
from geo.geodesy import distances_m
from geo.points import METRES_PER_MILE, Point
from loadboard.auth import Principal
from loadboard.feed import Feed
from loadboard.fields import Moment, Number, Whole
from loadboard.loads.listing import moment, page, shown
from loadboard.loads.texts import listing_texts
from loadboard.paging import decode, encode
from loadboard.search.areas import Where, where
from loadboard.search.schemas import Filters, Search, Sort
from matching.board import View
from matching.columns import BEGINNING, END, Rows
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
    position: int
    age_s: float

    def json(self) -> bytes:
        return page(self.items, self.total, self.next_cursor)


def microseconds(at: datetime) -> int:
    """As the board counts moments."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def asked(filters: Filters, principal: Principal, now: datetime) -> tuple[Wanted, Point | None]:
    """What a request wants, and the point that distances are measured from; a Problem for unknown places."""
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


async def search(
    feed: Feed, principal: Principal, search: Search, now: datetime, position: int | None = None
) -> Page:
    """The loads that a search asks for, as the principal may see them."""
    wanted, center = asked(search, principal, now)
    query = search.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit"})
    query["organization"] = principal.organization_id
    as_of, after = now, None
    if search.cursor is not None:
        as_of, key, last_id = decode(query, search.cursor, _Position.validate_python)
        after = key, last_id
        # Ages count back from when the first page was asked.
        wanted = replace(wanted, posted_since=_posted_since(search, as_of))
    view = await feed.view(position)
    known, age_s = feed.xmin - 1, feed.age_s
    rows = find(view, wanted)
    keys = _keys(view, rows, search.sort, center)
    best = first(keys, view.take("id", rows), search.limit + 1, after)
    shown_rows = rows[best[: search.limit]]
    items = await _items(view, shown_rows, center)
    more = None
    if len(best) > search.limit:
        last = best[search.limit - 1]
        id = int(view.take("id", rows[[last]])[0])
        more = encode(query, [moment(as_of), float(keys[last]), id])
    return Page(items, len(rows), more, known, age_s)


def _keys(view: View, rows: Rows, sort: Sort, center: Point | None) -> Floats:
    """What a sort compares, least first."""
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


def _miles(view: View, rows: Rows, center: Point) -> Floats:
    """Geodesic miles from a point to the pickup of each row, measured once for each site."""
    sites, numbers = np.unique(view.take("pickup", rows), return_inverse=True)
    points = view.sites.points.of(sites)
    miles: NDArray[np.float64] = distances_m(center, points.lons, points.lats) / METRES_PER_MILE
    return miles[numbers]


async def _items(view: View, rows: Rows, center: Point | None) -> list[bytes]:
    ids, versions = view.take("id", rows).tolist(), view.take("version", rows).tolist()
    texts = await listing_texts(list(zip(ids, versions, strict=True)))
    confirmed = view.take("confirmed_at", rows).tolist()
    miles = [None] * len(ids) if center is None else _miles(view, rows, center).tolist()
    return [
        shown(text, _EPOCH + timedelta(microseconds=at), distance_mi=mi)
        for text, at, mi in zip(texts, confirmed, miles, strict=True)
    ]
