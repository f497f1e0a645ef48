"""What is sent again with the same key is done once, and answered the same to the byte."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from loadboard import idempotency
from loadboard.idempotency import forget_answers
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import book, change, done, post_instant, refused, send, trusted
from tests.loadboard.loads.examples import at, load, rows
from tests.loadboard.test_docs import ROOT

KEY = {"Idempotency-Key": "one"}
SAME = ("content-type", "content-length", "etag", "location", "board-position")
# Of each POST what it does with a key. An answer with a secret is never kept.
REQUIRED = {
    "/v1/loads/{load_id}/book", "/v1/loads/{load_id}/offers", "/v1/loads/{load_id}/tenders",
    *(f"/v1/offers/{{offer_id}}/{act}" for act in ("counter", "accept", "decline", "withdraw")),
    *(f"/v1/bookings/{{booking_id}}/{act}"
      for act in ("cancel", "dispatch", "reports", "invoice", "pay", "documents")),
}  # fmt: skip
KEPT = {
    "/v1/loads", *(f"/v1/loads/{{load_id}}/{act}" for act in ("post", "cancel", "confirm")),
    "/v1/trucks", "/v1/trucks/{truck_id}/withdraw", "/v1/networks", "/v1/networks/{network_id}/members", "/v1/blocks",
    "/v1/keys/{key_id}/revoke",
}  # fmt: skip
SHOWN_ONCE: dict[str, Any] = {
    "/v1/keys": {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]},
    "/v1/invitations": {"email": "ann@carrier.example", "role": "viewer"},
    "/v1/organizations": {"name": "New", "kind": "carrier", "owner_email": "bob@new.example"},
}
IGNORED = {
    "/v1/search", "/v1/search/hexes", "/v1/matches", "/v1/loads/import", "/v1/loads/{load_id}/contact", "/v1/sign-in",
    "/v1/sign-in/refresh", "/v1/sign-in/invitation", "/v1/sign-out", "/v1/me/password",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "book": {"rate_cents": 1},
    "offers": {"rate_cents": 1},
    "tenders": {"rate_cents": 1, "carrier_id": 1},
    "counter": {"rate_cents": 1},
    "accept": None,
    "decline": {"reason": "x"},
    "withdraw": None,
    "cancel": {"reason": "x"},
    "dispatch": {"driver_id": 1, "truck_id": 1},
    "reports": {"kind": "position", "at": at(0), "where": {"place": "Dallas, TX"}},
    "invoice": {"number": "1", "amount_cents": 1},
    "pay": {"reference": "1", "amount_cents": 1},
    "documents": {},
}
POSTS = {
    path: item["post"]
    for path, item in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    if "post" in item
}


def same(first: httpx.Response, again: httpx.Response) -> bool:
    heads = [[each.headers.get(name) for name in SAME] for each in (first, again)]
    return (first.status_code, first.content, heads[0]) == (again.status_code, again.content, heads[1])  # fmt: skip


def test_every_post_is_known_here() -> None:
    known = [*REQUIRED, *KEPT, *SHOWN_ONCE, *IGNORED]
    assert sorted(known) == sorted(POSTS)


@pytest.mark.parametrize("path", POSTS)
def test_every_post_says_what_it_does_with_a_key(path: str) -> None:
    said = [p for p in POSTS[path]["parameters"] if p["name"] == "Idempotency-Key"]
    assert len(said) == 1
    assert ("ignored" in said[0]["description"]) is (path in IGNORED)
    assert path in IGNORED or {"409", "422"} <= POSTS[path]["responses"].keys()


def test_what_binds_or_pays_needs_a_key(
    shipper: Member, service: Service, database_url: str
) -> None:
    """The key is asked for before anything is looked up."""
    hauler = trusted(service, database_url, "Hauler")
    for path in REQUIRED:
        act = path.rpartition("/")[2]
        who = shipper if act in {"tenders", "pay"} else hauler
        about = {"kind": "other", "name": "a"} if act == "documents" else {}
        answer = who.post(re.sub(r"{\w+}", "1", path), params=about, json=BODIES[act])
        refused(answer, 400, "idempotency-key-required")


@pytest.mark.parametrize("path", SHOWN_ONCE)
def test_a_secret_is_answered_once_and_kept_nowhere(
    carrier: Member, operator: Member, database_url: str, path: str
) -> None:
    who = operator if path == "/v1/organizations" else carrier
    first = who.post(path, json=SHOWN_ONCE[path], headers=KEY)
    made = done(first, 201)
    secret = made.get("key") or made.get("token") or made["invitation"]["token"]
    again = who.post(path, json=SHOWN_ONCE[path], headers=KEY)
    refused(again, 409, "shown-once")
    assert again.content == who.post(path, json=SHOWN_ONCE[path], headers=KEY).content
    refused(who.post(path, json=SHOWN_ONCE[path] | {"name": "X"}, headers=KEY), 422, "idempotency-key-reused")  # fmt: skip
    [kept] = rows(database_url, "SELECT * FROM answer")
    assert secret.encode() not in kept["body"]
    stored = rows(database_url, "SELECT FROM api_key UNION ALL SELECT FROM invitation")
    assert len(stored) == 1


def test_nothing_is_kept_of_what_ignores_the_key(
    service: Service, shipper: Member, carrier: Member, database_url: str
) -> None:
    """The same key for all of them: each does its own, and nothing of it is stored."""
    contact = {"phone": "+1 214 555 0100"}
    shown = done(shipper.post("/v1/loads", json=load(contact=contact)), 201)
    for _ in range(2):
        for path in sorted(IGNORED - {"/v1/sign-out"}):
            who = shipper if path.endswith("import") else carrier
            body: Any = {"truck": {"at": {"place": "Dallas, TX"}, "equipment": "van"}} if path == "/v1/matches" else {}  # fmt: skip
            who.post(path.format(load_id=shown["id"]), json=body, headers=KEY)
    told = carrier.post(f"/v1/loads/{shown['id']}/contact", headers=KEY)
    assert told.json()["contact"]["phone"] == contact["phone"]
    shipper.post(f"/v1/loads/{shown['id']}/cancel", headers={"If-Match": "*"})
    assert carrier.post(f"/v1/loads/{shown['id']}/contact", headers=KEY).status_code == 404
    assert service.run(carrier.client.post("/v1/sign-out", headers=KEY)).status_code == 204
    assert not rows(database_url, "SELECT FROM answer")


@pytest.mark.parametrize("path", ["/v1/loads", "/v1/trucks"])
def test_the_same_again_is_answered_the_same(
    shipper: Member, carrier: Member, database_url: str, path: str
) -> None:
    who = shipper if path == "/v1/loads" else carrier
    body: Any = load() if who is shipper else {"at": {"place": "Dallas, TX"}, "equipment": "van"}
    first = who.post(path, json=body, headers=KEY)
    assert first.status_code == 201
    assert same(first, who.post(path, json=body, headers=KEY))
    other = who.post(path, json=body | {"equipment": "reefer"}, headers=KEY)
    problem = refused(other, 422, "idempotency-key-reused")
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"
    assert len(rows(database_url, "SELECT FROM load UNION ALL SELECT FROM truck")) == 1


def test_a_key_is_ones_own(shipper: Member, other_shipper: Member) -> None:
    for who in (shipper, other_shipper):
        assert who.post("/v1/loads", json=load(), headers=KEY).status_code == 201


def test_the_answer_stays_after_what_it_was_about_has_moved_on(
    shipper: Member, service: Service, database_url: str
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    shown = post_instant(shipper)
    path, body = f"/v1/loads/{shown['id']}/book", {"rate_cents": shown["rate_cents"]}
    first = send(hauler, path, body, 1, key="b")
    booking = done(first, 201)
    done(send(shipper, f"/v1/bookings/{booking['id']}/cancel", {"reason": "sold"}, 1))
    assert same(first, send(hauler, path, body, 1, key="b"))


def test_refusals_are_not_kept(shipper: Member, database_url: str) -> None:
    assert shipper.post("/v1/loads", json=load(stops=[]), headers=KEY).status_code == 422
    assert shipper.post("/v1/loads", json=load(), headers=KEY).status_code == 201
    assert len(rows(database_url, "SELECT FROM answer")) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "a\tb"])
def test_keys_that_can_not_be(shipper: Member, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = shipper.post("/v1/loads", json=load(), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"


def test_a_hundred_at_once_are_one(
    shipper: Member, service: Service, database_url: str, is_long: bool
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    for number in range(20 if is_long else 2):
        shown = post_instant(shipper)

        async def at_once(shown: dict[str, Any] = shown, key: str = f"k{number}") -> list[Any]:
            sent = (
                hauler.client.post(
                    f"/v1/loads/{shown['id']}/book",
                    json={"rate_cents": shown["rate_cents"]},
                    headers={"If-Match": '"1"', "Idempotency-Key": key},
                    timeout=60,
                )
                for _ in range(100)
            )
            return await asyncio.gather(*sent)

        answers = service.run(at_once())
        [first, *others] = [each for each in answers if each.status_code == 201]
        assert all(same(first, each) for each in others)
        for each in answers:
            if each.status_code != 201:
                refused(each, 409, "in-progress")
                assert each.headers["retry-after"] == "1"
        assert len(rows(database_url, f"SELECT FROM booking WHERE load_id = {shown['id']}")) == 1


def test_one_that_is_at_work_holds_its_key(
    shipper: Member, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is stopped before it stores its answer; the second is told at once."""
    begun, may_end = asyncio.Event(), asyncio.Event()
    keep = idempotency.Claim.keep

    async def slowly(claim: idempotency.Claim, response: Any) -> None:
        begun.set()
        await may_end.wait()
        await keep(claim, response)

    monkeypatch.setattr(idempotency.Claim, "keep", slowly)

    async def both() -> tuple[httpx.Response, httpx.Response]:
        first = asyncio.create_task(shipper.client.post("/v1/loads", json=load(), headers=KEY))
        await begun.wait()
        second = await shipper.client.post("/v1/loads", json=load(), headers=KEY)
        may_end.set()
        return await first, second

    first, second = service.run(both())
    assert first.status_code == 201
    refused(second, 409, "in-progress")


def test_answers_are_forgotten_after_three_days(
    shipper: Member, service: Service, database_url: str
) -> None:
    first = shipper.post("/v1/loads", json=load(), headers=KEY)
    now = datetime.now(UTC)
    service.run(forget_answers(now + timedelta(hours=71)))
    assert same(first, shipper.post("/v1/loads", json=load(), headers=KEY))
    service.run(forget_answers(now + timedelta(hours=73)))
    assert not rows(database_url, "SELECT FROM answer")
    assert shipper.post("/v1/loads", json=load(), headers=KEY).status_code == 200


def test_the_key_of_a_refused_booking_may_be_used_again(
    shipper: Member, service: Service, database_url: str
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    shown = post_instant(shipper)
    change(database_url, "UPDATE load SET instant = 'nobody'")
    refused(book(hauler, shown), 403, "not-instant")
    assert not rows(
        database_url, f"SELECT FROM answer WHERE organization_id = {hauler.sender.organization_id}"
    )
