"""A poster's record is what became of its loads for everyone, counted once each."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from loadboard import records
from loadboard.loads.expiring import expire
from loadboard.records import COUNTS, Records
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import load, rows
from tests.loadboard.networks.test_networks import make

ANY = {"If-Match": "*"}


def post(poster: Member, reference: str, **said: Any) -> int:
    answer = poster.post("/v1/loads", json=load(reference=reference, **said))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def count(service: Service, now: datetime | None = None) -> None:
    service.run(records.count(now or datetime.now(UTC)))
    service.app.state.feed.records = Records()


def told(carrier: Member, load_id: int) -> list[int]:
    """The record on a load, which must stand on every result alike."""
    record = carrier.get(f"/v1/loads/{load_id}").json()["record"]
    truck = {"at": {"place": "Dallas, TX"}, "equipment": "van"}
    matches = carrier.post("/v1/matches", json={"truck": truck}).json()["items"]
    found = carrier.post("/v1/search", json={}).json()["items"]
    loads = found + [item["load"] for item in matches]
    shown = [each["record"] for each in loads if each["id"] == load_id]
    assert len(shown) == 2
    assert shown == [record, record]
    assert list(record) == list(COUNTS)
    return list(record.values())


def expire_by_hand(service: Service, database_url: str, *ids: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE load SET pickup_from = now() - '2 h'::interval, pickup_to = now() - '1 h'::interval WHERE id = ANY(%s)", [list(ids)]
        )  # fmt: skip
    assert service.run(expire(datetime.now(UTC))) == len(ids)


def test_each_load_counts_for_what_became_of_it(
    shipper: Member, other_shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    kept, theirs = post(shipper, "kept"), post(other_shipper, "theirs")
    assert told(carrier, kept) == [0, 0, 0, 0]
    cancelled = [post(shipper, f"C{n}") for n in range(2)]
    for id in cancelled:
        shipper.post(f"/v1/loads/{id}/cancel", headers=ANY, json={"reason": "covered_elsewhere"})
    silent, confirmed = post(shipper, "silent"), post(shipper, "confirmed")
    shipper.post(f"/v1/loads/{confirmed}/confirm")
    expire_by_hand(service, database_url, silent, confirmed)
    _book(database_url, post(shipper, "booked"))
    for _ in range(2):
        count(service)
        assert told(carrier, kept) == [6, 1, 2, 1]
        assert told(carrier, theirs) == [1, 0, 0, 0]
    post(shipper, "later")
    count(service)
    assert told(carrier, kept) == [7, 1, 2, 1]


def _book(database_url: str, load_id: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO event (at, kind, organization_id, load_id, version)"
            " SELECT now(), 'load.booked', organization_id, id, version FROM load WHERE id = %s",
            [load_id],
        )


def test_a_record_tells_nothing_of_private_loads(
    shipper: Member, carrier: Member, service: Service
) -> None:
    public = post(shipper, "public")
    hidden = post(shipper, "hidden", audience={"networks": [make(shipper, "Core")]})
    shipper.post(f"/v1/loads/{hidden}/cancel", headers=ANY)
    count(service)
    assert told(carrier, public) == [1, 0, 0, 0]


def test_what_is_not_committed_yet_is_counted_later_and_once(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    first = post(shipper, "first")
    with psycopg.connect(database_url) as writing:
        writing.execute(
            "INSERT INTO event (at, kind, organization_id, load_id, version)"
            " VALUES (now(), 'load.cancelled', %s, %s, 2)",
            [shipper.sender.organization_id, first],
        )
        post(shipper, "second")
        count(service)
        assert told(carrier, first)[0] == 1
        assert told(carrier, first)[2] == 0

    async def twice_at_once() -> None:
        await asyncio.gather(*(records.count(datetime.now(UTC)) for _ in range(3)))

    service.run(twice_at_once())
    count(service)
    assert told(carrier, first) == [2, 0, 1, 0]


def test_many_events_are_counted_batch_by_batch(
    shipper: Member, carrier: Member, service: Service, monkeypatch: Any
) -> None:
    monkeypatch.setattr(records, "BATCH", 2)
    ids = [post(shipper, f"R{n}") for n in range(5)]
    count(service)
    assert told(carrier, ids[0]) == [5, 0, 0, 0]


def test_a_record_is_of_the_last_ninety_days(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    first = post(shipper, "first")
    count(service)
    for days, posted, kept in ((89, 1, 1), (90, 0, 1)):
        with psycopg.connect(database_url) as connection:
            day = datetime.now(UTC).date() - timedelta(days=days)
            connection.execute("UPDATE poster_day SET day = %s", [day])
        service.app.state.feed.records = Records()
        assert told(carrier, first)[0] == posted
        assert len(rows(database_url, "SELECT * FROM poster_day")) == kept
    count(service)
    assert rows(database_url, "SELECT * FROM poster_day") == []


def test_counting_goes_on_in_a_database_that_was_restored(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    first = post(shipper, "first")
    count(service)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE poster_count SET after_xid = '999999999'")
    count(service)
    post(shipper, "second")
    count(service)
    assert told(carrier, first)[0] == 2
