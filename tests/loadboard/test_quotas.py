"""Rate limits: exact in one process, nearly so over several, and kept in memory while Redis is away."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from loadboard import quotas
from loadboard.auth import issue_token
from loadboard.cache import redis
from loadboard.db import transaction
from loadboard.limiting import counts
from loadboard.settings import settings
from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.test_watching import count

LIMITS = "LOADBOARD_REQUESTS_PER_S", "LOADBOARD_ORGANIZATION_REQUESTS_PER_S"
KEPT = (settings, quotas.quotas)


class Clock:
    """A clock of the limits that stands still until it is told."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stands = Clock()
    monkeypatch.setattr(quotas, "time", stands)
    return stands


@pytest.fixture(autouse=True)
def limited(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for limit, most in zip(LIMITS, ("20", "50"), strict=True):
        monkeypatch.setenv(limit, most)
    for kept in KEPT:
        kept.cache_clear()
    yield
    for kept in KEPT:
        kept.cache_clear()


def second_token(member: Member) -> Caller:
    async def issue() -> str:
        async with transaction() as session:
            assert member.sender.person_id is not None
            return await issue_token(session, member.sender.person_id, datetime.now(UTC))

    return member.service.caller(member.service.run(issue()))


def test_the_requests_of_a_second_end_and_begin_anew(carrier: Member, clock: Clock) -> None:
    before = count(carrier, 'loadboard_rate_limited_total{of="token"}')
    for left in (*range(19, -1, -1), None, None):
        answer = carrier.get("/v1/me")
        assert answer.headers["ratelimit-policy"] == '"token";q=20;w=1, "organization";q=50;w=1'
        assert answer.headers["ratelimit"] == f'"token";r={left or 0};t=1'
        assert answer.status_code == (429 if left is None else 200)
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/too-many-requests"
    assert count(carrier, 'loadboard_rate_limited_total{of="token"}') == before + 2
    clock.now += 1
    assert carrier.get("/v1/me").status_code == 200


def test_refusals_count_and_tell_too(carrier: Member, clock: Clock) -> None:
    for _ in range(20):
        answer = carrier.post("/v1/loads", json={})
        assert answer.status_code == 403
        assert "ratelimit" in answer.headers
    assert carrier.post("/v1/loads", json={}).status_code == 429


def test_many_at_once_are_counted_exactly(carrier: Member, clock: Clock) -> None:
    async def all_at_once() -> list[int]:
        asking = (carrier.client.get("/v1/me") for _ in range(60))
        return [answer.status_code for answer in await asyncio.gather(*asking)]

    answers = carrier.service.run(all_at_once())
    assert (answers.count(200), answers.count(429)) == (20, 40)


def test_all_tokens_of_an_organisation_count_together(
    carrier: Member, shipper: Member, clock: Clock
) -> None:
    callers = [carrier, *(second_token(carrier) for _ in range(3))]
    answers = [caller.get("/v1/me") for caller in callers for _ in range(15)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429] * 10
    assert answers[-1].headers["ratelimit"] == '"organization";r=0;t=1'
    assert shipper.get("/v1/me").status_code == 200


@pytest.mark.parametrize("most", [1, 2, 9, 10, 19, 20, 105])
@pytest.mark.parametrize("processes", [1, 2, 5])
def test_several_processes_count_together(
    service: Service, redis_url: str, most: int, processes: int
) -> None:
    """Each quota here counts as a process of its own does: they share Redis alone."""
    second = int(time.time())

    async def spend() -> int:
        all_of_them = [quotas.Quota("token", most) for _ in range(processes)]
        passed = 0
        for _ in range(most + 20):
            for one in all_of_them:
                passed += await one.spend("holder", second) >= 0
        return passed

    passed = service.run(spend())
    one = quotas.Quota("token", most)
    assert most - one.share * (processes - 1) <= passed <= most + one.unasked * (processes - 1)
    if processes == 1:
        assert passed == most


def test_few_requests_ask_redis_nothing(service: Service, redis_url: str) -> None:
    async def asked() -> int:
        # What a script of `limits` does once each time that it is called.
        commands = await redis().info("commandstats")
        return int(commands.get("cmdstat_incrby", {"calls": 0})["calls"])

    async def spend(requests: int) -> int:
        before, one = await asked(), quotas.Quota("token", 100)
        for _ in range(requests):
            await one.spend(f"one of {requests}", 1)
        return await asked() - before

    assert service.run(spend(10)) == 0
    assert service.run(spend(100)) == 9
    assert service.run(spend(1000)) == 10


def test_without_redis_each_process_counts_for_itself(
    carrier: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier.service.run(redis().aclose())
    monkeypatch.setenv("LOADBOARD_REDIS_URL", "unix:///nowhere/redis.sock")
    for kept in (settings, redis, counts):
        kept.cache_clear()
    answers = [carrier.get("/v1/me").status_code for _ in range(25)]
    assert answers == [200] * 20 + [429] * 5
    # Redis is asked once, not for each request: its silence would hold them all up.
    failures = count(carrier, "loadboard_redis_failures_total")
    clock.now += 1
    assert [carrier.get("/v1/me").status_code for _ in range(25)] == answers
    assert count(carrier, "loadboard_redis_failures_total") == failures
