"""One key, many requests at once, and a process that dies around the commit: one effect, one answer."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from loadboard.local.servers import Servers
from tests.faults.board import one, seeded
from tests.faults.pair import Insistent
from tests.faults.test_booking import market, processes

SAME = ("content-type", "content-length", "etag", "location", "board-position")


def essence(answer: httpx.Response) -> tuple[int, bytes, list[str | None]]:
    return answer.status_code, answer.content, [answer.headers.get(name) for name in SAME]


@pytest.fixture
def keys(is_long: bool) -> list[str]:
    if not is_long:
        return ["calm-0", "before-1", "after-2"]
    moments = {0: "before", 5: "after"}
    return [f"{moments.get(number % 10, 'calm')}-{number}" for number in range(500)]


def test_one_effect_and_one_answer_whatever_dies(
    servers: Servers,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    keys: list[str],
    is_long: bool,
) -> None:
    at_once = 100 if is_long else 24
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    hurt = {"HURT_DEATHS": str(deaths)}
    with processes(servers, database_url, redis_url, tmp_path, **hurt) as two:
        of = market(two, database_url, "once", len(keys), 1, seeded("once"))
        [client] = of.carriers.values()
        for load, key in zip(of.loads, keys, strict=True):
            rate = one(database_url, "SELECT rate_cents FROM load WHERE id = %s", load)
            answers = all_at_once(client, load, key, rate, at_once)
            assert {answer[0] for answer in answers} == {201}
            assert len({(status, body, *heads) for status, body, heads in answers}) == 1
            booked = "SELECT count(*) FROM booking WHERE load_id = %s"
            assert one(database_url, booked, load) == 1
    assert {each.name for each in deaths.iterdir()} == {k for k in keys if not k.startswith("calm")}


def all_at_once(
    client: Insistent, load: int, key: str, rate: int, times: int
) -> list[tuple[int, bytes, list[str | None]]]:
    def ask(number: int) -> httpx.Response:
        path = f"/v1/loads/{load}/book"
        return client.post(path, key, {"rate_cents": rate}, 1, first=number)

    with ThreadPoolExecutor(times) as pool:
        return [essence(answer) for answer in pool.map(ask, range(times))]
