"""Expiry: what is due is closed once, with an event, also when several do it; the worker does it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from loadboard import jobs
from loadboard.loads import expiring
from loadboard.loads.expiring import expire
from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import events, everything, kinds, load, rows
from tests.loadboard.loads.test_importing import as_csv, counts, flat, send


def fill(shipper: Member, database_url: str, due: int, later: int) -> datetime:
    """A board with loads that are due at the moment that is returned, and others that are not."""
    records = [flat(reference=f"R{n}") for n in range(due + later)]
    assert counts(send(shipper, as_csv(records)))[0] == due + later
    now = datetime.now(UTC)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE load SET expires_at = %s + (id - %s) * interval '1 microsecond'", [now, due]
        )
    return now


def test_what_is_due_is_closed_once_in_batches(
    shipper: Member, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 7)
    now = fill(shipper, database_url, due=20, later=3)
    untouched = everything(database_url)[0][20:]
    assert shipper.service.run(expire(now)) == 20
    closed = rows(database_url, "SELECT * FROM load WHERE status = 'expired'")
    assert {(row["id"], row["version"], row["versioned_at"]) for row in closed} == {
        (n, 2, now) for n in range(1, 21)
    }
    assert everything(database_url)[0][20:] == untouched
    written = events(database_url)[23:]
    assert sorted(event["load_id"] for event in written) == list(range(1, 21))
    for event in written:
        assert (event["kind"], event["version"], event["at"]) == ("load.expired", 2, now)
        assert event["person_id"] is None
        assert event["listing"]["status"] == "expired"
        assert event["listing"]["version"] == 2
    shown = shipper.get("/v1/loads/1").json()
    assert (shown["status"], shown["version"]) == ("expired", 2)
    assert {key: shown[key] for key in written[0]["listing"]} == written[0]["listing"]
    before = everything(database_url)
    assert shipper.service.run(expire(now)) == 0
    assert everything(database_url) == before


def test_a_load_is_due_at_its_last_moment_and_not_before(
    shipper: Member, database_url: str
) -> None:
    now = fill(shipper, database_url, due=1, later=0)
    assert shipper.service.run(expire(now - timedelta(microseconds=1))) == 0
    assert shipper.service.run(expire(now)) == 1
    assert kinds(database_url) == ["load.posted", "load.expired"]


async def _at_once(now: datetime, times: int) -> list[int]:
    return await asyncio.gather(*(expire(now) for _ in range(times)))


def test_runs_at_once_do_not_double(
    shipper: Member, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiring, "BATCH", 5)
    now = fill(shipper, database_url, due=60, later=2)
    assert sum(shipper.service.run(_at_once(now, 6))) == 60
    assert shipper.service.run(expire(now)) == 0
    assert kinds(database_url)[62:] == ["load.expired"] * 60
    assert len({event["load_id"] for event in events(database_url)[62:]}) == 60


@asynccontextmanager
async def queue_of(database_url: str) -> AsyncIterator[App]:
    with jobs.queue.replace_connector(PsycopgConnector(conninfo=database_url)) as app:
        async with app.open_async():
            yield app


async def _ask_for_a_run(database_url: str) -> None:
    """Defers the job as the clock would, so that nobody waits for a full minute."""
    async with queue_of(database_url) as app:
        await app.configure_task("loadboard.jobs.expire_loads").defer_async(timestamp=0)


async def _work_until_none_is_open(database_url: str) -> None:
    """The worker as `loadboard worker` runs it."""
    working = asyncio.create_task(jobs.work())
    for _ in range(400):
        await asyncio.sleep(0.05)
        if not rows(database_url, "SELECT 1 FROM load WHERE status = 'posted'"):
            break
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def test_the_worker_expires_loads(shipper: Member, database_url: str) -> None:
    shipper.post("/v1/loads", json=load())
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE load SET expires_at = now()")
    shipper.service.run(_ask_for_a_run(database_url))
    shipper.service.run(_work_until_none_is_open(database_url))
    assert kinds(database_url) == ["load.posted", "load.expired"]


async def _resume(database_url: str) -> None:
    await _ask_for_a_run(database_url)
    async with queue_of(database_url) as app:
        dead = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(None, dead)
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '9 minutes'"
            )
        await jobs.resume_stalled(timestamp=0)


def test_the_job_of_a_worker_that_died_is_given_to_another(
    shipper: Member, database_url: str
) -> None:
    shipper.service.run(_resume(database_url))
    [job] = rows(database_url, "SELECT status::text FROM procrastinate_jobs")
    assert job["status"] == "todo"
