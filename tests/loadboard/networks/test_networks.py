"""Networks and blocks: kept by their owners alone, said clearly, told to every process."""

from typing import Any

import psycopg
import pytest

from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import rows


@pytest.fixture
def network(shipper: Member) -> int:
    return make(shipper, "Core carriers")


def make(poster: Member, name: str) -> int:
    made = poster.post("/v1/networks", json={"name": name})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == f"/v1/networks/{made.json()['id']}"
    return int(made.json()["id"])


def add(poster: Member, network: int, carrier: Member) -> None:
    answer = poster.post(f"/v1/networks/{network}/members", json=by_id(carrier))
    assert answer.status_code == 200, answer.text


def by_id(member: Member) -> dict[str, int]:
    return {"organization_id": member.sender.organization_id}


def test_a_network_is_made_named_filled_and_ended(
    shipper: Member, carrier: Member, service: Service, database_url: str, network: int
) -> None:
    other = service.member("Other Carrier", "carrier")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE organization SET usdot = '77' WHERE id = %s", [other.sender.organization_id]
        )
    add(shipper, network, carrier)
    for _ in range(2):
        answer = shipper.post(f"/v1/networks/{network}/members", json={"usdot": "77"})
        assert answer.json()["members"] == 2
    listed = shipper.get(f"/v1/networks/{network}/members").json()
    assert [one["name"] for one in listed["items"]] == ["Carrier", "Other Carrier"]
    assert [one["usdot"] for one in listed["items"]] == [None, "77"]
    path = f"/v1/networks/{network}/members"
    first = shipper.get(path, params={"limit": 1}).json()
    rest = shipper.get(path, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert first["items"] + rest["items"] == listed["items"]
    assert (first["total"], rest["next_cursor"]) == (2, None)
    renamed = shipper.patch(f"/v1/networks/{network}", json={"name": "Best"}).json()
    assert (renamed["name"], renamed["members"]) == ("Best", 2)
    gone = f"/v1/networks/{network}/members/{carrier.sender.organization_id}"
    assert [shipper.request("DELETE", gone).status_code for _ in range(2)] == [204, 404]
    assert shipper.request("DELETE", f"/v1/networks/{network}").status_code == 204
    assert shipper.get("/v1/networks").json() == {"items": [], "total": 0, "next_cursor": None}
    assert rows(database_url, "SELECT * FROM network_member") == []


def test_networks_are_their_owners(
    shipper: Member, other_shipper: Member, carrier: Member, network: int
) -> None:
    path = f"/v1/networks/{network}"
    for method, url, body in (
        ("PATCH", path, {"name": "Mine"}),
        ("DELETE", path, None),
        ("GET", f"{path}/members", None),
        ("POST", f"{path}/members", by_id(carrier)),
        ("DELETE", f"{path}/members/{carrier.sender.organization_id}", None),
    ):
        assert other_shipper.request(method, url, json=body).status_code == 404
        assert carrier.request(method, url, json=body).status_code == 403
    assert other_shipper.get("/v1/networks").json()["total"] == 0
    # The same name is free for another poster, and not twice for one.
    second = make(other_shipper, "Core carriers")
    make(other_shipper, "Others")
    taken = other_shipper.patch(f"/v1/networks/{second}", json={"name": "Others"})
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "/name")
    assert other_shipper.post("/v1/networks", json={"name": "Others"}).status_code == 409


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"organization_id": 1, "usdot": "1"}, ""),
        ({"usdot": "0012"}, "/usdot"),
        ({"usdot": "99"}, "/usdot"),
        ({"organization_id": 99_999}, "/organization_id"),
        ({"organization_id": "1"}, "/organization_id"),
        ({"name": "Carrier"}, "/name"),
    ],
)
def test_who_is_meant_must_be_said(
    shipper: Member, network: int, body: dict[str, Any], pointer: str
) -> None:
    for path in (f"/v1/networks/{network}/members", "/v1/blocks"):
        answer = shipper.post(path, json=body)
        assert answer.status_code == 422, answer.text
        assert pointer in {error["pointer"] for error in answer.json()["errors"]}


def test_a_network_takes_carriers_alone(
    shipper: Member, other_shipper: Member, network: int
) -> None:
    answer = shipper.post(f"/v1/networks/{network}/members", json=by_id(other_shipper))
    assert answer.json()["errors"] == [
        {"pointer": "/organization_id", "message": "names no carrier here"}
    ]


def test_a_block_is_of_the_other_side_and_known_to_who_made_it(
    shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    for _ in range(2):
        blocked = shipper.post("/v1/blocks", json=by_id(carrier))
        assert blocked.status_code == 200
        assert int(blocked.headers["board-position"]) > 0
    assert blocked.json()["name"] == "Carrier"
    assert carrier.post("/v1/blocks", json=by_id(other_shipper)).status_code == 200
    for who, other, named in (
        (shipper, other_shipper, "Carrier"),
        (carrier, carrier, "Second Shipper"),
    ):
        assert who.post("/v1/blocks", json=by_id(other)).status_code == 422
        assert [one["name"] for one in who.get("/v1/blocks").json()["items"]] == [named]
    assert other_shipper.get("/v1/blocks").json()["items"] == []
    path = f"/v1/blocks/{carrier.sender.organization_id}"
    answers = [who.request("DELETE", path) for who in (other_shipper, shipper, shipper)]
    assert [answer.status_code for answer in answers] == [404, 204, 404]


def test_every_change_is_told_once(
    shipper: Member, carrier: Member, network: int, database_url: str
) -> None:
    before = len(rows(database_url, "SELECT * FROM event"))
    mine, other = shipper.sender.organization_id, carrier.sender.organization_id
    member = f"/v1/networks/{network}/members"
    for _ in range(2):
        shipper.post(member, json=by_id(carrier))
        shipper.post("/v1/blocks", json=by_id(carrier))
    shipper.request("DELETE", f"{member}/{other}")
    shipper.request("DELETE", f"/v1/blocks/{other}")
    shipper.request("DELETE", f"/v1/networks/{network}")
    told = rows(database_url, "SELECT * FROM event ORDER BY id")[before:]
    assert {event["kind"] for event in told} == {"sight.changed"}
    assert [event["listing"] for event in told] == [
        {"carriers": [other], "networks": []},
        {"carriers": [mine, other], "networks": []},
        {"carriers": [other], "networks": []},
        {"carriers": [mine, other], "networks": []},
        {"carriers": [], "networks": [network]},
    ]


def test_the_database_shows_a_tenant_nothing_of_others(
    shipper: Member, other_shipper: Member, carrier: Member, network: int, database_url: str
) -> None:
    """With the permission check away: row-level security alone."""
    add(shipper, network, carrier)
    shipper.post("/v1/blocks", json=by_id(carrier))
    tables = ("block", "network_member", "network")
    for member, expected in ((shipper, 1), (other_shipper, 0), (carrier, 0)):
        with psycopg.connect(database_url) as connection:
            connection.execute("SET LOCAL ROLE loadboard_tenant")
            organization = str(member.sender.organization_id)
            connection.execute(
                "SELECT set_config('loadboard.organization', %s, true)", [organization]
            )
            for table in tables:
                [count] = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or ()  # noqa: S608
                assert count == expected, (member.sender.organization, table)
                gone = connection.execute(f"DELETE FROM {table}").rowcount  # noqa: S608
                assert gone == expected
            connection.rollback()
