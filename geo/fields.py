"""Road miles from one point to many in one step: what corridor search and drive times stand on."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.accesses import Accesses, accesses
from geo.anchors import SLACK, Spots
from geo.compiled import borrowed, compiled
from geo.ground import (
    Ground,
    Spot,
    ball_leg,
    corner_leg,
    ground,
    is_barred,
    measure_chords,
    node_leg,
    room,
    stand,
)
from geo.known import Junctions, Known, Ticks, Ways, known, least_onward
from geo.legs import FAR, least_ticks, square, straight_m, straight_ticks
from geo.network import TICKS_PER_METRE, Floats, Ints
from geo.points import Point


class Reach(NamedTuple):
    """The least ways from an origin, in ticks: to each junction, and its shortcuts.

    A shortcut is a node reached in less along its own chain than straight or through the chain's
    ends. Those of chain `chains[c]` are from `starts[c]` to `ends[c]`; `least` is the least
    way to any of them, `savings` the most that one saves on the leg, greatest first. `corners` are the legs to
    the corners of water, round others.
    """

    junctions: Ticks
    corners: Ints
    chains: Ints
    starts: Ints
    ends: Ints
    least: Ints
    savings: Ints
    nodes: Ints
    ways: Ints


class Field:
    """Road metres from one point to any points: the same numbers as `road_m`, bit for bit."""

    def __init__(self, origin: Point) -> None:
        self.origin = origin
        at = accesses(origin.lon, origin.lat)
        self._at = at.spots
        if len(at.inside):
            self._reach = _reach(ground(), at.spots, at.junctions, at.ticks, room())
        self._known = known()
        # Of the known places, as far as they were asked for; else below 0.
        self._ticks = np.full(len(self._known.places), -1, dtype=np.int32)

    @property
    def is_covered(self) -> bool:
        """Whether road estimates hold at the origin."""
        return len(self._at.xyz) > 0

    def known_m(self, rows: NDArray[np.integer]) -> Floats:
        """The same to rows of `geo.known.known`, shape (n,), each found once.

        The origin must be covered.
        """
        new = rows[self._ticks[rows] < 0]
        if len(new):
            self._ticks[new] = _known_field(
                ground(), self._at, self._reach, self._known, new, room()
            )
        return np.asarray(self._ticks[rows] / TICKS_PER_METRE)

    def metres(self, to: Accesses) -> Floats:
        """Estimated road metres from the origin to each point, shape (n,)."""
        metres = np.empty(len(to.lons))
        if len(to.inside) < len(metres) or not len(self._at.xyz):
            metres[:] = straight_m(self.origin.lon, self.origin.lat, to.lons, to.lats)
        if len(self._at.xyz):
            ways = Ways(to.starts, to.junctions, to.ticks)
            metres[to.inside] = _field(ground(), self._at, self._reach, to.spots, ways, room())
        return metres


def field_m(origin: Point, to: Accesses) -> Floats:
    """Estimated road metres from `origin` to each point of `to`, shape (n,); as `road_m`."""
    return Field(origin).metres(to)


@lru_cache(maxsize=128)
def field_of(origin: Point) -> Field:
    """The field of an origin, kept for the next call; up to 128 of them, of about 300 kB each."""
    return Field(origin)


@compiled
def _reach(g: Ground, origin: Spots, junctions: Junctions, ticks: Ticks, legs: Ints) -> Reach:
    """The ways from the origin, of which `junctions` and `ticks` are the accesses."""
    g, origin = borrowed(g), borrowed(origin)
    at = stand(origin.xyz[0], origin.xy[0], legs[0])
    reach = np.full(len(g.junctions), 2**30, dtype=np.int32)
    for k in range(len(junctions)):
        row = g.table[junctions[k]]
        for j in range(len(reach)):
            reach[j] = min(reach[j], np.int32(ticks[k] + row[j]))
    nodes, ways = np.empty((2, len(g.chain_nodes)), dtype=np.int64)
    chains, starts, ends, least, savings = np.empty((5, len(g.chain_ends)), dtype=np.int64)
    end = groups = 0
    for chain in range(len(g.chain_ends)):
        # Through the ends no node is farther than half of this. To call on for each takes longer.
        to_ends = reach[g.chain_ends[chain, 0]] + reach[g.chain_ends[chain, 1]]
        if 2 * ball_leg(g, at, chain) >= to_ends + g.chain_lengths[chain]:
            continue
        start = end
        end += _shortcuts(g, at, reach, chain, nodes[start:], ways[start:])
        if end > start:
            chains[groups], starts[groups], ends[groups] = chain, start, end
            least[groups] = ways[start:end].min()
            savings[groups] = _saving(g, at, nodes[start:end], ways[start:end])
            groups += 1
    order = np.argsort(-savings[:groups])
    return Reach(
        reach,
        _corners(g, at),
        chains[order],
        starts[order],
        ends[order],
        least[order],
        savings[order],
        nodes[:end].copy(),
        ways[:end].copy(),
    )


@compiled
def _shortcuts(g: Ground, at: Spot, reach: Ticks, chain: int, nodes: Ints, ways: Ints) -> int:
    """List a chain's shortcuts; how many there are."""
    first, end = g.chain_start[chain], g.chain_start[chain + 1]
    start, finish = reach[g.chain_ends[chain, 0]], reach[g.chain_ends[chain, 1]]
    legs = np.empty(end - first, dtype=np.int64)
    least = np.full(end - first, FAR, dtype=np.int64)
    there, back = FAR, FAR
    for k in range(first, end):
        along = g.chain_along[k]
        through = min(start + along, finish + g.chain_lengths[chain] - along)
        legs[k - first] = through
        if least_ticks(square(at.xyz, g.xyz[g.chain_nodes[k]])) < through:
            legs[k - first] = node_leg(g, at, g.chain_nodes[k], through)
        least[k - first] = there + along
        there = min(there, legs[k - first] - along)
    found = 0
    for k in range(end - 1, first - 1, -1):
        along = g.chain_along[k]
        way = min(least[k - first], back - along)
        back = min(back, legs[k - first] + along)
        if way < legs[k - first]:
            nodes[found], ways[found] = g.chain_nodes[k], way
            found += 1
    return found


@compiled
def _saving(g: Ground, at: Spot, nodes: Ints, ways: Ints) -> int:
    """The most that one of these ways saves on the leg to its node."""
    most = -FAR
    for k in range(len(nodes)):
        most = max(most, node_leg(g, at, nodes[k]) - ways[k])
    return most


@compiled
def _corners(g: Ground, at: Spot) -> Ints:
    """The leg to each corner, by way of other corners."""
    legs = np.full(len(g.corners), FAR, dtype=np.int64)
    measure_chords(g, at)
    for t in range(len(legs)):
        if corner_leg(g, at, t) < FAR:
            for u in range(len(legs)):
                legs[u] = min(legs[u], at.corner_legs[t] + g.around[t, u])
    return legs


@compiled
def _field(g: Ground, origin: Spots, reach: Reach, spots: Spots, to: Ways, legs: Ints) -> Floats:
    """The estimate from the origin to each spot, in metres."""
    metres = np.empty(len(spots.xyz))
    g, origin, reach = borrowed(g), borrowed(origin), borrowed(reach)
    spots, to = borrowed(spots), borrowed(to)
    p, most = stand(origin.xyz[0], origin.xy[0], legs[0]), _most_saved(reach)
    for i in range(len(spots.xyz)):
        first, end = to.starts[i], to.starts[i + 1]
        best = least_onward(reach.junctions, to.junctions[first:end], to.ticks[first:end])
        straight = least_ticks(square(p.xyz, spots.xyz[i]))
        if straight - most - SLACK < best:
            q = stand(spots.xyz[i], spots.xy[i], legs[1])
            best = _nearer(g, reach, p, q, straight, best)
        metres[i] = best / TICKS_PER_METRE
    return metres


@compiled
def _known_field(
    g: Ground, origin: Spots, reach: Reach, known: Known, rows: NDArray[np.integer], legs: Ints
) -> Ticks:
    """The estimate from the origin to each row of the known places, in ticks."""
    found = np.empty(len(rows), dtype=np.int32)
    g, origin, reach = borrowed(g), borrowed(origin), borrowed(reach)
    known = borrowed(known)
    p, most = stand(origin.xyz[0], origin.xy[0], legs[0]), _most_saved(reach)
    for i in range(len(rows)):
        row = rows[i]
        first, end = known.starts[row], known.starts[row + 1]
        best = least_onward(reach.junctions, known.junctions[first:end], known.ticks[first:end])
        straight = least_ticks(square(p.xyz, known.xyz[row]))
        if straight - most - SLACK < best:
            q = stand(known.xyz[row], known.xy[row], legs[1])
            best = _nearer(g, reach, p, q, straight, best)
        found[i] = best
    return found


@compiled
def _most_saved(reach: Reach) -> int:
    """The most that any shortcut saves on the leg: who is farther than that is reached by junctions."""
    return max(0, reach.savings[0]) if len(reach.savings) else 0


@compiled
def _nearer(g: Ground, reach: Reach, p: Spot, q: Spot, straight: float, best: int) -> int:
    """The less of `best` and the ways from p to q straight or over a shortcut."""
    if straight < best:
        best = min(best, _leg(g, reach, p, q, best))
    return _by_shortcut(g, reach, p, q, straight, best)


@compiled
def _leg(g: Ground, reach: Reach, p: Spot, q: Spot, ceiling: int) -> int:
    """As `point_leg`, with what is known of the origin p."""
    chord = square(p.xyz, q.xyz)
    if least_ticks(chord) >= ceiling:
        return ceiling
    if not is_barred(g, p, q):
        return straight_ticks(chord)
    measure_chords(g, q)
    best = ceiling
    for t in range(len(g.corners)):
        if reach.corners[t] + abs(q.corner_legs[t]) <= best:
            best = min(best, reach.corners[t] + corner_leg(g, q, t))
    return best


@compiled
def _by_shortcut(g: Ground, reach: Reach, p: Spot, q: Spot, leg: float, best: int) -> int:
    """The less of `best` and the ways from p over a shortcut to q, no nearer than `leg`.

    A leg is a metric, so a shortcut saves no more on the leg to q than on the one to its own node.
    That leg is found, in the place of a bound, when the bounds do not do.
    """
    found = False
    for c in range(len(reach.chains)):
        if leg - reach.savings[c] - SLACK >= best:
            break
        if reach.least[c] + ball_leg(g, q, reach.chains[c]) >= best:
            continue
        for k in range(reach.starts[c], reach.ends[c]):
            room, node = best - reach.ways[k], reach.nodes[k]
            if least_ticks(square(q.xyz, g.xyz[node])) >= room:
                continue
            if not found:
                leg, found = float(_leg(g, reach, p, q, best + reach.savings[c] + SLACK)), True
                if leg - reach.savings[c] - SLACK >= best:
                    return best
            best = min(best, reach.ways[k] + node_leg(g, q, node, room))
    return best
