"""The SQL of a search: cell ranges through a covering index, then the exact geometry.

Each range becomes an index-only scan of its own. As a plain join the planner may run another filter
over all rows first, which is forty times slower.

It is written as text: to build it as a tree of objects took longer than all else of a request but the
database. Only what this module itself says becomes text; what a request says is a value.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from shapely import to_wkb

from geo.areas import Box, Circle, box_around
from geo.cells import Cover
from geo.geodesy import GREATEST_STRETCH, LEAST_STRETCH, SPHERE_RADIUS_M
from geo.points import METRES_PER_MILE, Point
from loadboard.cellscheme import Scheme
from loadboard.search.areas import Where, cover_of
from loadboard.search.schemas import Filters
from loadboard.search.spread import Spreads

Ranges = np.ndarray[Any, np.dtype[np.int64]]
# More than rounding makes of any great circle.
_ROUNDING_M = 1.0


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


class Sql(NamedTuple):
    """A statement and its values, as psycopg takes them."""

    text: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a load must meet."""

    texts: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, text: str, **values: Any) -> None:
        self.texts.append(text)
        self.values.update(values)

    @property
    def text(self) -> str:
        return " AND ".join(self.texts)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a lane."""

    name: str
    cell: str
    where: Where
    cover: Cover | None

    def share(self, spreads: Spreads) -> float:
        """About which part of all loads is in the cover."""
        assert self.cover is not None
        return spreads[self.cell].share(self.cover) if self.cell in spreads else 1.0


def _ends(question: Question, scheme: Scheme) -> Iterator[_End]:
    for name, where in (("pickup", question.pickup), ("delivery", question.delivery)):
        if where is not None:
            cover = cover_of(where.area, scheme.resolution) if where.area else None
            yield _End(name, f"{name}_cell_{scheme.active}", where, cover)


def hits(question: Question, scheme: Scheme, spreads: Spreads, columns: str) -> Sql:
    """Every load that the question asks for, as rows of `columns` (of the covering index only).

    Of two ends that are shapes, the one with fewer loads is scanned.
    """
    met = Conditions()
    # As a literal: a plan for any value could not know that the partial index serves.
    met.add("status = 'posted'")
    met.add("open_until > %(now)s", now=question.now)
    _filter(met, question)
    ends = list(_ends(question, scheme))
    for end in ends:
        if end.where.states:
            met.add(
                f"{end.name}_state = ANY(%({end.name}_states)s)",
                **_of(end, states=list(end.where.states)),
            )
    covered = sorted((end for end in ends if end.cover), key=lambda end: end.share(spreads))
    if not covered:
        return Sql(f"SELECT {columns} FROM load WHERE {met.text}", met.values)  # noqa: S608
    driver, *others = covered
    for end in others:
        _within(met, end)
    return _by_ranges(scheme, driver, met, columns)


def _of(end: _End, **values: Any) -> dict[str, Any]:
    """Values under the name of their end."""
    return {f"{end.name}_{name}": value for name, value in values.items()}


def _by_ranges(scheme: Scheme, end: _End, met: Conditions, columns: str) -> Sql:
    assert end.cover is not None
    ranges = np.concatenate([end.cover.inside, end.cover.edge])
    exact, values = _exact(end)
    # The scheme is judged once, before any scan: when it has ended, the index may be gone already.
    text = f"""SELECT hit.* FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[])
        WITH ORDINALITY AS span (low, high, number), LATERAL (
          SELECT {columns} FROM load
          WHERE {end.cell} BETWEEN span.low AND span.high AND {met.text} AND (span.number <= %(inside)s OR {exact})
          OFFSET 0) AS hit
        WHERE EXISTS (SELECT FROM cell_scheme WHERE active = %(active)s AND resolution = %(resolution)s)"""  # noqa: S608
    values |= {"lows": _array(ranges[:, 0]), "highs": _array(ranges[:, 1])}
    values["inside"] = len(end.cover.inside)
    values |= {"active": scheme.active, "resolution": scheme.resolution}
    return Sql(text, met.values | values)


def _array(numbers: Ranges) -> str:
    """As text, which a driver that looks at each number of a list takes four times as long to write."""
    return f"{{{','.join(map(str, numbers.tolist()))}}}"


def _within(met: Conditions, end: _End) -> None:
    """Membership of an end that is not scanned by its own index.

    Most loads are somewhere else: a box is the cheapest look, the cells the next, and the exact test of
    either end costs far more. As subqueries the texts of multiranges are read once, not for each row.
    """
    assert end.where.area is not None
    assert end.cover is not None
    box, edges = _in_box(end.name, box_around(end.where.area))
    met.add(box, **edges)
    if isinstance(end.where.area, Box):
        return
    exact, values = _exact(end)
    met.add(f"{end.cell} <@ (SELECT %({end.name}_cells)s::int8multirange)")
    met.add(f"({end.cell} <@ (SELECT %({end.name}_inside)s::int8multirange) OR {exact})", **values)
    cells = np.concatenate([end.cover.inside, end.cover.edge])
    met.values.update(_of(end, cells=_multirange(cells), inside=_multirange(end.cover.inside)))


def _multirange(ranges: Ranges) -> str:
    return "{" + ",".join(f"[{low},{high}]" for low, high in ranges.tolist()) + "}"


def _exact(end: _End) -> tuple[str, dict[str, Any]]:
    """Whether an end lies in its area, exactly."""
    name, shape = end.name, end.where.area
    assert shape is not None
    if isinstance(shape, Box):
        return _in_box(name, shape)
    if isinstance(shape, Circle):
        return near(name), near_values(name, shape)
    point = f"ST_SetSRID(ST_MakePoint({name}_lon, {name}_lat), 4326)"
    text = f"ST_Intersects({point}, ST_GeomFromWKB(%({name}_wkb)s, 4326))"
    return text, _of(end, wkb=to_wkb(shape.geometry))


def near(name: str) -> str:
    """Whether an end is in a circle; see `near_values`.

    The great circle decides for most, at a fifth of what the geodesic takes: see geo.areas.Circle.
    """
    geodesic = f"ST_DWithin({geography(name)}, {_center(name)}, %({name}_radius_m)s)"
    haversine = (
        f"sin(radians({name}_lat - %({name}_center_lat)s) / 2) ^ 2 + cos(radians({name}_lat))"
        f" * %({name}_center_cos)s * sin(radians({name}_lon - %({name}_center_lon)s) / 2) ^ 2"
    )
    return (
        f"CASE width_bucket({haversine}, %({name}_unsure)s::float8[])"
        f" WHEN 0 THEN true WHEN 1 THEN {geodesic} ELSE false END"
    )


def near_values(name: str, circle: Circle) -> dict[str, Any]:
    center_cos = math.cos(math.radians(circle.center.lat))
    values = {"radius_m": circle.radius_m, "center_cos": center_cos, "unsure": _unsure(circle)}
    return center_values(name, circle.center) | {f"{name}_{key}": values[key] for key in values}


def _unsure(circle: Circle) -> list[float]:
    """The haversines from which on a point may be outside the circle, and from which on it is."""
    inner = circle.radius_m / GREATEST_STRETCH - _ROUNDING_M
    outer = circle.radius_m / LEAST_STRETCH + _ROUNDING_M
    return [_haversine(max(inner, 0.0)), _haversine(outer)]


def _haversine(metres: float) -> float:
    angle = metres / SPHERE_RADIUS_M
    return math.sin(angle / 2.0) ** 2 if angle < math.pi else 2.0


def _in_box(name: str, box: Box) -> tuple[str, dict[str, Any]]:
    texts: list[str] = []
    values: dict[str, Any] = {}
    for number, part in enumerate(box.parts()):
        texts.append(
            f"{name}_lon BETWEEN %({name}_west_{number})s AND %({name}_east_{number})s"
            f" AND {name}_lat BETWEEN %({name}_south_{number})s AND %({name}_north_{number})s"
        )
        edges = part._asdict().items()
        values |= {f"{name}_{edge}_{number}": value for edge, value in edges}
    return f"({' OR '.join(texts)})", values


def geography(name: str) -> str:
    return f"ST_MakePoint({name}_lon, {name}_lat)::geography"


def _center(name: str) -> str:
    return f"ST_MakePoint(%({name}_center_lon)s, %({name}_center_lat)s)::geography"


def center_values(name: str, center: Point) -> dict[str, Any]:
    return {f"{name}_center_lon": center.lon, f"{name}_center_lat": center.lat}


def distance_mi() -> str:
    """Geodesic miles from the centre of the pickup's circle; see `center_values`."""
    return f"ST_Distance({geography('pickup')}, {_center('pickup')}) / {METRES_PER_MILE}"


def _filter(met: Conditions, question: Question) -> None:
    wanted = question.filters
    if question.only_organization_id is not None:
        met.add(
            "organization_id = %(organization_id)s", organization_id=question.only_organization_id
        )
    if wanted.pickup_window is not None:
        if wanted.pickup_window.to is not None:
            met.add("pickup_from <= %(window_to)s", window_to=wanted.pickup_window.to)
        if wanted.pickup_window.from_ is not None:
            met.add("pickup_to >= %(window_from)s", window_from=wanted.pickup_window.from_)
    if wanted.equipment is not None:
        met.add("equipment = ANY(%(equipment)s)", equipment=sorted(set(wanted.equipment)))
    if wanted.full is not None:
        met.add("is_full = %(full)s", full=wanted.full)
    if wanted.hazmat is not None:
        met.add("hazmat = %(hazmat)s", hazmat=wanted.hazmat)
    if wanted.max_age_minutes is not None:
        oldest = question.as_of - timedelta(minutes=wanted.max_age_minutes)
        met.add("first_posted_at >= %(oldest)s", oldest=oldest)
    _filter_unless_unknown(met, wanted)


def _filter_unless_unknown(met: Conditions, wanted: Filters) -> None:
    for name, column, sign in (
        ("max_weight_lb", "weight_lb", "<="),
        ("max_length_ft", "length_ft", "<="),
        ("min_rate_cents", "rate_cents", ">="),
        ("min_rate_per_mile_cents", "rate_per_mile_cents", ">="),
    ):
        limit = getattr(wanted, name)
        if limit is not None:
            unknown = f" OR {column} IS NULL" if wanted.include_unknown else ""
            met.add(f"({column} {sign} %({name})s{unknown})", **{name: limit})
