"""Statements that take too long, and more slow requests than connections: refused, nothing changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg
import pytest

from loadboard.local.servers import Servers
from tests.faults.board import caller, enrol, eventually, one, rows, serving
from tests.faults.clients import clean_refusal
from tests.faults.loads import a_load, write_ndjson
from tests.faults.wholeness import assert_whole

CONNECTIONS = 2


@pytest.fixture
def url(
    request: pytest.FixtureRequest,
    servers: Servers,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> Iterator[str]:
    """An API process with few connections and the statement timeout that a test names."""
    environment = {
        "LOADBOARD_DATABASE_URL": database_url,
        "LOADBOARD_REDIS_URL": redis_url,
        "LOADBOARD_DATABASE_CONNECTIONS": str(CONNECTIONS),
        "LOADBOARD_STATEMENT_TIMEOUT_S": str(request.param),
    }
    with serving(environment, tmp_path / "api.log") as address:
        yield address


@pytest.fixture
def shipper(url: str, database_url: str) -> Iterator[httpx.Client]:
    with caller(url, enrol(database_url, "Shipper", "shipper")) as client:
        yield client


@contextmanager
def held(database_url: str, statement: str) -> Iterator[None]:
    """Locks taken by somebody else for as long as the block lasts."""
    with psycopg.connect(database_url) as connection:
        connection.execute(statement.encode())
        yield


@pytest.mark.parametrize("url", [1], indirect=True)
def test_a_statement_that_takes_too_long_is_refused_and_leaves_nothing(
    url: str, shipper: httpx.Client, database_url: str, tmp_path: Path
) -> None:
    rng = Random(1)
    load = shipper.post("/v1/loads", json=a_load(rng, "there")).json()
    path, match = f"/v1/loads/{load['id']}", {"If-Match": '"1"'}
    file = write_ndjson(tmp_path / "file", rng, "imported", 10).read_bytes()
    # The whole table, and those that are only written to when most of the work is done.
    attempts: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "LOCK load": [("GET", path, {}), ("GET", "/v1/loads", {})],
        "LOCK stop": [("PATCH", path, {"json": {"rate_cents": 5}, "headers": match})],
        "LOCK event": [("POST", f"{path}/cancel", {"headers": match}), ("POST", f"{path}/confirm", {})],
        "SELECT FROM load FOR UPDATE": [("POST", f"{path}/cancel", {"headers": match})],
    }  # fmt: skip
    for statement, requests in attempts.items():
        if statement.startswith("LOCK"):
            requests += [
                ("POST", "/v1/loads", {"json": a_load(rng, "new")}),
                ("POST", "/v1/loads/import", {"content": file}),
            ]
        with held(database_url, statement):
            for method, where, options in requests:
                answer = shipper.request(method, where, **options)
                assert clean_refusal(answer), (statement, method, where, answer.text)
    assert shipper.get(path).json() == load
    assert rows(database_url, "SELECT reference FROM load") == [("there",)]
    assert one(database_url, "SELECT count(*) FROM event") == 1
    assert shipper.post("/v1/loads", json=a_load(rng, "new")).status_code == 201
    assert_whole(database_url)


@pytest.mark.parametrize("url", [60], indirect=True)
def test_more_slow_requests_than_connections_are_refused_and_the_rest_answered(
    url: str, shipper: httpx.Client, database_url: str
) -> None:
    waiting = 3 * CONNECTIONS
    assert shipper.get("/v1/loads").status_code == 200
    with ThreadPoolExecutor(waiting) as pool:
        with held(database_url, "LOCK load"):
            asked = [pool.submit(shipper.get, "/v1/loads") for _ in range(waiting)]
            # Searches need no connection.
            assert shipper.post("/v1/search", json={}).status_code == 200
            assert shipper.get("/healthz").status_code == 200
            eventually(lambda: sum(f.done() for f in asked) == waiting - CONNECTIONS, 30)
            refused = [future.result() for future in asked if future.done()]
        answers = [future.result(60) for future in asked]
    assert all(clean_refusal(answer) for answer in refused)
    assert sorted(answer.status_code for answer in answers) == [200] * CONNECTIONS + [503] * len(
        refused
    )
    assert shipper.get("/v1/loads").status_code == 200
    assert shipper.get("/readyz").status_code == 200


@pytest.mark.parametrize("url", [20], indirect=True)
def test_a_commit_that_fails_is_never_acknowledged(
    url: str, shipper: httpx.Client, database_url: str, tmp_path: Path
) -> None:
    rng = Random(1)
    file = write_ndjson(tmp_path / "file", rng, "imported", 10).read_bytes()
    rows(database_url, FAIL_AT_COMMIT)
    assert clean_refusal(shipper.post("/v1/loads", json=a_load(rng, "new")))
    assert clean_refusal(shipper.post("/v1/loads/import", content=file))
    assert rows(database_url, "SELECT reference FROM load") == []
    rows(database_url, "DROP TRIGGER fail ON load")
    assert shipper.post("/v1/loads", json=a_load(rng, "new")).status_code == 201


FAIL_AT_COMMIT = """
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'shut down' USING ERRCODE = 'admin_shutdown'; END $$;
    CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON load DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fail()"""
