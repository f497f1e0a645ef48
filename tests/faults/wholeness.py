"""What must hold of every load in the database, whatever was killed."""

import psycopg

from tests.faults.board import Row, one, rows
from tests.faults.clients import Answers

# Each finds the loads that are half-written.
FLAWS = {
    "no event of the current version, or several": """
        SELECT load.id FROM load LEFT JOIN event ON event.load_id = load.id AND event.listing IS NOT NULL
            AND event.version = load.version AND event.at = load.versioned_at
        GROUP BY load.id HAVING count(event.id) <> 1""",
    "not posted once": """
        SELECT load.id FROM load LEFT JOIN event ON event.load_id = load.id AND event.kind = 'load.posted'
        GROUP BY load.id HAVING count(event.id) <> 1""",
    "versions without their event": """
        SELECT load.id FROM load LEFT JOIN event ON event.load_id = load.id AND event.listing IS NOT NULL
        GROUP BY load.id HAVING count(DISTINCT event.version) <> load.version OR max(event.version) <> load.version""",
    "a listing that says otherwise than the row": """
        SELECT load.id FROM load JOIN event ON event.load_id = load.id AND event.listing IS NOT NULL
            AND event.version = load.version
        WHERE (load.id, load.reference, load.version, load.status, load.equipment) IS DISTINCT FROM
            ((listing->>'id')::bigint, listing->>'reference', (listing->>'version')::bigint, listing->>'status',
             listing->>'equipment')
        OR (load.rate_cents, load.loaded_miles) IS DISTINCT FROM
            ((listing->>'rate_cents')::bigint, (listing->>'loaded_miles')::float)
        OR (load.pickup_lon, load.pickup_lat) IS DISTINCT FROM
            ((listing#>>'{stops,0,lon}')::float, (listing#>>'{stops,0,lat}')::float)""",
    "stops that are not those of the listing": """
        SELECT load.id FROM load JOIN event ON event.load_id = load.id AND event.listing IS NOT NULL
            AND event.version = load.version
        LEFT JOIN stop ON stop.load_id = load.id
        GROUP BY load.id, load.reference, listing::text HAVING count(stop.load_id) <> json_array_length(listing::text::json->'stops')
        OR bool_or((ST_X(point), ST_Y(point), stop.zone, stop.kind) IS DISTINCT FROM (
            (listing::text::json->'stops'->stop.position->>'lon')::float,
            (listing::text::json->'stops'->stop.position->>'lat')::float,
            listing::text::json->'stops'->stop.position->>'zone',
            listing::text::json->'stops'->stop.position->>'kind'))""",
    "events of no load": """
        SELECT event.load_id FROM event LEFT JOIN load ON load.id = event.load_id WHERE load.id IS NULL""",
    "cells left out": """
        SELECT load.id FROM load, cell_scheme WHERE load.status = 'posted' AND
            CASE active WHEN 'a' THEN pickup_cell_a + delivery_cell_a ELSE pickup_cell_b + delivery_cell_b END IS NULL""",
}  # fmt: skip


def flaws_of(connection: psycopg.Connection) -> dict[str, list[Row]]:
    """The flaws that a board has, each with some of the loads that have it."""
    found = {
        flaw: connection.execute(f"{statement} LIMIT 5".encode()).fetchall()
        for flaw, statement in FLAWS.items()
    }
    return {flaw: loads for flaw, loads in found.items() if loads}


def assert_whole(url: str) -> None:
    """No load of a board is half-written."""
    assert one(url, "SELECT count(*) FROM load") > 0
    with psycopg.connect(url) as connection:
        assert flaws_of(connection) == {}


def assert_kept(url: str, answers: Answers) -> None:
    """Whatever was acknowledged is there, once, as it was acknowledged last."""
    stored = {
        reference: (load_id, rate)
        for load_id, reference, rate in rows(url, "SELECT id, reference, rate_cents FROM load")
    }
    assert answers.acknowledged, "nothing was acknowledged"
    for reference, load_id in answers.acknowledged.items():
        assert reference in stored, f"{reference} was acknowledged and is gone"
        assert stored[reference][0] == load_id
        assert stored[reference][1] in answers.rates[reference]
    twice = "SELECT reference FROM load GROUP BY reference HAVING count(*) > 1"
    assert (
        rows(url, f"{twice} INTERSECT SELECT unnest(%s::text[])", list(answers.acknowledged)) == []
    )
