"""The feed: whatever happens, boards end equal to the open loads of PostgreSQL."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest

from loadboard import feed as feeding
from loadboard import principals
from loadboard.db import engine
from loadboard.feed import HELD, Feed
from loadboard.loads.columns import open_loads
from loadboard.settings import settings
from matching.columns import GIVEN
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import load


def post(shipper: Member, **content: Any) -> httpx.Response:
    answer = shipper.post("/v1/loads", json=load(**content))
    assert answer.status_code == 201, answer.text
    return answer


@pytest.fixture
def other(service: Service) -> Iterator[Feed]:
    """The feed of another process."""
    made = Feed()
    yield made
    service.run(made.close())


def feed_of(service: Service) -> Feed:
    found: Feed = service.app.state.feed
    return found


def known(feed: Feed) -> list[tuple[Any, ...]]:
    """What a board holds, by id."""
    assert feed.board is not None
    view = feed.board.view
    rows = view.rows()
    columns = [view.take(name, rows).tolist() for name in GIVEN]
    for end in ("pickup", "delivery"):
        points = view.sites.points.of(view.take(end, rows))
        columns += [np.asarray(values).tolist() for values in points]
    return sorted(zip(*columns, strict=True))


async def _true(url: str) -> list[tuple[Any, ...]]:
    names = [*GIVEN]
    names += [f"{end}_{part}" for end in ("pickup", "delivery") for part in ("lon", "lat", "state")]
    connection = await psycopg.AsyncConnection.connect(url)
    async with connection:
        batches = [batch async for batch in open_loads(connection)]
    rows = np.concatenate(batches)
    return sorted(zip(*(rows[name].tolist() for name in names), strict=True))


def equal(service: Service, url: str, *feeds: Feed) -> None:
    true = service.run(_true(url))
    for feed in feeds:
        assert service.run(feed.read())
        assert known(feed) == true


def test_boards_follow_everything_that_happens_to_loads(
    service: Service, shipper: Member, other: Feed, database_url: str
) -> None:
    feeds = feed_of(service), other
    equal(service, database_url, *feeds)
    made = [post(shipper, reference=f"R-{n}", rate_cents=1000 + n).json()["id"] for n in range(6)]
    equal(service, database_url, *feeds)
    headers = {"If-Match": "*"}
    assert shipper.patch(
        f"/v1/loads/{made[0]}", json={"weight_lb": None}, headers=headers
    ).is_success
    assert shipper.post(f"/v1/loads/{made[1]}/cancel", headers=headers).is_success
    assert shipper.post(f"/v1/loads/{made[2]}/confirm").is_success
    equal(service, database_url, *feeds)
    assert len(known(other)) == 5
    rows = "\n".join([
        "reference,equipment,pickup_place,delivery_place,length_ft",
        *(f'I-{n},reefer,"Dallas, TX","Tulsa, OK",48.1' for n in range(40)),
    ])  # fmt: skip
    assume = {"assume": ["pickup_from=now", "pickup_to=now+72h"]}
    report = shipper.post("/v1/loads/import", params=assume, content=rows).json()
    assert report["created"] == 40
    equal(service, database_url, *feeds)
    assert len(known(other)) == 45


def test_a_search_sees_the_write_whose_position_it_names(
    service: Service, shipper: Member, carrier: Member, other: Feed
) -> None:
    service.run(other.read())
    position = int(post(shipper).headers["Board-Position"])
    assert other.board is not None
    assert len(other.board) == 0
    view = service.run(other.view(position))
    assert len(view.rows()) == 1
    answer = carrier.post("/v1/search", json={}, headers={"Board-Position": str(position)})
    assert answer.json()["total"] == 1
    assert int(answer.headers["Board-Position"]) >= position


@pytest.mark.parametrize("position", ["-1", "x", "1.5", str(2**63), str(2**62)])
def test_a_position_that_is_none_is_refused(carrier: Member, position: str) -> None:
    answer = carrier.post("/v1/search", json={}, headers={"Board-Position": position})
    assert answer.status_code == 422
    assert "Board-Position" in answer.json()["errors"][0]["pointer"]


def test_an_open_transaction_holds_events_back_and_is_told(
    service: Service, shipper: Member, carrier: Member, other: Feed, database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LOADBOARD_BOARD_WAIT_S", "0.2")
    service.run(other.read())
    with psycopg.connect(database_url) as idle:
        idle.execute("SELECT pg_current_xact_id()")
        position = post(shipper).headers["Board-Position"]
        assert not service.run(other.read())
        service.run(asyncio.sleep(0.05))
        assert not service.run(other.read())
        assert HELD._value.get() >= 0.05
        late = carrier.post("/v1/search", json={}, headers={"Board-Position": position})
        assert (late.status_code, late.headers["retry-after"]) == (503, "1")
        assert carrier.post("/v1/search", json={}).status_code == 200
    equal(service, database_url, feed_of(service), other)
    assert HELD._value.get() == 0
    assert carrier.post("/v1/search", json={}, headers={"Board-Position": position}).is_success


def test_events_that_commit_out_of_order_are_not_lost(
    service: Service, shipper: Member, other: Feed, database_url: str
) -> None:
    """A transaction that began first and commits last has events before those that were read."""
    ids = [post(shipper, reference=f"R-{n}").json()["id"] for n in range(2)]
    service.run(other.read())
    with psycopg.connect(database_url) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        assert shipper.post(f"/v1/loads/{ids[1]}/confirm").is_success
        service.run(other.read())
        slow.execute("UPDATE load SET status = 'cancelled', version = 2 WHERE id = %s", (ids[0],))
        slow.execute(
            "INSERT INTO event (at, kind, organization_id, load_id, version)"
            " SELECT now(), 'load.cancelled', organization_id, id, 2 FROM load WHERE id = %s",
            (ids[0],),
        )
        service.run(other.read())
    equal(service, database_url, other)
    assert len(known(other)) == 1


def test_a_database_that_counts_transactions_anew_is_read_anew(
    service: Service, shipper: Member, other: Feed, database_url: str
) -> None:
    post(shipper)
    service.run(other.read())
    other.xmin, other._cursor = 2**60, (2**60, 1)
    post(shipper, reference="R-2")
    equal(service, database_url, other)
    assert len(known(other)) == 2
    assert other.xmin < 2**60


def test_many_events_are_read_in_parts(
    service: Service,
    shipper: Member,
    other: Feed,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service.run(other.read())
    most = f"LIMIT {feeding.MOST_EVENTS}"
    assert most in feeding.EVENTS
    monkeypatch.setattr(feeding, "EVENTS", feeding.EVENTS.replace(most, "LIMIT 3"))
    monkeypatch.setattr(feeding, "MOST_EVENTS", 3)
    for number in range(10):
        post(shipper, reference=f"R-{number}")
    equal(service, database_url, other)
    assert len(known(other)) == 10


def test_the_reading_of_events_is_planned_once_and_by_indexes(
    service: Service, shipper: Member, other: Feed
) -> None:
    """Of tables as small as these the planner would rather read all, and keep to it as they grow."""
    for number in range(3):
        post(shipper, reference=f"R-{number}")
        service.run(other.read())
    [(name, generic, custom)] = service.run(_asked(other, PREPARED))
    assert (generic, custom) == (3, 0)
    plan = str(service.run(_asked(other, f"EXPLAIN EXECUTE {name}('0', 0)")))
    assert "Index Scan using load_pkey on load" in plan
    assert "Seq Scan" not in plan


PREPARED = """
SELECT name, generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%horizon%'"""


async def _asked(feed: Feed, statement: str) -> list[tuple[Any, ...]]:
    connection = (await feed._connected()).connection
    return await (await connection.execute(statement)).fetchall()


def test_the_board_answers_while_the_database_is_away_and_says_how_old_it_is(
    service: Service, shipper: Member, carrier: Member, database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    feed = feed_of(service)
    post(shipper)
    before = carrier.post("/v1/search", json={})
    assert "Board-Age" not in before.headers

    def reach(url: str) -> None:
        service.run(engine().dispose())
        monkeypatch.setenv("LOADBOARD_DATABASE_URL", url)
        for kept in (settings, engine):
            kept.cache_clear()
        principals.known.forget_all()
        service.run(feed.close())

    reach("postgresql:///none?host=/nowhere")
    feed._current_at -= 10
    answer = carrier.post("/v1/search", json={})
    assert answer.json() == before.json()
    assert int(answer.headers["Board-Age"]) >= 10
    assert shipper.post("/v1/loads", json=load(reference="R-2")).status_code == 503
    assert service.caller("of nobody known").get("/v1/me").status_code == 503
    reach(database_url)
    post(shipper, reference="R-2")
    answer = carrier.post("/v1/search", json={})
    assert (answer.json()["total"], "Board-Age" in answer.headers) == (2, False)
