"""From booked to paid: dispatch, reports in any order, papers, invoice and payment; or cancelled before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from loadboard.principals import known
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import (
    book,
    change,
    done,
    post_instant,
    post_truck,
    refused,
    send,
    trusted,
)
from tests.loadboard.loads.examples import kinds, rows

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
HERE = {"lat": 32.78, "lon": -96.8}


@pytest.fixture
def hauler(service: Service, database_url: str) -> Member:
    return trusted(service, database_url, "Hauler")


@pytest.fixture
def booking(shipper: Member, hauler: Member, database_url: str) -> dict[str, Any]:
    return done(book(hauler, post_instant(shipper)), 201)


def act(who: Member, booking: dict[str, Any], what: str, **body: Any) -> httpx.Response:
    version = who.get(f"/v1/bookings/{booking['id']}").json().get("version", 1)
    return send(who, f"/v1/bookings/{booking['id']}/{what}", body, version)


def dispatch(hauler: Member, booking: dict[str, Any], **changes: Any) -> httpx.Response:
    truck = changes.pop("truck_id", None) or post_truck(hauler)
    body = {"driver_id": hauler.sender.person_id, "truck_id": truck, **changes}
    return act(hauler, booking, "dispatch", **body)


def report(
    who: Member, booking: dict[str, Any], kind: str, ago_s: float = 0, **changes: Any
) -> httpx.Response:
    at = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    body = {"kind": kind, "at": at, "where": HERE, **changes}
    return send(who, f"/v1/bookings/{booking['id']}/reports", body)


def attach(
    who: Member, booking: dict[str, Any], content: bytes = PDF, name: str = "pod.pdf",
    kind: str = "proof_of_delivery", key: str = "",
) -> httpx.Response:  # fmt: skip
    return who.post(
        f"/v1/bookings/{booking['id']}/documents",
        params={"kind": kind, "name": name},
        content=content,
        headers={"Idempotency-Key": f"paper{key}"},
    )


def booked_long_ago(database_url: str) -> None:
    change(database_url, "UPDATE booking SET booked_at = now() - interval '5 days'")


def test_the_whole_way_to_paid(
    shipper: Member, hauler: Member, booking: dict[str, Any], database_url: str
) -> None:
    booked_long_ago(database_url)
    sent = done(dispatch(hauler, booking))
    assert (sent["status"], sent["driver"]["id"]) == ("dispatched", hauler.sender.person_id)
    for kind, ago_s in (("picked_up", 300), ("in_transit", 200), ("delivered", 100)):
        assert done(report(hauler, booking, kind, ago_s), 201)["status"] == kind
    refused(act(hauler, booking, "invoice", number="I-1", amount_cents=5), 409, "no-proof")
    done(attach(hauler, booking), 201)
    invoiced = done(act(hauler, booking, "invoice", number="I-1", amount_cents=185_000))
    assert (invoiced["status"], invoiced["invoice"]["amount_cents"]) == ("invoiced", 185_000)
    problem = refused(
        act(shipper, booking, "pay", reference="W-1", amount_cents=1), 409, "other-sum"
    )
    assert problem["errors"][0]["pointer"] == "/amount_cents"
    paid = done(act(shipper, booking, "pay", reference="W-1", amount_cents=185_000))
    assert (paid["status"], paid["invoice"]["payment_reference"]) == ("paid", "W-1")
    assert [each["kind"] for each in paid["reports"]] == ["picked_up", "in_transit", "delivered"]
    assert kinds(database_url) == [
        "load.posted", "load.booked", "load.dispatched", "load.picked_up", "load.in_transit", "load.delivered",
        "load.invoiced", "load.paid",
    ]  # fmt: skip
    of_poster = shipper.get(f"/v1/loads/{booking['load_id']}").json()
    assert (of_poster["status"], of_poster["version"]) == ("paid", 8)
    refused(act(shipper, booking, "pay", reference="W-1", amount_cents=185_000), 409, "wrong-state")


def test_reports_may_come_late_and_out_of_order(
    hauler: Member, booking: dict[str, Any], database_url: str
) -> None:
    booked_long_ago(database_url)
    refused(report(hauler, booking, "picked_up"), 409, "wrong-state")
    done(dispatch(hauler, booking))
    assert done(report(hauler, booking, "delivered", 100), 201)["status"] == "delivered"
    late = done(report(hauler, booking, "picked_up", 300), 201)
    assert late["status"] == "delivered"
    assert [each["kind"] for each in late["reports"]] == ["picked_up", "delivered"]
    problem = refused(report(hauler, booking, "in_transit", 50), 422, "invalid")
    assert "delivered was reported" in problem["errors"][0]["message"]
    done(report(hauler, booking, "position", 50, where={"place": "Memphis, TN"}), 201)
    for ago_s in (-3600, 10 * 86_400):
        problem = refused(report(hauler, booking, "position", ago_s), 422, "invalid")
        assert problem["errors"][0]["pointer"] == "/at"
    problem = refused(
        report(hauler, booking, "position", where={"place": "Nowhere, ZZ"}), 422, "invalid"
    )
    assert problem["errors"][0]["pointer"] == "/where/place"


def test_either_side_may_cancel_until_the_pickup(
    shipper: Member, hauler: Member, booking: dict[str, Any], database_url: str
) -> None:
    booked_long_ago(database_url)
    done(dispatch(hauler, booking))
    given_up = done(act(hauler, booking, "cancel", reason="The truck broke down"))
    assert given_up["status"] == "cancelled"
    assert given_up["cancelled"]["by"]["name"] == "Hauler"
    assert given_up["cancelled"]["reason"] == "The truck broke down"
    assert shipper.get(f"/v1/loads/{booking['load_id']}").json()["status"] == "cancelled"
    refused(act(shipper, booking, "cancel", reason="x"), 409, "wrong-state")
    other = done(book(hauler, post_instant(shipper)), 201)
    done(act(shipper, other, "cancel", reason="Sold"))
    third = done(book(hauler, post_instant(shipper)), 201)
    booked_long_ago(database_url)
    done(dispatch(hauler, third))
    done(report(hauler, third, "picked_up"), 201)
    refused(act(shipper, third, "cancel", reason="x"), 409, "wrong-state")


def test_dispatch_names_ones_own_driver_and_a_free_truck(
    shipper: Member, hauler: Member, booking: dict[str, Any], service: Service, database_url: str
) -> None:
    stranger = trusted(service, database_url, "Stranger")
    for driver in (stranger.sender.person_id, 10**9):
        problem = refused(dispatch(hauler, booking, driver_id=driver), 422, "invalid")
        assert problem["errors"][0]["pointer"] == "/driver_id"
    refused(dispatch(hauler, booking, truck_id=post_truck(stranger)), 422, "invalid")
    truck = post_truck(hauler)
    done(dispatch(hauler, booking, truck_id=truck))
    other = done(book(hauler, post_instant(shipper)), 201)
    refused(dispatch(hauler, other, truck_id=truck), 409, "truck-busy")
    begin = datetime.fromisoformat(booking["busy"]["to"])
    later = {"from": (begin + timedelta(seconds=1)).isoformat(), "to": (begin + timedelta(days=1)).isoformat()}  # fmt: skip
    done(dispatch(hauler, other, truck_id=truck, busy=later))
    done(dispatch(hauler, booking))
    for who in (shipper, stranger):
        assert dispatch(who, booking, truck_id=truck).status_code in {403, 404}
    refused(send(hauler, f"/v1/bookings/{booking['id']}/dispatch", {"driver_id": 1, "truck_id": truck}), 428, "precondition-required")  # fmt: skip


def test_a_driver_sees_and_reports_what_is_theirs(
    shipper: Member, hauler: Member, booking: dict[str, Any], database_url: str
) -> None:
    booked_long_ago(database_url)
    other = done(book(hauler, post_instant(shipper)), 201)
    done(dispatch(hauler, booking))
    change(database_url, "UPDATE person SET role = 'driver' WHERE id = %s", hauler.sender.person_id)
    known.forget_all()
    assert hauler.get(f"/v1/bookings/{other['id']}").status_code == 404
    assert [each["id"] for each in hauler.get("/v1/bookings").json()["items"]] == [booking["id"]]
    refused(report(hauler, other, "position"), 404, "not-found")
    done(report(hauler, booking, "picked_up"), 201)
    done(attach(hauler, booking), 201)
    refused(act(hauler, booking, "cancel", reason="x"), 403, "forbidden")
    assert hauler.get("/v1/offers").status_code == 403


@pytest.mark.parametrize(
    ("content", "name", "kept", "kind"),
    [
        (PDF, "pod.pdf", "pod.pdf", "application/pdf"),
        (PNG, "../../etc/passwd", "passwd.png", "image/png"),
        (JPEG, "C:\\papers\\Zürich <b>.exe", "Zürich _b.jpg", "image/jpeg"),
        (PDF, ".htaccess", "htaccess.pdf", "application/pdf"),
        (PDF, 'a";\nb.pdf', "a___b.pdf", "application/pdf"),
    ],
)
def test_a_paper_is_what_its_content_tells(
    shipper: Member, hauler: Member, booking: dict[str, Any], content: bytes, name: str, kept: str, kind: str,
) -> None:  # fmt: skip
    added = attach(hauler, booking, content, name, "other")
    document = done(added, 201)
    assert (document["name"], document["content_type"], document["size"]) == (
        kept,
        kind,
        len(content),
    )
    got = shipper.get(added.headers["location"])
    assert (got.content, got.headers["content-type"]) == (content, kind)
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert shipper.get(f"/v1/bookings/{booking['id']}").json()["documents"] == [document]


@pytest.mark.parametrize(
    ("content", "name", "kind", "status"),
    [
        (b"", "a.pdf", "other", 415),
        (b"<html>%PDF-", "a.pdf", "other", 415),
        (b"GIF89a", "a.png", "other", 415),
        (PDF, "///", "other", 422),
        (PDF, "...", "other", 422),
        (PDF, "a.pdf", "secret", 422),
        (PDF, "x" * 201, "other", 422),
        (PDF + b"x" * (10 << 20), "a.pdf", "other", 413),
        (PDF, "early.pdf", "proof_of_delivery", 409),
    ],
)
def test_a_paper_that_can_not_be(
    hauler: Member, booking: dict[str, Any], content: bytes, name: str, kind: str, status: int
) -> None:
    answer = attach(hauler, booking, content, name, kind)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_papers_are_for_both_parties_alone(
    shipper: Member, other_shipper: Member, hauler: Member, booking: dict[str, Any],
    service: Service, database_url: str,
) -> None:  # fmt: skip
    path = attach(shipper, booking, PDF, "terms.pdf", "other").headers["location"]
    assert hauler.get(path).status_code == 200
    stranger = trusted(service, database_url, "Stranger")
    for who in (other_shipper, stranger):
        assert who.get(path).status_code == 404
        assert attach(who, booking, PDF, "x.pdf", "other").status_code == 404
    mine = done(book(stranger, post_instant(shipper)), 201)
    number = path.rpartition("/")[2]
    assert stranger.get(f"/v1/bookings/{mine['id']}/documents/{number}").status_code == 404
    again = attach(shipper, booking, PDF, "terms.pdf", "other", key="another")
    assert again.headers["location"] != path
    assert len({row["sha256"] for row in rows(database_url, "SELECT sha256 FROM document")}) == 1


def test_the_rate_confirmation_is_of_what_was_agreed(
    shipper: Member,
    other_shipper: Member,
    hauler: Member,
    booking: dict[str, Any],
    database_url: str,
) -> None:
    path = f"/v1/bookings/{booking['id']}/rate-confirmation"
    before, page = hauler.get(path).json(), hauler.get(f"{path}.pdf")
    assert before == {"booking_id": booking["id"], **booking["terms"]}
    assert page.headers["content-type"] == "application/pdf"
    assert page.content.startswith(b"%PDF-")
    change(
        database_url,
        "UPDATE organization SET name = 'Renamed', usdot = '123' WHERE name = 'Hauler'",
    )
    change(database_url, "UPDATE load SET rate_cents = 1")
    assert shipper.get(path).json() == before
    assert shipper.get(f"{path}.pdf").content == page.content
    for suffix in ("", ".pdf"):
        assert other_shipper.get(path + suffix).status_code == 404
