"""Every search has a bound on its work, and says when it was met."""

import math
import time
from typing import Any

import httpx
import numpy as np
import pytest

from geo.areas import MAX_CROSSINGS, MAX_VERTICES
from geo.points import Point
from loadboard.apart import GIVEN_UP, threads
from loadboard.search import chosen
from loadboard.settings import settings
from tests.loadboard.conftest import Member, Service
from tests.loadboard.search.boards import DALLAS, Board, load, near

ACROSS = {
    "from": {"place": "Seattle, WA"},
    "to": {"place": "Miami, FL"},
    "max_out_of_route_mi": 1000,
}


def wheel(positions: int, lon: float = DALLAS.lon, lat: float = DALLAS.lat) -> dict[str, Any]:
    """A polygon of so many positions, nearly a circle of a degree."""
    turns = [2.0 * math.pi * step / (positions - 1) for step in range(positions - 1)]
    ring = [[lon + math.cos(turn), lat + math.sin(turn)] for turn in turns]
    return {"polygon": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}


def refused(answer: httpx.Response, pointer: str, words: str) -> None:
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["message"]


def test_a_polygon_may_have_many_positions(board: Board, carrier: Member) -> None:
    rng = np.random.default_rng(1)
    spots = rng.uniform(-1.2, 1.2, (60, 2)) + DALLAS
    made = board.post([load(pickup=Point(*spot)) for spot in spots.tolist()])
    inside = {one.id for one in made if math.dist(one.pickup, DALLAS) <= math.cos(math.pi / 9_998)}
    for positions in (90, 101, MAX_VERTICES):
        answer = carrier.post("/v1/search", json={"pickup": wheel(positions), "limit": 200})
        assert answer.status_code == 200, answer.text
        found = {item["id"] for item in answer.json()["items"]}
        assert found == inside if positions == MAX_VERTICES else found <= inside
        hexes = carrier.post("/v1/search/hexes", json={"pickup": wheel(positions)})
        assert hexes.json()["total"] == len(found)
    refused(
        carrier.post("/v1/search", json={"delivery": wheel(MAX_VERTICES + 1)}),
        "/delivery/polygon",
        "10,000 positions",
    )


def test_ten_million_positions_are_not_even_read(carrier: Member) -> None:
    body = b'{"pickup":{"polygon":{"type":"Polygon","coordinates":[[' + b"[1,2]," * 10_000_000
    headers = {"Content-Type": "application/json"}
    answer = carrier.post("/v1/search", content=body, headers=headers)
    assert (answer.status_code, "1024 KiB" in answer.text) == (413, True)


def test_an_outline_that_winds_too_much_is_refused(carrier: Member) -> None:
    teeth = MAX_CROSSINGS // 2 + 1
    zigzag = [[-100 + 0.001 * step, 40.0 + step % 2] for step in range(2 * teeth + 1)]
    ring = [*zigzag, [zigzag[-1][0], 39], [-100, 39], zigzag[0]]
    area = {"polygon": {"type": "Polygon", "coordinates": [ring]}}
    refused(
        carrier.post("/v1/search", json={"pickup": area}),
        "/pickup/polygon",
        f"{MAX_CROSSINGS} times",
    )
    truck = {"at": {"place": "Dallas, TX"}, "equipment": "van", "to": area}
    refused(carrier.post("/v1/trucks", json=truck), "/to/polygon", f"{MAX_CROSSINGS} times")
    refused(carrier.post("/v1/matches", json={"truck": truck}), "/truck/to/polygon", "times")


@pytest.fixture
def short_of_time(board: Board, carrier: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that has a thousandth of a second for a long search, and a board of many places."""
    rng = np.random.default_rng(2)
    spots = np.column_stack((rng.uniform(-120, -75, 300), rng.uniform(32, 46, 300))).tolist()
    board.post([load(Point(*spot), Point(*spots[-number])) for number, spot in enumerate(spots)])
    assert carrier.post("/v1/search", json={}).json()["total"] == 300
    monkeypatch.setenv("LOADBOARD_LONG_SEARCH_S", "0.001")
    settings.cache_clear()


@pytest.mark.usefixtures("short_of_time")
def test_a_search_that_is_not_done_in_time_says_so(
    carrier: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = GIVEN_UP._value.get()
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/search", {"along": ACROSS}),
        ("/v1/search", {"pickup": wheel(MAX_VERTICES)}),
        ("/v1/search/hexes", {"delivery": {"within_hours": 40, "of": {"place": "Denver, CO"}}}),
        ("/v1/matches", {"truck": {"at": {"place": "Omaha, NE"}, "equipment": "van", "max_deadhead_mi": 1000}}),
    ]  # fmt: skip
    for path, body in asked:
        answer = carrier.post(path, json=body)
        assert answer.status_code == 503, answer.text
        assert answer.json()["type"] == "/problems/search-too-long"
        assert "0.001 seconds" in answer.json()["detail"]
        assert answer.headers["Retry-After"].isdigit()
    assert GIVEN_UP._value.get() == before + len(asked)
    # Others are answered, and those too as soon as there is time.
    assert carrier.post("/v1/search", json={"pickup": near(DALLAS, 100)}).status_code == 200
    monkeypatch.delenv("LOADBOARD_LONG_SEARCH_S")
    settings.cache_clear()
    for path, body in asked:
        assert carrier.post(path, json=body).status_code == 200


def test_work_that_was_given_up_before_it_began_is_not_done(
    service: Service, carrier: Member, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads are taken for a while; what waits for one longer than it may is never begun."""
    board.post([load()])
    carrier.post("/v1/search", json={})
    begun = []
    monkeypatch.setattr(chosen, "sifted", lambda *asked: begun.append(asked))
    monkeypatch.setenv("LOADBOARD_LONG_SEARCH_S", "0.05")
    settings.cache_clear()
    taken = [threads().submit(time.sleep, 0.5) for _ in range(settings().long_searches)]
    assert carrier.post("/v1/search", json={"pickup": wheel(200)}).status_code == 503
    for each in taken:
        each.result()
    threads().submit(int).result()
    assert begun == []
