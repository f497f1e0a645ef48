"""Booking at once: at exactly the posted terms, by whom the poster lets, and by one alone."""

import asyncio

import pytest

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
from tests.loadboard.loads.examples import delivery, events, kinds, pickup, rows, window


@pytest.fixture
def hauler(service: Service, database_url: str) -> Member:
    return trusted(service, database_url, "Hauler")


def test_a_booked_load_is_off_the_board_and_its_terms_are_kept(
    shipper: Member, hauler: Member, database_url: str
) -> None:
    shown = post_instant(shipper)
    answer = book(hauler, shown)
    booking = done(answer, 201)
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/bookings/{booking['id']}"
    assert booking["status"] == "booked"
    assert (booking["poster"]["name"], booking["carrier"]["name"]) == ("First Shipper", "Hauler")
    assert booking["rate_cents"] == booking["terms"]["rate_cents"] == shown["rate_cents"]
    assert booking["terms"]["load"]["stops"] == shown["stops"]
    assert booking["busy"] == {
        "from": shown["stops"][0]["window"]["from"],
        "to": shown["stops"][-1]["window"]["to"],
    }
    of_poster = shipper.get(f"/v1/loads/{shown['id']}").json()
    assert (of_poster["status"], of_poster["version"]) == ("booked", 2)
    event = events(database_url)[-1]
    assert (event["kind"], event["version"], event["person_id"]) == (
        "load.booked",
        2,
        hauler.sender.person_id,
    )
    assert event["listing"]["status"] == "booked"
    for who in (shipper, hauler):
        assert who.get(f"/v1/bookings/{booking['id']}").json() == booking
        assert who.get("/v1/bookings").json()["items"] == [booking]
    headers = {"Board-Position": answer.headers["board-position"]}
    found = hauler.post("/v1/search", json={}, headers=headers)
    assert found.json()["total"] == 0


def test_only_at_exactly_what_is_posted(shipper: Member, hauler: Member, database_url: str) -> None:
    shown = post_instant(shipper)
    path = f"/v1/loads/{shown['id']}/book"
    body = {"rate_cents": shown["rate_cents"]}
    problem = refused(send(hauler, path, {"rate_cents": 1}, 1), 409, "other-terms")
    assert problem["errors"][0]["pointer"] == "/rate_cents"
    refused(send(hauler, path, body), 428, "precondition-required")
    refused(send(hauler, path, body, 2), 412, "stale")
    refused(hauler.post(path, json=body), 400, "idempotency-key-required")
    assert send(hauler, path, {}, 1).status_code == 422
    unpriced = post_instant(shipper, rate_cents=None)
    refused(book(hauler, unpriced, rate_cents=5), 409, "other-terms")
    assert kinds(database_url) == ["load.posted"] * 2
    done(send(hauler, path, body, 1), 201)


def test_a_load_that_is_not_for_instant_booking_needs_an_offer(
    shipper: Member, hauler: Member
) -> None:
    refused(book(hauler, post(shipper)), 403, "not-instant")


def test_who_may_not_book(
    shipper: Member, service: Service, database_url: str, other_shipper: Member
) -> None:
    shown = post_instant(shipper)
    unknown = service.member("Unknown Authority", "carrier")
    refused(book(unknown, shown), 403, "not-in-good-standing")
    lapsed = trusted(service, database_url, "Lapsed")
    change(database_url, "UPDATE organization SET insured_until = current_date - 1 WHERE name = 'Lapsed'")  # fmt: skip
    refused(book(lapsed, shown), 403, "not-in-good-standing")
    driver = trusted(service, database_url, "Driven")
    change(database_url, "UPDATE person SET role = 'driver' WHERE id = %s", driver.sender.person_id)
    refused(book(driver, shown), 403, "forbidden")
    for who in (shipper, other_shipper):
        refused(book(who, shown), 403, "forbidden")
    assert kinds(database_url) == ["load.posted"]


def test_of_many_at_once_one_books(
    shipper: Member, service: Service, database_url: str, is_long: bool
) -> None:
    carriers = [trusted(service, database_url, f"Carrier {n}") for n in range(8)]
    loads = [post_instant(shipper) for _ in range(50 if is_long else 5)]

    async def all_at_once(shown: dict[str, int]) -> list[int]:
        body = {"rate_cents": shown["rate_cents"]}
        answers = await asyncio.gather(
            *(
                who.client.post(
                    f"/v1/loads/{shown['id']}/book",
                    json=body,
                    headers={"If-Match": '"1"', "Idempotency-Key": str(shown["id"])},
                )
                for who in carriers
            )
        )
        return sorted(answer.status_code for answer in answers)

    for shown in loads:
        statuses = service.run(all_at_once(shown))
        assert statuses[0] == 201
        assert set(statuses[1:]) <= {404, 409, 412}
    standing = rows(database_url, "SELECT load_id FROM booking")
    assert sorted(row["load_id"] for row in standing) == [shown["id"] for shown in loads]


def test_a_truck_hauls_one_full_load_at_a_time(
    shipper: Member, hauler: Member, database_url: str
) -> None:
    truck = post_truck(hauler)
    first = post_instant(shipper)
    done(book(hauler, first, truck_id=truck), 201)
    same_time = post_instant(shipper)
    refused(book(hauler, same_time, truck_id=truck), 409, "truck-busy")
    partial = post_instant(shipper, full=False)
    done(book(hauler, partial, truck_id=truck), 201)
    done(book(hauler, same_time, truck_id=post_truck(hauler)), 201)
    later = post_instant(
        shipper,
        stops=[pickup(window=window(37, 40)), delivery(window=window(60, 70))],
    )
    done(book(hauler, later, truck_id=truck), 201)


def test_only_with_a_truck_of_ones_own(
    shipper: Member, hauler: Member, service: Service, database_url: str
) -> None:
    shown = post_instant(shipper)
    stranger = trusted(service, database_url, "Stranger")
    for truck in (post_truck(stranger), 10**9):
        problem = refused(book(hauler, shown, truck_id=truck), 422, "invalid")
        assert problem["errors"][0]["pointer"] == "/truck_id"


def test_bookings_are_for_their_parties_alone(
    shipper: Member, other_shipper: Member, hauler: Member, service: Service, database_url: str
) -> None:
    booking = done(book(hauler, post_instant(shipper)), 201)
    path = f"/v1/bookings/{booking['id']}"
    stranger = trusted(service, database_url, "Stranger")
    for who in (other_shipper, stranger):
        assert who.get(path).status_code == 404
        assert who.get("/v1/bookings").json()["total"] == 0
        refused(send(who, f"{path}/cancel", {"reason": "x"}, 1), 404, "not-found")
    operator = service.member("Operator", "operator")
    assert operator.get(path).status_code == 403
