"""The barriers ready for use: their segments and corners on the plane, and ways around them."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from geo.barriers import BARRIERS, Line
from geo.compiled import compiled
from geo.legs import FAR, barred, square, straight_ticks
from geo.network import Floats, Ints, gnomonic, gnomonic_axes, network, unit_vectors

# How far a corner stands off its barrier, in earth radii: 10 cm.
_STAND_OFF = 1.6e-8


@dataclass(frozen=True)
class Water:
    """Barriers on the plane of `gnomonic`, and legs from corner to corner and node to corner.

    `segments` are (x, y, x, y), those of barrier b from `starts[b]` to `starts[b + 1]`, inside
    `boxes[b]`. `around` is (corners, corners), `to_nodes` (nodes, corners), in ticks.
    """

    segments: Floats
    boxes: Floats
    starts: Ints
    corners_xy: Floats
    corners: Floats
    around: Ints
    to_nodes: NDArray[np.int32]


@cache
def water() -> Water:
    """The barriers, made ready once in a process."""
    lines = [gnomonic(unit_vectors(*np.array(line).T)) for line in BARRIERS.values()]
    segments = np.concatenate([np.hstack((line[:-1], line[1:])) for line in lines])
    starts = np.cumsum([0, *(len(line) - 1 for line in lines)])
    boxes = np.array([[*line.min(axis=0), *line.max(axis=0)] for line in lines])
    xy = _corners(list(BARRIERS.values()))
    xyz = _from_plane(xy)
    seen = visible_ticks(xyz, xy, xyz, xy, segments, boxes, starts)
    around = dijkstra(np.where(seen < FAR, seen, 0).astype(np.float64), directed=False)
    around = np.where(np.isfinite(around), around, FAR).astype(np.int64)
    nodes = network().xyz
    sight = visible_ticks(nodes, gnomonic(nodes), xyz, xy, segments, boxes, starts)
    to_nodes = _onward(sight, around).astype(np.int32)
    return Water(segments, boxes, starts, xy, xyz, around, to_nodes)


@compiled
def visible_ticks(
    a: Floats, a_xy: Floats, b: Floats, b_xy: Floats, segments: Floats, boxes: Floats, starts: Ints
) -> Ints:
    """The straight leg from each point of `a` to each of `b`, FAR where it is barred."""
    legs = np.full((len(a), len(b)), FAR, dtype=np.int64)
    for i in range(len(a)):
        for j in range(len(b)):
            if not barred(a_xy[i], b_xy[j], segments, boxes, starts):
                legs[i, j] = straight_ticks(square(a[i], b[j]))
    return legs


@compiled
def _onward(sight: Ints, around: Ints) -> Ints:
    """The leg from each node to each corner, by way of other corners; a node sees a third of them."""
    legs = np.full_like(sight, FAR)
    for node in range(len(sight)):
        for seen in range(len(around)):
            if sight[node, seen] < FAR:
                for corner in range(len(around)):
                    way = sight[node, seen] + around[seen, corner]
                    legs[node, corner] = min(legs[node, corner], way)
    return legs


def _corners(lines: list[Line]) -> Floats:
    """Just outside each end and bend, on the side where more than half a turn is free."""
    arms: dict[tuple[float, float], list[tuple[float, float]]] = {}
    for line in lines:
        for one, other in pairwise(line):
            arms.setdefault(one, []).append(other)
            arms.setdefault(other, []).append(one)
    corners = []
    for vertex, others in arms.items():
        xy = gnomonic(unit_vectors(*np.array([vertex, *others]).T))
        angles = np.sort(np.arctan2(*(xy[1:] - xy[0]).T[::-1]))
        gaps = np.diff(angles, append=angles[0] + 2.0 * np.pi)
        widest = int(gaps.argmax())
        if gaps[widest] > np.pi:
            middle = angles[widest] + gaps[widest] / 2.0
            corners.append(xy[0] + _STAND_OFF * np.array([np.cos(middle), np.sin(middle)]))
    return np.array(corners)


def _from_plane(xy: Floats) -> Floats:
    """The unit vectors of points of the plane: the inverse of `gnomonic`."""
    axes = gnomonic_axes()
    rays = xy[:, :1] * axes[0] + xy[:, 1:] * axes[1] + axes[2]
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))
