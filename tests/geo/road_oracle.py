"""Road estimates by their definition, slowly: every node, every barrier, other geometry."""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.barriers import BARRIERS
from geo.geodesy import great_circle_m
from geo.network import TICKS_PER_METRE, gnomonic, network, unit_vectors
from geo.points import Point
from geo.water import water

Floats = NDArray[np.float64]


def plane(lons: Floats, lats: Floats) -> Floats:
    return gnomonic(unit_vectors(lons, lats))


@cache
def barriers() -> shapely.MultiLineString:
    lines = [plane(*np.array(line).T) for line in BARRIERS.values()]
    union = shapely.MultiLineString(lines)
    shapely.prepare(union)
    return union


def is_open(a: Floats, b: Floats) -> NDArray[np.bool_]:
    """Whether the straight ways between places on the plane, which broadcast, cross no barrier."""
    a, b = np.broadcast_arrays(a, b)
    lines = shapely.linestrings(np.stack((a, b), axis=-2))
    return ~np.asarray(shapely.intersects(barriers(), lines), dtype=np.bool_)


@cache
def corners() -> tuple[Floats, Floats, Floats]:
    """Longitudes and latitudes of the corners, and the ways between them without the factor."""
    xyz = water().corners
    lons, lats = np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])), np.degrees(np.arcsin(xyz[:, 2]))
    xy = plane(lons, lats)
    direct = great_circle_m(lons[:, None], lats[:, None], lons, lats)
    seen = np.where(is_open(xy[:, None], xy[None]), direct, 0.0)
    return lons, lats, dijkstra(seen, directed=False)


def sight_m(lons: Floats, lats: Floats) -> Floats:
    """The straight way from each place to each corner that it sees; shape (n, corners)."""
    corner_lons, corner_lats, _ = corners()
    seen = is_open(plane(lons, lats)[:, None], plane(corner_lons, corner_lats)[None])
    return np.where(seen, great_circle_m(lons[:, None], lats[:, None], *corners()[:2]), np.inf)


@cache
def sight_of_nodes_m() -> Floats:
    return sight_m(network().lons, network().lats)


def legs_m(p: Point, lons: Floats, lats: Floats) -> Floats:
    """Legs from p to places: 1.3 times the shortest way that crosses no barrier."""
    here = np.array([p.lon]), np.array([p.lat])
    is_nodes = lons is network().lons
    sight = sight_of_nodes_m() if is_nodes else sight_m(lons, lats)
    around = ((sight_m(*here).T + corners()[2]).min(axis=0) + sight).min(axis=1)
    straight = great_circle_m(p.lon, p.lat, lons, lats)
    return np.asarray(1.3 * np.where(is_open(plane(*here), plane(lons, lats)), straight, around))


@cache
def edges() -> csr_array:
    roads = network()
    shape = (len(roads.lons), len(roads.lons))
    return csr_array((roads.lengths / TICKS_PER_METRE, roads.edges.T), shape=shape)


def road_m(p: Point, q: Point) -> float:
    """The least of the straight leg and of all ways leg, network, leg."""
    roads = network()
    p_legs, q_legs = (legs_m(end, roads.lons, roads.lats) for end in (p, q))
    count = len(p_legs)
    start = csr_array(np.maximum(p_legs, 1e-9)[None])
    graph = csr_array(
        (
            np.concatenate((edges().data, start.data)),
            np.concatenate((edges().indices, start.indices)),
            np.concatenate((edges().indptr, [edges().indptr[-1] + count])),
        ),
        shape=(count + 1, count),
    )
    graph.resize((count + 1, count + 1))
    ways = dijkstra(graph, directed=False, indices=count)[:count]
    straight = legs_m(p, np.array([q.lon]), np.array([q.lat]))[0]
    return float(min(straight, (ways + q_legs).min()))
