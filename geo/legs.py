"""Legs: what the way from a point to a road, or straight to another point, is taken to be.

A leg is 1.3 times the shortest way that crosses no barrier, in ticks. Where the straight way is
barred, it turns at corners: the ends and the outward bends of barriers, a hand's breadth outside.
"""

import math

from numpy.typing import ArrayLike

from geo.compiled import compiled
from geo.geodesy import SPHERE_RADIUS_M, great_circle_m
from geo.network import TICKS_PER_METRE, Floats, Ints

LEG_WEIGHT = 1.3
FAR = 1 << 40
"""More ticks than any way has."""

LEG_TICKS = LEG_WEIGHT * SPHERE_RADIUS_M * TICKS_PER_METRE
"""The leg over one radius of the earth."""


def straight_m(lons1: ArrayLike, lats1: ArrayLike, lons2: ArrayLike, lats2: ArrayLike) -> Floats:
    """1.3 × great circle in metres: what stands for the road where no estimate holds."""
    return LEG_WEIGHT * great_circle_m(lons1, lats1, lons2, lats2)


@compiled
def square(a: Floats, b: Floats) -> float:
    """The squared chord between two unit vectors."""
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return float(x * x + y * y + z * z)


@compiled
def least_ticks(square: float) -> float:
    """No leg over a chord is less: the arcsine's power series, cut off; right to a metre or so."""
    z = square / 4.0
    return LEG_TICKS * math.sqrt(square) * (1.0 + z * (1.0 / 6.0 + z * 0.0749))


@compiled
def straight_ticks(square: float) -> int:
    """The straight leg over a chord, rounded up to whole ticks."""
    return math.ceil(2.0 * LEG_TICKS * math.asin(min(1.0, math.sqrt(square) / 2.0)))


@compiled
def barred(a: Floats, b: Floats, segments: Floats, boxes: Floats, starts: Ints) -> bool:
    """Whether the straight way between two points of the plane crosses a segment."""
    west, east = min(a[0], b[0]), max(a[0], b[0])
    south, north = min(a[1], b[1]), max(a[1], b[1])
    dx, dy = b[0] - a[0], b[1] - a[1]
    for box in range(len(boxes)):
        if (
            boxes[box, 0] > east
            or boxes[box, 2] < west
            or boxes[box, 1] > north
            or boxes[box, 3] < south
        ):
            continue
        for s in range(starts[box], starts[box + 1]):
            x, y = segments[s, 0], segments[s, 1]
            u, v = segments[s, 2], segments[s, 3]
            if (dx * (y - a[1]) > dy * (x - a[0])) == (dx * (v - a[1]) > dy * (u - a[0])):
                continue
            ex, ey = u - x, v - y
            if (ex * (a[1] - y) > ey * (a[0] - x)) != (ex * (b[1] - y) > ey * (b[0] - x)):
                return True
    return False
