"""Carriers that may haul, loads that may be booked at once, and requests that carry a key of their own."""

from itertools import count
from typing import Any

import httpx
import psycopg

from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.loads.examples import load

_numbers = count(1)


def change(database_url: str, statement: str, *values: Any) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(statement.encode(), values)


def trusted(service: Service, database_url: str, name: str) -> Member:
    """A carrier in good standing."""
    carrier = service.member(name, "carrier")
    change(
        database_url,
        "UPDATE organization SET authority = 'active', insured_until = current_date + 30 WHERE id = %s",
        carrier.sender.organization_id,
    )
    return carrier


def post(shipper: Member, **changes: Any) -> dict[str, Any]:
    answer = shipper.post("/v1/loads", json=load(reference=f"D-{next(_numbers)}") | changes)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def post_instant(shipper: Member, **changes: Any) -> dict[str, Any]:
    """A load that any carrier may book at its rate."""
    return post(shipper, instant="everyone", **changes)


def send(
    who: Caller,
    path: str,
    body: Any = None,
    version: int | str | None = None,
    key: str | None = None,
) -> httpx.Response:
    """A POST with a key, new unless given, and the version that was seen."""
    headers = {"Idempotency-Key": key or f"key-{next(_numbers)}"}
    if version is not None:
        headers["If-Match"] = "*" if version == "*" else f'"{version}"'
    return who.post(path, headers=headers, **({} if body is None else {"json": body}))


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{kind}"), answer.text
    return dict(problem)


def book(carrier: Member, shown: dict[str, Any], **fields: Any) -> httpx.Response:
    body = {"rate_cents": shown["rate_cents"], **fields}
    return send(carrier, f"/v1/loads/{shown['id']}/book", body, shown["version"])


def post_truck(carrier: Member) -> int:
    truck = {"at": {"place": "Dallas, TX"}, "equipment": "van"}
    return int(done(carrier.post("/v1/trucks", json=truck), 201)["id"])
