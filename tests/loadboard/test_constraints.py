"""What must never be wrong about a row is refused by the database itself, by INSERT, UPDATE and COPY."""

from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

NOW = "2030-01-01T12:00:00Z"
LOAD: dict[str, Any] = {
    "organization_id": 1,
    "reference": "A",
    "content_hash": b"x",
    "version": 1,
    "status": "posted",
    "sample": False,
    "equipment": "van",
    "is_full": True,
    "weight_lb": 42000,
    "length_ft": 53.0,
    "hazmat": False,
    "rate_cents": 185000,
    "currency": "USD",
    "posted_miles": 790.0,
    "loaded_miles": 781.3,
    "miles_by_road": True,
    "pickup_lon": -96.8,
    "pickup_lat": 32.8,
    "pickup_from": NOW,
    "pickup_to": "2030-01-01T18:00:00Z",
    "delivery_lon": -84.4,
    "delivery_lat": 33.7,
    "delivery_from": "2030-01-02T12:00:00Z",
    "delivery_to": "2030-01-02T18:00:00Z",
    "expires_at": None,
    "first_posted_at": NOW,
    "versioned_at": NOW,
    "confirmed_at": NOW,
}
POINT = "0101000020E610000000000000000000000000000000000000"
STOP = {"load_id": 1, "position": 0, "kind": "pickup", "point": POINT, "zone": "UTC"}

WRONG_LOADS: dict[str, dict[str, Any]] = {
    "load_pickup_window_check": {"pickup_to": "2030-01-01T11:00:00Z"},
    "load_delivery_window_check": {"delivery_to": "2030-01-02T11:00:00Z"},
    "load_delivery_after_pickup_check": {
        "delivery_from": "2029-12-30T12:00:00Z", "delivery_to": "2029-12-31T12:00:00Z",
    },
    "load_weight_check": {"weight_lb": 0},
    "load_length_check": {"length_ft": -0.5},
    "load_rate_check": {"rate_cents": 0},
    "load_currency_check": {"currency": "EUR"},
    "load_posted_miles_check": {"posted_miles": -1},
    "load_loaded_miles_check": {"loaded_miles": -1},
    "load_status_check": {"status": "open"},
    "load_equipment_check": {"equipment": "V"},
    "load_version_check": {"version": 0},
    "load_reference_check": {"reference": ""},
    "load_organization_id_fkey": {"organization_id": 77},
    "load_organization_id_reference_key": {},
}  # fmt: skip


@pytest.fixture
def board(database_url: str) -> Any:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO organization (name, kind) VALUES ('One', 'shipper'), ('Two', 'broker')"
        )
        insert(connection, "load", LOAD)
        copy(connection, "stop", [STOP, STOP | {"position": 1, "kind": "delivery"}])
        yield connection


def insert(connection: psycopg.Connection, table: str, *records: dict[str, Any]) -> None:
    names = list(records[0])
    statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(
            sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, record.values())))
            for record in records
        ),
    )
    connection.execute(statement)


def copy(connection: psycopg.Connection, table: str, records: list[dict[str, Any]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, records[0]))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        for record in records:
            out.write_row(list(record.values()))


def update(connection: psycopg.Connection, table: str, values: dict[str, Any]) -> None:
    settings = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in values.items()
    )
    connection.execute(sql.SQL("UPDATE {} SET {}").format(sql.Identifier(table), settings))


def refusal(
    connection: psycopg.Connection, table: str, *records: dict[str, Any]
) -> set[str | None]:
    """The constraint that stops these rows, by INSERT and by COPY."""
    with pytest.raises(errors.IntegrityError) as by_insert:
        insert(connection, table, *records)
    with pytest.raises(errors.IntegrityError) as by_copy:
        copy(connection, table, list(records))
    return {caught.value.diag.constraint_name for caught in (by_insert, by_copy)}


def test_a_wrong_load_is_refused(board: psycopg.Connection) -> None:
    for name, wrong in WRONG_LOADS.items():
        reference = {} if name.endswith("reference_key") else {"reference": name}
        assert refusal(board, "load", LOAD | reference | wrong) == {name}
        if wrong:
            with pytest.raises(errors.IntegrityError) as caught:
                update(board, "load", wrong)
            assert caught.value.diag.constraint_name == name
    insert(board, "load", LOAD | {"organization_id": 2})
    unknown = {"weight_lb": None, "length_ft": None, "rate_cents": None, "posted_miles": None,
               "delivery_from": None, "delivery_to": None}  # fmt: skip
    copy(board, "load", [LOAD | {"reference": "B"} | unknown])


def test_what_is_needed_can_not_be_missing(board: psycopg.Connection) -> None:
    optional = {
        "weight_lb",
        "length_ft",
        "rate_cents",
        "posted_miles",
        "delivery_from",
        "delivery_to",
        "expires_at",
    }
    for name in LOAD.keys() - optional:
        with pytest.raises(errors.NotNullViolation) as caught:
            insert(board, "load", LOAD | {"reference": "B", name: None})
        assert caught.value.diag.column_name == name


def test_money_is_whole_cents(board: psycopg.Connection) -> None:
    with pytest.raises(errors.InvalidTextRepresentation):
        copy(board, "load", [LOAD | {"reference": "B", "rate_cents": "1850.5"}])


def stops(*kinds: str, first: int = 0, load_id: int = 2) -> list[dict[str, Any]]:
    return [
        STOP | {"load_id": load_id, "position": first + n, "kind": kind}
        for n, kind in enumerate(kinds)
    ]


def test_stops_run_from_a_pickup_to_a_delivery(board: psycopg.Connection) -> None:
    insert(board, "load", LOAD | {"reference": "B"}, LOAD | {"reference": "C"})
    wrong = {
        "stop_order_check": [
            stops("pickup"), stops("pickup", "pickup"), stops("pickup", "delivery", "pickup"),
            stops("pickup", "delivery", first=1), [stops("pickup")[0], *stops("delivery", first=2)],
            [*stops("pickup", "delivery"), *stops("pickup", load_id=3)],
            stops("delivery", first=2, load_id=1), stops("pickup", "delivery", first=2, load_id=1),
        ],
        "stop_first_is_pickup_check": [stops("delivery", "delivery")],
        "stop_kind_check": [stops("pickup", "visit", "delivery")],
        "stop_pkey": [stops("pickup", "delivery", load_id=1)],
        "stop_load_id_fkey": [stops("pickup", "delivery", load_id=99)],
        "stop_window_check": [
            [stop | {"window_from": NOW, "window_to": "2029-01-01"} for stop in stops("pickup", "delivery")]
        ],
    }  # fmt: skip
    for name, attempts in wrong.items():
        for attempt in attempts:
            assert refusal(board, "stop", *attempt) == {name}, attempt
    copy(board, "stop", stops("pickup", "delivery", "pickup", "delivery"))
    for values in ({"kind": "delivery"}, {"position": 9}, {"load_id": 2}):
        with pytest.raises(errors.CheckViolation):
            update(board, "stop", values)


def test_a_load_takes_its_stops_along(board: psycopg.Connection) -> None:
    board.execute("DELETE FROM load")
    assert board.execute("SELECT count(*) FROM stop").fetchone() == (0,)


def test_there_is_one_cell_scheme_and_it_is_valid(board: psycopg.Connection) -> None:
    scheme = {"id": 1, "active": "a", "resolution": 8}
    assert refusal(board, "cell_scheme", scheme) == {"cell_scheme_pkey"}
    wrong: dict[str, dict[str, Any]] = {
        "cell_scheme_single_check": {"id": 2},
        "cell_scheme_active_check": {"active": "c"},
        "cell_scheme_resolution_check": {"resolution": 6},
        "cell_scheme_next_resolution_check": {"next_resolution": 13},
    }
    for name, values in wrong.items():
        with pytest.raises(errors.IntegrityError) as caught:
            update(board, "cell_scheme", values)
        assert caught.value.diag.constraint_name == name


def test_organisations_people_and_tokens_stand_once(board: psycopg.Connection) -> None:
    person = {"organization_id": 1, "email": "one@example.com"}
    insert(board, "person", person)
    insert(board, "api_token", {"person_id": 1, "token_hash": b"x", "expires_at": NOW})
    assert refusal(board, "organization", {"name": "One", "kind": "shipper"}) == {
        "organization_name_key"
    }
    assert refusal(board, "organization", {"name": "New", "kind": "pirate"}) == {
        "organization_kind_check"
    }
    assert refusal(board, "person", person) == {"person_email_key"}
    token = {"person_id": 1, "token_hash": b"x", "expires_at": NOW}
    assert refusal(board, "api_token", token) == {"api_token_token_hash_key"}
