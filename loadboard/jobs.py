"""Background work: the queue of procrastinate, and what runs by the clock."""

from datetime import UTC, datetime

import structlog
from procrastinate import App, PsycopgConnector

from loadboard import records
from loadboard.accounts.signing import purge
from loadboard.events import ensure_partitions
from loadboard.idempotency import forget_answers
from loadboard.loads.expiring import expire
from loadboard.offers.expiring import expire_offers
from loadboard.settings import settings

log = structlog.get_logger()

queue = App(connector=PsycopgConnector())


@queue.periodic(cron="* * * * *")
@queue.task(queueing_lock="expire_loads", pass_context=False)
async def expire_loads(timestamp: int) -> None:
    """Writes down the loads whose time has passed; searches judge by the clock anyway."""
    expired = await expire(datetime.now(UTC))
    if expired:
        log.info("loads_expired", count=expired, timestamp=timestamp)


@queue.periodic(cron="* * * * *")
@queue.task(queueing_lock="expire_offers", pass_context=False)
async def write_down_offers(timestamp: int) -> None:
    """Writes down the offers whose time has passed; nobody can accept them anyway."""
    expired = await expire_offers(datetime.now(UTC))
    if expired:
        log.info("offers_expired", count=expired, timestamp=timestamp)


@queue.periodic(cron="* * * * *")
@queue.task(queueing_lock="count_postings", pass_context=False)
async def count_postings(timestamp: int) -> None:
    """Brings the posters' records up to date."""
    await records.count(datetime.now(UTC))


@queue.periodic(cron="23 * * * *")
@queue.task(queueing_lock="forget_answers", pass_context=False)
async def purge_answers(timestamp: int) -> None:
    await forget_answers(datetime.now(UTC))


@queue.periodic(cron="17 3 * * *")
@queue.task(queueing_lock="extend_events", pass_context=False)
async def extend_events(timestamp: int) -> None:
    await ensure_partitions(datetime.now(UTC))


@queue.periodic(cron="41 * * * *")
@queue.task(queueing_lock="purge_sign_ins", pass_context=False)
async def purge_sign_ins(timestamp: int) -> None:
    await purge(datetime.now(UTC))


@queue.periodic(cron="*/5 * * * *")
@queue.task(queueing_lock="resume_stalled", pass_context=False)
async def resume_stalled(timestamp: int) -> None:
    """Gives the jobs of a worker that died to another one; every effect is fenced by a version."""
    manager = queue.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)


async def work() -> None:
    connector = PsycopgConnector(conninfo=settings().database_url)
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            await app.run_worker_async(wait=True, concurrency=2, delete_jobs="successful")
