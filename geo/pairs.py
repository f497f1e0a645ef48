"""The estimate between pairs of points, found exactly where its minimum can be."""

from functools import cache
from typing import NamedTuple

import numpy as np

from geo.anchors import SLACK, Spots, Tables
from geo.compiled import borrowed, compiled
from geo.ground import Ground, Spot, ball_leg, entry_ticks, ground, node_leg, point_leg, stand
from geo.known import Known, least_onward
from geo.legs import FAR, LEG_TICKS, LEG_WEIGHT, least_ticks, square
from geo.network import Floats, Ints


class Chains(NamedTuple):
    """The chains, what each can save on a leg and the ball about it in radii of the earth.

    In the order of `Ground.by_saving` and side by side, for most are only glanced at.
    """

    numbers: Ints
    savings: Ints
    middles: Floats
    radii: Floats


@cache
def chains() -> Chains:
    """The chains of the network, ordered once in a process."""
    g = ground()
    order = g.by_saving
    return Chains(order, g.savings[order], g.middles[order], g.reaches[order] / LEG_TICKS)


@compiled
def pair_ticks(
    g: Ground, chains: Chains, tables: Tables, starts: Spots, goals: Spots, legs: Ints
) -> Ints:
    """The estimate in ticks from each start to its goal; `legs` is `room`."""
    g, tables, starts, goals = borrowed(g), borrowed(tables), borrowed(starts), borrowed(goals)
    chains = borrowed(chains)
    ways = np.empty(len(starts.xyz), dtype=np.int64)
    on, entries = np.empty((2, 2, len(g.junctions)), dtype=np.int64)
    for i in range(len(ways)):
        p = stand(starts.xyz[i], starts.xy[i], legs[0])
        q = stand(goals.xyz[i], goals.xy[i], legs[1])
        c, d = starts.anchors[i], goals.anchors[i]
        best = _first_guess(g, tables, p, c, q, d)
        strays = starts.strays[i], goals.strays[i]
        m = _entries(g, tables, p, c, strays[0], d, strays[1], best, on[0], entries[0])
        n = _entries(g, tables, q, d, strays[1], c, strays[0], best, on[1], entries[1])
        for a in range(m):
            row = g.table[on[0, a]]
            for b in range(n):
                best = min(best, entries[0, a] + row[on[1, b]] + entries[1, b])
        leg = point_leg(g, p, q, best + chains.savings[0] + SLACK)
        ways[i] = _along_one_chain(g, chains, p, q, leg, min(best, leg))
    return ways


@compiled
def known_ticks(
    g: Ground, chains: Chains, known: Known, starts: Ints, goals: Ints, legs: Ints
) -> Ints:
    """The same from known points to known points, which are given by their rows."""
    g, chains, known = borrowed(g), borrowed(chains), borrowed(known)
    ways = np.empty(len(starts), dtype=np.int64)
    for i in range(len(ways)):
        best = _by_accesses(g, known, starts[i], goals[i])
        p = stand(known.xyz[starts[i]], known.xy[starts[i]], legs[0])
        q = stand(known.xyz[goals[i]], known.xy[goals[i]], legs[1])
        leg = int(least_ticks(square(p.xyz, q.xyz)))
        if leg < best:
            leg = point_leg(g, p, q, best + chains.savings[0] + SLACK)
            best = min(best, leg)
        ways[i] = _along_one_chain(g, chains, p, q, leg, best)
    return ways


@compiled
def _by_accesses(g: Ground, known: Known, start: int, goal: int) -> int:
    """The least way by an access of either end; all are tried, for that is faster than bounds."""
    first, end = known.starts[goal], known.starts[goal + 1]
    on, ticks = known.junctions[first:end], known.ticks[first:end]
    best = FAR
    for a in range(known.starts[start], known.starts[start + 1]):
        best = min(best, known.ticks[a] + least_onward(g.table[known.junctions[a]], on, ticks))
    return best


@compiled
def _first_guess(g: Ground, tables: Tables, p: Spot, c: int, q: Spot, d: int) -> int:
    """The way by the two junctions that would be best for the anchors c and d."""
    j, k = _best_entry(tables, c, d), _best_entry(tables, d, c)
    return int(entry_ticks(g, p, j, FAR) + g.table[j, k] + entry_ticks(g, q, k, FAR))


@compiled
def _best_entry(tables: Tables, anchor: int, goal: int) -> int:
    """The junction by which the way from one anchor to another is least."""
    entry, onward = tables.entry[anchor], tables.reach[goal]
    best, least = 0, FAR
    for j in range(len(entry)):
        if entry[j] + onward[j] < least:
            best, least = j, entry[j] + onward[j]
    return best


@compiled
def _entries(
    g: Ground,
    tables: Tables,
    at: Spot,
    anchor: int,
    stray: int,
    goal: int,
    goal_stray: int,
    bound: int,
    on: Ints,
    ticks: Ints,
) -> int:
    """List the junctions by which a way to the goal can be shorter than `bound`; how many.

    A junction that falls behind by more than twice the stray falls behind for the point too, and so
    do all after it in the anchor's order. `goal` is the goal's anchor.
    """
    entry, reach, onward = tables.entry[anchor], tables.reach[anchor], tables.reach[goal]
    found = 0
    for j in tables.order[anchor]:
        if entry[j] - reach[j] > 2 * stray + SLACK:
            break
        ceiling = bound - (onward[j] - goal_stray - SLACK)
        if entry[j] - stray - SLACK < ceiling:
            way = entry_ticks(g, at, j, ceiling)
            if way < ceiling:
                on[found], ticks[found] = j, way
                found += 1
    return found


@compiled
def _along_one_chain(g: Ground, chains: Chains, p: Spot, q: Spot, leg: int, best: int) -> int:
    """The less of `best` and the ways that use a piece of one chain and pass no junction.

    A chain saves no more than its saving on the leg from p to q, which is no less than `leg`. The
    way along it is no less than the great circle, so if both ends are far from the chain, the
    weight of their legs alone is too much. That rules out most.
    """
    great_circle = least_ticks(square(p.xyz, q.xyz)) / LEG_WEIGHT
    farthest = min(best, (best - great_circle) / (1.0 - 1.0 / LEG_WEIGHT))
    for c in range(len(chains.savings)):
        if leg - chains.savings[c] - SLACK > best:
            break
        radius, middle = farthest / LEG_TICKS + chains.radii[c], chains.middles[c]
        if max(square(p.xyz, middle), square(q.xyz, middle)) >= radius * radius:
            continue
        chain = chains.numbers[c]
        legs = ball_leg(g, p, chain) + ball_leg(g, q, chain)
        if legs < farthest and _run_bound(g, p, q, chain) < best:
            best = _run(g, p, q, chain, best)
    return best


@compiled
def _run_bound(g: Ground, p: Spot, q: Spot, chain: int) -> float:
    """No way along this chain is less: both ways in one sweep, with bounds for legs."""
    least, there, back = np.inf, np.inf, np.inf
    for k in range(g.chain_start[chain], g.chain_start[chain + 1]):
        node, along = g.xyz[g.chain_nodes[k]], g.chain_along[k]
        p_leg, q_leg = least_ticks(square(p.xyz, node)), least_ticks(square(q.xyz, node))
        there, back = min(there, p_leg - along), min(back, q_leg - along)
        least = min(least, there + along + q_leg, back + along + p_leg)
    return least


@compiled
def _run(g: Ground, p: Spot, q: Spot, chain: int, best: int) -> int:
    """The less of `best` and the least way along this chain.

    Legs are found only for nodes by which the way can still be shorter, going by bounds.
    """
    first, end = g.chain_start[chain], g.chain_start[chain + 1]
    p_legs, q_legs = np.empty((2, end - first))
    for k in range(first, end):
        p_legs[k - first] = least_ticks(square(p.xyz, g.xyz[g.chain_nodes[k]]))
        q_legs[k - first] = least_ticks(square(q.xyz, g.xyz[g.chain_nodes[k]]))
    p_least, q_least = p_legs.copy(), q_legs.copy()
    _spread(g.chain_along[first:end], p_least)
    _spread(g.chain_along[first:end], q_least)
    there, back = FAR, FAR
    for k in range(first, end):
        node, along = g.chain_nodes[k], g.chain_along[k]
        p_leg = q_leg = FAR
        if p_legs[k - first] + q_least[k - first] < best:
            p_leg = node_leg(g, p, node, best)
        if q_legs[k - first] + p_least[k - first] < best:
            q_leg = node_leg(g, q, node, best)
        there, back = min(there, p_leg - along), min(back, q_leg - along)
        best = min(best, there + along + q_leg, back + along + p_leg)
    return best


@compiled
def _spread(along: Ints, ticks: Floats) -> None:
    """Lower each of a chain's values to the least of any other plus the way to it."""
    for k in range(1, len(ticks)):
        ticks[k] = min(ticks[k], ticks[k - 1] + along[k] - along[k - 1])
    for k in range(len(ticks) - 2, -1, -1):
        ticks[k] = min(ticks[k], ticks[k + 1] + along[k + 1] - along[k])
