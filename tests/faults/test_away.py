"""Redis or PostgreSQL away for a while, and back: clean answers meanwhile, and no restart of the API."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

import httpx
import pytest

from loadboard.local.processes import Process
from loadboard.local.servers import private_servers
from tests.conftest import make_home
from tests.faults.board import COMMAND, caller, enrol, eventually, finished, serving
from tests.faults.clients import clean_refusal
from tests.faults.loads import a_load, write_ndjson
from tests.loadboard.local.test_servers import reachable

BACK_S = 120.0
EVERYWHERE = {"pickup": {"bbox": [-130, 20, -60, 50]}}


@dataclass(frozen=True)
class Service:
    """An API process on servers that nobody mends, and its callers."""

    database_url: str
    database: Process
    cache: Process
    shipper: httpx.Client
    carrier: httpx.Client

    def ready(self) -> httpx.Response:
        return self.carrier.get("/readyz")

    def said(self) -> dict[str, Any]:
        """What readiness says, but for the age of the board."""
        said: dict[str, Any] = self.ready().json()
        said.pop("board_age_s")
        return said

    def search(self) -> httpx.Response:
        return self.carrier.post("/v1/search", json=EVERYWHERE)

    def post(self, reference: str) -> httpx.Response:
        return self.shipper.post("/v1/loads", json=a_load(Random(reference), reference))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    home = make_home()
    try:
        with home.occupied(), private_servers(home, durable=False) as machine:
            assert finished([COMMAND, "migrate"], machine.environment).returncode == 0
            tokens = [enrol(machine.database_url, kind, kind) for kind in ("shipper", "carrier")]
            with (
                serving(machine.environment, home.logs / "api.log") as url,
                caller(url, tokens[0]) as shipper,
                caller(url, tokens[1]) as carrier,
            ):
                database, cache = machine.processes
                yield Service(machine.database_url, database, cache, shipper, carrier)
    finally:
        rmtree(home.root)


@pytest.fixture(autouse=True)
def mended(service: Service) -> Iterator[None]:
    yield
    for process in (service.database, service.cache):
        if not process.alive:
            process.start()
    eventually(lambda: service.said() == WELL, BACK_S)


WELL = {"ready": True, "database": "up", "redis": "up", "degraded": []}


def test_without_redis_everything_works_and_readiness_says_so(service: Service) -> None:
    service.cache.stop()
    assert service.ready().status_code == 200
    assert service.said() == WELL | {"redis": "down", "degraded": ["redis"]}
    for number in range(3):
        assert service.post(f"no-redis-{number}").status_code == 201
        assert "no-redis-0" in service.search().text
        hexes = service.carrier.post("/v1/search/hexes", json=EVERYWHERE)
        assert hexes.status_code == 200
        # Nothing is remembered, so the hexagons are as new as the search.
        assert hexes.json()["total"] == service.search().json()["total"]
    service.cache.start()
    eventually(lambda: service.said() == WELL, BACK_S)
    assert service.carrier.post("/v1/search/hexes", json=EVERYWHERE).status_code == 200


def test_without_postgresql_searches_go_on_and_the_rest_is_refused_cleanly(
    service: Service, tmp_path: Path
) -> None:
    kept = service.post("before")
    assert "before" in service.search().text
    service.database.stop()
    # The board goes on answering, and says how old it is.
    assert service.ready().status_code == 200
    eventually(lambda: service.said()["degraded"] == ["database", "board"], BACK_S)
    assert service.said() == WELL | {"database": "down", "degraded": ["database", "board"]}
    answer = service.search()
    assert (answer.status_code, "before" in answer.text) == (200, True)
    assert int(answer.headers["Board-Age"]) >= 3
    assert service.carrier.get("/healthz").status_code == 200
    path = f"/v1/loads/{kept.json()['id']}"
    file = write_ndjson(tmp_path / "file", Random(1), "away", 10).read_bytes()
    refused = [
        service.post("during"),
        service.shipper.get("/v1/loads"),
        service.shipper.get(path),
        service.shipper.get(f"{path}/route"),
        service.shipper.patch(path, json={"rate_cents": 1}, headers={"If-Match": '"1"'}),
        service.shipper.post(f"{path}/cancel", headers={"If-Match": '"1"'}),
        service.shipper.post(f"{path}/confirm"),
        service.shipper.post("/v1/loads/import", content=file),
        service.carrier.get("/v1/me", headers={"Authorization": "Bearer never seen"}),
    ]
    assert [answer.text for answer in refused if not clean_refusal(answer)] == []
    service.database.start()
    eventually(lambda: service.said() == WELL, BACK_S)
    assert service.shipper.get(path).json() == kept.json()
    assert service.post("during").status_code == 201
    assert service.shipper.post("/v1/loads/import", content=file).json()["created"] == 10


def test_postgresql_restarted_between_two_requests_is_not_even_noticed(service: Service) -> None:
    assert service.search().status_code == 200
    service.database.stop()
    service.database.start()
    eventually(lambda: reachable(service.database_url), BACK_S)
    assert service.search().status_code == 200
    assert service.post("after a restart").status_code == 201
