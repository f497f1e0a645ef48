"""Answers a search from the database: the page of loads, the exact total, the next cursor."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import Field, TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    and_,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard import cellscheme
from loadboard.auth import Principal
from loadboard.cellscheme import Scheme
from loadboard.fields import Moment, Number, Whole
from loadboard.loads.listing import current_listing, moment, page, shown
from loadboard.models import CellScheme, Event, Load
from loadboard.paging import decode, encode
from loadboard.search.areas import where
from loadboard.search.schemas import Filters, Search, Sort
from loadboard.search.statement import Question, distance_mi, hits

_Rate = Annotated[Whole, Field(ge=-1, lt=2**63)]
_LoadId = Annotated[Whole, Field(ge=1, lt=2**63)]
_POSITIONS: dict[Sort, TypeAdapter[tuple[datetime, Any, int]]] = {
    "rate": TypeAdapter(tuple[Moment, _Rate, _LoadId]),
    "rate_per_mile": TypeAdapter(tuple[Moment, Number, _LoadId]),
    "pickup_time": TypeAdapter(tuple[Moment, Moment, _LoadId]),
    "age": TypeAdapter(tuple[Moment, Moment, _LoadId]),
    "distance": TypeAdapter(tuple[Moment, Number, _LoadId]),
}
"""What a cursor holds by sort: the moment of the first page, and the last load's key and id."""


class Order(NamedTuple):
    """What a sort compares, and whether the highest comes first."""

    key: ColumnElement[Any]
    highest_first: bool


class Page(NamedTuple):
    items: list[bytes]
    total: int
    next_cursor: str | None

    def json(self) -> bytes:
        return page(self.items, self.total, self.next_cursor)


def ask(filters: Filters, principal: Principal, now: datetime) -> Question:
    """The question a request means; a Problem when a place in it is unknown."""
    only = principal.organization_id if principal.sees_only_own else None
    pickup, delivery = where(filters.pickup, "/pickup"), where(filters.delivery, "/delivery")
    return Question(filters, pickup, delivery, now, now, only)


def order(search: Search, question: Question) -> Order:
    unknown_last = literal(-1)
    match search.sort:
        case "rate":
            return Order(func.coalesce(Load.rate_cents, unknown_last), True)
        case "rate_per_mile":
            return Order(func.coalesce(Load.rate_per_mile_cents, unknown_last), True)
        case "pickup_time":
            return Order(Load.pickup_from.expression, False)
        case "age":
            return Order(Load.first_posted_at.expression, True)
    center = question.pickup and question.pickup.center
    assert center is not None
    return Order(distance_mi(center), False)


def statement(
    question: Question, scheme: Scheme, by: Order, after: list[Any] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """One statement for the total, the page and the listings, all of one moment.

    Its rows: total, active, resolution, id, key, distance_mi, confirmed_at, listing. There is always
    one at least; its id is null when the page is empty.
    """
    found = hits(question, scheme, [Load.id.label("id"), by.key.label("key")]).cte("found")
    key, id_ = found.c.key, found.c.id
    rest = select(id_, key)
    if after is not None:
        at = literal(after[0], key.type)
        past = key < at if by.highest_first else key > at
        rest = rest.where(or_(past, and_(key == at, id_ > after[1])))
    top = (
        rest.order_by(key.desc() if by.highest_first else key, id_).limit(limit + 1).subquery("top")
    )
    center = question.pickup.center if question.pickup else None
    distance = distance_mi(center) if center else cast(null(), Double)
    ends = top.join(Load, Load.id == top.c.id).join(Event, current_listing())
    shown_rows = (
        select(top.c.id, top.c.key, distance.label("distance_mi"), Load.confirmed_at)
        .add_columns(cast(Event.listing, SqlText).label("listing"))
        .select_from(ends)
        .subquery("shown")
    )
    total = select(func.count()).select_from(found).scalar_subquery()
    last = shown_rows.c.key.desc() if by.highest_first else shown_rows.c.key
    return (
        select(total.label("total"), CellScheme.active, CellScheme.resolution, *shown_rows.c)
        .select_from(CellScheme)
        .join(shown_rows, true(), isouter=True)
        .order_by(last, shown_rows.c.id)
    )


Rows = TypeVar("Rows")
_latest: list[Scheme] = []


async def under_scheme(
    session: AsyncSession, run: Callable[[Scheme], Awaitable[tuple[Scheme, Rows]]]
) -> Rows:
    """Runs a statement that answers under which scheme its snapshot stood, anew if that had changed.

    So a re-index may switch at any moment, and no search has to look first.
    """
    scheme = _latest[0] if _latest else await cellscheme.read(session)
    while True:
        stood, rows = await run(scheme)
        _latest[:] = [stood]
        if (stood.active, stood.resolution) == (scheme.active, scheme.resolution):
            return rows
        scheme = stood


async def search(
    session: AsyncSession, principal: Principal, search: Search, now: datetime
) -> Page:
    """The loads that a search asks for, as the principal may see them."""
    question = ask(search, principal, now)
    query = search.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit"})
    query["organization"] = principal.organization_id
    after = None
    if search.cursor is not None:
        as_of, *after = decode(query, search.cursor, _POSITIONS[search.sort].validate_python)
        question = replace(question, as_of=as_of)
    by = order(search, question)

    async def run(scheme: Scheme) -> tuple[Scheme, list[Any]]:
        rows = (await session.execute(statement(question, scheme, by, after, search.limit))).all()
        return Scheme(rows[0].active, rows[0].resolution, None), list(rows)

    rows = await under_scheme(session, run)
    total = rows[0].total
    rows = [row for row in rows if row.id is not None]
    items = [
        shown(row.listing, row.confirmed_at, distance_mi=row.distance_mi)
        for row in rows[: search.limit]
    ]
    more = None
    if len(rows) > search.limit:
        last = rows[search.limit - 1]
        key = moment(last.key) if isinstance(last.key, datetime) else last.key
        more = encode(query, [moment(question.as_of), key, last.id])
    return Page(items, total, more)
