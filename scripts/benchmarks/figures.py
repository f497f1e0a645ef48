"""What a measurement prints, and how it is taken: pairs of both sides in turn, and their medians."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import typer

MANY, FEW = 36, 3


class Unequal(Exception):
    """The two sides do not answer the same, so nothing is measured."""


@dataclass(frozen=True)
class Figure:
    """One line: medians of both sides, and how many times better ours is."""

    name: str
    ours: float
    peer: float
    unit: str
    goal: float | None
    pairs: int
    loads: int
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.more_is_better else self.peer / self.ours

    def line(self) -> str:
        measured = {"ours": _brief(self.ours), "peer": _brief(self.peer), "unit": self.unit}
        judged = {"ratio": _brief(self.ratio), "goal": self.goal}
        rest = {"pairs": self.pairs, "loads": self.loads}
        return json.dumps({"name": self.name} | measured | judged | rest)


def _brief(value: float) -> float:
    return float(f"{value:.4g}")


def medians(
    pairs: int, ours: Callable[[int], float], peer: Callable[[int], float]
) -> tuple[float, float]:
    """Both sides in turn, each pair begun by the other side; each is told the number of the pair."""
    measured: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs):
        sides = [(measured[0], ours), (measured[1], peer)]
        for found, side in sides if number % 2 == 0 else reversed(sides):
            found.append(side(number))
        tell(f"  pair {number + 1} of {pairs}: {measured[0][-1]:.5g} and {measured[1][-1]:.5g}")
    return median(measured[0]), median(measured[1])


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def tell(text: str) -> None:
    typer.echo(text, err=True)
