"""Road miles from one point to many in one step: what corridor search and drive times stand on."""

import numpy as np

from geo.accesses import Accesses, Junctions, Ticks, accesses
from geo.anchors import SLACK, Spots
from geo.compiled import borrowed, compiled
from geo.ground import Ground, Spot, ball_leg, ground, node_leg, point_leg, room, stand
from geo.legs import FAR, least_ticks, square, straight_m, straight_ticks
from geo.network import TICKS_PER_METRE, Floats, Ints
from geo.points import Point


class Field:
    """Road metres from one point to any points: the same numbers as `road_m`, bit for bit."""

    def __init__(self, origin: Point) -> None:
        self.origin = origin
        self._spots = accesses(origin.lon, origin.lat)
        if len(self._spots.inside):
            self._reach, *self._shortcuts = _spread(
                ground(), self._spots.spots, self._spots.junctions, self._spots.ticks, room()
            )

    def metres(self, to: Accesses) -> Floats:
        """Estimated road metres from the origin to each point, shape (n,)."""
        if not len(self._spots.inside):
            return straight_m(self.origin.lon, self.origin.lat, to.lons, to.lats)
        nodes, ways, savings = self._shortcuts
        ticks = _field(
            *(ground(), self._spots.spots, self._reach, nodes, ways, savings),
            *(to.spots, to.starts, to.junctions, to.ticks, room()),
        )
        if len(to.inside) == len(to.lons):
            return np.asarray(ticks / TICKS_PER_METRE)
        metres = straight_m(self.origin.lon, self.origin.lat, to.lons, to.lats)
        metres[to.inside] = ticks / TICKS_PER_METRE
        return metres


def field_m(origin: Point, to: Accesses) -> Floats:
    """Estimated road metres from `origin` to each point of `to`, shape (n,); as `road_m`."""
    return Field(origin).metres(to)


@compiled
def _spread(
    g: Ground, origin: Spots, junctions: Junctions, ticks: Ticks, legs: Ints
) -> tuple[Ticks, Ints, Ints, Ints]:
    """The ways from the origin to all junctions, and its shortcuts.

    A shortcut is a node reached in less along its own chain than straight or through the chain's
    ends. There follow their nodes, the ways to them, and what each saves on the straight leg, the
    greatest saving first.
    """
    g, origin = borrowed(g), borrowed(origin)
    at = stand(origin.xyz[0], origin.xy[0], legs[0])
    reach = np.full(len(g.junctions), 2**31 - 1, dtype=np.int32)
    for k in range(len(junctions)):
        row = g.table[junctions[k]]
        for j in range(len(reach)):
            reach[j] = min(reach[j], ticks[k] + row[j])
    nodes = np.empty(len(g.chain_nodes), dtype=np.int64)
    ways, savings = np.empty_like(nodes), np.empty_like(nodes)
    found = 0
    for chain in range(len(g.chain_ends)):
        found = _shortcuts(g, at, reach, chain, nodes, ways, savings, found)
    by_saving = np.argsort(-savings[:found])
    return reach, nodes[by_saving], ways[by_saving], savings[by_saving]


@compiled
def _shortcuts(
    g: Ground,
    at: Spot,
    reach: Ticks,
    chain: int,
    nodes: Ints,
    ways: Ints,
    savings: Ints,
    found: int,
) -> int:
    """Add a chain's shortcuts to the `found` ones; how many there are then."""
    first, end = g.chain_start[chain], g.chain_start[chain + 1]
    start, finish = reach[g.chain_ends[chain, 0]], reach[g.chain_ends[chain, 1]]
    if ball_leg(g, at, chain) >= max(start, finish):
        return found
    legs = np.empty(end - first, dtype=np.int64)
    least = np.full(end - first, FAR, dtype=np.int64)
    there, back = FAR, FAR
    for k in range(first, end):
        along = g.chain_along[k]
        through = min(start + along, finish + g.chain_lengths[chain] - along)
        legs[k - first] = node_leg(g, at, g.chain_nodes[k], through)
        least[k - first] = there + along
        there = min(there, legs[k - first] - along)
    for k in range(end - 1, first - 1, -1):
        along = g.chain_along[k]
        way = min(least[k - first], back - along)
        back = min(back, legs[k - first] + along)
        if way < legs[k - first]:
            nodes[found], ways[found] = g.chain_nodes[k], way
            savings[found] = straight_ticks(square(at.xyz, g.xyz[nodes[found]])) - way
            found += 1
    return found


@compiled
def _field(
    g: Ground,
    origin: Spots,
    reach: Ticks,
    nodes: Ints,
    ways: Ints,
    savings: Ints,
    spots: Spots,
    starts: Ints,
    junctions: Junctions,
    ticks: Ticks,
    legs: Ints,
) -> Ints:
    """The estimate from the origin to each spot, in ticks."""
    metres = np.empty(len(spots.xyz), dtype=np.int64)
    g, origin, spots = borrowed(g), borrowed(origin), borrowed(spots)
    p = stand(origin.xyz[0], origin.xy[0], legs[0])
    most = max(0, savings[0]) if len(savings) else 0
    for i in range(len(spots.xyz)):
        best = FAR
        for k in range(starts[i], starts[i + 1]):
            best = min(best, reach[junctions[k]] + ticks[k])
        chord = square(p.xyz, spots.xyz[i])
        if least_ticks(chord) - most - SLACK < best:
            q = stand(spots.xyz[i], spots.xy[i], legs[1])
            best = min(best, point_leg(g, p, q, best))
            straight = straight_ticks(chord)
            for k in range(len(nodes)):
                if straight - savings[k] - SLACK >= best:
                    break
                best = min(best, ways[k] + node_leg(g, q, nodes[k], best - ways[k]))
        metres[i] = best
    return metres
