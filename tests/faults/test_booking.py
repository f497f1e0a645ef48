"""Many carriers and their poster at once at the same loads, over two API processes that are killed.

Every load is booked once at most, none is left that somebody had a right to, and every history is one that
the table of steps allows. Of the two guards either one is enough; with both taken out loads are booked twice,
so the test can fail.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from loadboard.lifecycle import NEW, STEPS
from loadboard.local.servers import Servers
from tests.faults.board import UNLIMITED, enrol, rows, seeded
from tests.faults.loads import a_load
from tests.faults.pair import Insistent, Pair, pair


@dataclass
class Told:
    """What was answered for good."""

    # Carriers who were told that a load is theirs, and loads that somebody had a right to book.
    booked: list[tuple[int, str]] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, answer: Any, load: int, carrier: str) -> None:
        with self.lock:
            self.answers[f"{what} {answer.status_code}"] += 1
            if what in {"book", "accept"}:
                self.tried.add(load)
                if answer.status_code == 201:
                    self.booked.append((load, carrier))


@dataclass(frozen=True)
class Market:
    """Loads on the board, a poster, and carriers, each with a client."""

    url: str
    loads: list[int]
    poster: Insistent
    carriers: dict[str, Insistent]
    told: Told


@contextmanager
def processes(servers: Servers, database_url: str, redis_url: str, folder: Path, **hurt: str) -> Iterator[Pair]:  # fmt: skip
    environment = {
        "LOADBOARD_DATABASE_URL": database_url,
        "LOADBOARD_REDIS_URL": redis_url,
        "LOADBOARD_DOCUMENTS": str(folder / "documents"),
        **UNLIMITED,
        **hurt,
    }
    with pair(environment, folder) as two:
        yield two


def market(two: Pair, url: str, tag: str, loads: int, carriers: int, rng: random.Random) -> Market:
    """New loads that are for everybody to book at once."""
    poster = two.client(enrol(url, f"Poster {tag}", "shipper"))
    ids = []
    for number in range(loads):
        answer = poster.post(
            "/v1/loads", f"post {number}", a_load(rng, f"{tag}-{number}", instant="everyone")
        )
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    names = [f"Carrier {tag} {number}" for number in range(carriers)]
    clients = {name: two.client(enrol(url, name, "carrier")) for name in names}
    rows(url, "UPDATE organization SET authority = 'active', insured_until = current_date + 9 WHERE kind = 'carrier'")  # fmt: skip
    return Market(url, ids, poster, clients, Told())


def haul(of: Market, name: str, seed: float) -> None:
    """A carrier goes through all loads: books most of them, asks for some, takes some requests back."""
    rng, client = random.Random(seed), of.carriers[name]
    for load in of.loads:
        chance, first = rng.random(), rng.randrange(2)
        rate = rows(of.url, "SELECT rate_cents FROM load WHERE id = %s", load)[0][0]
        if chance < 0.7:
            answer = client.post(f"/v1/loads/{load}/book", f"book {load}", {"rate_cents": rate}, 1, first=first)  # fmt: skip
            of.told.note("book", answer, load, name)
            continue
        body = {"rate_cents": rate + 100}
        asked = client.post(f"/v1/loads/{load}/offers", f"ask {load}", body, first=first)
        of.told.note("request", asked, load, name)
        if asked.status_code == 201 and chance > 0.9:
            taken_back = client.post(f"/v1/offers/{asked.json()['id']}/withdraw", f"back {load}", None, 1)  # fmt: skip
            of.told.note("withdraw", taken_back, load, name)


def sell(of: Market, seed: float, stop: threading.Event) -> None:
    """The poster answers requests in every way there is, and now and then takes a load off."""
    rng = random.Random(seed)
    while not stop.is_set():
        stop.wait(0.01)
        if rng.random() < 0.03:
            load = rng.choice(of.loads)
            gone = of.poster.post(f"/v1/loads/{load}/cancel", f"cancel {load}", None, 1)
            of.told.note("cancel", gone, load, "")
        for offer in of.poster.get("/v1/offers?status=open")["items"]:
            answer_offer(of, offer, rng.choice(["accept", "counter", "decline", "expire"]))


def answer_offer(of: Market, offer: dict[str, Any], how: str) -> None:
    if how == "expire":
        rows(of.url, "UPDATE offer SET expires_at = now() WHERE id = %s AND status = 'open'", offer["id"])  # fmt: skip
        return
    bodies = {
        "accept": None,
        "counter": {"rate_cents": offer["rate_cents"] + 1},
        "decline": {"reason": "no"},
    }
    key = f"{how} {offer['id']} {offer['version']}"
    path = f"/v1/offers/{offer['id']}/{how}"
    answer = of.poster.post(path, key, bodies[how], offer["version"])
    of.told.note(how, answer, offer["load_id"], offer["carrier"]["name"])


def trade(of: Market, two: Pair, rng: random.Random, kills: int) -> None:
    """All at once, until every carrier has been through all loads."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(of.carriers) + 2) as pool:
        selling = [pool.submit(sell, of, rng.random(), stop) for _ in range(2)]
        hauling = [pool.submit(haul, of, name, rng.random()) for name in of.carriers]
        for number in range(kills):
            threading.Event().wait(rng.uniform(0.5, 3))
            two.apis[number % 2].kill()
            two.apis[number % 2].await_ready()
        try:
            for each in hauling:
                each.result()
        finally:
            stop.set()
        for each in selling:
            each.result()
    assert of.told.answers["book 201"] > 0


def booked_twice(url: str) -> list[Any]:
    return rows(
        url,
        "SELECT load_id, count(*) FROM booking WHERE cancelled_at IS NULL GROUP BY 1 HAVING count(*) > 1",
    )


def assert_sound(of: Market) -> None:
    """Nobody was told a load is theirs that is another's, and nothing is left that should be sold."""
    owners: dict[int, str] = dict(rows(of.url, "SELECT load_id, organization.name FROM booking JOIN organization ON organization.id = carrier_id WHERE load_id = ANY(%s)", of.loads))  # fmt: skip
    assert booked_twice(of.url) == []
    assert sorted(set(of.told.booked)) == sorted(owners.items())
    statuses: dict[int, str] = dict(
        rows(of.url, "SELECT id, status FROM load WHERE id = ANY(%s)", of.loads)
    )
    assert {load for load, status in statuses.items() if status == "booked"} == owners.keys()
    assert {
        load for load, status in statuses.items() if status == "posted"
    } & of.told.tried == set()
    assert_histories(of)


def assert_histories(of: Market) -> None:
    """Every load and every offer has come to its state by steps of the table, one version at a time."""
    events = rows(of.url, "SELECT load_id, kind, version FROM event WHERE load_id = ANY(%s) AND offer_id IS NULL ORDER BY load_id, id", of.loads)  # fmt: skip
    for load, history in groupby(events, key=lambda row: row[0]):
        status = NEW
        for number, (_, kind, version) in enumerate(history, 1):
            assert version == number, (load, kind)
            status = _after("load", status, kind)
        assert rows(of.url, "SELECT status FROM load WHERE id = %s", load) == [(status,)]
    rounds = rows(of.url, "SELECT offer_id, number, 'offer.' || step, load_id FROM offer_round JOIN offer ON offer.id = offer_id WHERE load_id = ANY(%s) ORDER BY 1, 2", of.loads)  # fmt: skip
    for offer, history in groupby(rounds, key=lambda row: row[0]):
        status = NEW
        for number, (_, found, step, _) in enumerate(history, 1):
            assert found == number, (offer, step)
            status = _after("offer", status, _event_of(step))
        assert rows(of.url, "SELECT status FROM offer WHERE id = %s", offer) == [(status,)]
    left_open = rows(of.url, "SELECT offer.id FROM offer JOIN load ON load.id = load_id WHERE offer.status = 'open' AND load.status <> 'posted'")  # fmt: skip
    assert left_open == []


def _event_of(step: str) -> str:
    return next(each.event for each in STEPS if f"{each.of}.{each.name}" == step)


def _after(of: str, status: str, event: str) -> str:
    found = {e.after for e in STEPS if e.of == of and e.event == event and status in e.before}
    assert len(found) == 1, f"no step of the table: {of} {status} by {event}"
    return found.pop()


@pytest.fixture
def sizes(is_long: bool) -> tuple[int, int, int]:
    """Loads, carriers, kills."""
    return (1_000, 32, 20) if is_long else (12, 8, 1)


def test_every_load_is_booked_once_whatever_is_killed(
    servers: Servers, database_url: str, redis_url: str, tmp_path: Path, sizes: tuple[int, int, int]
) -> None:
    loads, carriers, kills = sizes
    rng = seeded("booking")
    with processes(servers, database_url, redis_url, tmp_path) as two:
        of = market(two, database_url, "whole", loads, carriers, rng)
        trade(of, two, rng, kills)
        assert_sound(of)
        # The compare-and-set alone.
        rows(database_url, "DROP INDEX booking_standing_idx")
        of = market(two, database_url, "no index", min(loads, 100), carriers, rng)
        trade(of, two, rng, 0)
        assert_sound(of)


def test_with_the_index_alone_none_is_booked_twice_and_with_neither_some_are(
    servers: Servers, database_url: str, redis_url: str, tmp_path: Path, sizes: tuple[int, int, int]
) -> None:
    loads, carriers, _ = sizes
    rng = seeded("booking unguarded")
    with processes(servers, database_url, redis_url, tmp_path, HURT_BLIND="1") as two:
        of = market(two, database_url, "no compare", min(loads, 100), carriers, rng)
        trade(of, two, rng, 0)
        assert booked_twice(database_url) == []
        rows(database_url, "DROP INDEX booking_standing_idx")
        of = market(two, database_url, "neither", min(loads, 100), carriers, rng)
        trade(of, two, rng, 0)
        assert booked_twice(database_url) != []
