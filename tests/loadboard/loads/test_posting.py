"""Posting: what is answered, what is stored, and what the same reference again does."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.loadboard.conftest import Caller, Member
from tests.loadboard.loads.examples import (
    at,
    delivery,
    events,
    everything,
    kinds,
    load,
    pickup,
    rows,
    window,
)


def close(database_url: str, status: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE load SET status = %s", [status])


def overdue(database_url: str) -> None:
    """As if the load's time had passed and nobody had written it down."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE load SET pickup_from = pickup_from - interval '9 days',"
            " pickup_to = pickup_to - interval '9 days'"
        )


def test_the_answer_is_the_load_and_what_the_board_knows_about_it(shipper: Member) -> None:
    before = datetime.now(UTC)
    answer = shipper.post("/v1/loads", json=load())
    after = datetime.now(UTC)
    shown = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/loads/{shown['id']}"
    assert int(answer.headers["board-position"]) > 0
    first, last = shown.pop("stops")
    posted = load()
    assert {name: shown[name] for name in posted if name != "stops"} == {
        name: value for name, value in posted.items() if name != "stops"
    }
    assert shown["version"] == 1
    assert shown["status"] == "posted"
    assert shown["organization"] == {
        "id": shipper.sender.organization_id,
        "name": "First Shipper",
    }
    assert shown["sample"] is False
    assert 700 < shown["loaded_miles"] < 1_000
    assert shown["rate_per_mile_cents"] == pytest.approx(185000 / shown["loaded_miles"])
    assert shown["miles_estimated"] == "road"
    for moment in ("first_posted_at", "updated_at", "confirmed_at"):
        assert before <= datetime.fromisoformat(shown[moment]) <= after
    assert first["place"] == first["town"] == "Dallas, TX"
    assert (first["state"], first["zone"]) == ("TX", "America/Chicago")
    assert first["point"]["coordinates"] == [first["lon"], first["lat"]]
    assert first["window"] == window(0, 6)
    assert (first["lat"], first["lon"]) == pytest.approx((32.78, -96.8), abs=0.1)
    assert last["place"] is None
    assert last["zip"] is None
    assert last["town"] == "Atlanta, GA"
    assert (last["state"], last["zone"]) == ("GA", "America/New_York")
    assert last["point"] == {"type": "Point", "coordinates": [-84.388, 33.749]}
    assert last["window"] == window(24, 36)
    assert shipper.get(f"/v1/loads/{shown['id']}").json() == answer.json()


def test_what_is_left_out_is_unknown_or_the_default(shipper: Member) -> None:
    stops = [pickup(), {"kind": "delivery", "zip": "30303"}]
    least = {"reference": "L", "equipment": "Dry Van", "stops": stops}
    shown = shipper.post("/v1/loads", json=least).json()
    unknown = (
        "weight_lb", "length_ft", "commodity", "rate_cents", "rate_per_mile_cents", "posted_miles", "expires_at",
    )  # fmt: skip
    assert [shown[name] for name in unknown] == [None] * len(unknown)
    assert shown["full"] is True
    assert shown["hazmat"] is False
    assert shown["currency"] == "USD"
    assert shown["equipment"] == "van"
    assert shown["stops"][1]["zip"] == "30303"
    assert shown["stops"][1]["window"] is None


def test_a_time_in_another_zone_is_the_same_moment_in_utc(shipper: Member) -> None:
    near = {"from": at(0).replace("Z", "+00:00"), "to": at(6)}
    local = datetime.fromisoformat(at(0)).astimezone(datetime.strptime("-0600", "%z").tzinfo)
    stops = [pickup(window={**near, "from": local.isoformat()}), delivery()]
    shown = shipper.post("/v1/loads", json=load(stops=stops)).json()
    assert shown["stops"][0]["window"] == window(0, 6)


def test_twenty_stops_keep_their_order(shipper: Member) -> None:
    between = [
        {"kind": ("pickup", "delivery")[n % 2], "lat": 33 + n / 100, "lon": -95 + n / 2}
        for n in range(18)
    ]
    answer = shipper.post("/v1/loads", json=load(stops=[pickup(), *between, delivery()]))
    assert answer.status_code == 201, answer.text
    shown = answer.json()["stops"]
    assert [(s["kind"], s["lat"], s["lon"]) for s in shown[1:-1]] == [
        (s["kind"], s["lat"], s["lon"]) for s in between
    ]


def test_the_event_holds_the_listing_as_it_became(shipper: Member, database_url: str) -> None:
    shown = shipper.post("/v1/loads", json=load()).json()
    [event] = events(database_url)
    confirmed_at = shown.pop("confirmed_at")
    for private in ("audience", "contact", "addresses"):
        del shown[private]
    assert event["listing"] == shown
    assert event["kind"] == "load.posted"
    assert (event["load_id"], event["version"]) == (shown["id"], 1)
    assert event["person_id"] == shipper.sender.person_id
    assert event["organization_id"] == shipper.sender.organization_id
    assert event["at"] == datetime.fromisoformat(confirmed_at)


def test_the_same_content_again_changes_nothing(shipper: Member, database_url: str) -> None:
    first = shipper.post("/v1/loads", json=load()).json()
    before = everything(database_url)
    spellings: list[dict[str, Any]] = [
        load(),
        dict(reversed(load().items())),
        load(equipment="V"),
        load(length_ft=53.0, reference="  A-1001 "),
        {name: value for name, value in load().items() if name not in {"full", "currency"}},
    ]
    for again in spellings:
        answer = shipper.post("/v1/loads", json=again)
        assert (answer.status_code, answer.json()) == (200, first), again
        assert answer.headers["etag"] == '"1"'
    assert everything(database_url) == before


@pytest.mark.parametrize("state", ["cancelled", "expired", "overdue"])
def test_the_same_content_again_changes_nothing_in_a_closed_load(
    shipper: Member, database_url: str, state: str
) -> None:
    shipper.post("/v1/loads", json=load())
    overdue(database_url) if state == "overdue" else close(database_url, state)
    before = everything(database_url)
    assert shipper.post("/v1/loads", json=load()).status_code == 200
    assert everything(database_url) == before


@pytest.mark.parametrize("state", ["posted", "cancelled", "expired", "overdue"])
def test_other_content_is_a_conflict_that_names_the_load(
    shipper: Member, database_url: str, state: str
) -> None:
    first = shipper.post("/v1/loads", json=load()).json()
    overdue(database_url) if state == "overdue" else close(database_url, state)
    before = everything(database_url)
    answer = shipper.post("/v1/loads", json=load(rate_cents=190000))
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["load_id"] == first["id"]
    assert problem["errors"][0]["pointer"] == "/reference"
    assert str(first["id"]) in problem["detail"]
    assert everything(database_url) == before


def test_two_organisations_may_use_the_same_reference(
    shipper: Member, other_shipper: Member, database_url: str
) -> None:
    mine, theirs = (who.post("/v1/loads", json=load()) for who in (shipper, other_shipper))
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]
    assert kinds(database_url) == ["load.posted"] * 2


def test_what_is_over_already_is_not_posted(shipper: Member, database_url: str) -> None:
    past = {
        "/stops/0/window/to": load(stops=[pickup(window=window(-90, -72)), delivery()]),
        "/expires_at": load(expires_at=at(-72)),
    }
    for pointer, body in past.items():
        answer = shipper.post("/v1/loads", json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert everything(database_url) == [[], [], []]


def test_a_load_closes_with_its_window_or_earlier_when_it_says_so(
    shipper: Member, database_url: str
) -> None:
    shipper.post("/v1/loads", json=load())
    shipper.post("/v1/loads", json=load(reference="E", expires_at=at(3)))
    shipper.post("/v1/loads", json=load(reference="F", expires_at=at(9)))
    until = [row["open_until"] for row in rows(database_url, "SELECT * FROM load ORDER BY id")]
    assert until == [datetime.fromisoformat(at(hours)) for hours in (6, 3, 6)]


def test_carriers_and_strangers_do_not_post(
    carrier: Member, anonymous: Caller, database_url: str
) -> None:
    assert carrier.post("/v1/loads", json=load()).status_code == 403
    assert anonymous.post("/v1/loads", json=load()).status_code == 401
    assert everything(database_url) == [[], [], []]


def test_who_sees_a_load(shipper: Member, other_shipper: Member, carrier: Member) -> None:
    path = f"/v1/loads/{shipper.post('/v1/loads', json=load()).json()['id']}"
    assert [who.get(path).status_code for who in (shipper, carrier, other_shipper)] == [
        200, 200, 404,
    ]  # fmt: skip
    assert shipper.post(f"{path}/cancel", headers={"If-Match": "*"}).status_code == 200
    assert [who.get(path).status_code for who in (shipper, carrier, other_shipper)] == [
        200, 404, 404,
    ]  # fmt: skip


def test_own_loads_come_newest_first_page_by_page(
    shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    ids = [shipper.post("/v1/loads", json=load(reference=str(n))).json()["id"] for n in range(5)]
    other_shipper.post("/v1/loads", json=load())
    shipper.post(f"/v1/loads/{ids[0]}/cancel", headers={"If-Match": "*"})
    query = {"limit": "2", "status": "posted"}
    first = shipper.get("/v1/loads", params=query).json()
    shipper.post("/v1/loads", json=load(reference="between"))
    second = shipper.get("/v1/loads", params=query | {"cursor": first["next_cursor"]}).json()
    seen = [item["id"] for page in (first, second) for item in page["items"]]
    assert (first["total"], second["total"], second["next_cursor"]) == (4, 5, None)
    assert seen == ids[:0:-1]
    assert shipper.get("/v1/loads").json()["total"] == 6
    wrong = shipper.get("/v1/loads", params={"cursor": "e30"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/cursor")
    assert carrier.get("/v1/loads").status_code == 403


async def _at_once(client: httpx.AsyncClient, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    return await asyncio.gather(*(client.post("/v1/loads", json=body) for body in bodies))


@pytest.mark.parametrize("contents", [1, 2, 20])
def test_many_at_once_make_one_load(shipper: Member, database_url: str, contents: int) -> None:
    bodies = [load(rate_cents=100_000 + n % contents) for n in range(20)]
    answers = shipper.service.run(_at_once(shipper.client, bodies))
    statuses = [answer.status_code for answer in answers]
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    same = [body["rate_cents"] == winner["rate_cents"] for body in bodies]
    assert statuses.count(201) == 1
    assert sorted(statuses) == sorted([201] + [200] * (sum(same) - 1) + [409] * same.count(False))
    assert kinds(database_url) == ["load.posted"]
    assert [row["id"] for row in rows(database_url, "SELECT id FROM load")] == [winner["id"]]
    for answer in answers:
        body = answer.json()
        assert body.get("load_id", body.get("id")) == winner["id"]


def test_moments_far_apart_do_not_overflow(shipper: Member) -> None:
    far = (datetime(2100, 12, 31, 23, tzinfo=UTC) - timedelta(days=1)).isoformat()
    stops = [pickup(window={"from": at(0), "to": far}), delivery(window=None)]
    assert shipper.post("/v1/loads", json=load(stops=stops)).status_code == 201
