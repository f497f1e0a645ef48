"""Carriers post trucks, see their own, and take them off."""

from typing import Any

import pytest

from tests.loadboard.conftest import Member, Service

TRUCK: dict[str, Any] = {"at": {"place": "Dallas, TX"}, "equipment": "V"}
WHOLE: dict[str, Any] = {
    "at": {"zip": "75201"},
    "free_from": "2090-05-05T12:00:00Z",
    "equipment": "reefer",
    "length_ft": 53,
    "weight_lb": 44_000,
    "hazmat": True,
    "max_deadhead_mi": 120,
    "to": {"states": ["GA", "FL"]},
    "home": {"at": {"place": "Atlanta, GA"}, "by": "2090-05-09T12:00:00Z"},
    "trip": {"to": {"place": "Atlanta, GA"}, "max_out_of_route_mi": 80},
    "clock": {"drive_left_h": 6, "window_left_h": 8, "drive_since_break_h": 2, "cycle_left_h": 40},
}


def test_a_truck_is_posted_listed_and_withdrawn(carrier: Member) -> None:
    made = [carrier.post("/v1/trucks", json=body) for body in (TRUCK, WHOLE)]
    assert [answer.status_code for answer in made] == [201, 201]
    first, second = (answer.json() for answer in made)
    assert made[0].headers["Location"] == f"/v1/trucks/{first['id']}"
    assert first["truck"]["equipment"] == "van"
    assert {name: second["truck"][name] for name in ("weight_lb", "hazmat", "max_deadhead_mi")} == {
        "weight_lb": 44_000, "hazmat": True, "max_deadhead_mi": 120,
    }  # fmt: skip
    assert carrier.get(f"/v1/trucks/{first['id']}").json() == first
    listed = carrier.get("/v1/trucks", params={"limit": 1}).json()
    assert (listed["items"], listed["total"]) == ([second], 2)
    following = carrier.get("/v1/trucks", params={"limit": 1, "cursor": listed["next_cursor"]})
    assert (following.json()["items"], following.json()["next_cursor"]) == ([first], None)
    for _ in range(2):
        gone = carrier.post(f"/v1/trucks/{first['id']}/withdraw")
        assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")
    posted = carrier.get("/v1/trucks", params={"status": "posted"}).json()
    assert posted["items"] == [second]


def test_trucks_are_seen_by_their_own_carrier_alone(
    carrier: Member, shipper: Member, service: Service
) -> None:
    path = f"/v1/trucks/{carrier.post('/v1/trucks', json=TRUCK).json()['id']}"
    stranger = service.member("Another Carrier", "carrier")
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/withdraw").status_code == 404
    assert stranger.get("/v1/trucks").json()["total"] == 0
    assert shipper.get(path).status_code == 403
    assert shipper.post("/v1/trucks", json=TRUCK).status_code == 403
    assert carrier.get(path).json()["status"] == "posted"


@pytest.mark.parametrize(
    ("changed", "pointer", "message"),
    [
        ({"at": None}, "/at", "object"),
        ({"at": {"place": "Dalas, TX"}}, "/at/place", "Dallas"),
        ({"equipment": "spaceship"}, "/equipment", "no equipment known"),
        ({"length_ft": 0}, "/length_ft", "greater than 0"),
        ({"max_deadhead_mi": 10**9}, "/max_deadhead_mi", "1000"),
        ({"max_deadhead_mi": -1}, "/max_deadhead_mi", "0"),
        ({"clock": {"drive_left_h": 12}}, "/clock/drive_left_h", "11"),
        ({"clock": {"cycle_left_h": 70, "recap_h": [8]}}, "/clock/recap_h", "used"),
        ({"trip": {"to": {"place": "Dallas, TX"}}}, "/trip/to", "no miles"),
        ({"trip": {"to": {"place": "Tulsa, OK"}, "max_out_of_route_mi": 10**9}}, "/trip/max_out_of_route_mi", "1000"),
        ({"trip": {"to": {"lat": 21.31, "lon": -157.86}}}, "/trip/to", "48 contiguous states"),
        ({"to": {"states": ["ZZ"]}}, "/to/states", "none of the states"),
        ({"home": {"at": {"place": "Tulsa, OK"}}}, "/home/by", "required"),
        ({"color": "red"}, "/color", "not a field"),
    ],
)  # fmt: skip
def test_a_truck_that_can_not_be_is_refused(
    carrier: Member, changed: dict[str, Any], pointer: str, message: str
) -> None:
    answer = carrier.post("/v1/trucks", json=TRUCK | changed)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]
    assert carrier.get("/v1/trucks").json()["total"] == 0
