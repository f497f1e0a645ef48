"""People who go on working while the board is hurt, and write down what they were answered."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.faults.loads import a_load

PATIENCE_S = 30.0
PACE_S = 0.03


@dataclass
class Answers:
    """What was acknowledged, how requests failed, and what must never be answered."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    rates: dict[str, set[int]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    unclean: list[str] = field(default_factory=list)

    def send(
        self, client: httpx.Client, method: str, path: str, **options: Any
    ) -> httpx.Response | None:
        """The answer, or None where the service could not be reached or said so cleanly."""
        what = f"{method} {path}"
        try:
            response = client.request(method, path, **options)
        except httpx.TimeoutException:
            self.unclean.append(f"{what}: no answer in {PATIENCE_S} s")
            return None
        except httpx.TransportError as error:
            self.failed[type(error).__name__] += 1
            return None
        if response.status_code < 500:
            return response
        self.failed[str(response.status_code)] += 1
        if not clean_refusal(response):
            self.unclean.append(f"{what}: {response.status_code} {response.text[:300]}")
        return None

    def wrong(self, what: str, response: httpx.Response) -> None:
        self.unclean.append(f"{what}: {response.status_code} {response.text[:300]}")


def clean_refusal(response: httpx.Response) -> bool:
    """Whether it is a 503 that says what it is and when to come again."""
    return (
        response.status_code == 503
        and response.headers["content-type"] == "application/problem+json"
        and response.headers.get("retry-after", "").isdigit()
        and response.json()["status"] == 503
    )


@dataclass
class Work:
    """What a client needs: where, as whom, until when, and where to write answers down."""

    url: str
    token: str
    answers: Answers
    stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S) as client:
            yield client

    def insist(
        self, client: httpx.Client, method: str, path: str, **options: Any
    ) -> tuple[httpx.Response | None, bool]:
        """Asks the same again until it is answered; and whether the first attempt was."""
        first = True
        while not (self.stop.is_set() and not first):
            if (response := self.answers.send(client, method, path, **options)) is not None:
                return response, first
            first = False
            time.sleep(0.1)
        return None, False


def post_on(work: Work, name: str, seed: float) -> None:
    """Posts load after load, and gives every third one another rate."""
    rng = random.Random(seed)
    with work.client() as client:
        for number in count():
            if work.stop.is_set():
                return
            load = _post(work, client, a_load(rng, f"{name}-{number}"))
            if load is not None and number % 3 == 0:
                _change_rate(work, client, load, rng.randrange(50_000, 500_000))
            time.sleep(PACE_S)


def _post(work: Work, client: httpx.Client, load: dict[str, Any]) -> dict[str, Any] | None:
    response, first = work.insist(client, "POST", "/v1/loads", json=load)
    if response is None:
        return None
    if response.status_code not in ({201} if first else {200, 201}):
        work.answers.wrong(f"post of {load['reference']}", response)
        return None
    shown: dict[str, Any] = response.json()
    work.answers.rates[shown["reference"]] = {shown["rate_cents"]}
    work.answers.acknowledged[shown["reference"]] = shown["id"]
    return shown


def _change_rate(work: Work, client: httpx.Client, load: dict[str, Any], rate: int) -> None:
    rates = work.answers.rates[load["reference"]]
    rates.add(rate)
    response, first = work.insist(
        client,
        "PATCH",
        f"/v1/loads/{load['id']}",
        headers={"If-Match": f'"{load["version"]}"'},
        json={"rate_cents": rate},
    )
    if response is None:
        return
    # An attempt that was cut off may have been carried out: then the version is another now.
    if response.status_code != 200 and (first or response.status_code != 412):
        work.answers.wrong(f"change of {load['reference']}", response)
        return
    rates.intersection_update({rate})


def search_on(work: Work, seed: float) -> None:
    """Searches and draws hexagons; whatever is answered must be an answer or a clean refusal."""
    rng = random.Random(seed)
    with work.client() as client:
        while not work.stop.is_set():
            area = {"near": {"lat": rng.uniform(30, 45), "lon": rng.uniform(-110, -80)}}
            asked = {"pickup": {**area, "radius_mi": rng.choice([50, 150, 400])}}
            for path in ("/v1/search", "/v1/search/hexes"):
                response = work.answers.send(client, "POST", path, json=asked)
                if response is not None and response.status_code != 200:
                    work.answers.wrong(path, response)
            time.sleep(PACE_S)


def import_over_http(work: Work, content: bytes) -> dict[str, Any]:
    """Sends a file until it is taken, and gives the report of the attempt that was answered."""
    kind = {"Content-Type": "application/x-ndjson"}
    with work.client() as client:
        response, _ = work.insist(client, "POST", "/v1/loads/import", content=content, headers=kind)
    assert response is not None
    assert response.status_code == 200, response.text
    report: dict[str, Any] = response.json()
    return report


@contextmanager
def at_once(stop: threading.Event, *tasks: Callable[[], object]) -> Iterator[list[Future[object]]]:
    """Runs tasks beside the block; they are told to stop when it ends, and their errors are raised."""
    with ThreadPoolExecutor(len(tasks) + 1) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            yield futures
        finally:
            stop.set()
    for future in futures:
        future.result()
