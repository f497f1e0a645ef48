"""./scripts/bench: side-by-side measurements, one JSON line each."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import rivals
import searches
import typer
from booking import booking_vs_sql
from changing import search_under_changes
from comparing import compare
from corridors import corridor_cold_vs_pass, corridor_vs_postgis, corridor_warm_vs_pass
from engine import board_area, board_lane_cold, board_lane_warm
from figures import Figure, Unequal, tell
from filling import fill_vs_copy
from freshness import freshness_p99
from growth import growth
from http_lanes import lane_vs_bare, lane_vs_redis
from importing import import_memory, import_vs_copy
from permissions import permissions
from ranking import rank_vs_gather
from reindexing import fill_vs_update, whole_vs_update
from rivals import Rival
from serving import http_vs_sql

from loadboard import logs
from loadboard.settings import settings

SMALLEST = 2_000


def _areas(by: Rival, name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    return compare(name, goal, loads, pairs, searches.areas(), by)


def _lanes(
    ends: Sequence[tuple[str, str]],
    by: Rival,
    name: str,
    goal: float | None,
    loads: int,
    pairs: int | None,
) -> Figure:
    return compare(name, goal, loads, pairs, searches.lanes(ends), by)


Measure = Callable[[str, float | None, int, int | None], Figure]
# What is measured, and the least that it must be; null is for show.
FIGURES: dict[str, tuple[Measure, float | None]] = {
    "area-vs-gist": (partial(_areas, rivals.POINT_GIST), 5.0),
    "area-vs-covering-gist": (partial(_areas, rivals.COVERING_POINT_GIST), None),
    "area-vs-composite": (partial(_areas, rivals.COMPOSITE), 1.5),
    "area-vs-covering-composite": (partial(_areas, rivals.COVERING_COMPOSITE), None),
    "lane-vs-composite": (partial(_lanes, searches.LANES, rivals.LANE), 1.2),
    "lane-vs-covering-composite": (partial(_lanes, searches.LANES, rivals.COVERING_LANE), None),
    "thin-lane-vs-composite": (partial(_lanes, searches.THIN_LANES, rivals.LANE), None),
    "board-area-vs-gist": (board_area, 20.0),
    "board-lane-cold": (board_lane_cold, 2.0),
    "board-lane-warm": (board_lane_warm, 10.0),
    "corridor-vs-postgis": (corridor_vs_postgis, 50.0),
    "corridor-cold-vs-pass": (corridor_cold_vs_pass, 2.0),
    "corridor-warm-vs-pass": (corridor_warm_vs_pass, 5.0),
    "rank-vs-gather": (rank_vs_gather, 0.2),
    "growth": (growth, 10.0),
    "search-under-changes": (search_under_changes, 0.9),
    "permissions": (permissions, 0.9),
    "board-fill-vs-copy": (fill_vs_copy, 0.33),
    "freshness-p99": (freshness_p99, 0.2),
    "http-vs-sql": (http_vs_sql, 0.67),
    "http-lane-vs-bare": (lane_vs_bare, 0.3),
    "http-lane-vs-redis": (lane_vs_redis, None),
    "booking-vs-sql": (booking_vs_sql, 0.5),
    "import-vs-copy": (import_vs_copy, 0.25),
    "import-memory": (import_memory, None),
    "reindex-vs-update": (fill_vs_update, 0.25),
    "whole-reindex-vs-update": (whole_vs_update, None),
}


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Of: {', '.join(FIGURES)}.")] = None,
    loads: Annotated[int, typer.Option(min=SMALLEST, help="How many the board holds.")] = 1_000_000,
    pairs: Annotated[int | None, typer.Option(min=1, help="Fewer, to try it out.")] = None,
) -> None:
    """Measures both sides in turn, and prints a JSON line for each name; all of them unless named."""
    if unknown := set(names or ()) - set(FIGURES):
        raise typer.BadParameter(f"no such figure: {', '.join(sorted(unknown))}")
    # What the service logs here; its answer is only lines of figures.
    logs.configure(settings().log_level, sys.stderr.buffer)
    unequal = False
    for name in names or FIGURES:
        tell(name)
        measure, goal = FIGURES[name]
        try:
            typer.echo(measure(name, goal, loads, pairs).line())
        except Unequal as error:
            tell(f"{name}: both sides must answer the same: {error}")
            unequal = True
    raise typer.Exit(1 if unequal else 0)


if __name__ == "__main__":
    typer.run(main)
