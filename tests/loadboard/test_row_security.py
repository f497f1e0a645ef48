"""The second wall: PostgreSQL shows no tenant another's row, even when the service forgets to ask."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import true

from loadboard.accounts import inviting, keys
from loadboard.bookings import reading as bookings
from loadboard.loads import contacts
from loadboard.models import Load
from loadboard.networks import keeping
from loadboard.offers import reading as offers
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import book, change, done, post, post_instant, send, trusted

REQUESTS, FEW = 1_000, 100
KEPT_APART: dict[str, dict[str, Any]] = {
    "/v1/keys": {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]},
    "/v1/invitations": {"email": "", "role": "viewer"},
    "/v1/networks": {"name": "Core"},
}
TABLES = (
    "answer", "offer", "offer_round", "booking", "report", "document", "api_key", "invitation", "load_contact",
    "contact_view", "network", "network_member", "block", "audience",
)  # fmt: skip


@pytest.fixture
def members(shipper: Member, other_shipper: Member, service: Service, database_url: str) -> list[Member]:  # fmt: skip
    """Two posters and three carriers, who all deal with one another."""
    carriers = [trusted(service, database_url, f"Hauler {n}") for n in range(3)]
    for poster in (shipper, other_shipper):
        for carrier in carriers:
            done(book(carrier, post_instant(poster)), 201)
            done(send(carrier, f"/v1/loads/{post(poster)['id']}/offers", {"rate_cents": 5}), 201)
    return [shipper, other_shipper, *carriers]


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own check is taken out: everybody is a party to everything."""
    monkeypatch.setattr(bookings, "concerns", lambda _: true())
    monkeypatch.setattr(offers, "party_to", lambda _: true())


def ask_all(service: Service, members: list[Member], paths: list[str], requests: int = REQUESTS) -> list[tuple[Member, httpx.Response]]:  # fmt: skip
    """A thousand requests through one pool, one member's among another's."""
    rng = random.Random(4)

    async def ask() -> list[tuple[Member, httpx.Response]]:
        answers = []
        for _ in range(requests // 50):
            asked = [(rng.choice(members), rng.choice(paths)) for _ in range(50)]
            got = await asyncio.gather(*(who.client.get(path) for who, path in asked))
            answers += [(who, answer) for (who, _), answer in zip(asked, got, strict=True)]
        return answers

    return service.run(ask())


def foreign(answers: list[tuple[Member, httpx.Response]]) -> list[Any]:
    """What somebody was shown of a deal that they are no party to."""
    return [
        (who.sender.organization, item["id"])
        for who, answer in answers
        if answer.status_code == 200
        for item in answer.json().get("items", [answer.json()])
        if who.sender.organization_id not in {item["poster"]["id"], item["carrier"]["id"]}
    ]


def test_no_row_of_others_in_a_thousand_requests(
    service: Service, members: list[Member], forgetful: None, database_url: str
) -> None:
    paths = ["/v1/offers", "/v1/bookings"]
    paths += [f"/v1/{what}/{n}" for what in ("offers", "bookings") for n in range(1, 7)]
    answers = ask_all(service, members, paths)
    assert {answer.status_code for _, answer in answers} == {200, 404}
    assert foreign(answers) == []
    for table in ("offer", "booking"):
        change(database_url, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert foreign(ask_all(service, members, paths, FEW)), "without the wall this test must fail"


@pytest.fixture
def owned(members: list[Member]) -> dict[str, dict[int, list[int]]]:
    """By path and organisation the ids of keys, invitations and networks."""
    made: dict[str, dict[int, list[int]]] = {path: {} for path in KEPT_APART}
    for number, who in enumerate(members):
        for path, body in KEPT_APART.items():
            if path == "/v1/networks" and who.sender.organization.startswith("Hauler"):
                continue
            body = body | ({"email": f"n{number}@x.example"} if "email" in body else {})
            made[path][who.sender.organization_id] = [done(who.post(path, json=body), 201)["id"]]
    return made


def ask_for_others(members: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own check is worse than taken out: everybody asks for what is another's."""
    ids, rng = [who.sender.organization_id for who in members], random.Random(5)

    def another(own: int) -> int:
        return rng.choice([id for id in ids if id != own])

    listed, invited, netted = keys.keys, inviting.open_invitations, keeping.own_networks

    async def keys_of(session: Any, own: int, asked: Any) -> Any:
        return await listed(session, another(own), asked)

    async def invitations_of(session: Any, own: int, now: Any, asked: Any) -> Any:
        return await invited(session, another(own), now, asked)

    async def networks_of(session: Any, who: Any, asked: Any) -> Any:
        other = another(who.organization_id)
        return await netted(session, replace(who, organization_id=other), asked)

    monkeypatch.setattr(keys, "keys", keys_of)
    monkeypatch.setattr(inviting, "open_invitations", invitations_of)
    monkeypatch.setattr(keeping, "own_networks", networks_of)


def test_no_key_invitation_or_network_of_others_in_a_thousand_requests(
    service: Service,
    members: list[Member],
    owned: dict[str, dict[int, list[int]]],
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    for path, own in owned.items():
        for who in members:
            if who.sender.organization_id in own:
                ids = [item["id"] for item in who.get(path).json()["items"]]
                assert ids == own[who.sender.organization_id]
    ask_for_others(members, monkeypatch)
    answers = ask_all(service, members, [*owned])
    assert {answer.status_code for _, answer in answers} == {200, 403}
    assert not any(answer.json().get("items") for _, answer in answers)
    for path, table in zip(owned, ("api_key", "invitation", "network"), strict=True):
        change(database_url, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        answers = ask_all(service, members, [path], FEW)
        assert any(answer.json().get("items") for _, answer in answers), table
        change(database_url, f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def test_no_contact_of_others_in_a_thousand_requests(
    service: Service, members: list[Member], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Who looked, with every load passing as one's own; and the contact itself."""
    contact = {"contact": {"phone": "+1 214 555 0100"}}
    loads = [post(poster, **contact)["id"] for poster in members[:2]]
    for load_id in loads:
        done(members[2].post(f"/v1/loads/{load_id}/contact"))

    async def any_load(session: Any, _: Any, load_id: int) -> Any:
        return await session.get_one(Load, load_id)

    monkeypatch.setattr(contacts, "visible_load", any_load)
    paths = [f"/v1/loads/{load_id}/contact/views" for load_id in loads]
    answers = ask_all(service, members[:2], paths)
    assert {answer.status_code for _, answer in answers} == {200}
    for who, answer in answers:
        mine = str(answer.url).endswith(paths[members.index(who)])
        assert len(answer.json()["items"]) == (1 if mine else 0)
    change(database_url, "ALTER TABLE contact_view DISABLE ROW LEVEL SECURITY")
    assert all(answer.json()["items"] for _, answer in ask_all(service, members[:2], paths, FEW))
    with psycopg.connect(database_url) as connection:
        told = []
        for who in members[:4]:
            connection.execute("SELECT set_config('role', 'loadboard_tenant', true), set_config('loadboard.organization', %s, true)", [str(who.sender.organization_id)])  # fmt: skip
            told.append({row[0] for row in connection.execute("SELECT load_id FROM load_contact")})
            connection.execute("SELECT set_config('role', 'none', true)")
    assert told == [{loads[0]}, {loads[1]}, set(loads), set()]


def test_each_table_shows_a_tenant_its_own_rows(members: list[Member], database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for table in ("offer", "offer_round", "booking", "answer"):
            count = f"SELECT count(*) FROM {table}".encode()  # noqa: S608
            everything = connection.execute(count).fetchone()
            assert everything is not None
            for tenant in ("", 10**9, members[2].sender.organization_id):
                connection.execute("SELECT set_config('role', 'loadboard_tenant', true), set_config('loadboard.organization', %s, true)", [str(tenant)])  # fmt: skip
                seen = connection.execute(count).fetchone()
                assert seen is not None
                if tenant == members[2].sender.organization_id:
                    assert 0 < seen[0] < everything[0], table
                else:
                    assert seen[0] == 0, table
                connection.execute("SELECT set_config('role', 'none', true)")


def test_a_tenant_writes_no_row_of_others(members: list[Member], database_url: str) -> None:
    me, other = members[2].sender.organization_id, members[3].sender.organization_id
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT set_config('role', 'loadboard_tenant', true), set_config('loadboard.organization', %s, true)", [str(me)])  # fmt: skip
        touched = connection.execute("UPDATE offer SET rate_cents = 1 WHERE carrier_id = %s", [other])  # fmt: skip
        assert touched.rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO offer (load_id, load_version, poster_id, carrier_id, kind, status, version, turn, rate_cents, made_at, changed_at)"
                               " SELECT load_id, 1, poster_id, %s, 'request', 'open', 1, 'poster', 5, now(), now() FROM offer LIMIT 1", [other])  # fmt: skip


def test_every_table_of_deals_has_the_wall(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        secured = connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall()
        assert {name for (name,) in secured} >= set(TABLES)
