"""Loads that are posted, moved and cancelled while others search, and what a search may answer of them."""

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from geo.points import Point
from tests.faults.loads import a_load

Test = Callable[[Point], bool]


@dataclass
class State:
    """Where a load is picked up, None when it is off the board; from when to when it was asked for."""

    pickup: Point | None
    sent: float
    answered: float = math.inf


@dataclass
class Histories:
    """What was asked for each load, in order, with the moments of the request and of its answer."""

    of: dict[str, list[State]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    # The greatest Board-Position that was answered: what a search must have seen.
    position: int = 0

    def begin(self, reference: str, pickup: Point | None) -> State:
        with self.lock:
            states = self.of.setdefault(reference, [State(None, -math.inf, -math.inf)])
            states.append(State(pickup, time.monotonic()))
            return states[-1]

    def verdict(self, sent: float, answered: float, within: Test) -> tuple[set[str], set[str]]:
        """What a search of that time must find, and what it may find."""
        must, may = set(), set()
        with self.lock:
            for reference, states in self.of.items():
                hits = [
                    state.pickup is not None and within(state.pickup)
                    for state in possible(states, sent, answered)
                ]
                if all(hits):
                    must.add(reference)
                if any(hits):
                    may.add(reference)
        return must, may


def possible(states: list[State], since: float, until: float) -> list[State]:
    """The states that a load can have been seen in at some moment of a span of time."""
    ends = [later.answered for later in states[1:]] + [math.inf]
    return [
        state
        for state, end in zip(states, ends, strict=True)
        if state.sent <= until and end >= since
    ]


@dataclass
class Mover:
    """A shipper who posts loads in an area, moves some, cancels others, and keeps few open."""

    client: httpx.Client
    histories: Histories
    name: str
    rng: random.Random
    anywhere: Callable[[random.Random], Point]
    most: int = 40
    open: list[dict[str, Any]] = field(default_factory=list)
    posted: int = 0

    def act(self) -> None:
        if len(self.open) < 5 or (len(self.open) < self.most and self.rng.random() < 0.5):
            self._post()
        elif self.rng.random() < 0.5:
            self._move(self.rng.randrange(len(self.open)))
        else:
            self._cancel(self.rng.randrange(len(self.open)))

    def _post(self) -> None:
        self.posted += 1
        point = self.anywhere(self.rng)
        load = a_load(self.rng, f"{self.name}-{self.posted}")
        load["stops"] = stops_from(load["stops"], point)
        state = self.histories.begin(load["reference"], point)
        self.open.append(self._ask(201, state, "POST", "/v1/loads", json=load))

    def _move(self, index: int) -> None:
        load, point = self.open[index], self.anywhere(self.rng)
        state = self.histories.begin(load["reference"], point)
        stops = [
            {key: stop[key] for key in ("kind", "lat", "lon", "window")} for stop in load["stops"]
        ]
        patch = {"stops": stops_from(stops, point)}
        self.open[index] = self._ask(
            200, state, "PATCH", path(load), json=patch, headers=match(load)
        )

    def _cancel(self, index: int) -> None:
        load = self.open.pop(index)
        state = self.histories.begin(load["reference"], None)
        self._ask(200, state, "POST", f"{path(load)}/cancel", headers=match(load))

    def _ask(
        self, status: int, state: State, method: str, where: str, **options: Any
    ) -> dict[str, Any]:
        answer = self.client.request(method, where, **options)
        with self.histories.lock:
            told = int(answer.headers.get("Board-Position", 0))
            self.histories.position = max(self.histories.position, told)
        state.answered = time.monotonic()
        assert answer.status_code == status, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


def stops_from(stops: list[dict[str, Any]], point: Point) -> list[dict[str, Any]]:
    first = {"kind": "pickup", "lat": point.lat, "lon": point.lon, "window": stops[0]["window"]}
    return [first, *stops[1:]]


def path(load: dict[str, Any]) -> str:
    return f"/v1/loads/{load['id']}"


def match(load: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{load["version"]}"'}
