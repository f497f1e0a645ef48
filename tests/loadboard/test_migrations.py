"""The schema can be made, taken away and made again; it is what the models say; events find a month."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import OperationalError

from alembic import command
from loadboard.events import ensure_partitions
from loadboard.local.postgres import is_migrated, newest_migration
from tests.loadboard.conftest import Service

ROOT = Path(__file__).resolve().parents[2]
MINE = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')" \
    " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"  # fmt: skip
SCHEMA = """
SELECT 'column', table_name, column_name, data_type, is_nullable, column_default, generation_expression
FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'event_2%'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '', '' FROM pg_indexes
WHERE schemaname = 'public' AND tablename NOT LIKE 'event_2%'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'event_2%'
UNION ALL SELECT 'policy', tablename, policyname, qual, with_check, roles::text, cmd FROM pg_policies
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '', ''
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid), '', '', '', ''
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
ORDER BY 1, 2, 3
"""


@pytest.fixture
def config(database_url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = database_url
    return config


def ask(database_url: str, query: str) -> list[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def test_down_and_up_again_gives_the_same_schema(config: Config, database_url: str) -> None:
    before = ask(database_url, SCHEMA)
    assert len(before) > 100
    command.downgrade(config, "base")
    assert ask(database_url, MINE) == [("alembic_version",)]
    command.upgrade(config, "head")
    assert ask(database_url, SCHEMA) == before


def test_a_start_knows_whether_the_schema_is_the_newest(config: Config, database_url: str) -> None:
    assert newest_migration() == ScriptDirectory.from_config(config).get_current_head()
    assert is_migrated(database_url)
    command.downgrade(config, "-1")
    assert not is_migrated(database_url)
    command.downgrade(config, "base")
    assert not is_migrated(database_url)
    assert not is_migrated(database_url.replace("test_", "no_such_"))


def test_the_models_are_what_the_migrations_make(config: Config, database_url: str) -> None:
    command.check(config)
    ask_nothing(database_url, "ALTER TABLE load DROP COLUMN hazmat")
    with pytest.raises(Exception, match="hazmat"):
        command.check(config)


def ask_nothing(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_a_migration_does_not_queue_behind_a_search(config: Config, database_url: str) -> None:
    with psycopg.connect(database_url) as searching:
        searching.execute("SELECT FROM load")
        started = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            command.downgrade(config, "base")
        assert 4 < time.monotonic() - started < 15
        assert searching.execute("SELECT count(*) FROM load").fetchone() == (0,)
    assert ask(database_url, "SELECT count(*) FROM alembic_version") == [(1,)]


@pytest.fixture
def months(service: Service, database_url: str) -> Any:
    """The names of the months that have a partition, after making those of a moment."""

    def make(*moments: datetime) -> list[str]:
        async def work() -> None:
            await asyncio.gather(*(ensure_partitions(moment) for moment in moments))

        service.run(work())
        found = ask(
            database_url,
            "SELECT relname FROM pg_class WHERE relname ~ '^event_2..._..$' ORDER BY 1",
        )
        return [name for (name,) in found]

    return make


def event(database_url: str, at: str) -> str:
    """Writes an event, and tells the partition that it lies in."""
    statement = (
        "INSERT INTO event (at, kind, organization_id, load_id, version)"
        " VALUES (%s, 'test', 1, 1, 1) RETURNING tableoid::regclass::text"
    )
    with psycopg.connect(database_url) as connection:
        return str(connection.execute(statement, [at]).fetchall()[0][0])


def test_partitions_reach_over_the_end_of_a_year(months: Any, database_url: str) -> None:
    there = set(months())
    november = datetime(2040, 11, 30, 23, 59, tzinfo=UTC)
    made = [name for name in months(november) if name not in there]
    assert made == ["event_2040_11", "event_2040_12", "event_2041_01", "event_2041_02"]
    again = months(november, november, datetime(2040, 12, 1, tzinfo=UTC))
    assert [name for name in again if name not in there] == [*made, "event_2041_03"]
    assert event(database_url, "2040-12-31T23:59:59.999999Z") == "event_2040_12"
    assert event(database_url, "2041-01-01T00:00:00Z") == "event_2041_01"
    assert event(database_url, "2041-02-28T23:59:59-09:00") == "event_2041_03"
    assert event(database_url, "2041-04-01T00:00:00Z") == "event_default"


def test_a_month_that_rows_already_reached_stays_in_the_default(
    months: Any, database_url: str
) -> None:
    there = set(months())
    assert event(database_url, "2050-02-15T00:00:00Z") == "event_default"
    made = [name for name in months(datetime(2050, 1, 9, tzinfo=UTC)) if name not in there]
    assert made == ["event_2050_01", "event_2050_03", "event_2050_04"]
    assert event(database_url, "2050-02-16T00:00:00Z") == "event_default"
    assert ask(database_url, "SELECT count(*) FROM event") == [(2,)]


def test_the_zone_of_the_server_moves_no_partition(
    service: Service, months: Any, database_url: str
) -> None:
    name = conninfo_to_dict(database_url)["dbname"]
    ask_nothing(database_url, f"ALTER DATABASE {name} SET timezone TO 'Pacific/Auckland'")
    months(datetime(2060, 5, 5, tzinfo=UTC))
    assert event(database_url, "2060-05-31T23:59:59Z") == "event_2060_05"
    assert event(database_url, "2060-06-01T00:00:00Z") == "event_2060_06"


def test_events_of_a_month_without_end_are_refused(database_url: str) -> None:
    with pytest.raises(errors.NotNullViolation):
        ask(
            database_url,
            "INSERT INTO event (kind, organization_id, load_id, version) VALUES ('x', 1, 1, 1)",
        )
