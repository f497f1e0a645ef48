"""The board from far away: how many loads begin in each hexagon, and what a mile pays there."""

from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from geo.cells import boundary
from loadboard.auth import Principal
from loadboard.cache import remember, remembered
from loadboard.cellscheme import Scheme
from loadboard.fields import Whole
from loadboard.paging import digest
from loadboard.search.schemas import Filters
from loadboard.search.searching import ask, rows_of, under_scheme
from loadboard.search.spread import Spreads, spreads
from loadboard.search.statement import Question, Sql, hits
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


def parent_cell(cell: str, resolution: int) -> str:
    """The ancestor of a cell: its resolution in bits 52 to 55, the finer digits all seven."""
    finer = (1 << 3 * (15 - resolution)) - 1
    return f"{cell} & {~(15 << 52)} | {resolution << 52 | finer}"


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
        sql = _statement(question, scheme, await spreads(session), resolution)
        rows = await rows_of(session, sql)
        return Scheme(rows[0].active, rows[0].resolution, None), rows

    return [row for row in await under_scheme(session, run) if row.cell is not None]


def _statement(question: Question, scheme: Scheme, spread: Spreads, resolution: int) -> Sql:
    cell = parent_cell(f"pickup_cell_{scheme.active}", resolution)
    found, values = hits(question, scheme, spread, f"{cell} AS cell, rate_per_mile_cents AS rate")
    text = f"""SELECT active, resolution, counted.* FROM cell_scheme LEFT JOIN (
          SELECT cell, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) AS median
          FROM ({found}) AS found GROUP BY cell
        ) AS counted ON true"""  # noqa: S608
    return Sql(text, values)


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
