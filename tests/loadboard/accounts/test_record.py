"""The record of accounts: every change of organisations, people and keys, and nothing that lets anybody in."""

import json
from typing import Any

import pytest

from tests.loadboard.accounts.joining import PASSWORD, invite, joined, refresh, signed_in
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import rows

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
ANY = {"If-Match": "*"}
KEY: dict[str, Any] = {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]}


def test_every_change_is_written_down_with_who_made_it(
    service: Service, operator: Member, carrier: Member, database_url: str
) -> None:
    it = carrier.sender.organization_id
    ann = joined(carrier, "dispatcher", "ann@carrier.example")
    spare = carrier.post("/v1/invitations", json={"email": "x@y.example", "role": "viewer"}).json()
    carrier.delete(f"/v1/invitations/{spare['id']}")
    [person, _] = carrier.get("/v1/people").json()["items"]
    carrier.patch(f"/v1/people/{person['id']}", json={"role": "owner"}, headers=ANY)
    key = ann.post("/v1/keys", json=KEY).json()
    for _ in range(2):
        ann.post(f"/v1/keys/{key['id']}/revoke")
    new = {"password": PASSWORD, "new_password": PASSWORD + "!"}
    assert ann.post("/v1/me/password", json=new).status_code == 200
    operator.patch(f"/v1/organizations/{it}", json={"authority": "active"}, headers=ANY)
    by, me, them = "person:{}".format, carrier.sender.person_id, operator.sender.person_id
    told = rows(database_url, "SELECT * FROM event WHERE kind NOT LIKE 'load.%' ORDER BY id")
    assert [(event["kind"], event["person_id"], event["listing"]["by"]) for event in told] == [
        ("person.invited", me, by(me)),
        ("person.joined", person["id"], by(person["id"])),
        ("person.invited", me, by(me)),
        ("person.uninvited", me, by(me)),
        ("person.changed", me, by(me)),
        ("key.made", person["id"], by(person["id"])),
        ("key.revoked", person["id"], by(person["id"])),
        ("person.password_set", person["id"], by(person["id"])),
        ("organization.changed", them, by(them)),
    ]
    assert {event["organization_id"] for event in told} == {it}
    assert {event["load_id"] for event in told} == {0}
    assert told[-1]["listing"]["authority"] == "active"


def test_nothing_of_a_secret_is_written_down(
    service: Service, carrier: Member, database_url: str
) -> None:
    secret = invite(carrier, "dispatcher", "ann@carrier.example")
    joined(carrier, "viewer", "bob@carrier.example")
    tokens = signed_in(service, "bob@carrier.example")
    renewed = refresh(service, tokens["refresh_token"]).json()
    key = carrier.post("/v1/keys", json=KEY).json()["key"]
    written = json.dumps(rows(database_url, "SELECT * FROM event"), default=str)
    assert "person.invited" in written
    given = [each[f"{kind}_token"] for each in (tokens, renewed) for kind in ("access", "refresh")]
    for hidden in (secret, PASSWORD, key, *given):
        assert hidden not in written
