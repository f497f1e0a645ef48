"""Runs once what is compiled, so that no request waits for it: by then it is kept on disk."""

from typing import Any

import numpy as np

from geo import places, roads
from geo.areas import Circle
from geo.points import Point
from matching.board import Board
from matching.columns import END, LOAD
from matching.corridor import Trip, along
from matching.rank import rank
from matching.refusals import refusals
from matching.search import Wanted, find, first, per_mile_cents, shows
from matching.sight import NOTHING_HIDDEN
from matching.trucks import Pace, Truck
from matching.worth import Costs

DALLAS, ATLANTA = Point(-96.797, 32.7767), Point(-84.388, 33.749)
FAR_M = 300_000.0


def warm() -> None:
    """A search of every kind on a board of two loads, one of them new."""
    roads.road_m(DALLAS, ATLANTA)
    places.suggest("Dal")
    loads = np.zeros(2, dtype=LOAD)
    loads["id"], loads["version"] = (1, 2), 1
    for end, point in (("pickup", DALLAS), ("delivery", ATLANTA)):
        loads[f"{end}_lon"], loads[f"{end}_lat"] = point
    for end in ("pickup_to", "delivery_to", "open_until"):
        loads[end] = END
    board = Board([loads[:1]])
    board.apply(loads[1:])
    area = Circle(DALLAS, FAR_M)
    limits: dict[str, Any] = {
        "organization": 1,
        "posted_since": 1,
        "max_weight_lb": 1,
        "max_length_ft": 1.0,
        "min_rate_cents": 1,
        "min_rate_per_mile_cents": 1.0,
        "sight": NOTHING_HIDDEN,
    }
    rows = find(board.view, Wanted(0, area, Circle(ATLANTA, FAR_M), **limits))
    first(per_mile_cents(board.view, rows), board.view.take("id", rows), 1)
    shows(board.view, 0, NOTHING_HIDDEN)
    along(board.view, Wanted(0), Trip(DALLAS, ATLANTA), FAR_M)
    truck = Truck(DALLAS, "van", 0)
    rank(board.view, truck, Costs(), Pace(), 0)
    refusals(board.view, truck, Pace(), 0)
    board.merge()
