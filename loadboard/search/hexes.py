"""The board from far away: how many loads begin in each hexagon, and what a mile pays there."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np
import orjson
from pydantic import BaseModel, Field

from geo.cells import boundary, parent
from loadboard.apart import apart
from loadboard.auth import Principal
from loadboard.cache import remember, remembered
from loadboard.feed import Feed
from loadboard.fields import Whole
from loadboard.paging import digest
from loadboard.search.chosen import found_rows
from loadboard.search.schemas import Filters
from loadboard.search.searching import asked
from loadboard.settings import settings
from matching.board import View
from matching.columns import Rows
from matching.search import Wanted, per_mile_cents


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


class Hexagon(NamedTuple):
    cell: int
    loads: int
    median: float | None


async def hexes(feed: Feed, principal: Principal, wanted: HexSearch, now: datetime) -> bytes:
    """GeoJSON hexagons of the loads that the filters ask for, a few seconds old at most."""

    def ask() -> Wanted:
        return asked(wanted, principal, now)[0]

    # Before anything is made of what was said: it may be no area at all.
    asking = await apart(ask) if wanted.is_long else ask()
    view = await feed.view()
    sight = await feed.sights.of(principal)
    said = wanted.model_dump(mode="json", by_alias=True)
    organization = principal.organization_id if principal.sees_only_own else None
    # Those who see the same share it, and a sight that changes finds nothing kept.
    seen = sight and [part.tobytes().hex() for part in sight]
    key = f"hexes:{digest([said, organization, seen])}"
    kept = await remembered(key)
    if kept is not None:
        return kept

    def work() -> bytes:
        rows = found_rows(view, replace(asking, sight=sight))
        return _geojson(counted(view, rows, wanted.resolution))

    answer = await (apart(work) if wanted.is_long else asyncio.to_thread(work))
    await remember(key, answer, settings().hexes_cache_s)
    return answer


def counted(view: View, rows: Rows, resolution: int) -> list[Hexagon]:
    """How many of the rows begin in each cell of a resolution, and their median rate per mile."""
    coarse = parent(view.sites.cells[: view.sites.known], resolution)
    cells, numbers, counts = np.unique(
        coarse[view.take("pickup", rows)], return_inverse=True, return_counts=True
    )
    cents = per_mile_cents(view, rows)
    if not len(cells):
        return []
    told = cents >= 0
    by_cell = np.lexsort((cents[told], numbers[told]))
    parts = np.split(
        cents[told][by_cell], np.cumsum(np.bincount(numbers[told], minlength=len(cells)))[:-1]
    )
    medians = [float(np.median(part)) if len(part) else None for part in parts]
    return [Hexagon(*each) for each in zip(cells.tolist(), counts.tolist(), medians, strict=True)]


def _geojson(hexagons: list[Hexagon]) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[list(point) for point in boundary(row.cell)]],
            },
            "properties": {
                "cell": f"{row.cell:x}",
                "count": row.loads,
                "median_rate_per_mile_cents": row.median,
            },
        }
        for row in hexagons
    ]
    total = sum(row.loads for row in hexagons)
    return orjson.dumps({"type": "FeatureCollection", "features": features, "total": total})
