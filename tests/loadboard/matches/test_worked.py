"""The match that docs/matching.md works by hand, number for number."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from loadboard.loads import api as loads_api
from loadboard.matches import api as matches_api
from tests.loadboard.conftest import Member
from tests.loadboard.loads.examples import delivery, load, pickup
from tests.loadboard.test_docs import DOCS

FREE = datetime(2026, 11, 24, 13, tzinfo=UTC)


class Clock:
    @staticmethod
    def now(_: tzinfo) -> datetime:
        return FREE - timedelta(days=1)


def test_the_match_worked_by_hand(
    shipper: Member, carrier: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (loads_api, matches_api):
        monkeypatch.setattr(module, "datetime", Clock)
    windows = [
        {"from": "2026-11-24T15:00:00Z", "to": "2026-11-24T21:00:00Z"},
        {"from": "2026-11-25T13:00:00Z", "to": "2026-11-25T22:00:00Z"},
    ]
    stops = [
        pickup(place="Fort Worth, TX", window=windows[0]),
        delivery(place="Memphis, TN", lat=None, lon=None, window=windows[1]),
    ]
    posted = load(stops=stops, rate_cents=250_000)
    assert shipper.post("/v1/loads", json=posted).status_code == 201
    clock = {
        "drive_left_h": 8, "window_left_h": 10, "drive_since_break_h": 3, "cycle_left_h": 40,
    }  # fmt: skip
    truck = {
        "at": {"place": "Dallas, TX"}, "equipment": "van", "free_from": FREE.isoformat(), "clock": clock,
    }  # fmt: skip
    answer = carrier.post("/v1/matches", json={"truck": truck})
    assert answer.status_code == 200, answer.text
    [match] = answer.json()["items"]
    assert match["worth_cents"] == 121_314
    assert {term["name"]: term["cents"] for term in match["terms"]} == {
        "rate": 250_000, "deadhead": -4_179, "loaded": -62_061, "out_of_route": 0, "driving": -41_891,
        "waiting": -3_055, "resting": -10_000, "payment": -7_500, "next_load": 0,
    }  # fmt: skip
    kinds = ["drive", "wait", "load", "drive", "rest", "drive", "wait", "unload"]
    assert [step["kind"] for step in match["plan"]] == kinds
    assert match["sentence"] in (DOCS / "matching.md").read_text()
