"""Where road estimates hold."""

import numpy as np
import pytest

from geo.coverage import are_covered, is_covered
from geo.network import network
from geo.places import towns
from geo.points import Point

ABROAD = [
    *(Point(-83.035, 42.317), Point(-106.487, 31.735), Point(-117.03, 32.52), Point(-99.51, 27.48)),
    *(Point(-79.4, 43.65), Point(-82.40, 42.97), Point(-79.09, 43.09), Point(-97.504, 25.87)),
    *(Point(-123.1, 49.25), Point(-123.36, 48.43), Point(-84.33, 46.53), Point(-89.25, 48.38)),
    *(Point(-157.86, 21.31), Point(-149.9, 61.2), Point(-66.1, 18.4), Point(10.0, 50.0)),
    *(Point(180.0, 0.0), Point(-180.0, 90.0), Point(-75.7, 45.42), Point(-73.57, 45.5)),
]


def test_every_town_is_covered() -> None:
    points = [town.point for town in towns()]
    covered = are_covered([p.lon for p in points], [p.lat for p in points])
    assert [towns()[i].name for i in np.flatnonzero(~covered)] == []


@pytest.mark.parametrize("point", ABROAD)
def test_abroad_is_not(point: Point) -> None:
    assert not is_covered(point)


def test_nearly_every_node_of_the_network_is_covered() -> None:
    outside = ~are_covered(network().lons, network().lats)
    assert outside.sum() <= 25
