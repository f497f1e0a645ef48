"""The freeway network of the contiguous United States: junctions, and the chains between them.

Lengths are whole ticks of 1/128 m, so sums are exact in any order. That makes estimates exactly
symmetric, the same on every path of the code, and lets a bound prove that nothing is missed.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scgraph.geographs.us_freeway import graph, nodes
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geo.geodesy import SPHERE_RADIUS_M

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TICKS_PER_METRE = 128.0
_ORIGIN_LON, _ORIGIN_LAT = -96.0, 38.0
# Edges of the graph that are no roads, by their ends as (lat, lon): Kingston to Edmonds by ferry.
_FERRIES = {((47.76, -122.65), (47.82, -122.28))}


@dataclass(frozen=True)
class Network:
    """Nodes, edges between them, and the chains that they make; lengths in ticks.

    A junction is a node with any number of neighbours but two. A chain runs from junction to
    junction; its nodes, both ends included, are `chain_nodes[chain_start[c]:chain_start[c + 1]]`,
    and `chain_along` is the way to each from the first. `chain_ends` counts in `junctions`.
    """

    lons: Floats
    lats: Floats
    xyz: Floats
    edges: Ints
    lengths: Ints
    junctions: Ints
    chain_ends: Ints
    chain_start: Ints
    chain_nodes: Ints
    chain_along: Ints
    table: NDArray[np.int32]
    """The way from each junction to each other one."""

    def lines(self) -> list[list[tuple[float, float]]]:
        """Each chain as a line of (lon, lat), degrees: the freeways to draw."""
        points = list(zip(self.lons.tolist(), self.lats.tolist(), strict=True))
        starts = self.chain_start.tolist()
        return [
            [points[node] for node in self.chain_nodes[first:end].tolist()]
            for first, end in pairwise(starts)
        ]


def unit_vectors(lons: ArrayLike, lats: ArrayLike) -> Floats:
    """Degrees to points of the unit sphere, shape (n, 3)."""
    lon, lat = np.radians(np.atleast_1d(lons)), np.radians(np.atleast_1d(lats))
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def gnomonic_axes() -> Floats:
    """East, north and up in the middle of the country: the axes of `gnomonic`, as rows."""
    lon, lat = np.radians(_ORIGIN_LON), np.radians(_ORIGIN_LAT)
    east = (-np.sin(lon), np.cos(lon), 0.0)
    north = (-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat))
    return np.array([east, north, unit_vectors(_ORIGIN_LON, _ORIGIN_LAT)[0]])


def gnomonic(xyz: Floats) -> Floats:
    """Unit vectors to a plane on which great circles are straight, shape (n, 2), in earth radii.

    For points less than 90° from the middle of the country. Nothing is shorter on the plane than
    on the sphere.
    """
    east, north, up = gnomonic_axes()
    return np.asarray(np.column_stack((xyz @ east, xyz @ north)) / (xyz @ up)[:, None])


@cache
def network() -> Network:
    """The network, built once in a process."""
    lats, lons = np.array(nodes, dtype=np.float64).T
    edges, kilometres = _edges()
    kept = _mainland(len(lons), edges)
    renumbered = np.cumsum(kept) - 1
    inside = kept[edges[:, 0]]
    edges = renumbered[edges[inside]]
    xyz = unit_vectors(lons[kept], lats[kept])
    lengths = _lengths(xyz, edges, kilometres[inside])
    degrees = np.bincount(edges.ravel(), minlength=len(xyz))
    junctions = np.flatnonzero(degrees != 2)
    chains = _chains(edges, degrees, junctions)
    start, along, ends = _measured(chains, edges, lengths, junctions)
    return Network(
        *(lons[kept], lats[kept], xyz, edges, lengths, junctions, ends, start),
        *(np.concatenate(chains), along, _table(along[start[1:] - 1], ends, len(junctions))),
    )


def _edges() -> tuple[Ints, Floats]:
    """Each edge once, without the loops from a node to itself, and its length in km."""
    pairs = {
        (a, b): length
        for a, neighbours in enumerate(graph)
        for b, length in neighbours.items()
        if a < b and not _is_ferry(a, b)
    }
    return np.array(list(pairs), dtype=np.int64), np.array(list(pairs.values()))


def _is_ferry(a: int, b: int) -> bool:
    ends = tuple(tuple(round(degree, 2) for degree in nodes[end]) for end in (a, b))
    return ends in _FERRIES or ends[::-1] in _FERRIES


def _mainland(count: int, edges: Ints) -> NDArray[np.bool_]:
    """Which nodes are of the largest component: the others are Alaska and Oahu."""
    joined = csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    labels = connected_components(joined, directed=False)[1]
    return np.asarray(labels == np.bincount(labels).argmax())


def _lengths(xyz: Floats, edges: Ints, kilometres: Floats) -> Ints:
    """Ticks, rounded up, and never below the great circle by more than the rounding of floats."""
    chord = np.linalg.norm(xyz[edges[:, 0]] - xyz[edges[:, 1]], axis=1)
    great_circle = 2.0 * SPHERE_RADIUS_M * np.arcsin(chord / 2.0)
    metres = np.maximum(kilometres * 1000.0, great_circle)
    return np.asarray(np.ceil(metres * TICKS_PER_METRE + 0.01), dtype=np.int64)


def _chains(edges: Ints, degrees: Ints, junctions: Ints) -> list[Ints]:
    """The nodes of each chain, from junction to junction, each chain once."""
    neighbours: list[list[int]] = [[] for _ in degrees]
    for a, b in edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    chains = []
    for junction in junctions.tolist():
        for second in neighbours[junction]:
            chain = [junction, second]
            while degrees[chain[-1]] == 2:
                one, other = neighbours[chain[-1]]
                chain.append(other if one == chain[-2] else one)
            if (chain[0], chain[1]) <= (chain[-1], chain[-2]):
                chains.append(np.array(chain))
    return chains


def _measured(
    chains: list[Ints], edges: Ints, lengths: Ints, junctions: Ints
) -> tuple[Ints, Ints, Ints]:
    """Where each chain starts in the list of all, the way along it, and its ends as junctions."""
    length = dict(zip(map(tuple, edges.tolist()), lengths.tolist(), strict=True))
    steps = [
        [0, *(length[min(a, b), max(a, b)] for a, b in pairwise(chain.tolist()))]
        for chain in chains
    ]
    start = np.cumsum([0, *(len(chain) for chain in chains)])
    along = np.concatenate([np.cumsum(step) for step in steps])
    ends = np.searchsorted(junctions, np.array([(chain[0], chain[-1]) for chain in chains]))
    return start, along, ends


def _table(lengths: Ints, ends: Ints, count: int) -> NDArray[np.int32]:
    """All ways between junctions. Of parallel chains the shortest counts; loops lead nowhere."""
    order = np.argsort(-lengths, kind="stable")
    shortest = {
        (min(a, b), max(a, b)): n
        for (a, b), n in zip(ends[order].tolist(), lengths[order].tolist(), strict=True)
        if a != b
    }
    one, other = np.array(list(shortest)).T
    graph_of_junctions = csr_array(
        (np.array(list(shortest.values()), dtype=np.float64), (one, other)), shape=(count, count)
    )
    return np.asarray(dijkstra(graph_of_junctions, directed=False), dtype=np.int32)
