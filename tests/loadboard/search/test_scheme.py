"""A re-index may switch cells and resolution at any moment; no search finds a wrong set."""

import asyncio
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.cells import cells_of
from geo.points import Point
from tests.loadboard.conftest import Member
from tests.loadboard.search import boards
from tests.loadboard.search.boards import DALLAS, HOUSTON, Board, found_ids, load, near
from tests.loadboard.search.oracles import miles_between

LANE = {"pickup": near(DALLAS, 100), "delivery": near(HOUSTON, 150)}
BODIES = [LANE, {"pickup": LANE["pickup"]}, {"delivery": LANE["delivery"]}]


def fill(board: Board) -> None:
    rng = np.random.default_rng(1)

    def around(middle: Point) -> Point:
        lon, lat = (middle + rng.normal(0, 2, 2)).tolist()
        return Point(lon, lat)

    board.post(load(around(DALLAS), around(HOUSTON)) for _ in range(120))


def expected(board: Board) -> list[set[int]]:
    def picked_up(made: boards.Made) -> bool:
        return miles_between(DALLAS, made.pickup) <= 100

    def delivered(made: boards.Made) -> bool:
        return miles_between(HOUSTON, made.delivery) <= 150

    return [board.where(picked_up, delivered), board.where(picked_up), board.where(delivered)]


def switch(board: Board, active: str, resolution: int) -> None:
    """What a re-index comes to: the other pair filled, made the active one, the old one emptied."""
    rows = []
    for end in ("pickup", "delivery"):
        points = np.array([getattr(made, end) for made in board.loads])
        rows.append(cells_of(points[:, 0], points[:, 1], resolution).tolist())
    ids = [made.id for made in board.loads]
    old = "b" if active == "a" else "a"
    fill_and_empty = (
        f"UPDATE load SET pickup_cell_{active} = %s, delivery_cell_{active} = %s,"  # noqa: S608
        f" pickup_cell_{old} = NULL, delivery_cell_{old} = NULL WHERE id = %s"
    )
    with psycopg.connect(board.database_url) as connection:
        with connection.cursor() as cursor:
            cursor.executemany(fill_and_empty, zip(*rows, ids, strict=True))
        connection.execute(
            "UPDATE cell_scheme SET active = %s, resolution = %s", (active, resolution)
        )


@pytest.mark.parametrize("steps", [[("b", 9)], [("b", 7), ("a", 10), ("a", 11)], [("a", 9)]])
def test_searches_follow_a_switch_that_nobody_told_them_of(
    board: Board, carrier: Member, steps: list[tuple[str, int]]
) -> None:
    fill(board)
    assert [found_ids(carrier, body) for body in BODIES] == expected(board)
    for active, resolution in steps:
        switch(board, active, resolution)
        board.clear_cache()
        # The first search after the switch still has the old scheme in mind: each takes its turn.
        for turn in range(len(BODIES)):
            answers = {}
            for at in (turn, *range(len(BODIES))):
                answers[at] = found_ids(carrier, BODIES[at])
            assert [answers[at] for at in range(len(BODIES))] == expected(board)
            switch(board, active, resolution)
        counted = carrier.post("/v1/search/hexes", json=LANE | {"resolution": 4}).json()
        assert counted["total"] == len(expected(board)[0])


def test_the_hexagons_follow_a_switch_too(board: Board, carrier: Member) -> None:
    fill(board)

    def counts() -> Any:
        board.clear_cache()
        answer = carrier.post("/v1/search/hexes", json=LANE | {"resolution": 4}).json()
        return answer["total"], len(answer["features"])

    before = counts()
    for active, resolution in (("b", 9), ("a", 8), ("b", 8)):
        switch(board, active, resolution)
        assert counts()[0] == before[0] == len(expected(board)[0])


def test_posts_and_searches_go_on_while_cells_are_switched(board: Board, carrier: Member) -> None:
    fill(board)
    right = expected(board)

    turns = [0] * len(BODIES)

    async def search_on(at: int) -> None:
        while not done.is_set():
            # A search of a board that is at hand waits for nothing.
            await asyncio.sleep(0)
            answer = await carrier.client.post("/v1/search", json=BODIES[at] | {"limit": 200})
            assert {item["id"] for item in answer.json()["items"]} == right[at]
            turns[at] += 1

    async def switch_on() -> None:
        for step in range(10):
            await asyncio.to_thread(switch, board, "ba"[step % 2], 7 + step % 4)
        done.set()

    async def all_at_once() -> None:
        await asyncio.gather(*(search_on(at) for at in range(len(BODIES))), switch_on())

    done = asyncio.Event()
    board.service.run(all_at_once())
    assert min(turns) > 2
