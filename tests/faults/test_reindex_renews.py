"""What a re-index works out anew: miles and zones that are wrong become new versions, nothing else changes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.board import COMMAND, Row, enrol, finished, one, rows, seeded
from tests.faults.loads import COLUMNS, write_csv
from tests.faults.wholeness import assert_whole

LINES = 60
MILES, ZONE, BOTH = (f"renewed-{number}" for number in (3, 10, 21))
TAMPERED = {MILES, ZONE, BOTH}
ASSUMED = ["--assume", "delivery_from=now+96h", "--assume", "delivery_to=now+120h"]
SHOWN = """
    SELECT reference, load.version, content_hash, event.listing, load.loaded_miles,
        (SELECT array_agg(zone ORDER BY position) FROM stop WHERE load_id = load.id)
    FROM load JOIN event ON event.load_id = load.id AND event.version = load.version AND listing IS NOT NULL
    ORDER BY load.id"""


@dataclass(frozen=True)
class Imported:
    """A board filled from a file that leaves the delivery's window to be assumed."""

    database_url: str
    environment: dict[str, str]
    file: Path

    def command(self, *words: str) -> str:
        done = finished([COMMAND, *words], self.environment)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def import_again(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.command("import", str(self.file), *ASSUMED))
        return report

    def shown(self) -> dict[str, Row]:
        return {reference: tuple(rest) for reference, *rest in rows(self.database_url, SHOWN)}


@pytest.fixture
def board(database_url: str, redis_url: str, tmp_path: Path) -> Imported:
    environment = {"LOADBOARD_DATABASE_URL": database_url, "LOADBOARD_REDIS_URL": redis_url}
    file = write_csv(tmp_path / "file.csv", seeded("renewed"), "renewed", LINES)
    enrol(database_url, "Shipper", "shipper")
    made = Imported(database_url, environment, file)
    assert made.import_again()["created"] == LINES
    return made


def test_wrong_miles_and_zones_are_mended_as_new_versions_and_nothing_else_changes(
    board: Imported,
) -> None:
    assert not {"delivery_from", "delivery_to"} & set(COLUMNS)
    url, before = board.database_url, board.shown()
    tamper(url)
    since = one(url, "SELECT max(id) FROM event")
    board.command("reindex", "--resolution", "9")
    after = board.shown()
    events = "SELECT listing->>'reference', kind, version FROM event WHERE id > %s ORDER BY load_id"
    assert rows(url, events, since) == [(r, "load.reindexed", 2) for r in (MILES, ZONE, BOTH)]
    for reference, (version, content, listing, miles, zones) in before.items():
        if reference in TAMPERED:
            new = after[reference][2]
            assert new["updated_at"] > listing["updated_at"]
            listing = listing | {"version": 2, "updated_at": new["updated_at"]}
            version = 2
        assert after[reference] == (version, content, listing, miles, zones)
    assert_whole(url)
    # What was assumed is another moment now; the same line is the same load all the same.
    again = board.import_again()
    assert (again["unchanged"], again["created"], again["updated"]) == (LINES, 0, 0)
    assert board.shown() == after


def tamper(url: str) -> None:
    """As if the miles and the map of zones had been others when these were posted."""
    for statement, references in (
        ("UPDATE load SET loaded_miles = loaded_miles + 7 WHERE reference = ANY(%s)", [MILES]),
        ("UPDATE load SET miles_by_road = NOT miles_by_road WHERE reference = ANY(%s)", [BOTH]),
        (WRONG_ZONE, [ZONE, BOTH]),
        (WRONG_LISTING, [MILES, ZONE, BOTH]),
    ):
        rows(url, statement, references)
    found = rows(
        url, "SELECT DISTINCT place IS NULL FROM stop WHERE zone = 'Europe/Rome' ORDER BY 1"
    )
    assert found == [(False,), (True,)], "a town and a point of the map are both among them"


WRONG_ZONE = """
    UPDATE stop SET zone = 'Europe/Rome' FROM load
    WHERE load.id = load_id AND position = 0 AND reference = ANY(%s)"""
WRONG_LISTING = """
    UPDATE event SET listing = jsonb_set(
        jsonb_set(listing::jsonb, '{loaded_miles}', '7'), '{stops,0,zone}', '"Europe/Rome"')
    WHERE listing->>'reference' = ANY(%s)"""
