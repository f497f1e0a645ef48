"""The board from far away: how many loads begin in each hexagon, and what a mile pays there."""

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, ColumnElement, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.cells import boundary
from loadboard.auth import Principal
from loadboard.cache import remember, remembered
from loadboard.cellscheme import Scheme
from loadboard.fields import Whole
from loadboard.models import CellScheme, Load
from loadboard.paging import digest
from loadboard.search.schemas import Filters
from loadboard.search.searching import ask, under_scheme
from loadboard.search.statement import Question, hits
from loadboard.settings import settings


class HexSearch(Filters):
    resolution: Whole = Field(3, ge=1, le=7)


class HexPolygon(BaseModel):
    type: Literal["Polygon"]
    coordinates: list[list[tuple[float, float]]]


class HexProperties(BaseModel):
    cell: str = Field(description="H3 index")
    count: int
    median_rate_per_mile_cents: float | None


class HexFeature(BaseModel):
    type: Literal["Feature"]
    geometry: HexPolygon
    properties: HexProperties


class HexPage(BaseModel):
    type: Literal["FeatureCollection"]
    features: list[HexFeature]
    total: int


def parent_cell(cell: ColumnElement[Any], resolution: int) -> ColumnElement[int]:
    """The ancestor of a cell: its resolution in bits 52 to 55, the finer digits all seven."""
    finer = (1 << 3 * (15 - resolution)) - 1
    cleared = cell.op("&")(cast(literal(~(15 << 52)), BigInteger))
    return cleared.op("|")(cast(literal(resolution << 52 | finer), BigInteger))


async def hexes(
    session: AsyncSession, principal: Principal, wanted: HexSearch, now: datetime
) -> bytes:
    """GeoJSON hexagons of the loads that the filters ask for, a few seconds old at most."""
    question = ask(wanted, principal, now)
    said = wanted.model_dump(mode="json", by_alias=True)
    key = f"hexes:{digest([said, question.only_organization_id])}"
    kept = await remembered(key)
    if kept is not None:
        return kept
    answer = _geojson(await _counted(session, question, wanted.resolution))
    await remember(key, answer, settings().hexes_cache_s)
    return answer


async def _counted(session: AsyncSession, question: Question, resolution: int) -> list[Any]:
    async def run(scheme: Scheme) -> tuple[Scheme, list[Any]]:
        cell = parent_cell(getattr(Load, f"pickup_cell_{scheme.active}"), resolution)
        columns: list[ColumnElement[Any]] = [
            cell.label("cell"),
            Load.rate_per_mile_cents.label("rate"),
        ]
        found = hits(question, scheme, columns).subquery("found")
        median = func.percentile_cont(0.5).within_group(found.c.rate)
        counted = (
            select(found.c.cell, func.count().label("count"), median.label("median"))
            .group_by(found.c.cell)
            .subquery("counted")
        )
        query = (
            select(CellScheme.active, CellScheme.resolution, *counted.c)
            .select_from(CellScheme)
            .join(counted, literal(True), isouter=True)
        )
        rows = (await session.execute(query)).all()
        return Scheme(rows[0].active, rows[0].resolution, None), list(rows)

    return [row for row in await under_scheme(session, run) if row.cell is not None]


def _geojson(rows: list[Any]) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[list(point) for point in boundary(row.cell)]],
            },
            "properties": {
                "cell": f"{row.cell:x}",
                "count": row.count,
                "median_rate_per_mile_cents": row.median,
            },
        }
        for row in rows
    ]
    total = sum(row.count for row in rows)
    return orjson.dumps({"type": "FeatureCollection", "features": features, "total": total})
