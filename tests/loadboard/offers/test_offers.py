"""Offers: made, countered, accepted, declined, withdrawn, expired, ended; their history stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loadboard.loads.expiring import expire
from loadboard.offers.expiring import expire_offers
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import (
    book,
    change,
    done,
    post,
    post_instant,
    post_truck,
    refused,
    send,
    trusted,
)
from tests.loadboard.loads.examples import events, kinds, rows


@pytest.fixture
def hauler(service: Service, database_url: str) -> Member:
    return trusted(service, database_url, "Hauler")


@pytest.fixture
def rival(service: Service, database_url: str) -> Member:
    return trusted(service, database_url, "Rival")


def ask(
    carrier: Member, shown: dict[str, Any], cents: int = 190_000, **terms: Any
) -> dict[str, Any]:
    body = {"rate_cents": cents, **terms}
    return done(send(carrier, f"/v1/loads/{shown['id']}/offers", body), 201)


def answer(who: Member, offer: dict[str, Any], what: str, **body: Any) -> Any:
    return send(who, f"/v1/offers/{offer['id']}/{what}", body or None, offer["version"])


def test_a_request_is_countered_and_accepted(
    shipper: Member, hauler: Member, database_url: str
) -> None:
    shown = post(shipper)
    asked = ask(hauler, shown, 200_000, note="Can be there at 8")
    assert (asked["kind"], asked["status"], asked["turn"]) == ("request", "open", "poster")
    assert asked["load"]["reference"] == shown["reference"]
    refused(answer(hauler, asked, "accept"), 409, "not-your-turn")
    countered = done(answer(shipper, asked, "counter", rate_cents=190_000))
    assert (countered["turn"], countered["version"], countered["rate_cents"]) == (
        "carrier",
        2,
        190_000,
    )
    refused(answer(hauler, asked, "accept"), 412, "stale")
    booked = answer(hauler, countered, "accept")
    booking = done(booked, 201)
    assert booking["rate_cents"] == 190_000
    assert booking["offer_id"] == asked["id"]
    last = hauler.get(f"/v1/offers/{asked['id']}").json()
    assert last["status"] == "accepted"
    assert [
        (each["step"], each["by"], each["rate_cents"], each["note"]) for each in last["rounds"]
    ] == [
        ("request", "carrier", 200_000, "Can be there at 8"),
        ("counter", "poster", 190_000, None),
        ("accept", "carrier", 190_000, None),
    ]
    assert kinds(database_url) == [
        "load.posted", "offer.requested", "offer.countered", "offer.accepted", "load.booked",
    ]  # fmt: skip
    assert [event["offer_id"] for event in events(database_url)] == [None, *[asked["id"]] * 3, None]
    refused(answer(shipper, last, "decline", reason="late"), 409, "wrong-state")


def test_when_one_is_booked_the_others_end_and_say_why(
    shipper: Member, hauler: Member, rival: Member, database_url: str
) -> None:
    shown = post_instant(shipper)
    lost, won = ask(rival, shown), ask(hauler, shown)
    done(answer(shipper, won, "accept"), 201)
    ended = rival.get(f"/v1/offers/{lost['id']}").json()
    assert (ended["status"], ended["reason"], ended["version"]) == ("ended", "booked", 2)
    assert ended["rounds"][-1] | {"at": None} == {
        "step": "end", "at": None, "by": None, "rate_cents": 190_000, "note": None, "reason": "booked",
    }  # fmt: skip
    assert kinds(database_url).count("offer.ended") == 1
    refused(answer(rival, ended, "withdraw"), 409, "wrong-state")


@pytest.mark.parametrize("how", ["cancelled", "expired", "booked"])
def test_offers_end_with_their_load(
    shipper: Member, hauler: Member, rival: Member, service: Service, database_url: str, how: str
) -> None:
    shown = post_instant(shipper)
    offer = ask(hauler, shown)
    if how == "cancelled":
        done(send(shipper, f"/v1/loads/{shown['id']}/cancel", version=1))
    elif how == "expired":
        assert service.run(expire(datetime.now(UTC) + timedelta(days=30))) == 1
    else:
        done(book(rival, shown), 201)
    ended = hauler.get(f"/v1/offers/{offer['id']}").json()
    assert (ended["status"], ended["reason"]) == ("ended", how)


def test_a_tender_to_a_named_carrier(
    shipper: Member, hauler: Member, rival: Member, carrier: Member
) -> None:
    shown = post(shipper)
    path = f"/v1/loads/{shown['id']}/tenders"
    body = {"carrier_id": hauler.sender.organization_id, "rate_cents": 170_000}
    offer = done(send(shipper, path, body), 201)
    assert (offer["kind"], offer["turn"], offer["carrier"]["name"]) == (
        "tender",
        "carrier",
        "Hauler",
    )
    refused(send(shipper, path, body), 409, "offer-open")
    refused(send(hauler, f"/v1/loads/{shown['id']}/offers", {"rate_cents": 5}), 409, "offer-open")
    assert rival.get(f"/v1/offers/{offer['id']}").status_code == 404
    for wrong in (shipper.sender.organization_id, 10**9):
        problem = refused(send(shipper, path, body | {"carrier_id": wrong}), 422, "invalid")
        assert problem["errors"][0]["pointer"] == "/carrier_id"
    unknown = body | {"carrier_id": carrier.sender.organization_id}
    refused(send(shipper, path, unknown), 409, "carrier-not-in-good-standing")
    booking = done(answer(hauler, offer, "accept"), 201)
    assert booking["rate_cents"] == 170_000


def test_who_is_blocked_is_offered_nothing_and_agrees_to_nothing(
    shipper: Member, hauler: Member, rival: Member
) -> None:
    shown = post(shipper)
    offer = ask(hauler, shown)
    for blocker, blocked in ((hauler, shipper), (shipper, rival)):
        body = {"organization_id": blocked.sender.organization_id}
        assert blocker.post("/v1/blocks", json=body).status_code < 300
    for carrier in (hauler, rival):
        body = {"carrier_id": carrier.sender.organization_id, "rate_cents": 5}
        problem = refused(send(shipper, f"/v1/loads/{shown['id']}/tenders", body), 422, "invalid")
        assert problem["errors"][0]["pointer"] == "/carrier_id"
    refused(answer(shipper, offer, "accept"), 409, "not-open-to-carrier")
    refused(answer(shipper, offer, "counter", rate_cents=5), 409, "not-open-to-carrier")
    done(answer(hauler, offer, "withdraw"))


def test_an_offer_is_for_the_load_as_it_was(shipper: Member, hauler: Member) -> None:
    shown = post(shipper)
    offer = ask(hauler, shown)
    path = f"/v1/loads/{shown['id']}"
    done(shipper.patch(path, json={"weight_lb": 1}, headers={"If-Match": '"1"'}))
    refused(answer(shipper, offer, "accept"), 409, "load-changed")
    countered = done(answer(shipper, offer, "counter", rate_cents=190_000))
    assert (countered["load_version"], countered["load"]["weight_lb"]) == (2, 1)
    booking = done(answer(hauler, countered, "accept"), 201)
    assert booking["terms"]["load"]["weight_lb"] == 1


def test_declining_and_withdrawing(shipper: Member, hauler: Member) -> None:
    shown = post(shipper)
    first = ask(hauler, shown)
    refused(answer(hauler, first, "decline", reason="x"), 409, "not-your-turn")
    refused(answer(shipper, first, "withdraw"), 409, "your-turn")
    declined = done(answer(shipper, first, "decline", reason="Too much"))
    assert (declined["status"], declined["reason"]) == ("declined", "Too much")
    second = ask(hauler, shown, 150_000)
    assert done(answer(hauler, second, "withdraw"))["status"] == "withdrawn"
    mine = hauler.get("/v1/offers", params={"status": "declined"}).json()
    assert [each["id"] for each in mine["items"]] == [first["id"]]


def test_offers_expire_by_the_clock_and_are_written_down_once(
    shipper: Member, hauler: Member, service: Service, database_url: str
) -> None:
    shown = post(shipper)
    until = datetime.now(UTC) + timedelta(hours=1)
    offer = ask(hauler, shown, expires_at=until.isoformat())
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    problem = refused(
        send(hauler, f"/v1/loads/{shown['id']}/offers", {"rate_cents": 1, "expires_at": past}),
        422,
        "invalid",
    )
    assert problem["errors"][0]["pointer"] == "/expires_at"
    change(database_url, "UPDATE offer SET expires_at = now()")
    refused(answer(shipper, offer, "accept"), 409, "wrong-state")
    for status, total in (("open", 0), ("expired", 1)):
        assert shipper.get("/v1/offers", params={"status": status}).json()["total"] == total
    assert service.run(expire_offers(datetime.now(UTC))) == 1
    assert service.run(expire_offers(datetime.now(UTC))) == 0
    assert kinds(database_url)[-1] == "offer.expired"
    assert hauler.get(f"/v1/offers/{offer['id']}").json()["status"] == "expired"


def test_lists_are_of_ones_own(shipper: Member, other_shipper: Member, hauler: Member, rival: Member) -> None:  # fmt: skip
    shown = post(shipper)
    offers = [ask(who, shown) for who in (hauler, rival)]
    path = f"/v1/loads/{shown['id']}/offers"
    assert [each["id"] for each in shipper.get(path).json()["items"]] == [offers[1]["id"], offers[0]["id"]]  # fmt: skip
    for who, own in zip((hauler, rival), offers, strict=True):
        assert [each["id"] for each in who.get(path).json()["items"]] == [own["id"]]
        assert [each["id"] for each in who.get("/v1/offers").json()["items"]] == [own["id"]]
    assert other_shipper.get(path).status_code == 404
    assert other_shipper.get("/v1/offers").json()["total"] == 0
    assert other_shipper.get(f"/v1/offers/{offers[0]['id']}").status_code == 404
    page = shipper.get("/v1/offers", params={"limit": 1}).json()
    following = shipper.get("/v1/offers", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert [*page["items"], *following["items"]] == shipper.get("/v1/offers").json()["items"]


def test_who_may_not_offer(
    shipper: Member, other_shipper: Member, hauler: Member, carrier: Member, database_url: str
) -> None:
    shown = post(shipper)
    path = f"/v1/loads/{shown['id']}"
    body = {"rate_cents": 5}
    refused(send(carrier, f"{path}/offers", body), 403, "not-in-good-standing")
    refused(send(shipper, f"{path}/offers", body), 403, "forbidden")
    tender = {"carrier_id": hauler.sender.organization_id, **body}
    refused(send(hauler, f"{path}/tenders", tender), 403, "forbidden")
    refused(send(other_shipper, f"{path}/tenders", tender), 404, "not-found")
    offer = ask(hauler, shown)
    change(database_url, "UPDATE organization SET authority = 'inactive' WHERE name = 'Hauler'")
    refused(answer(shipper, offer, "accept"), 409, "carrier-not-in-good-standing")
    assert "booking" not in kinds(database_url)
    assert not rows(database_url, "SELECT FROM booking")


def test_a_request_may_name_a_truck_that_is_then_taken(
    shipper: Member, hauler: Member, rival: Member
) -> None:
    shown = post(shipper)
    truck = post_truck(hauler)
    body = {"rate_cents": 5, "truck_id": truck}
    refused(send(rival, f"/v1/loads/{shown['id']}/offers", body), 422, "invalid")
    offer = ask(hauler, shown, truck_id=truck)
    assert done(answer(shipper, offer, "accept"), 201)["truck_id"] == truck
    other = ask(hauler, post(shipper), truck_id=truck)
    refused(answer(shipper, other, "accept"), 409, "truck-busy")
