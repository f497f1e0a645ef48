"""The path of a route: the line of points that an estimate of road miles stands for."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.compiled import borrowed, compiled
from geo.coverage import is_covered
from geo.ground import Ground, ground, node_leg, room, stand
from geo.legs import FAR
from geo.network import Floats, Ints, gnomonic, network, unit_vectors
from geo.points import Point
from geo.water import visible_ticks, water


def path(p: Point, q: Point) -> list[Point]:
    """The way from `p` to `q`, both included: legs, round the corners of water, and freeway nodes.

    It is a way that `road_m` found shortest. Drawn, it is no longer than that says, which counts
    legs 1.3 times and freeways by their own length. Where either end is not covered, it is the
    straight line.
    """
    if not (is_covered(p) and is_covered(q)):
        return [p, q]
    roads = network()
    p_legs, q_legs = (_node_legs(ground(), *_on_plane(end), room()) for end in (p, q))
    ways, before = _ways(p_legs)
    last = int((ways + q_legs).argmin())
    bends, straight = _leg(p, q)
    if straight <= ways[last] + q_legs[last]:
        return bends
    nodes = [last]
    while before[nodes[-1]] < len(p_legs):
        nodes.append(int(before[nodes[-1]]))
    points = [Point(float(roads.lons[node]), float(roads.lats[node])) for node in reversed(nodes)]
    return [*_leg(p, points[0])[0], *points[1:-1], *_leg(points[-1], q)[0]]


def _on_plane(point: Point) -> tuple[Floats, Floats]:
    xyz = unit_vectors(point.lon, point.lat)
    return xyz[0], gnomonic(xyz)[0]


@compiled
def _node_legs(g: Ground, xyz: Floats, xy: Floats, legs: Ints) -> Ints:
    """The leg from a point to each node."""
    g = borrowed(g)
    at = stand(xyz, xy, legs[0])
    ticks = np.empty(len(g.xyz), dtype=np.int64)
    for node in range(len(ticks)):
        ticks[node] = node_leg(g, at, node)
    return ticks


def _ways(legs: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """The least way to each node, and the node before it: the number of nodes where it is a leg."""
    roads, start = network(), len(legs)
    (ends, others), nodes = roads.edges.T, np.arange(start)
    rows = np.concatenate((ends, np.full(start, start)))
    columns = np.concatenate((others, nodes))
    lengths = np.concatenate((roads.lengths, legs)).astype(np.float64)
    graph = csr_array((lengths, (rows, columns)), shape=(start + 1, start + 1))
    ways, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    return ways[:start].astype(np.int64), before[:start]


def _leg(p: Point, q: Point) -> tuple[list[Point], int]:
    """The points of a leg, from `p` round the corners to `q`, and its ticks."""
    lakes = water()
    ends = unit_vectors((p.lon, q.lon), (p.lat, q.lat))
    xyz = np.concatenate((ends, lakes.corners))
    xy = np.concatenate((gnomonic(ends), lakes.corners_xy))
    seen = visible_ticks(xyz, xy, xyz, xy, lakes.segments, lakes.boxes, lakes.starts)
    if seen[0, 1] < FAR:
        return [p, q], int(seen[0, 1])
    graph = csr_array(np.where(seen < FAR, seen, 0).astype(np.float64))
    ticks, before = dijkstra(graph, directed=False, indices=0, return_predecessors=True)
    spots = [int(before[1])]
    while spots[-1] != 0:
        spots.append(int(before[spots[-1]]))
    lats = np.degrees(np.arcsin(xyz[:, 2]))
    lons = np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))
    corners = [Point(float(lons[spot]), float(lats[spot])) for spot in spots[-2::-1]]
    return [p, *corners, q], int(ticks[1])
