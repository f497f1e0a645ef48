"""The operator makes, verifies and suspends organisations; others have nothing to do with that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loadboard.auth import token_hash
from loadboard.permissions import lacking
from loadboard.principals import known
from tests.loadboard.accounts.joining import accept, joined, refresh, sign_in, signed_in
from tests.loadboard.conftest import Member, Service

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
ANY = {"If-Match": "*"}
NEW: dict[str, Any] = {
    "name": "Acme Trucking",
    "kind": "carrier",
    "usdot": "1234567",
    "owner_email": "ann@acme.example",
}


def made(operator: Member, **changes: Any) -> dict[str, Any]:
    answer = operator.post("/v1/organizations", json=NEW | changes)
    assert answer.status_code == 201, answer.text
    new: dict[str, Any] = answer.json()
    return new


def test_an_organisation_begins_with_the_invitation_of_its_owner(
    service: Service, operator: Member
) -> None:
    new = made(operator)
    assert new["organization"]["authority"] == "unknown"
    tokens = accept(service, new["invitation"]["token"]).json()
    ann = service.caller(tokens["access_token"])
    assert ann.get("/v1/me").json()["organization"] == {
        "id": new["organization"]["id"], "name": "Acme Trucking", "kind": "carrier",
    }  # fmt: skip
    assert [person["role"] for person in ann.get("/v1/people").json()["items"]] == ["owner"]
    path = f"/v1/organizations/{new['organization']['id']}"
    assert operator.get(path).json() == new["organization"]
    [seen] = operator.get(f"{path}/people").json()["items"]
    assert seen["email"] == "ann@acme.example"


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"name": "Acme Trucking"}, 409, "/name"),
        ({"usdot": "1234567"}, 409, "/usdot"),
        ({"usdot": "0123"}, 422, "/usdot"),
        ({"usdot": 1234567}, 422, "/usdot"),
        ({"mc": "MC-1"}, 422, "/mc"),
        ({"kind": "operator"}, 422, "/kind"),
        ({"authority": "active"}, 422, "/authority"),
        ({"owner_email": None}, 422, "/owner_email"),
    ],
)
def test_an_organisation_that_makes_no_sense(
    operator: Member, change: dict[str, Any], status: int, pointer: str
) -> None:
    made(operator)
    body = NEW | {"name": "Another", "usdot": "7654321"} | change
    answer = operator.post("/v1/organizations", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert operator.get("/v1/organizations").json()["total"] == 2


def test_organisations_are_found_by_name_number_kind_and_standing(operator: Member) -> None:
    first = made(operator)["organization"]
    made(operator, name="100% Freight_Co", kind="broker", usdot=None, mc="77")
    for query, names in (
        ({}, ["100% Freight_Co", "Acme Trucking", "Operator"]),
        ({"q": "acme"}, ["Acme Trucking"]),
        ({"q": "0% freight_"}, ["100% Freight_Co"]),
        ({"q": "%"}, ["100% Freight_Co"]),
        ({"q": "77"}, ["100% Freight_Co"]),
        ({"q": "1234567"}, ["Acme Trucking"]),
        ({"kind": "carrier"}, ["Acme Trucking"]),
        ({"status": "suspended"}, []),
    ):  # fmt: skip
        listed = operator.get("/v1/organizations", params=query).json()
        assert [one["name"] for one in listed["items"]] == names, query
        assert listed["total"] == len(names)
    operator.patch(f"/v1/organizations/{first['id']}", json={"suspended": True}, headers=ANY)
    listed = operator.get("/v1/organizations", params={"status": "suspended"}).json()
    assert [one["id"] for one in listed["items"]] == [first["id"]]
    pages, cursor = [], None
    while True:
        asked = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = operator.get("/v1/organizations", params=asked).json()
        pages += [one["name"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert pages == ["100% Freight_Co", "Acme Trucking", "Operator"]


def test_what_is_verified_counts_at_once_and_insurance_lapses(
    service: Service, operator: Member, carrier: Member
) -> None:
    def why_not() -> str | None:
        assert carrier.get("/v1/me").status_code == 200
        principal = known.fresh(token_hash(carrier.token))
        assert principal is not None
        return lacking(principal, datetime.now(UTC))

    path = f"/v1/organizations/{carrier.sender.organization_id}"
    today = datetime.now(UTC).date()
    assert "authority" in str(why_not())
    for change, lacks in (
        ({"authority": "active"}, "insurance"),
        ({"insured_until": str(today)}, None),
        ({"insured_until": str(today - timedelta(days=1))}, "lapsed"),
        ({"insured_until": None}, "insurance"),
        ({"insured_until": str(today), "authority": "inactive"}, "authority"),
    ):
        seen = operator.get(path).headers["ETag"]
        assert operator.patch(path, json=change).status_code == 428
        changed = operator.patch(path, json=change, headers={"If-Match": seen})
        assert changed.status_code == 200, changed.text
        assert changed.headers["ETag"] == operator.get(path).headers["ETag"] != seen
        assert operator.patch(path, json=change, headers={"If-Match": seen}).status_code == 412
        assert lacks in str(why_not()) if lacks else why_not() is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"insured_until": "tomorrow"}, "/insured_until"),
        ({"insured_until": 0}, "/insured_until"),
        ({"insured_until": "2026-02-30"}, "/insured_until"),
        ({"authority": "certainly"}, "/authority"),
        ({"authority": None}, ""),
        ({"kind": "operator"}, "/kind"),
        ({"id": 7}, "/id"),
    ],
)
def test_a_change_that_makes_no_sense(
    operator: Member, carrier: Member, change: dict[str, Any], pointer: str
) -> None:
    path = f"/v1/organizations/{carrier.sender.organization_id}"
    answer = operator.patch(path, json=change, headers=ANY)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_suspended_organisation_is_out_at_once_and_may_come_back(
    service: Service, operator: Member, carrier: Member
) -> None:
    joined(carrier, "viewer", "dana@carrier.example")
    tokens = signed_in(service, "dana@carrier.example")
    dana = service.caller(tokens["access_token"])
    wanted = {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]}
    machine = service.caller(carrier.post("/v1/keys", json=wanted).json()["key"])
    path = f"/v1/organizations/{carrier.sender.organization_id}"
    for suspended, status in ((True, 401), (False, 200)):
        assert operator.patch(path, json={"suspended": suspended}, headers=ANY).status_code == 200
        answers = [one.get("/v1/me").status_code for one in (carrier, dana, machine)]
        assert answers == [status] * 3
        assert sign_in(service, "dana@carrier.example").status_code == status
        answer = refresh(service, tokens["refresh_token"])
        assert answer.status_code == status
    own = f"/v1/organizations/{operator.sender.organization_id}"
    assert operator.patch(own, json={"suspended": True}, headers=ANY).status_code == 409


def test_the_operators_alone_have_to_do_with_organisations(
    operator: Member, shipper: Member, carrier: Member
) -> None:
    path = f"/v1/organizations/{carrier.sender.organization_id}"
    for who, status in ((shipper, 403), (carrier, 403), (operator, 200)):
        for asked in ("/v1/organizations", path, f"{path}/people"):
            assert who.get(asked).status_code == status
    for who in (shipper, carrier):
        assert who.post("/v1/organizations", json=NEW).status_code == 403
        assert who.patch(path, json={"authority": "active"}, headers=ANY).status_code == 403
    for missing in (operator.get("/v1/organizations/99999"), operator.get("/v1/organizations/99999/people"),
                    operator.patch("/v1/organizations/99999", json={}, headers=ANY)):  # fmt: skip
        assert missing.status_code == 404
