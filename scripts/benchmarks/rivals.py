"""The same searches on GiST indexes of the points, as well as we know how.

Which of the variants is fastest was tried on a million loads (PostgreSQL 15, PostGIS 3.3), by the CPU
time of the server, here in units of the first. On the point alone: `geometry` asked by its box 1.0,
with the inner box below 0.90, with the great circle before the geodesic besides 0.83 (taken),
`geography` 1.17. With time: (geometry, pickup_from, pickup_to) 0.86, (geometry, tstzrange) 1.0,
(geography, pickup_from, pickup_to) 1.11, (equipment, geography, both times) 0.77, (equipment,
geometry, both times) 0.51 (taken). With INCLUDE of all that our own covering index holds: on the
point alone 0.37, (equipment, geometry, pickup_from) 0.38 (taken). With no more columns than these
very searches need, which no board could live with: 0.23, and the same on PostgreSQL's own `point`.
Ours was 0.19 then. Those with other indexes were tried before the great circle was.

INCLUDE helps because the columns of the expression are included too, so nothing is left to look up in
the table: it makes the GiST what our own index is, and is measured by itself. Without it the time goes
into the pages of the table, one for each load in the box.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from figures import tell
from searches import PICKED_UP, Asked, Hits, Row

from geo.areas import Circle
from loadboard.search.statement import near, near_values

INDEX = "bench_rival"
# Of the WGS84 ellipsoid, in metres: least radius of curvature, least and greatest radius.
LEAST_CURVATURE, POLAR, EQUATORIAL = 6_335_439, 6_356_752, 6_378_137
POINT = "ST_MakePoint({0}_lon, {0}_lat)"
COVERED = (
    "id, open_until, pickup_from, pickup_to, first_posted_at, organization_id, pickup_lon,"
    " pickup_lat, delivery_lon, delivery_lat, is_full, hazmat, pickup_cell_a, delivery_cell_a,"
    " weight_lb, length_ft, rate_cents, rate_per_mile_cents, equipment, pickup_state,"
    " delivery_state"
)
NEAR = """
    {point} && ST_MakeEnvelope(%({end}_west)s, %({end}_south)s, %({end}_east)s, %({end}_north)s)
    AND ({end}_lon BETWEEN %({end}_inner_west)s AND %({end}_inner_east)s
         AND {end}_lat BETWEEN %({end}_inner_south)s AND %({end}_inner_north)s
      OR {near})"""
FOUND = """
WITH found AS MATERIALIZED (
  SELECT id, coalesce(rate_per_mile_cents, -1) AS key FROM load
  WHERE status = 'posted' AND {near} AND equipment = 'van' AND open_until > %(now)s
    AND pickup_from <= %(to)s AND pickup_to >= %(from)s)"""
TOP = "SELECT id, key FROM found ORDER BY key DESC, id LIMIT 50"
LISTED = f"""
SELECT (SELECT count(*) FROM found), shown.* FROM (
  SELECT top.id, top.key, ST_Distance({POINT.format("pickup")}::geography,
    ST_MakePoint(%(pickup_center_lon)s, %(pickup_center_lat)s)::geography) / 1609.344,
    confirmed_at, listing::text
  FROM ({TOP}) AS top
  JOIN load ON load.id = top.id
  JOIN event ON event.load_id = load.id AND event.version = load.version
    AND event.at = load.versioned_at AND event.listing IS NOT NULL) AS shown
ORDER BY key DESC, id"""  # noqa: S608
BARE = f"""
SELECT (SELECT count(*) FROM found), top.* FROM ({TOP}) AS top"""  # noqa: S608


@dataclass(frozen=True)
class Rival:
    """A GiST index, the ends of a search that it is asked for, and what is answered."""

    columns: str
    ends: tuple[str, ...]
    include: str = ""
    answer: str = LISTED

    @property
    def bare(self) -> "Rival":
        """The same without listings: total, ids and keys, as a board in memory answers."""
        return replace(self, answer=BARE)

    @property
    def sql(self) -> str:
        return FOUND.format(near=" AND ".join(map(_near, self.ends))) + self.answer

    @contextmanager
    def indexed(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        tell(f"  making the index GiST ({self.columns}){' INCLUDE …' if self.include else ''}")
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.execute(f"DROP INDEX IF EXISTS {INDEX}")
        connection.execute("SET maintenance_work_mem = '1GB'")
        include = f"INCLUDE ({self.include})" if self.include else ""
        connection.execute(
            f"CREATE INDEX {INDEX} ON load USING gist ({self.columns}) {include}"
            " WHERE status = 'posted'"
        )
        connection.execute("VACUUM (ANALYZE) load")
        try:
            yield
        finally:
            connection.execute(f"DROP INDEX {INDEX}")

    def run(self, connection: psycopg.Connection[Any], asked: Asked) -> list[Row]:
        return connection.execute(self.sql, self.parameters(asked), prepare=True).fetchall()

    def parameters(self, asked: Asked) -> dict[str, Any]:
        first, last = PICKED_UP
        values: dict[str, Any] = {"now": asked.question.now, "from": first, "to": last}
        for end, circle in zip(self.ends, asked.circles, strict=True):
            values |= {f"{end}_{name}": value for name, value in _boxes(circle).items()}
            values |= near_values(end, circle)
        return values


PICKUP, DELIVERY = POINT.format("pickup"), POINT.format("delivery")
POINT_GIST = Rival(PICKUP, ("pickup",))
COVERING_POINT_GIST = Rival(PICKUP, ("pickup",), COVERED)
COMPOSITE = Rival(f"equipment, {PICKUP}, pickup_from, pickup_to", ("pickup",))
COVERING_COMPOSITE = Rival(f"equipment, {PICKUP}, pickup_from", ("pickup",), COVERED)
LANE = Rival(f"{PICKUP}, {DELIVERY}", ("pickup", "delivery"))
COVERING_LANE = Rival(f"{PICKUP}, {DELIVERY}", ("pickup", "delivery"), COVERED)


def _near(end: str) -> str:
    return NEAR.format(point=POINT.format(end), end=end, near=near(end))


def hits(rows: list[Row]) -> Hits:
    """Of a rival's rows: total, id, …; there is none when nothing is found."""
    return Hits(rows[0][0] if rows else 0, tuple(row[1] for row in rows))


def _boxes(circle: Circle) -> dict[str, float]:
    """A box around the circle and one within it, both with a margin; no pole or antimeridian near."""
    (x, y), radius = circle.center, circle.radius_m
    across = math.asin(math.sin(radius / POLAR) / math.cos(math.radians(y)))
    lon, lat = math.degrees(across) * 1.001, math.degrees(radius / LEAST_CURVATURE) * 1.001
    inner_lat = math.degrees(radius / EQUATORIAL) * 0.68
    inner_lon = inner_lat / math.cos(math.radians(y))
    return {
        "west": x - lon, "east": x + lon, "south": y - lat, "north": y + lat,
        "inner_west": x - inner_lon, "inner_east": x + inner_lon,
        "inner_south": y - inner_lat, "inner_north": y + inner_lat,
    }  # fmt: skip
