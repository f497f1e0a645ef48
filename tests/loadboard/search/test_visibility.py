"""Who finds which loads, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from loadboard import auth
from loadboard.db import transaction
from loadboard.loads.expiring import expire
from tests.loadboard.conftest import Caller, Member, Service
from tests.loadboard.search.boards import (
    DALLAS,
    HOUR,
    NOW,
    Board,
    found,
    found_ids,
    load,
    near,
)
from tests.loadboard.search.conftest import Clock

TICK = timedelta(microseconds=1)
ANYWHERE = [{}, {"pickup": near(DALLAS, 10)}, {"delivery": {"bbox": [-180, -90, 180, 90]}}]


def finds(caller: Caller, expected: set[int]) -> None:
    for body in ANYWHERE:
        assert found_ids(caller, body) == expected
        counted = caller.post("/v1/search/hexes", json=body | {"resolution": 3})
        assert counted.json()["total"] == len(expected)


def test_a_load_is_found_until_its_last_moment_and_no_longer(
    board: Board, carrier: Member, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = NOW + HOUR
    [by_window] = board.post([load(window=(NOW, later))])
    [by_expiry] = board.post([load(window=(NOW, later + HOUR), expires_at=later)])
    [longer] = board.post([load(window=(NOW, later + HOUR), expires_at=later + 2 * HOUR)])
    clock.moment = later - TICK
    assert found_ids(carrier, {}) == {by_window.id, by_expiry.id, longer.id}
    clock.moment = later
    finds(carrier, {longer.id})
    assert board.service.run(expire(later)) == 2
    finds(carrier, {longer.id})
    # Once written down it stays closed, whatever a clock says.
    clock.moment = NOW
    board.clear_cache()
    finds(carrier, {longer.id})


def test_closed_loads_are_not_found_and_changed_ones_are_as_they_became(
    board: Board, shipper: Member, carrier: Member
) -> None:
    kept, cancelled, moved = board.post(load(rate_cents=rate) for rate in (1, 2, 3))
    any_version = {"If-Match": "*"}
    answer = shipper.post(f"/v1/loads/{cancelled.id}/cancel", headers=any_version)
    assert answer.status_code == 200
    answer = shipper.patch(
        f"/v1/loads/{moved.id}",
        json={"rate_cents": 900, "commodity": "paper"},
        headers=any_version | {"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200, answer.text
    finds(carrier, {kept.id, moved.id})
    [best, _] = found(carrier, {"sort": "rate"})
    assert best.pop("distance_mi") is None
    assert best == carrier.get(f"/v1/loads/{moved.id}").json()
    assert best.pop("record")["posted"] == 0
    private = {"audience": "everyone", "contact": None, "addresses": None}
    assert best | private == answer.json() == shipper.get(f"/v1/loads/{moved.id}").json()
    assert (best["version"], best["rate_cents"], best["commodity"]) == (2, 900, "paper")


def test_a_load_moves_with_its_stops(board: Board, shipper: Member, carrier: Member) -> None:
    [made] = board.post([load()])
    stops = [
        {"kind": "pickup", "place": "Chicago, IL", "window": {"from": NOW.isoformat(), "to": (NOW + HOUR).isoformat()}},
        {"kind": "delivery", "place": "Gary, IN"},
    ]  # fmt: skip
    kind = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    assert shipper.patch(f"/v1/loads/{made.id}", json={"stops": stops}, headers=kind).is_success
    assert found_ids(carrier, {"pickup": near(DALLAS, 100)}) == set()
    for place in ({"near": {"place": "Chicago, IL"}, "radius_mi": 5}, {"states": ["IL"]}):
        assert found_ids(carrier, {"pickup": place}) == {made.id}


def test_a_shipper_finds_its_own_and_a_carrier_everything(
    board: Board, shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    own = {made.id for made in board.post(load() for _ in range(3))}
    others = {made.id for made in board.post([load()], sender=other_shipper.sender)}
    # Each twice: the hexagons that one is shown must not be remembered for another.
    for _ in range(2):
        finds(shipper, own)
        finds(other_shipper, others)
        finds(carrier, own | others)
    assert {item["organization"]["name"] for item in found(carrier, {})} == {
        "First Shipper",
        "Second Shipper",
    }


ASKED = [("POST", "/v1/search"), ("GET", "/v1/search"), ("POST", "/v1/search/hexes")]


def statuses(caller: Caller) -> set[int]:
    answers = [caller.request(method, path, json={}) for method, path in ASKED]
    for answer in answers:
        if answer.status_code == 401:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "items" not in answer.json()
    return {answer.status_code for answer in answers}


def test_nobody_searches_without_a_token(board: Board, service: Service, carrier: Member) -> None:
    board.post([load()])
    assert statuses(carrier) == {200}
    assert statuses(service.caller(None)) == {401}
    for token in ("x", carrier.token[:-1], carrier.token.swapcase(), "é".encode().hex()):
        assert statuses(service.caller(token)) == {401}
    answer = service.caller(None).post(
        "/v1/search", json={}, headers={"Authorization": f"Basic {carrier.token}"}
    )
    assert answer.status_code == 401


def test_a_token_ends_on_time_though_it_was_just_used(
    board: Board, carrier: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(datetime.now(UTC))
    monkeypatch.setattr(auth, "datetime", clock)
    clock.pass_by(auth.TOKEN_LIFE - timedelta(minutes=1))
    assert statuses(carrier) == {200}
    clock.pass_by(timedelta(minutes=2))
    assert statuses(carrier) == {401}


def test_a_token_that_is_over_is_refused_at_its_first_use(board: Board, carrier: Member) -> None:
    async def issue(now: datetime) -> str:
        person_id = carrier.sender.person_id
        assert person_id is not None
        async with transaction() as session:
            return await auth.issue_token(session, person_id, now)

    now = datetime.now(UTC)
    for begun, expected in ((now - auth.TOKEN_LIFE, 401), (now - auth.TOKEN_LIFE / 2, 200)):
        token = board.service.run(issue(begun))
        assert statuses(board.service.caller(token)) == {expected}
