"""Contacts and streets are told one load at a time, noted, counted, and gone with the load."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import psycopg
import pytest

from loadboard.settings import settings
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import book, done, send, trusted
from tests.loadboard.loads.examples import delivery, events, load, pickup, rows
from tests.loadboard.networks.test_networks import by_id

CONTACT = {"name": "Desk", "phone": "+1 214 555 0100", "email": "desk@shipper.example"}
STREETS = ["1 Elm Street", "2 Peach Street"]
MERGE = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


def told(**changes: Any) -> dict[str, Any]:
    stops = [pickup(address=STREETS[0]), delivery(address=STREETS[1])]
    return load(stops=stops, contact=CONTACT, **changes)


def post(poster: Member, reference: str = "A-1001") -> int:
    answer = poster.post("/v1/loads", json=told(reference=reference))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def asks(carrier: Member, load_id: int) -> httpx.Response:
    return carrier.post(f"/v1/loads/{load_id}/contact")


def test_a_contact_is_told_when_asked_for_and_its_poster_sees_who_asked(
    shipper: Member, carrier: Member, other_shipper: Member
) -> None:
    load_id = post(shipper)
    answer = asks(carrier, load_id)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {"contact": CONTACT, "addresses": STREETS, "left_today": 199}
    assert asks(carrier, load_id).json()["left_today"] == 199
    path = f"/v1/loads/{load_id}/contact/views"
    page = shipper.get(path, params={"limit": 1}).json()
    assert page["total"] == 2
    [view] = page["items"]
    assert view["organization"] == {"id": carrier.sender.organization_id, "name": "Carrier"}
    rest = shipper.get(path, params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert other_shipper.get(path).status_code == 404
    assert carrier.get(path).status_code == 403
    assert asks(shipper, load_id).status_code == 403


def test_a_contact_stands_nowhere_else(
    shipper: Member, carrier: Member, database_url: str, service: Service
) -> None:
    load_id = post(shipper)
    asks(carrier, load_id)
    secrets = [*CONTACT.values(), *STREETS]
    operator = service.member("Operator", "operator")
    trip = {"from": {"place": "Dallas, TX"}, "to": {"place": "Atlanta, GA"}}
    truck = {"at": {"place": "Dallas, TX"}, "equipment": "van"}
    for answer in (
        carrier.post("/v1/search", json={}),
        carrier.post("/v1/search", json={}, headers={"Accept": "application/geo+json"}),
        carrier.post("/v1/search", json={"along": trip}),
        carrier.post("/v1/matches", json={"truck": truck}),
        carrier.get(f"/v1/loads/{load_id}"),
        carrier.get(f"/v1/loads/{load_id}/route"),
        carrier.get(f"/v1/loads/{load_id}/history"),
        operator.get(f"/v1/loads/{load_id}"),
    ):
        assert answer.status_code == 200
        assert not [secret for secret in secrets if secret in answer.text]
    for event in events(database_url):
        assert not [secret for secret in secrets if secret in str(event)]


def test_the_poster_sees_and_changes_its_own(shipper: Member, carrier: Member) -> None:
    load_id = post(shipper)
    path = f"/v1/loads/{load_id}"
    for shown in (shipper.get(path).json(), shipper.get("/v1/loads").json()["items"][0]):
        assert (shown["contact"], shown["addresses"]) == (CONTACT, STREETS)
    other = {"phone": "+1 404 555 0199", "name": None}
    changed = shipper.patch(path, json={"contact": other}, headers=MERGE).json()
    assert changed["version"] == 2
    expected = CONTACT | other
    assert (changed["contact"], changed["addresses"]) == (expected, STREETS)
    assert asks(carrier, load_id).json()["contact"] == expected
    # What is not said of it stays, and the same again is no new version.
    assert shipper.patch(path, json={"rate_cents": 9}, headers=MERGE).json()["contact"] == expected
    assert shipper.patch(path, json={"rate_cents": 9}, headers=MERGE).json()["version"] == 3
    gone = shipper.patch(path, json={"contact": None}, headers=MERGE).json()
    assert (gone["contact"], gone["addresses"]) == (None, STREETS)
    assert shipper.post("/v1/loads", json=told()).status_code == 409


def test_a_load_without_a_contact_has_none_to_tell(
    shipper: Member, carrier: Member, database_url: str
) -> None:
    bare = shipper.post("/v1/loads", json=load()).json()["id"]
    assert asks(carrier, bare).status_code == 404
    assert rows(database_url, "SELECT * FROM contact_view") == []


@pytest.mark.parametrize(
    ("contact", "pointer"),
    [
        ({}, "/contact"),
        ({"name": "Desk"}, "/contact"),
        ({"phone": ""}, "/contact/phone"),
        ({"phone": "1\r\nX: y"}, "/contact/phone"),
        ({"fax": "1"}, "/contact/fax"),
    ],
)
def test_a_contact_that_is_none_is_refused(
    shipper: Member, contact: dict[str, Any], pointer: str
) -> None:
    answer = shipper.post("/v1/loads", json=load(contact=contact))
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


def test_who_does_not_see_the_load_is_told_nothing(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    load_id = post(shipper)
    shipper.post("/v1/blocks", json=by_id(carrier))
    assert asks(carrier, load_id).status_code == 404
    shipper.request("DELETE", f"/v1/blocks/{carrier.sender.organization_id}")
    assert asks(carrier, load_id).status_code == 200
    shipper.post(f"/v1/loads/{load_id}/cancel", headers={"If-Match": "*"})
    assert asks(carrier, load_id).status_code == 404
    over = post(shipper, "over")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE load SET pickup_from = now() - '2 h'::interval, pickup_to = now() - '1 h'::interval WHERE id = %s", [over]
        )  # fmt: skip
    assert asks(carrier, over).status_code == 410


def test_who_has_booked_the_load_is_told_as_long_as_the_booking_stands(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    answer = shipper.post("/v1/loads", json=told(reference="R", instant="everyone"))
    shown = done(answer, 201)
    booking = done(book(hauler, shown), 201)
    assert asks(hauler, shown["id"]).json()["contact"] == CONTACT
    assert asks(carrier, shown["id"]).status_code == 404
    done(send(hauler, f"/v1/bookings/{booking['id']}/cancel", {"reason": "no truck"}, "*"))
    assert asks(hauler, shown["id"]).status_code == 404


def test_no_more_are_told_in_a_day_than_the_setting_says(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    settings().contacts_per_day = 3
    ids = [post(shipper, f"R{n}") for n in range(8)]

    async def all_at_once() -> list[httpx.Response]:
        asked = (carrier.client.post(f"/v1/loads/{id}/contact") for id in ids)
        return await asyncio.gather(*asked)

    answers = service.run(all_at_once())
    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200] * 3 + [429] * 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    known = ids[codes.index(200)]
    assert asks(carrier, known).status_code == 200
    assert service.member("Other Carrier", "carrier").post(f"/v1/loads/{ids[0]}/contact").is_success
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE contact_view SET at = at - '1 day'::interval")
    assert asks(carrier, ids[codes.index(429)]).json()["left_today"] == 2


def test_the_database_shows_a_contact_to_its_poster_and_to_who_was_told(
    shipper: Member, other_shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    """With the permission check away: row-level security alone."""
    first, _ = post(shipper, "first"), post(shipper, "second")
    asks(carrier, first)
    other = service.member("Other Carrier", "carrier")
    for member, contacts, noted in (
        (shipper, 2, 1),
        (carrier, 1, 1),
        (other, 0, 0),
        (other_shipper, 0, 0),
    ):
        with psycopg.connect(database_url) as connection:
            connection.execute("SET LOCAL ROLE loadboard_tenant")
            mine = member.sender.organization_id
            connection.execute("SELECT set_config('loadboard.organization', %s, true)", [str(mine)])
            for table, count in (("load_contact", contacts), ("contact_view", noted)):
                found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
                assert found == (count,), (member.sender.organization, table)
            changed = connection.execute("UPDATE load_contact SET phone = NULL").rowcount
            assert changed == (contacts if member is shipper else 0)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(
                    "INSERT INTO contact_view (load_id, poster_id, organization_id, at) VALUES (%s, %s, %s, %s)",
                    [first, mine, mine + 1, datetime.now(UTC)],
                )
            connection.rollback()


def test_an_import_brings_contacts_and_takes_them_away(shipper: Member, database_url: str) -> None:
    def lines(*loads: dict[str, Any]) -> bytes:
        return b"\n".join(map(orjson.dumps, loads))

    kind = {"Content-Type": "application/x-ndjson"}
    for second, count in ((told(reference="B"), 2), (load(reference="B"), 1)):
        report = shipper.post(
            "/v1/loads/import", content=lines(told(reference="A"), second), headers=kind
        )
        assert report.json()["refused"] == 0, report.text
        assert len(rows(database_url, "SELECT * FROM load_contact")) == count
