"""Long searches, more than may run at once: small ones are answered meanwhile as if there were none."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import httpx
import pytest

from loadboard.local.servers import Servers
from tests.faults.board import COMMAND, caller, enrol, finished, serving
from tests.faults.clients import at_once, clean_refusal
from tests.faults.loads import write_csv

CLIENTS = 6
SMALL = {"pickup": {"near": {"place": "Dallas, TX"}, "radius_mi": 100}, "limit": 10}


@pytest.fixture
def service(
    servers: Servers, database_url: str, redis_url: str, tmp_path: Path, is_long: bool
) -> Iterator[tuple[str, str]]:
    """The address of an API process with loads at many places, and a carrier's token."""
    environment = {"LOADBOARD_DATABASE_URL": database_url, "LOADBOARD_REDIS_URL": redis_url}
    enrol(database_url, "Shipper", "shipper")
    file = write_csv(tmp_path / "loads.csv", Random(1), "x", 50_000 if is_long else 2_000)
    done = finished([COMMAND, "import", str(file)], environment)
    assert done.returncode == 0, done.stderr
    with serving(environment, tmp_path / "api.log") as url:
        yield url, enrol(database_url, "Carrier", "carrier")


def a_long_one(rng: Random) -> tuple[str, dict[str, Any]]:
    """No two alike, so that nothing of it is kept: a trip, a drive time, an outline, or a truck's matches."""
    here, there = (
        {"lat": rng.uniform(33, 43), "lon": rng.uniform(*lons)}
        for lons in ((-114, -100), (-95, -86))
    )
    zigzag = [[-115 + 0.2 * step, rng.uniform(32, 33) + 11 * (step % 2)] for step in range(124)]
    outline = [*zigzag, [zigzag[-1][0], 30.0], [zigzag[0][0], 30.0], zigzag[0]]
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/search", {"along": {"from": here, "to": there, "max_out_of_route_mi": 1000}}),
        ("/v1/search", {"pickup": {"within_hours": 20, "of": here}}),
        ("/v1/search/hexes", {"pickup": {"polygon": {"type": "Polygon", "coordinates": [outline]}}}),
        ("/v1/matches", {"truck": {"at": here, "equipment": "van", "max_deadhead_mi": 1000}}),
    ]  # fmt: skip
    return rng.choice(asked)


def test_small_searches_never_wait_for_long_ones(service: tuple[str, str]) -> None:
    stop, took = threading.Event(), []

    def search_long(seed: int) -> None:
        rng = Random(seed)
        with caller(*service) as client:
            while not stop.is_set():
                path, body = a_long_one(rng)
                began = time.perf_counter()
                answer = client.post(path, json=body)
                took.append(time.perf_counter() - began)
                assert answer.status_code == 200 or clean_refusal(answer), answer.text

    def small(client: httpx.Client) -> float:
        time.sleep(0.05)
        began = time.perf_counter()
        assert client.post("/v1/search", json=SMALL).status_code == 200
        return time.perf_counter() - began

    with caller(*service) as client:
        small(client)
        with at_once(stop, *(partial(search_long, seed) for seed in range(CLIENTS))):
            waits = [small(client) for _ in range(60)]
    # In one queue with the long ones each would take about as long as they do.
    assert len(took) >= CLIENTS
    assert 4 * median(waits) < median(took), (sorted(waits), sorted(took))
