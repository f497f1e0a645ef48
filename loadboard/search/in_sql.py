"""The same searches as one SQL statement: what the board must answer equally, and what is measured.

It sees what was committed this moment, and needs no board. It knows no audiences and no blocks, so nothing
that it finds is for carriers to see. Nothing of the service asks it: it stays beside what it must equal,
because the tests and the benchmarks both take it from here, about loads for everyone.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import Field, TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard import cellscheme
from loadboard.auth import Principal
from loadboard.cellscheme import Scheme
from loadboard.fields import Moment, Number, Whole
from loadboard.loads.listing import moment, page, shown
from loadboard.paging import decode, encode
from loadboard.search.areas import where
from loadboard.search.schemas import Filters, Search, Sort
from loadboard.search.spread import Spreads, spreads
from loadboard.search.statement import Question, Sql, center_values, distance_mi, hits

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

    key: str
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


def order(search: Search) -> Order:
    match search.sort:
        case "rate":
            return Order("coalesce(rate_cents, -1)", True)
        case "rate_per_mile":
            return Order("coalesce(rate_per_mile_cents, -1)", True)
        case "pickup_time":
            return Order("pickup_from", False)
        case "age":
            return Order("first_posted_at", True)
        case "distance":
            return Order(distance_mi(), False)
        case "out_of_route":
            raise ValueError("trips are searched on the board alone")


def statement(
    question: Question, scheme: Scheme, spread: Spreads, by: Order, after: Any, limit: int
) -> Sql:
    """One statement for the total, the page and the listings, all of one moment.

    Its rows: total, active, resolution, id, key, distance_mi, confirmed_at, listing. There is always
    one at least; its id is null when the page is empty.
    """
    found, values = hits(question, scheme, spread, f"id, {by.key} AS key")
    center = question.pickup and question.pickup.center
    direction, past = ("DESC", "<") if by.highest_first else ("ASC", ">")
    rest = f"WHERE key {past} %(key)s OR key = %(key)s AND id > %(last_id)s" if after else ""
    text = f"""WITH found AS ({found})
        SELECT (SELECT count(*) FROM found) AS total, active, resolution, shown.*
        FROM cell_scheme LEFT JOIN (
          SELECT top.id, top.key, {distance_mi() if center else "NULL"} AS distance_mi, confirmed_at,
            listing::text AS listing
          FROM (SELECT id, key FROM found {rest} ORDER BY key {direction}, id LIMIT %(most)s) AS top
          JOIN load ON load.id = top.id
          JOIN event ON event.load_id = load.id AND event.version = load.version
            AND event.at = load.versioned_at AND event.listing IS NOT NULL
        ) AS shown ON true
        ORDER BY shown.key {direction}, shown.id"""  # noqa: S608
    values |= {"most": limit + 1} | (center_values("pickup", center) if center else {})
    values |= {"key": after[0], "last_id": after[1]} if after else {}
    return Sql(text, values)


Rows = TypeVar("Rows")
_latest: list[Scheme] = []


async def rows_of(session: AsyncSession, sql: Sql) -> list[Any]:
    connection = await session.connection()
    return list((await connection.exec_driver_sql(*sql)).all())


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
    by = order(search)

    async def run(scheme: Scheme) -> tuple[Scheme, list[Any]]:
        spread = await spreads(session)
        sql = statement(question, scheme, spread, by, after, search.limit)
        rows = await rows_of(session, sql)
        return Scheme(rows[0].active, rows[0].resolution, None), rows

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
