"""Changing, cancelling and confirming a load: what moves, what stays, who may."""

import asyncio
from datetime import datetime
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
)


def post(who: Member, **changes: Any) -> dict[str, Any]:
    answer = who.post("/v1/loads", json=load(**changes))
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def patch(who: Caller, shown: dict[str, Any], change: Any, **headers: str) -> httpx.Response:
    headers = {"If-Match": f'"{shown["version"]}"', **headers}
    return who.patch(f"/v1/loads/{shown['id']}", json=change, headers=headers)


# What stands behind the listing that an event holds.
BEHIND = {"confirmed_at", "audience", "contact", "addresses"}


def test_a_change_is_a_new_version_and_an_event_with_the_listing(
    shipper: Member, database_url: str
) -> None:
    old = post(shipper)
    answer = patch(shipper, old, {"rate_cents": 200000, "stops": [pickup(), delivery(lat=34)]})
    new = answer.json()
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert int(answer.headers["board-position"]) > 0
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {
        "version", "rate_cents", "rate_per_mile_cents", "loaded_miles", "stops", "updated_at",
    }  # fmt: skip
    assert shipper.get(f"/v1/loads/{old['id']}").json() == new
    event = events(database_url)[-1]
    assert (event["kind"], event["version"]) == ("load.updated", 2)
    assert event["person_id"] == shipper.sender.person_id
    assert event["listing"] == {name: new[name] for name in new if name not in BEHIND}
    stored = rows(database_url, "SELECT position, ST_Y(point) AS lat FROM stop ORDER BY position")
    assert [row["lat"] for row in stored] == [new["stops"][0]["lat"], 34]
    [row] = rows(database_url, "SELECT * FROM load")
    assert (row["rate_cents"], row["version"], row["delivery_lat"]) == (200000, 2, 34)


def test_a_merge_patch_removes_by_null_and_replaces_stops_whole(shipper: Member) -> None:
    middle = {"kind": "delivery", "zip": "71101"}
    old = post(shipper, stops=[pickup(), middle, delivery()])
    gone = {"weight_lb": None, "rate_cents": None, "full": None, "commodity": None}
    once = patch(shipper, old, gone | {"full": False}).json()
    assert [once[name] for name in gone] == [None, None, False, None]
    assert len(once["stops"]) == 3
    back = patch(shipper, once, {"full": None}).json()
    assert back["full"] is True
    new = patch(shipper, back, {"stops": [pickup(place=None, zip="75201"), delivery()]}).json()
    assert [stop["zip"] for stop in new["stops"]] == ["75201", None]
    assert new["stops"][0]["place"] is None


def test_nothing_new_in_a_change_is_no_new_version(shipper: Member, database_url: str) -> None:
    stops = [
        pickup(lat=-0.0, lon=180, place=None),
        delivery(place="Atlanta, GA", lat=None, lon=None),
    ]
    for old in (post(shipper), post(shipper, reference="far", stops=stops)):
        before = everything(database_url)
        same: list[dict[str, Any]] = [
            {},
            {"rate_cents": 185000},
            {"equipment": "V", "length_ft": 53.0, "expires_at": None, "full": None},
            {"reference": old["reference"]},
        ]
        for change in same:
            answer = patch(shipper, old, change)
            assert (answer.status_code, answer.json()) == (200, old), change
        assert everything(database_url) == before


def test_nothing_new_in_an_imported_load_is_no_new_version(
    shipper: Member, database_url: str
) -> None:
    file = 'reference,equipment,pickup_place,delivery_place\nI-1,van,"Dallas, TX","Atlanta, GA"\n'
    assume = {"assume": ["pickup_from=now", "pickup_to=now+72h"]}
    report = shipper.post("/v1/loads/import", params=assume, content=file).json()
    assert report["created"] == 1, report
    [old] = shipper.get("/v1/loads").json()["items"]
    before = everything(database_url)
    assert patch(shipper, old, {}).json() == old
    assert everything(database_url) == before


def test_a_change_needs_the_version_that_it_changes(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    path = f"/v1/loads/{old['id']}"
    before = everything(database_url)
    stale = ['"0"', '"2"', "1", 'W/"1"', "garbage", '"1', "", '"1" "1"', "\xff", '"' + "9" * 9999]
    for method, url in (("PATCH", path), ("POST", f"{path}/cancel")):
        answer = shipper.request(method, url, json={"rate_cents": 1} if method == "PATCH" else None)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (428, "/If-Match")
        for header in stale:
            answer = shipper.request(
                method,
                url,
                json={"rate_cents": 1} if method == "PATCH" else None,
                headers={"If-Match": header.encode("latin-1")},
            )
            assert answer.status_code == 412, header
            assert answer.json()["errors"][0]["pointer"] == "/If-Match"
    assert everything(database_url) == before
    assert patch(shipper, old, {"rate_cents": 1}, **{"If-Match": "*"}).status_code == 200


def test_what_a_change_may_not_do(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    before = everything(database_url)
    refused: dict[str, Any] = {
        "/reference": {"reference": "other"},
        "/id": {"id": 5},
        "/status": {"status": "expired"},
        "/equipment": {"equipment": None},
        "/stops": {"stops": None},
        "/rate_cents": {"rate_cents": -1},
        "/stops/0/window/to": {
            "stops": [pickup(window={"from": at(-99), "to": at(-98)}), delivery()]
        },
        "/expires_at": {"expires_at": at(-99)},
        "/stops/1/place": {"stops": [pickup(), {"kind": "delivery", "place": "Nowhere, ZZ"}]},
    }
    for pointer, change in refused.items():
        answer = patch(shipper, old, change)
        assert answer.status_code == 422, (pointer, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    bodies: list[Any] = [[], "x", 5, None, True]
    for body in bodies:
        assert patch(shipper, old, body).status_code == 422
    assert everything(database_url) == before


def test_only_the_poster_changes_a_load(
    shipper: Member, other_shipper: Member, carrier: Member, anonymous: Caller, database_url: str
) -> None:
    old = post(shipper)
    before = everything(database_url)
    path = f"/v1/loads/{old['id']}"
    for who, status in ((other_shipper, 404), (carrier, 403), (anonymous, 401)):
        assert patch(who, old, {"rate_cents": 1}).status_code == status
        for action in ("cancel", "confirm"):
            answer = who.post(f"{path}/{action}", headers={"If-Match": "*"})
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
    assert everything(database_url) == before


def test_a_cancelled_load_stays_cancelled(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    path = f"/v1/loads/{old['id']}"
    answer = shipper.post(f"{path}/cancel", headers={"If-Match": '"1"'})
    new = answer.json()
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert {name for name in old if old[name] != new[name]} == {"version", "status", "updated_at"}
    assert new["status"] == "cancelled"
    event = events(database_url)[-1]
    assert (event["kind"], event["version"]) == ("load.cancelled", 2)
    assert event["listing"] == {name: new[name] for name in new if name not in BEHIND}
    before = everything(database_url)
    for headers in ({"If-Match": '"1"'}, {"If-Match": '"2"'}, {}):
        again = shipper.post(f"{path}/cancel", headers=headers)
        assert (again.status_code, again.json()) == (200, new)
    assert patch(shipper, new, {"rate_cents": 1}).status_code == 409
    assert shipper.post(f"{path}/confirm").status_code == 409
    assert everything(database_url) == before


def test_a_load_whose_time_has_passed_is_closed_before_anybody_wrote_it_down(
    shipper: Member, database_url: str
) -> None:
    old = post(shipper)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE load SET expires_at = now()")
    before = everything(database_url)
    path = f"/v1/loads/{old['id']}"
    assert patch(shipper, old, {"rate_cents": 1}).status_code == 409
    assert shipper.post(f"{path}/cancel", headers={"If-Match": "*"}).status_code == 409
    assert shipper.post(f"{path}/confirm").status_code == 409
    assert everything(database_url) == before


def test_confirming_moves_one_moment_alone(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    answers = [shipper.post(f"/v1/loads/{old['id']}/confirm") for _ in range(2)]
    moments = [datetime.fromisoformat(old["confirmed_at"])]
    for answer in answers:
        new = answer.json()
        assert answer.status_code == 200
        assert answer.headers["etag"] == '"1"'
        assert {name for name in old if old[name] != new[name]} == {"confirmed_at"}
        moments.append(datetime.fromisoformat(new["confirmed_at"]))
    assert moments == sorted(set(moments))
    assert kinds(database_url) == ["load.posted", "load.confirmed", "load.confirmed"]
    assert [event["listing"] for event in events(database_url)[1:]] == [None, None]
    assert patch(shipper, old, {"rate_cents": 5}).json()["confirmed_at"] == new["confirmed_at"]


async def _at_once(
    client: httpx.AsyncClient, requests: list[httpx.Request]
) -> list[httpx.Response]:
    return await asyncio.gather(*(client.send(request) for request in requests))


def test_of_two_changes_of_the_same_version_one_wins(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    for _ in range(5):
        headers = {"If-Match": f'"{old["version"]}"'}
        base = old["rate_cents"]
        requests = [
            shipper.client.build_request(
                "PATCH", f"/v1/loads/{old['id']}", json={"rate_cents": base + n}, headers=headers
            )
            for n in (1, 2)
        ]
        answers = shipper.service.run(_at_once(shipper.client, requests))
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        new = next(answer.json() for answer in answers if answer.status_code == 200)
        assert new["version"] == old["version"] + 1
        assert shipper.get(f"/v1/loads/{old['id']}").json() == new
        old = new
    assert kinds(database_url) == ["load.posted"] + ["load.updated"] * 5


def test_of_a_change_and_a_cancel_at_once_one_wins(shipper: Member, database_url: str) -> None:
    old = post(shipper)
    path, headers = f"/v1/loads/{old['id']}", {"If-Match": '"1"'}
    build = shipper.client.build_request
    requests = [
        build("PATCH", path, json={"rate_cents": 7}, headers=headers),
        *(build("POST", f"{path}/cancel", headers=headers) for _ in range(4)),
    ]
    answers = shipper.service.run(_at_once(shipper.client, requests))
    changed = answers[0].status_code == 200
    assert [answer.status_code for answer in answers[1:]] == [412 if changed else 200] * 4
    assert answers[0].status_code in {200, 409, 412}
    assert kinds(database_url)[1:] == ["load.updated" if changed else "load.cancelled"]


@pytest.mark.parametrize("load_id", ["0", "-1", str(2**63), "abc", "1.5", "%00", "1e3", " "])
def test_an_id_that_is_none_is_refused(shipper: Member, load_id: str) -> None:
    headers = {"If-Match": "*"}
    for method, end in (
        ("GET", ""), ("GET", "/route"), ("PATCH", ""), ("POST", "/cancel"), ("POST", "/confirm"),
    ):  # fmt: skip
        body: Any = {} if method == "PATCH" else None
        answer = shipper.request(method, f"/v1/loads/{load_id}{end}", json=body, headers=headers)
        assert answer.status_code == 422, (method, end)
        assert answer.json()["errors"][0]["pointer"] == "/load_id"
    assert shipper.get(f"/v1/loads/{2**63 - 1}").status_code == 404
