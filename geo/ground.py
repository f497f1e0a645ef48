"""Everything that the compiled functions read: the network and the water, side by side."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.compiled import borrowed, compiled
from geo.legs import FAR, LEG_TICKS, barred, least_ticks, square, straight_ticks
from geo.network import Floats, Ints, Network, gnomonic, network
from geo.water import water

# First of a spot's corner legs as long as nothing is known of any.
_UNKNOWN = -(1 << 62)


class Ground(NamedTuple):
    """Arrays by node, chain, junction and corner; lengths in ticks.

    `arms[arm_start[j]:arm_start[j + 1]]` are the chain ends at junction j: 2 × chain, plus 1 where
    the chain ends there rather than starts. `middles` and `reaches` are a ball about each chain, its
    radius in ticks of a leg. `savings` is the most that a chain can save on a leg, and
    `by_saving` has the chain that can save most first. No leg shorter than a node's `clear` meets a
    barrier there.
    """

    xyz: Floats
    xy: Floats
    junctions: Ints
    table: NDArray[np.int32]
    chain_ends: Ints
    chain_start: Ints
    chain_nodes: Ints
    chain_along: Ints
    chain_lengths: Ints
    savings: Ints
    by_saving: Ints
    middles: Floats
    reaches: Floats
    clear: Floats
    arm_start: Ints
    arms: Ints
    segments: Floats
    boxes: Floats
    starts: Ints
    corners: Floats
    corners_xy: Floats
    around: Ints
    to_nodes: NDArray[np.int32]


class Spot(NamedTuple):
    """A point to measure from: unit vector, place on the plane, and what is known of corners."""

    xyz: Floats
    xy: Floats
    corner_legs: Ints


@cache
def ground() -> Ground:
    """The ground of the contiguous United States, built once in a process."""
    roads, lakes = network(), water()
    lengths = roads.chain_along[roads.chain_start[1:] - 1]
    arms = np.argsort(roads.chain_ends.ravel(), kind="stable")
    counts = np.bincount(roads.chain_ends.ravel(), minlength=len(roads.junctions))
    middles, reaches = _balls(roads)
    made = Ground(
        xyz=roads.xyz,
        xy=gnomonic(roads.xyz),
        junctions=roads.junctions,
        table=roads.table,
        chain_ends=roads.chain_ends,
        chain_start=roads.chain_start,
        chain_nodes=roads.chain_nodes,
        chain_along=roads.chain_along,
        chain_lengths=lengths,
        savings=np.empty(len(lengths), dtype=np.int64),
        by_saving=np.empty(len(lengths), dtype=np.int64),
        middles=middles,
        reaches=reaches,
        clear=_clearances(gnomonic(roads.xyz), lakes.segments),
        arm_start=np.concatenate(([0], np.cumsum(counts))),
        arms=arms,
        segments=lakes.segments,
        boxes=lakes.boxes,
        starts=lakes.starts,
        corners=lakes.corners,
        corners_xy=lakes.corners_xy,
        around=lakes.around,
        to_nodes=lakes.to_nodes,
    )
    made.savings[:] = _savings(made, np.empty((2, len(lakes.corners)), dtype=np.int64))
    made.by_saving[:] = np.argsort(-made.savings, kind="stable")
    return made


def _balls(roads: Network) -> tuple[Floats, Floats]:
    """A ball about each chain: its middle, and its radius as a leg."""
    sizes = np.diff(roads.chain_start)
    xyz, firsts = roads.xyz[roads.chain_nodes], roads.chain_start[:-1]
    middles = (np.minimum.reduceat(xyz, firsts) + np.maximum.reduceat(xyz, firsts)) / 2.0
    away = np.linalg.norm(xyz - np.repeat(middles, sizes, axis=0), axis=1)
    return middles, np.maximum.reduceat(away, firsts) * LEG_TICKS


@compiled
def _clearances(xy: Floats, segments: Floats) -> Floats:
    """The distance of each node to the nearest segment, in ticks of a leg, less what the plane adds.

    The plane stretches lengths around a point at radius r by 1 + r² at most; within the contiguous
    states r is below 0.45.
    """
    clear = np.full(len(xy), np.inf)
    for i in range(len(xy)):
        for s in range(len(segments)):
            x, y = segments[s, 0] - xy[i, 0], segments[s, 1] - xy[i, 1]
            dx, dy = segments[s, 2] - segments[s, 0], segments[s, 3] - segments[s, 1]
            t = min(1.0, max(0.0, -(x * dx + y * dy) / (dx * dx + dy * dy)))
            clear[i] = min(clear[i], math.hypot(x + t * dx, y + t * dy))
    return clear * (LEG_TICKS / 1.25)


def room() -> Ints:
    """Room for what two spots see of the corners: what `stand` needs."""
    return np.empty((2, len(ground().corners)), dtype=np.int64)


@compiled
def stand(xyz: Floats, xy: Floats, corner_legs: Ints) -> Spot:
    """A point to measure from; `corner_legs` is a row of `room`, and is cleared."""
    corner_legs[0] = _UNKNOWN
    return borrowed(Spot(xyz, xy, corner_legs))


@compiled
def corner_leg(g: Ground, at: Spot, corner: int) -> int:
    """The straight leg to a corner, FAR if it is barred; found once.

    Until it is known, its place holds a number below 0: minus the chord, the least it can be.
    """
    if at.corner_legs[corner] < 0:
        at.corner_legs[corner] = FAR
        if not barred(at.xy, g.corners_xy[corner], g.segments, g.boxes, g.starts):
            at.corner_legs[corner] = straight_ticks(square(at.xyz, g.corners[corner]))
    return int(at.corner_legs[corner])


@compiled
def measure_chords(g: Ground, at: Spot) -> None:
    """Set the least that the leg to each corner can be, unless that was done."""
    if at.corner_legs[0] == _UNKNOWN:
        for corner in range(len(g.corners)):
            at.corner_legs[corner] = -1 - int(least_ticks(square(at.xyz, g.corners[corner])))


@compiled
def node_leg(g: Ground, at: Spot, node: int, ceiling: int = FAR) -> int:
    """The leg from a point to a node, or anything from `ceiling` up if it is not below that."""
    chord = square(at.xyz, g.xyz[node])
    if least_ticks(chord) >= ceiling:
        return ceiling
    straight = straight_ticks(chord)
    if straight < g.clear[node] or straight >= ceiling:
        return straight
    if not barred(at.xy, g.xy[node], g.segments, g.boxes, g.starts):
        return straight
    measure_chords(g, at)
    best = ceiling
    for corner in range(len(g.corners)):
        onward = g.to_nodes[node, corner]
        if abs(at.corner_legs[corner]) + onward <= best:
            best = min(best, onward + corner_leg(g, at, corner))
    return best


@compiled
def is_barred(g: Ground, p: Spot, q: Spot) -> bool:
    """Whether the straight way between two points crosses a barrier; the same both ways."""
    backwards = p.xy[0] > q.xy[0] or (p.xy[0] == q.xy[0] and p.xy[1] > q.xy[1])
    first, last = (q.xy, p.xy) if backwards else (p.xy, q.xy)
    return barred(first, last, g.segments, g.boxes, g.starts)


@compiled
def point_leg(g: Ground, p: Spot, q: Spot, ceiling: int = FAR) -> int:
    """The leg between two points, the same both ways, or anything from `ceiling` up if not below."""
    chord = square(p.xyz, q.xyz)
    if least_ticks(chord) >= ceiling:
        return ceiling
    if not is_barred(g, p, q):
        return straight_ticks(chord)
    measure_chords(g, p)
    measure_chords(g, q)
    best = ceiling
    for t in range(len(g.corners)):
        onward = least_ticks(square(q.xyz, g.corners[t]))
        if abs(p.corner_legs[t]) + onward > best or corner_leg(g, p, t) + onward >= best:
            continue
        for u in range(len(g.corners)):
            way = p.corner_legs[t] + g.around[t, u]
            if way + abs(q.corner_legs[u]) <= best:
                best = min(best, way + corner_leg(g, q, u))
    return best


@compiled
def _savings(g: Ground, legs: Ints) -> Ints:
    """For each chain the greatest leg between two of its nodes, less the way along the chain.

    `legs` is `room`.
    """
    g = borrowed(g)
    savings = np.zeros(len(g.chain_lengths), dtype=np.int64)
    for chain in range(len(savings)):
        for a in range(g.chain_start[chain], g.chain_start[chain + 1]):
            node = g.chain_nodes[a]
            at = stand(g.xyz[node], g.xy[node], legs[0])
            for b in range(a + 1, g.chain_start[chain + 1]):
                run = g.chain_along[b] - g.chain_along[a]
                saving = node_leg(g, at, g.chain_nodes[b]) - run
                savings[chain] = max(savings[chain], saving)
    return savings


@compiled
def ball_leg(g: Ground, at: Spot, chain: int) -> float:
    """No leg to a node of the chain is less: by the chord to the ball about it."""
    chord = LEG_TICKS * math.sqrt(square(at.xyz, g.middles[chain]))
    return float(max(0.0, chord - g.reaches[chain]))


@compiled
def entry_ticks(g: Ground, at: Spot, junction: int, ceiling: int) -> int:
    """The least leg to a chain plus the way along it to its end `junction`, or `ceiling`.

    Bounds tell the most promising node and how good the next one can be; mostly that settles it.
    """
    least, second, node, rest = float(ceiling), float(ceiling), -1, 0
    for a in range(g.arm_start[junction], g.arm_start[junction + 1]):
        chain, end = g.arms[a] >> 1, g.arms[a] & 1
        if ball_leg(g, at, chain) >= second:
            continue
        for k in range(g.chain_start[chain], g.chain_start[chain + 1]):
            way = g.chain_lengths[chain] - g.chain_along[k] if end else g.chain_along[k]
            bound = least_ticks(square(at.xyz, g.xyz[g.chain_nodes[k]])) + way
            if bound < least:
                least, second, node, rest = bound, least, g.chain_nodes[k], way
            elif bound < second:
                second = bound
    if node < 0:
        return ceiling
    best = min(ceiling, rest + node_leg(g, at, node, ceiling - rest))
    return best if best <= second else _least_entry(g, at, junction, best)


@compiled
def _least_entry(g: Ground, at: Spot, junction: int, best: int) -> int:
    """The same, without a guess: from every node by which the way can be below `best`."""
    for a in range(g.arm_start[junction], g.arm_start[junction + 1]):
        chain, end = g.arms[a] >> 1, g.arms[a] & 1
        for k in range(g.chain_start[chain], g.chain_start[chain + 1]):
            way = g.chain_lengths[chain] - g.chain_along[k] if end else g.chain_along[k]
            node = g.chain_nodes[k]
            if least_ticks(square(at.xyz, g.xyz[node])) + way < best:
                best = min(best, way + node_leg(g, at, node, best - way))
    return best
