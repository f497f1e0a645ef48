"""What tells the same load again: by all that its poster says, or by the freight alone."""

import hashlib
from typing import Any

import orjson

from loadboard.loads.prepared import Prepared

_PLACES = 3
"""Decimals of a degree, some 100 metres, to which two places are the same."""


def content_hash(content: Any) -> bytes:
    """The same for the same content, in whatever order its fields stand."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()[:16]


def freight_of(load: Prepared) -> int:
    """The same for the same freight, whoever posts it, under any reference and at any rate.

    It is where the stops are, the day of the first pickup in UTC, equipment, weight and commodity.
    """
    posted = load.posted
    window = posted.stops[0].window
    assert window is not None
    freight = [
        window.from_.date(),
        posted.equipment,
        posted.weight_lb,
        posted.commodity and posted.commodity.casefold(),
        *(
            (stop.kind, round(at.point.lon, _PLACES), round(at.point.lat, _PLACES))
            for stop, at in zip(posted.stops, load.stops, strict=True)
        ),
    ]
    return int.from_bytes(hashlib.sha256(orjson.dumps(freight)).digest()[:8], signed=True)
