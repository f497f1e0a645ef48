"""The judge is judged: every flaw that a killed board could have is seen by `assert_whole`."""

from pathlib import Path

import psycopg
import pytest

from tests.faults.board import COMMAND, enrol, finished, rows, seeded
from tests.faults.clients import Answers
from tests.faults.loads import write_ndjson
from tests.faults.wholeness import FLAWS, assert_kept, assert_whole, flaws_of

DAMAGE = {
    "UPDATE load SET version = 2 WHERE reference = 'x-3'": "no event of the current version, or several",
    "INSERT INTO event (at, kind, organization_id, load_id, version, listing) SELECT now(), kind, organization_id,"
    " load_id, version, listing FROM event LIMIT 1": "not posted once",
    "UPDATE event SET kind = 'load.updated' WHERE listing->>'reference' = 'x-3'": "not posted once",
    "UPDATE load SET version = 3, versioned_at = now() WHERE reference = 'x-3';"
    "INSERT INTO event (at, kind, organization_id, load_id, version, listing) SELECT versioned_at, 'load.updated',"
    " organization_id, id, 3, '{}' FROM load WHERE reference = 'x-3'": "versions without their event",
    "UPDATE load SET rate_cents = 1 WHERE reference = 'x-3'": "a listing that says otherwise than the row",
    "UPDATE load SET pickup_lat = 1 WHERE reference = 'x-3'": "a listing that says otherwise than the row",
    "DELETE FROM stop WHERE load_id = (SELECT id FROM load WHERE reference = 'x-3')": "stops that are not those of the listing",
    "UPDATE stop SET zone = 'UTC' WHERE load_id = (SELECT id FROM load WHERE reference = 'x-3')": "stops that are not those of the listing",
    "DELETE FROM load WHERE reference = 'x-3'": "events of no load",
    "UPDATE load SET delivery_cell_a = NULL WHERE reference = 'x-3'": "cells left out",
}  # fmt: skip


@pytest.fixture
def filled(database_url: str, redis_url: str, tmp_path: Path) -> str:
    enrol(database_url, "Shipper", "shipper")
    file = write_ndjson(tmp_path / "file", seeded("wholeness"), "x", 8)
    environment = {"LOADBOARD_DATABASE_URL": database_url, "LOADBOARD_REDIS_URL": redis_url}
    done = finished([COMMAND, "import", str(file)], environment)
    assert done.returncode == 0, done.stderr
    return database_url


def test_every_flaw_is_seen(filled: str) -> None:
    assert_whole(filled)
    assert set(DAMAGE.values()) == set(FLAWS)
    with psycopg.connect(filled) as connection:
        for damage, flaw in DAMAGE.items():
            connection.execute(damage.encode())
            assert flaw in flaws_of(connection), damage
            connection.rollback()
        assert flaws_of(connection) == {}


def test_what_is_missing_or_other_than_acknowledged_is_seen(filled: str) -> None:
    [(load_id, rate)] = rows(filled, "SELECT id, rate_cents FROM load WHERE reference = 'x-3'")
    assert_kept(filled, Answers({"x-3": load_id}, {"x-3": {rate}}))
    for answers in (
        Answers({"x-3": load_id}, {"x-3": {rate + 1}}),
        Answers({"x-3": load_id + 1}, {"x-3": {rate}}),
        Answers({"y": load_id}, {"y": {rate}}),
    ):
        with pytest.raises(AssertionError):
            assert_kept(filled, answers)
