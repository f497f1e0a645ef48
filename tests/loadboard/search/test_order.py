"""Sorts, and pages that neither repeat nor skip a load while the board changes under them."""

import base64
from datetime import timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import Point
from loadboard.auth import Principal
from loadboard.db import transaction
from loadboard.loads.changing import cancel, change, confirm
from loadboard.paging import digest
from loadboard.search.schemas import Search
from tests.geo.shapes import seeds
from tests.loadboard.conftest import Caller, Member
from tests.loadboard.search.boards import (
    DALLAS,
    HOUR,
    NOW,
    Board,
    Made,
    found,
    load,
    near,
    ordered,
    passes,
)
from tests.loadboard.search.conftest import Clock
from tests.loadboard.search.oracles import miles_between
from tests.loadboard.search.test_areas import on_one_board

SORTS = ["rate", "rate_per_mile", "pickup_time", "age", "distance"]
AROUND = [Point(-96.8 + step / 7, 32.8 + step / 11) for step in range(-4, 5)]
MINUTE = timedelta(minutes=1)


def some(rng: np.random.Generator, number: int) -> list[Any]:
    """Loads with many ties in every sort, and values that are not known."""
    made = []
    for _ in range(number):
        pickup, delivery = (AROUND[at] for at in rng.integers(len(AROUND), size=2).tolist())
        opens = NOW + HOUR * int(rng.integers(0, 4))
        rate = [None, 50_000, 90_000, 90_001][rng.integers(4)]
        made.append(load(pickup, delivery, (opens, opens + 9 * HOUR), rate_cents=rate))
    return made


def fill(board: Board, rng: np.random.Generator, number: int = 60) -> None:
    board.clear()
    for age in rng.permutation(4).tolist():
        board.post(some(rng, number // 4), at=NOW - age * MINUTE)


def around(sort: str) -> dict[str, Any]:
    return {"pickup": near(DALLAS, 60), "sort": sort}


def near_dallas(made: Made) -> bool:
    return miles_between(DALLAS, made.pickup) <= 60


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_every_sort_breaks_ties_by_id_and_puts_the_unknown_last(
    board: Board, carrier: Member, limit: int
) -> None:
    fill(board, np.random.default_rng(3), 40 if limit == 1 else 80)
    board.post([load(DALLAS, DALLAS, rate_cents=7), load(DALLAS, DALLAS)])
    hits = [made for made in board.loads if near_dallas(made)]
    assert len(hits) > 20
    for sort in SORTS:
        assert [item["id"] for item in found(carrier, around(sort), limit)] == ordered(hits, sort)
        if sort != "distance" and limit > 1:
            everything = [item["id"] for item in found(carrier, {"sort": sort}, limit)]
            assert everything == ordered(board.loads, sort)


def test_the_newest_come_first_unless_said_otherwise(board: Board, carrier: Member) -> None:
    fill(board, np.random.default_rng(4))
    assert [item["id"] for item in found(carrier, {}, 50)] == ordered(board.loads, "age")


# --- Pages of a board that changes between them.


async def _do(principal: Principal, made: Made, what: str, clock: Clock) -> None:
    async with transaction() as session:
        if what == "cancel":
            await cancel(session, principal, made.id, "*", clock.moment)
        elif what == "confirm":
            await confirm(session, principal, made.id, clock.moment)
        else:
            patch = {"commodity": f"changed at {clock.moment}"}
            await change(session, principal, made.id, "*", patch, clock.moment)


def disturb(board: Board, shipper: Member, clock: Clock, rng: np.random.Generator) -> set[int]:
    """Posts, cancels, changes and confirms some loads; the ids of those that were cancelled."""
    clock.pass_by(MINUTE)
    sender = shipper.sender
    assert sender.person_id is not None
    principal = Principal(
        sender.person_id, "", sender.organization_id, sender.organization, "shipper", NOW
    )
    gone = set()
    chosen = rng.choice(len(board.loads), 6, replace=False).tolist()
    for at, what in zip(
        chosen, ["cancel", "cancel", "change", "change", "confirm", "confirm"], strict=True
    ):
        made = board.loads[at]
        board.service.run(_do(principal, made, what, clock))
        if what == "cancel":
            gone.add(made.id)
    board.loads = [made for made in board.loads if made.id not in gone]
    board.post(some(rng, 3), at=clock.moment)
    return gone


def turn_pages(
    board: Board, shipper: Member, carrier: Member, clock: Clock, sort: str, limit: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    clock.moment = NOW
    fill(board, rng, 40)
    body = around(sort) | {"max_age_minutes": 3, "limit": limit}
    young = passes(body)
    at_start = [made for made in board.loads if near_dallas(made) and young(made)]
    steady = {made.id for made in at_start}
    seen: list[int] = []
    cursor = None
    while True:
        answer = carrier.post("/v1/search", json=body | {"cursor": cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        now_there = [made for made in board.loads if near_dallas(made) and young(made)]
        assert page["total"] == len(now_there)
        ids = [item["id"] for item in page["items"]]
        assert ids == [made for made in ordered(now_there, sort) if made in set(ids)]
        assert not set(ids) & set(seen), "a load was shown twice"
        seen += ids
        cursor = page["next_cursor"]
        if cursor is None:
            break
        steady -= disturb(board, shipper, clock, rng)
    assert steady <= set(seen), "a load that was there all the time was skipped"
    kept = [one for one in seen if one in steady]
    assert kept == [one for one in ordered(at_start, sort) if one in steady]


@given(st.sampled_from(SORTS), st.integers(3, 15), seeds)
@settings(on_one_board, max_examples=8)
def test_pages_neither_repeat_nor_skip_while_the_board_changes(
    board: Board,
    shipper: Member,
    carrier: Member,
    clock: Clock,
    sort: str,
    limit: int,
    seed: int,
) -> None:
    turn_pages(board, shipper, carrier, clock, sort, limit, seed)


@pytest.mark.long
@given(st.sampled_from(SORTS), st.integers(1, 20), seeds)
@settings(on_one_board, max_examples=1_000)
def test_pages_at_length(
    board: Board,
    shipper: Member,
    carrier: Member,
    clock: Clock,
    sort: str,
    limit: int,
    seed: int,
) -> None:
    turn_pages(board, shipper, carrier, clock, sort, limit, seed)


# --- Cursors belong to one query, and can't be made up.


def refuses(caller: Caller, body: dict[str, Any]) -> None:
    answer = caller.post("/v1/search", json=body)
    assert answer.status_code == 422, (body, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/cursor"], body


def test_a_cursor_belongs_to_one_query_of_one_organisation(
    board: Board, shipper: Member, carrier: Member
) -> None:
    fill(board, np.random.default_rng(5))
    body = around("rate") | {"limit": 3}
    cursor = carrier.post("/v1/search", json=body).json()["next_cursor"]
    assert carrier.post("/v1/search", json=body | {"cursor": cursor, "limit": 9}).status_code == 200
    others: list[dict[str, Any]] = [
        {"sort": "age"},
        {"pickup": near(DALLAS, 61)},
        {"delivery": near(DALLAS, 60)},
        {"full": True},
        {"include_unknown": False},
        {"equipment": ["van"]},
        {"pickup_window": {"from": NOW.isoformat()}},
        {"max_age_minutes": 9},
    ]
    for other in others:
        refuses(carrier, body | other | {"cursor": cursor})
    refuses(shipper, body | {"cursor": cursor})


def forged(carrier: Member, body: dict[str, Any], *position: Any) -> str:
    """A cursor whose digest is right, and whose position is not what the service wrote."""
    search = Search.model_validate_json(orjson.dumps(body))
    query = search.model_dump(mode="json", by_alias=True, exclude={"cursor", "limit"})
    query["organization"] = carrier.sender.organization_id
    return packed([digest(query), *position])


def packed(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


AT = NOW.isoformat()
MOMENTS: list[Any] = [
    None,
    7,
    "",
    "yesterday",
    "2090-05-05",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    [AT],
    {},
]
MOMENTS += ["2090-05-05T12:00:00", "0001-01-01T00:00:00+23:59"]
NUMBERS: list[Any] = [None, "5", True, False, [5], {}, AT]
IDS = [*NUMBERS, 0, -1, 1.5, 2**63, 2**64 - 1]


@pytest.mark.parametrize("sort", SORTS)
def test_forged_positions_are_refused(board: Board, carrier: Member, sort: str) -> None:
    body, key = around(sort) | {"max_age_minutes": 5_256_000}, 1.5
    positions = [(), (AT,), (AT, key), (AT, key, 1, 1), ([AT, key, 1],)]
    positions += [(moment, key, 1) for moment in MOMENTS]
    positions += [(AT, other, 1) for other in NUMBERS]
    positions += [(AT, key, other) for other in IDS]
    for position in positions:
        refuses(carrier, body | {"cursor": forged(carrier, body, *position)})
    right = forged(carrier, body, AT, key, 1)
    assert carrier.post("/v1/search", json=body | {"cursor": right}).status_code == 200


def test_cursors_of_any_text_are_refused(board: Board, carrier: Member) -> None:
    fill(board, np.random.default_rng(5), 8)
    real = carrier.post("/v1/search", json={"limit": 1}).json()["next_cursor"]
    texts = [
        "",
        "x",
        "null",
        "=",
        "====",
        "é",
        "\u0000",
        "%00",
        "'; DROP TABLE load; --",
        "9" * 500,
    ]
    values: list[Any] = [None, 1, "x", [], {}, [None], [[]], [1, 2, 3, 4]]
    texts += map(packed, values)
    texts += [real[:-5], real[1:], real.swapcase(), real[:-9] + "AAAAAAAAA"]
    for text in texts:
        refuses(carrier, {"limit": 1, "cursor": text})
    refuses(carrier, {"cursor": "a" * 501})
    refuses(carrier, {"cursor": 17})
