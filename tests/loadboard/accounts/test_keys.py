"""Keys act for their organisation within role and scopes, end on time or at once, and are kept as hashes."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from loadboard.db import transaction
from loadboard.models import ApiKey
from tests.loadboard.accounts.joining import joined
from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.loads.examples import load, rows

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
WANTED: dict[str, Any] = {
    "name": "TMS",
    "role": "dispatcher",
    "scopes": ["loads:read", "loads:write"],
}


def made(owner: Member, **changes: Any) -> dict[str, Any]:
    answer = owner.post("/v1/keys", json=WANTED | changes)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def with_key(owner: Member, **changes: Any) -> Caller:
    return owner.service.caller(made(owner, **changes)["key"])


def test_a_key_acts_for_its_organisation(shipper: Member, database_url: str) -> None:
    machine = with_key(shipper)
    me = machine.get("/v1/me").json()
    assert (me["email"], me["organization"]["name"], me["role"]) == (
        None,
        "First Shipper",
        "dispatcher",
    )
    assert "load.post" in me["may"]
    assert "key.manage" not in me["may"]
    number = machine.post("/v1/loads", json=load()).json()["id"]
    assert shipper.get(f"/v1/loads/{number}").status_code == 200
    [event] = rows(database_url, "SELECT person_id FROM event WHERE load_id > 0")
    assert event["person_id"] is None


def test_scopes_and_role_both_limit_a_key(shipper: Member, carrier: Member) -> None:
    reader = with_key(shipper, scopes=["loads:read"])
    assert reader.get("/v1/loads").status_code == 200
    answer = reader.post("/v1/loads", json=load())
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert "loads:write" in answer.json()["detail"]
    viewer = with_key(shipper, role="viewer")
    assert viewer.post("/v1/loads", json=load()).status_code == 403
    assert with_key(carrier).post("/v1/loads", json=load()).status_code == 403


def test_no_key_manages_people_or_keys(shipper: Member) -> None:
    machine = with_key(shipper, role="owner", scopes=["loads:read", "loads:write", "people:read"])
    assert machine.get("/v1/people").status_code == 200
    for method, path, body in (
        ("POST", "/v1/keys", WANTED),
        ("GET", "/v1/keys", None),
        ("POST", "/v1/invitations", {"email": "x@x.example", "role": "owner"}),
        ("PATCH", "/v1/people/1", {"role": "owner"}),
        ("POST", "/v1/sign-out", None),
        ("POST", "/v1/me/password", {"password": "x" * 12, "new_password": "y" * 12}),
    ):
        assert machine.request(method, path, json=body).status_code == 403, path


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["loads:read", "everything"]}, "/scopes/1"),
        ({"role": "staff"}, "/role"),
        ({"days": 0}, "/days"),
        ({"days": 367}, "/days"),
        ({"name": " "}, "/name"),
        ({"organization_id": 1}, "/organization_id"),
        ({"key": "lb_mine_x"}, "/key"),
    ],
)
def test_a_key_that_makes_no_sense(shipper: Member, change: dict[str, Any], pointer: str) -> None:
    answer = shipper.post("/v1/keys", json=WANTED | change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_of_a_key_only_the_hash_is_kept_and_it_is_shown_once(
    shipper: Member, database_url: str
) -> None:
    key = made(shipper)
    start, prefix, secret = key["key"].split("_", 2)
    assert (start, key["prefix"], len(secret)) == ("lb", f"lb_{prefix}_", 43)
    [stored] = rows(database_url, "SELECT * FROM api_key")
    assert stored["key_hash"] == hashlib.sha256(key["key"].encode()).digest()
    assert secret not in str(stored)
    [listed] = shipper.get("/v1/keys").json()["items"]
    assert listed == {name: value for name, value in key.items() if name != "key"}


def test_a_key_tells_when_it_was_last_used(shipper: Member) -> None:
    key = made(shipper)
    before = datetime.now(UTC)
    shipper.service.caller(key["key"]).get("/v1/me")
    [listed] = shipper.get("/v1/keys").json()["items"]
    assert key["last_used_at"] is None
    assert before <= datetime.fromisoformat(listed["last_used_at"]) <= datetime.now(UTC)


def test_a_key_ends_at_once_or_on_time(
    shipper: Member, other_shipper: Member, database_url: str
) -> None:
    key = made(shipper, days=30)
    machine = shipper.service.caller(key["key"])
    life = datetime.fromisoformat(key["expires_at"]) - datetime.fromisoformat(key["created_at"])
    assert life == timedelta(days=30)
    assert machine.get("/v1/me").status_code == 200
    path = f"/v1/keys/{key['id']}/revoke"
    assert other_shipper.post(path).status_code == 404
    assert machine.get("/v1/me").status_code == 200
    ended = [shipper.post(path).json()["revoked_at"] for _ in range(2)]
    assert ended[0] == ended[1] is not None
    assert machine.get("/v1/me").status_code == 401
    late = made(shipper)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE api_key SET expires_at = now()")
    assert shipper.service.caller(late["key"]).get("/v1/me").status_code == 401


def test_half_a_key_is_none(shipper: Member) -> None:
    key = made(shipper)["key"]
    for wrong in (
        key[:-1],
        key + "x",
        key.upper(),
        key.removeprefix("lb_"),
        f"lb_{'0' * 10}_{key.split('_', 2)[2]}",
    ):
        assert shipper.service.caller(wrong).get("/v1/me").status_code == 401, wrong


def test_owners_alone_have_to_do_with_keys(shipper: Member, other_shipper: Member) -> None:
    made(shipper)
    for role in ("dispatcher", "accountant", "viewer", "driver"):
        somebody = joined(shipper, role, f"{role}@x.example")
        assert somebody.get("/v1/keys").status_code == 403
        assert somebody.post("/v1/keys", json=WANTED).status_code == 403
    assert other_shipper.get("/v1/keys").json()["total"] == 0


@pytest.mark.parametrize("table", ["api_key", "invitation"])
def test_postgresql_itself_shows_no_row_of_others(
    service: Service, shipper: Member, other_shipper: Member, table: str
) -> None:
    """What a request could do with the permission checks removed: nothing, to rows of others."""
    for owner in (shipper, other_shipper):
        made(owner)
        owner.post("/v1/invitations", json={"email": "x@x.example", "role": "viewer"})
    mine, others = shipper.sender.organization_id, other_shipper.sender.organization_id

    async def as_tenant(tenant: int | None) -> list[Any]:
        async with transaction(tenant) as session:
            changed = await session.execute(
                text(f"UPDATE {table} SET role = 'viewer' RETURNING organization_id")  # noqa: S608
            )
            return sorted(changed.scalars())

    assert service.run(as_tenant(mine)) == [mine]
    assert service.run(as_tenant(others)) == [others]
    assert service.run(as_tenant(0)) == []
    assert service.run(as_tenant(None)) == sorted([mine, others])


def test_postgresql_itself_lets_nobody_write_a_row_for_others(
    service: Service, shipper: Member, other_shipper: Member
) -> None:
    number = made(shipper)["id"]

    async def give_away() -> None:
        async with transaction(shipper.sender.organization_id) as session:
            key = (await session.scalars(select(ApiKey).where(ApiKey.id == number))).one()
            key.organization_id = other_shipper.sender.organization_id

    with pytest.raises(Exception, match="row-level security"):
        service.run(give_away())
