"""./scripts/bench measures at any size; what it measures here is too small to mean anything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadboard.local.servers import Servers

BENCH = Path(__file__).parents[2] / "scripts/benchmarks/main.py"
LOADS, PAIRS = 2_000, 1
# The least that each must be, on a million loads.
GOALS = {
    "area-vs-gist": 5,
    "area-vs-composite": 1.5,
    "lane-vs-composite": 1.2,
    "board-area-vs-gist": 20,
    "board-lane-cold": 2,
    "board-lane-warm": 10,
    "corridor-vs-postgis": 50,
    "corridor-cold-vs-pass": 2,
    "corridor-warm-vs-pass": 5,
    "rank-vs-gather": 0.2,
    "growth": 10,
    "search-under-changes": 0.9,
    "permissions": 0.9,
    "board-fill-vs-copy": 0.33,
    "freshness-p99": 0.2,
    "http-vs-sql": 0.67,
    "http-lane-vs-bare": 0.3,
    "booking-vs-sql": 0.5,
    "import-vs-copy": 0.25,
    "reindex-vs-update": 0.25,
}
MORE_IS_BETTER = {"lines/s", "rows/s", "loads/s", "searches/s", "requests/CPU-s", "bookings/s"}


def bench(servers: Servers, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | servers.environment | {"LOADBOARD_HOME": str(home)}
    command = [sys.executable, str(BENCH), "--loads", str(LOADS), "--pairs", str(PAIRS), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def figures(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    done = bench(servers, tmp_path_factory.mktemp("bench"))
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({figure["name"] for figure in found}) == len(found)
    return {figure["name"]: figure for figure in found}


def test_every_figure_has_its_goal(figures: dict[str, dict[str, Any]]) -> None:
    assert {n: f["goal"] for n, f in figures.items() if f["goal"] is not None} == GOALS


def test_lines_are_well_formed(figures: dict[str, dict[str, Any]]) -> None:
    for figure in figures.values():
        assert list(figure) == ["name", "ours", "peer", "unit", "ratio", "goal", "pairs", "loads"]
        assert figure["loads"] == LOADS
        assert figure["pairs"] == PAIRS
        assert figure["ours"] > 0
        assert figure["peer"] > 0


def test_a_greater_ratio_is_better(figures: dict[str, dict[str, Any]]) -> None:
    for figure in figures.values():
        ratio = figure["ours"] / figure["peer"]
        better = ratio if figure["unit"] in MORE_IS_BETTER else 1 / ratio
        assert figure["ratio"] == pytest.approx(better, rel=0.01)


def test_an_unknown_name_is_refused(servers: Servers, tmp_path: Path) -> None:
    done = bench(servers, tmp_path, "area-vs-nothing")
    assert done.returncode == 2
    assert not done.stdout
    assert "area-vs-nothing" in done.stderr
