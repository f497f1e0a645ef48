"""Owners invite, change and disable the people of their own organisation, and of no other."""

import asyncio
from typing import Any

import pytest

from tests.loadboard.accounts.joining import (
    PASSWORD,
    accept,
    invite,
    joined,
    refresh,
    sign_in,
    signed_in,
)
from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.loads.examples import load, rows

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
ANY = {"If-Match": "*"}
ROLES = ("owner", "dispatcher", "driver", "accountant", "viewer")


def people(owner: Caller) -> dict[str, dict[str, Any]]:
    return {person["email"]: person for person in owner.get("/v1/people").json()["items"]}


def test_people_join_with_the_role_that_they_were_invited_to(carrier: Member) -> None:
    callers = {role: joined(carrier, role, f"{role}@carrier.example") for role in ROLES}
    for role, caller in callers.items():
        assert caller.get("/v1/me").json()["role"] == role
        # Who may see the people, and who may change them.
        assert caller.get("/v1/people").status_code == (
            200 if role in {"owner", "dispatcher"} else 403
        )
        invited = caller.post("/v1/invitations", json={"email": "x@x.example", "role": "viewer"})
        assert invited.status_code == (201 if role == "owner" else 403)
    listed = people(carrier)
    assert {listed[f"{role}@carrier.example"]["role"] for role in ROLES} == set(ROLES)
    assert listed["driver@carrier.example"]["name"] == "Somebody New"


@pytest.mark.parametrize(
    ("email", "role", "pointer"),
    [
        ("no address", "viewer", "/email"),
        ("a@b@c.example", "viewer", "/email"),
        ("é@carrier.example", "viewer", "/email"),
        ("dana@carrier.example\r\nBcc: x@x.example", "viewer", "/email"),
        ("dana@carrier.example", "staff", "/role"),
        ("dana@carrier.example", "king", "/role"),
    ],
)
def test_an_invitation_that_makes_no_sense(
    carrier: Member, email: str, role: str, pointer: str
) -> None:
    answer = carrier.post("/v1/invitations", json={"email": email, "role": role})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_staff_are_the_operators_alone(operator: Member) -> None:
    body = {"email": "dana@operator.example", "role": "owner"}
    assert operator.post("/v1/invitations", json=body).status_code == 422
    staff = joined(operator, "staff", "dana@operator.example")
    assert staff.get("/v1/me").json()["role"] == "staff"


def test_open_invitations_are_listed_and_withdrawn(
    service: Service, carrier: Member, other_shipper: Member, database_url: str
) -> None:
    secret = invite(carrier, "viewer", "dana@carrier.example")
    joined(carrier, "viewer", "other@carrier.example")
    listed = carrier.get("/v1/invitations").json()
    [mine] = listed["items"]
    assert (mine["email"], listed["total"], "token" in mine) == ("dana@carrier.example", 1, False)
    assert other_shipper.get("/v1/invitations").json()["items"] == []
    path = f"/v1/invitations/{mine['id']}"
    assert other_shipper.delete(path).status_code == 404
    assert [carrier.delete(path).status_code for _ in range(2)] == [204, 404]
    assert accept(service, secret).status_code == 401
    assert secret not in str(rows(database_url, "SELECT * FROM invitation"))


def test_two_organisations_may_invite_somebody_and_the_first_accepted_counts(
    service: Service, carrier: Member, shipper: Member
) -> None:
    secrets = [invite(one, "viewer", "dana@x.example") for one in (carrier, carrier, shipper)]
    assert accept(service, secrets[0]).status_code == 200
    # The others are void: nobody takes over an account by an older invitation.
    for other in secrets[1:]:
        assert accept(service, other, password="another password").status_code == 401
    signed_in(service, "dana@x.example")
    assert (
        carrier.post(
            "/v1/invitations", json={"email": "dana@x.example", "role": "owner"}
        ).status_code
        == 409
    )
    # That an account is elsewhere is found out by its holder alone.
    late = invite(shipper, "viewer", "dana@x.example")
    answer = accept(service, late)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/email")
    signed_in(service, "dana@x.example")


def test_a_change_needs_the_version_that_it_is_meant_for(carrier: Member) -> None:
    joined(carrier, "viewer", "dana@carrier.example")
    path = f"/v1/people/{people(carrier)['dana@carrier.example']['id']}"
    seen = carrier.get(path).headers["ETag"]
    assert carrier.patch(path, json={"role": "driver"}).status_code == 428
    changed = carrier.patch(path, json={"role": "driver"}, headers={"If-Match": seen})
    assert (changed.status_code, changed.json()["role"]) == (200, "driver")
    stale = carrier.patch(path, json={"role": "viewer"}, headers={"If-Match": seen})
    assert stale.status_code == 412
    again = {"If-Match": changed.headers["ETag"]}
    assert carrier.patch(path, json={"name": "Dana"}, headers=again).json()["role"] == "driver"
    for body in ({"email": "x@x.example"}, {"organization_id": 1}, {"password": "x" * 20}):
        assert carrier.patch(path, json=body, headers=ANY).status_code == 422


def test_another_role_counts_at_once(shipper: Member) -> None:
    dana = joined(shipper, "dispatcher", "dana@x.example")
    assert dana.post("/v1/loads", json=load()).status_code == 201
    path = f"/v1/people/{people(shipper)['dana@x.example']['id']}"
    assert shipper.patch(path, json={"role": "viewer"}, headers=ANY).status_code == 200
    assert dana.post("/v1/loads", json=load(reference="R-2")).status_code == 403


def test_a_disabled_person_is_out_at_once_and_may_come_back(
    service: Service, carrier: Member
) -> None:
    dana = joined(carrier, "viewer", "dana@carrier.example")
    tokens = signed_in(service, "dana@carrier.example")
    path = f"/v1/people/{people(carrier)['dana@carrier.example']['id']}"
    assert dana.get("/v1/me").status_code == 200
    assert carrier.patch(path, json={"disabled": True}, headers=ANY).json()["disabled"]
    assert dana.get("/v1/me").status_code == 401
    assert sign_in(service, "dana@carrier.example").status_code == 401
    assert refresh(service, tokens["refresh_token"]).status_code == 401
    assert not carrier.patch(path, json={"disabled": False}, headers=ANY).json()["disabled"]
    assert refresh(service, tokens["refresh_token"]).status_code == 401
    signed_in(service, "dana@carrier.example")


def test_people_of_others_are_not_there(carrier: Member, other_shipper: Member) -> None:
    joined(carrier, "viewer", "dana@carrier.example")
    for person in people(carrier).values():
        path = f"/v1/people/{person['id']}"
        assert other_shipper.get(path).status_code == 404
        answer = other_shipper.patch(path, json={"disabled": True}, headers=ANY)
        assert answer.status_code == 404
    assert set(people(other_shipper)).isdisjoint(people(carrier))


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "viewer"}])
def test_the_last_owner_stays(carrier: Member, change: dict[str, Any]) -> None:
    joined(carrier, "dispatcher", "dana@carrier.example")
    own = next(person for person in people(carrier).values() if person["role"] == "owner")
    path = f"/v1/people/{own['id']}"
    answer = carrier.patch(path, json=change, headers=ANY)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/last-owner")
    assert people(carrier)[own["email"]] == own
    joined(carrier, "owner", "second@carrier.example")
    assert carrier.patch(path, json=change, headers=ANY).status_code == 200


def test_two_owners_can_not_remove_each_other_at_once(carrier: Member) -> None:
    second = joined(carrier, "owner", "second@carrier.example")
    numbers = [person["id"] for person in people(carrier).values()]

    async def both() -> list[int]:
        asking = [
            one.client.patch(f"/v1/people/{number}", json={"disabled": True}, headers=ANY)
            for one, number in ((carrier, max(numbers)), (second, min(numbers)))
        ]
        return sorted(answer.status_code for answer in await asyncio.gather(*asking))

    assert carrier.service.run(both()) in ([200, 401], [200, 409])


def test_a_new_password_ends_every_other_sign_in(service: Service, carrier: Member) -> None:
    dana = joined(carrier, "viewer", "dana@carrier.example")
    other = signed_in(service, "dana@carrier.example")
    body = {"password": "not the password", "new_password": "a new password that is long"}
    assert dana.post("/v1/me/password", json=body).status_code == 401
    assert dana.get("/v1/me").status_code == 200
    tokens = dana.post("/v1/me/password", json={**body, "password": PASSWORD}).json()
    assert dana.get("/v1/me").status_code == 401
    assert service.caller(tokens["access_token"]).get("/v1/me").status_code == 200
    assert refresh(service, other["refresh_token"]).status_code == 401
    assert sign_in(service, "dana@carrier.example").status_code == 401
    signed_in(service, "dana@carrier.example", body["new_password"])
