"""The SQL of a search: cell ranges through a covering index, then the exact geometry.

Each range becomes an index-only scan of its own. As a plain join the planner may run another filter
over all rows first, which is forty times slower.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from geoalchemy2 import Geography
from shapely import to_wkb
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    LargeBinary,
    Select,
    Text,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE
from sqlalchemy.orm import InstrumentedAttribute

from geo.areas import Area, Box, Circle
from geo.cells import Cover
from geo.points import METRES_PER_MILE, Point
from loadboard.cellscheme import Scheme
from loadboard.models import CellScheme, Load
from loadboard.search.areas import Where, cover_of
from loadboard.search.schemas import Filters


@dataclass(frozen=True, slots=True)
class Question:
    """A search with its areas found, and the moment and the asker it is answered for.

    `now` decides what is still open; ages count back from `as_of`, when the first page was asked.
    """

    filters: Filters
    pickup: Where | None
    delivery: Where | None
    now: datetime
    as_of: datetime
    only_organization_id: int | None


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a lane and its columns."""

    where: Where | None
    cover: Cover | None
    cell: InstrumentedAttribute[int | None]
    lon: InstrumentedAttribute[float]
    lat: InstrumentedAttribute[float]
    state: InstrumentedAttribute[str | None]


def _ends(question: Question, scheme: Scheme) -> tuple[_End, _End]:
    def end(name: str, where: Where | None) -> _End:
        cover = cover_of(where.shape, scheme.resolution) if where and where.shape else None
        columns = (f"{name}_cell_{scheme.active}", f"{name}_lon", f"{name}_lat", f"{name}_state")
        return _End(where, cover, *(getattr(Load, column) for column in columns))

    return end("pickup", question.pickup), end("delivery", question.delivery)


def hits(
    question: Question, scheme: Scheme, columns: Sequence[ColumnElement[Any]]
) -> Select[*tuple[Any, ...]]:
    """Every load that the question asks for, as rows of `columns` (of the covering index only)."""
    pickup, delivery = _ends(question, scheme)
    conditions = [
        # As a literal: a plan for any parameter could not know that the partial index serves.
        Load.status == literal_column("'posted'"),
        Load.open_until > question.now,
        *_conditions(question),
        *_states(pickup),
        *_states(delivery),
    ]
    covered = sorted((end for end in (pickup, delivery) if end.cover), key=_width)
    if not covered:
        return select(*columns).where(*conditions)
    driver, *others = covered
    conditions += [_within(end) for end in others]
    return _by_ranges(scheme, driver, conditions, columns)


def _width(end: _End) -> int:
    assert end.cover is not None
    return sum(int(np.sum(part[:, 1] - part[:, 0])) for part in (end.cover.inside, end.cover.edge))


def _by_ranges(
    scheme: Scheme,
    end: _End,
    conditions: Sequence[ColumnElement[bool]],
    columns: Sequence[ColumnElement[Any]],
) -> Select[*tuple[Any, ...]]:
    assert end.cover is not None
    ranges = np.concatenate([end.cover.inside, end.cover.edge])
    inside = [True] * len(end.cover.inside) + [False] * len(end.cover.edge)
    span = (
        func.unnest(
            cast(ranges[:, 0].tolist(), ARRAY(BigInteger)),
            cast(ranges[:, 1].tolist(), ARRAY(BigInteger)),
            cast(inside, ARRAY(Boolean)),
        )
        .table_valued("low", "high", "inside", name="span")
        .render_derived()
    )
    scan = (
        select(*columns)
        .where(
            end.cell.between(span.c.low, span.c.high),
            *conditions,
            or_(span.c.inside, _exact(end)),
        )
        .offset(literal_column("0"))
        .lateral("hit")
    )
    current = (
        select(literal(1))
        .where(CellScheme.active == scheme.active, CellScheme.resolution == scheme.resolution)
        .exists()
    )
    # Judged once, before any scan: under a scheme that has ended, the index may be gone already.
    return select(*scan.c).select_from(span.join(scan, true())).where(current)


def _within(end: _End) -> ColumnElement[bool]:
    """Membership of an end that is not scanned by its own index."""
    assert end.cover is not None
    inside, edge = (
        end.cell.op("<@")(_once(cast(literal(_multirange(part), Text), INT8MULTIRANGE)))
        for part in (end.cover.inside, end.cover.edge)
    )
    return or_(inside, and_(edge, _exact(end)))


def _once(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """As a subquery: reading the text of a multirange anew for each row costs a hundred times more."""
    return select(value).scalar_subquery()


def _multirange(ranges: np.ndarray[Any, np.dtype[np.int64]]) -> str:
    return "{" + ",".join(f"[{low},{high}]" for low, high in ranges.tolist()) + "}"


def _exact(end: _End) -> ColumnElement[bool]:
    assert end.where is not None
    shape: Area | None = end.where.shape
    match shape:
        case Circle(center, radius_m):
            return func.ST_DWithin(geography(end.lon, end.lat), _fixed(center), radius_m)
        case Box():
            parts = (
                and_(end.lon.between(b.west, b.east), end.lat.between(b.south, b.north))
                for b in shape.parts()
            )
            return or_(false(), *parts)
        case None:
            return true()
    point = func.ST_SetSRID(func.ST_MakePoint(end.lon, end.lat), 4326)
    wkb = cast(literal(to_wkb(shape.geometry), LargeBinary), LargeBinary)
    return func.ST_Intersects(point, func.ST_GeomFromWKB(wkb, 4326))


def geography(lon: Any, lat: Any) -> ColumnElement[Any]:
    return cast(func.ST_MakePoint(lon, lat), Geography)


def _fixed(point: Point) -> ColumnElement[Any]:
    return geography(literal(point.lon), literal(point.lat))


def distance_mi(center: Point) -> ColumnElement[Any]:
    """Geodesic miles from a centre to the pickup."""
    return func.ST_Distance(geography(Load.pickup_lon, Load.pickup_lat), _fixed(center)) / literal(
        METRES_PER_MILE
    )


def _states(end: _End) -> list[ColumnElement[bool]]:
    return (
        [end.state == any_(cast(list(end.where.states), ARRAY(Text)))]
        if end.where and end.where.states
        else []
    )


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    wanted = question.filters
    found: list[ColumnElement[bool]] = []

    def unless_unknown(column: InstrumentedAttribute[Any], test: ColumnElement[bool]) -> None:
        found.append(or_(test, column.is_(None)) if wanted.include_unknown else test)

    if question.only_organization_id is not None:
        found.append(Load.organization_id == question.only_organization_id)
    if wanted.pickup_window is not None:
        if wanted.pickup_window.to is not None:
            found.append(Load.pickup_from <= wanted.pickup_window.to)
        if wanted.pickup_window.from_ is not None:
            found.append(Load.pickup_to >= wanted.pickup_window.from_)
    if wanted.equipment is not None:
        found.append(Load.equipment == any_(cast(sorted(set(wanted.equipment)), ARRAY(Text))))
    if wanted.full is not None:
        found.append(Load.is_full.is_(wanted.full))
    if wanted.hazmat is not None:
        found.append(Load.hazmat.is_(wanted.hazmat))
    if wanted.max_weight_lb is not None:
        unless_unknown(Load.weight_lb, Load.weight_lb <= wanted.max_weight_lb)
    if wanted.max_length_ft is not None:
        unless_unknown(Load.length_ft, Load.length_ft <= wanted.max_length_ft)
    if wanted.min_rate_cents is not None:
        unless_unknown(Load.rate_cents, Load.rate_cents >= wanted.min_rate_cents)
    if wanted.min_rate_per_mile_cents is not None:
        least = wanted.min_rate_per_mile_cents
        unless_unknown(Load.rate_per_mile_cents, Load.rate_per_mile_cents >= least)
    if wanted.max_age_minutes is not None:
        oldest = question.as_of - timedelta(minutes=wanted.max_age_minutes)
        found.append(Load.first_posted_at >= oldest)
    return found
