"""Builds geo/data/states.json: the outlines of the 48 contiguous states and DC as arcs.

A maintainer's tool: `python scripts/build_states.py states-10m.json [folder]`, with the file of
that name of the npm package us-atlas 3.0.1. geo/data/README.md says what the result holds.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geo.states import STATES

CODES = {name: code for code, name in STATES.items()}


def rings_of(geometry: dict[str, Any]) -> list[list[list[int]]]:
    """The polygons of a TopoJSON geometry, each a list of rings of arc numbers."""
    arcs: list[Any] = geometry["arcs"]
    return arcs if geometry["type"] == "MultiPolygon" else [arcs]


def encloses(ring: list[int], lengths: list[int]) -> bool:
    """Whether a ring has three corners at least: the rounding of the source left some with two."""
    return sum(lengths[max(arc, ~arc)] - 1 for arc in ring) >= 3


def numbers(outlines: dict[str, list[list[list[int]]]]) -> Iterator[int]:
    """Every arc in use; arc n run backwards is written ~n."""
    for polygons in outlines.values():
        yield from (max(arc, ~arc) for rings in polygons for ring in rings for arc in ring)


def main(source: Path, folder: Path) -> None:
    topology = json.loads(source.read_text())
    states = topology["objects"]["states"]["geometries"]
    names = {state["properties"]["name"]: rings_of(state) for state in states}
    lengths = [len(arc) for arc in topology["arcs"]]
    outlines = {
        CODES[name]: [rings for rings in polygons if encloses(rings[0], lengths)]
        for name, polygons in names.items()
        if name in CODES
    }
    place = {old: new for new, old in enumerate(sorted(set(numbers(outlines))))}
    renumbered = {
        code: [
            [[place[a] if a >= 0 else ~place[~a] for a in ring] for ring in rings]
            for rings in outlines[code]
        ]
        for code in sorted(outlines)
    }
    result = {
        "scale": topology["transform"]["scale"],
        "translate": topology["transform"]["translate"],
        "states": renumbered,
        "arcs": [topology["arcs"][old] for old in place],
    }
    (folder / "states.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "geo/data"))
