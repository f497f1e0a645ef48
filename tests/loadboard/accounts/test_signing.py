"""Passwords for tokens, refresh tokens for new ones, and the end of a sign-in, which ends all of them."""

import asyncio
import json
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
import pytest
from redis import Redis

from loadboard import principals
from loadboard.accounts import signing
from loadboard.accounts.guessing import OF_ADDRESS, OF_EMAIL, network_of
from loadboard.cache import redis
from loadboard.principals import REMEMBERED_S
from loadboard.settings import settings
from tests.loadboard.accounts.joining import (
    PASSWORD,
    accept,
    invite,
    joined,
    refresh,
    sign_in,
    signed_in,
)
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import rows
from tests.loadboard.test_watching import count

DANA = "dana@carrier.example"
TABLES = ("sign_in", "refresh_token", "api_token")


@pytest.fixture
def dana(carrier: Member) -> str:
    joined(carrier, "dispatcher", DANA)
    return DANA


def me(service: Service, tokens: Any) -> int:
    return service.caller(tokens["access_token"]).get("/v1/me").status_code


def test_a_password_gives_tokens_that_act_for_the_person(service: Service, dana: str) -> None:
    answer = sign_in(service, " Dana@Carrier.Example ")
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (900, 30 * 86_400)
    shown = service.caller(tokens["access_token"]).get("/v1/me").json()
    assert (shown["email"], shown["role"]) == (dana, "dispatcher")


def test_whatever_is_wrong_is_answered_the_same(
    service: Service, dana: str, database_url: str
) -> None:
    wrong = [sign_in(service, dana, "not the password"), sign_in(service, "nobody@carrier.example")]
    for statement in (
        "UPDATE person SET disabled_at = now()",
        "UPDATE person SET disabled_at = NULL, password_hash = NULL",
        "UPDATE organization SET suspended_at = now()",
    ):
        with psycopg.connect(database_url) as connection:
            connection.execute(statement)
        wrong.append(sign_in(service, dana))
    assert {answer.status_code for answer in wrong} == {401}
    assert len({answer.text for answer in wrong}) == 1
    assert wrong[0].json()["type"] == "/problems/sign-in-refused"


def test_an_unknown_email_takes_as_long_as_a_wrong_password(service: Service, dana: str) -> None:
    def took(email: str) -> float:
        started = time.process_time()
        assert sign_in(service, email, "not the password").status_code == 401
        return time.process_time() - started

    took("first@carrier.example")
    known = [took(dana) for _ in range(5)]
    unknown = [took(f"nobody{n}@carrier.example") for n in range(5)]
    assert 0.6 < median(unknown) / median(known) < 1.6


def test_only_hashes_are_kept(service: Service, dana: str, database_url: str) -> None:
    tokens = signed_in(service, dana)
    kept = str([rows(database_url, f"TABLE {table}") for table in ("person", *TABLES)])
    assert dana in kept
    for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"]):
        assert secret not in kept


def test_a_refresh_token_is_good_once_and_its_reuse_ends_all(service: Service, dana: str) -> None:
    first, other = signed_in(service, dana), signed_in(service, dana)
    second = refresh(service, first["refresh_token"]).json()
    third = refresh(service, second["refresh_token"]).json()
    family = (first, second, third)
    assert len({tokens["access_token"] for tokens in family}) == 3
    assert [me(service, tokens) for tokens in family] == [200, 200, 200]
    assert refresh(service, second["refresh_token"]).status_code == 401
    assert [me(service, tokens) for tokens in family] == [401, 401, 401]
    assert refresh(service, third["refresh_token"]).status_code == 401
    assert me(service, other) == 200
    assert refresh(service, other["refresh_token"]).status_code == 200


def test_of_many_at_once_with_one_refresh_token_one_gets_tokens_and_all_end(
    service: Service, dana: str
) -> None:
    first = signed_in(service, dana)
    client = service.caller(None).client
    body = {"refresh_token": first["refresh_token"]}

    async def all_at_once() -> list[Any]:
        asking = (client.post("/v1/sign-in/refresh", json=body) for _ in range(8))
        return list(await asyncio.gather(*asking))

    answers = service.run(all_at_once())
    given = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(given) == 1
    assert me(service, given[0]) == me(service, first) == 401
    assert refresh(service, given[0]["refresh_token"]).status_code == 401


def test_tokens_end_on_time(service: Service, dana: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = signed_in(service, dana)

    def go(to: timedelta) -> None:
        class Later:
            @staticmethod
            def now(_: Any) -> datetime:
                return datetime.now(UTC) + to

        monkeypatch.setattr("loadboard.auth.datetime", Later)
        monkeypatch.setattr("loadboard.accounts.signing_api.datetime", Later)

    go(timedelta(minutes=14))
    assert me(service, tokens) == 200
    go(timedelta(minutes=15, seconds=1))
    assert me(service, tokens) == 401
    go(timedelta(days=30, seconds=1))
    assert refresh(service, tokens["refresh_token"]).status_code == 401
    go(timedelta(days=29))
    assert refresh(service, tokens["refresh_token"]).status_code == 200


def test_signing_out_ends_this_sign_in_alone(service: Service, dana: str, carrier: Member) -> None:
    first, other = signed_in(service, dana), signed_in(service, dana)
    second = refresh(service, first["refresh_token"]).json()
    assert service.caller(second["access_token"]).post("/v1/sign-out").status_code == 204
    assert me(service, first) == me(service, second) == 401
    assert refresh(service, second["refresh_token"]).status_code == 401
    assert me(service, other) == 200
    # One that was handed out ends itself.
    assert carrier.post("/v1/sign-out").status_code == 204
    assert carrier.get("/v1/me").status_code == 401


def test_a_sign_in_that_ends_elsewhere_is_heard_of_here(
    service: Service, dana: str, database_url: str, redis_url: str
) -> None:
    tokens = signed_in(service, dana)
    following = service.run(_begin(principals.follow()))
    with Redis.from_url(redis_url) as elsewhere:
        while not dict(elsewhere.pubsub_numsub(principals.CHANNEL))[principals.CHANNEL.encode()]:
            service.run(asyncio.sleep(0.01))
        assert me(service, tokens) == 200
        [ended] = rows(database_url, "SELECT max(sign_in_id) AS sign_in_id FROM api_token")
        with psycopg.connect(database_url) as connection:
            connection.execute("DELETE FROM api_token WHERE sign_in_id = %s", [ended["sign_in_id"]])
        assert me(service, tokens) == 200, "remembered"
        elsewhere.publish(principals.CHANNEL, f"sign_in_id:{ended['sign_in_id']}")
        told = time.monotonic()
        while me(service, tokens) == 200:
            assert time.monotonic() - told < REMEMBERED_S / 2
    following.cancel()
    service.run(asyncio.sleep(0))


async def _begin(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work)


@pytest.mark.parametrize("with_redis", [True, False])
def test_guessing_one_persons_password_ends_soon(
    passwords_cost_little: None,
    service: Service,
    dana: str,
    monkeypatch: pytest.MonkeyPatch,
    with_redis: bool,
) -> None:
    if not with_redis:
        _without_redis(service, monkeypatch)
    # Whoever knows the password is forgiven what was wrong before.
    for _ in range(2):
        tries = [sign_in(service, dana, f"guess number {n}") for n in range(OF_EMAIL.amount - 1)]
        assert {answer.status_code for answer in tries} == {401}
        signed_in(service, dana)
    for n in range(OF_EMAIL.amount):
        assert sign_in(service, dana, f"guess number {n}").status_code == 401
    limited = sign_in(service, dana)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "900")
    assert limited.json()["type"] == "/problems/too-many-tries"
    # An e-mail that nobody has is limited as well: the limit tells nothing.
    for n in range(OF_EMAIL.amount):
        assert sign_in(service, "nobody@x.example", f"guess number {n}").status_code == 401
    assert sign_in(service, "nobody@x.example").status_code == 429


def _without_redis(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.run(redis().aclose())
    monkeypatch.setenv("LOADBOARD_REDIS_URL", "unix:///nowhere/redis.sock")
    settings.cache_clear()
    redis.cache_clear()


def test_guessing_many_peoples_passwords_from_one_address_ends_too(
    passwords_cost_little: None, service: Service, dana: str
) -> None:
    for n in range(OF_ADDRESS.amount):
        assert sign_in(service, f"nobody{n}@x.example").status_code == 401
    assert sign_in(service, dana).status_code == 429


def test_whoever_has_an_address_has_its_network() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


def test_what_has_ended_is_dropped_in_time(service: Service, dana: str, database_url: str) -> None:
    tokens = signed_in(service, dana)
    refresh(service, tokens["refresh_token"])
    service.run(signing.purge(datetime.now(UTC) + timedelta(days=29)))
    assert refresh(service, tokens["refresh_token"]).status_code == 401
    service.run(signing.purge(datetime.now(UTC) + timedelta(days=31)))
    assert [rows(database_url, f"TABLE {table}") for table in TABLES] == [[], [], []]


def test_an_invitation_is_good_once(service: Service, carrier: Member, database_url: str) -> None:
    secret = invite(carrier, "viewer", DANA)
    assert accept(service, "of nobody").status_code == 401
    for said, pointer in (({"password": "too short"}, "/password"), ({"name": None}, "/name")):
        answer = accept(service, secret, **said)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert "too short" not in answer.text
    assert accept(service, secret).status_code == 200
    assert accept(service, secret).status_code == 401
    late = invite(carrier, "viewer", "late@carrier.example")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE invitation SET expires_at = now()")
    assert accept(service, late).status_code == 401
    assert sign_in(service, "late@carrier.example").status_code == 401


def test_nothing_secret_is_logged(
    service: Service, carrier: Member, dana: str, lines: list[dict[str, Any]]
) -> None:
    secret = invite(carrier, "viewer", "new@carrier.example")
    wanted = {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]}
    key = carrier.post("/v1/keys", json=wanted).json()["key"]
    first = accept(service, secret).json()
    second = refresh(service, first["refresh_token"]).json()
    refresh(service, first["refresh_token"])
    sign_in(service, dana, "not the password")
    for token in (key, second["access_token"]):
        service.caller(token).get("/v1/me")
    assert [line["status"] for line in lines if line["path"] == "/v1/sign-in/refresh"] == [200, 401]
    secrets = {secret, key, PASSWORD, "not the password", *first.values(), *second.values()}
    for one in secrets - {"Bearer", 900, first["refresh_expires_in"]}:
        assert one not in json.dumps(lines)


def test_sign_ins_are_counted(service: Service, dana: str) -> None:
    def counted(how: str, outcome: str) -> float:
        line = f'loadboard_sign_ins_total{{how="{how}",outcome="{outcome}"}}'
        return count(service.caller(None), line)

    kinds = (
        ("password", "done"),
        ("password", "refused"),
        ("refresh", "done"),
        ("refresh", "refused"),
    )
    before = [counted(*kind) for kind in kinds]
    tokens = signed_in(service, dana)
    sign_in(service, dana, "not the password")
    for _ in range(2):
        refresh(service, tokens["refresh_token"])
    assert [counted(*kind) for kind in kinds] == [number + 1 for number in before]
