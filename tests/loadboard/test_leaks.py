"""Random networks, blocks, suspensions and audiences: what each carrier is told is of what it may see.

`tests.matching.test_sight` shows the same of the engine, against boards that lack what is hidden.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import h3
import pytest

from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import delivery, load, pickup
from tests.loadboard.networks.test_networks import make

TOWNS = ("Dallas, TX", "Fort Worth, TX", "Waco, TX", "Tyler, TX")
TRUCK = {"at": {"place": "Dallas, TX"}, "equipment": "van", "max_deadhead_mi": 200}


@dataclass
class Trade:
    """Who is in which network, who blocked whom, and the loads with what was said of each."""

    service: Service
    posters: list[Member]
    carriers: list[Member]
    members: dict[int, set[int]] = field(default_factory=dict)
    blocks: set[tuple[int, int]] = field(default_factory=set)
    suspended: set[int] = field(default_factory=set)
    loads: dict[int, dict[str, Any]] = field(default_factory=dict)

    def expected(self, carrier: Member) -> dict[int, dict[str, Any]]:
        me = id_of(carrier)
        return {id: load for id, load in self.loads.items() if self._is_seen(load, me)}

    def _is_seen(self, load: dict[str, Any], me: int) -> bool:
        poster, audience = load["organization"]["id"], load["audience"]
        if poster in self.suspended or {(me, poster), (poster, me)} & self.blocks:
            return False
        if audience == "everyone":
            return True
        return me in audience["carriers"] or any(
            me in self.members[n] for n in audience["networks"]
        )


def id_of(member: Member) -> int:
    return member.sender.organization_id


@pytest.fixture
def trade(service: Service) -> Trade:
    posters = [service.member(f"Poster {n}", "shipper" if n else "broker") for n in range(3)]
    return Trade(service, posters, [service.member(f"Carrier {n}", "carrier") for n in range(4)])


def change(trade: Trade, rng: random.Random) -> None:
    """Something happens by the API, and the same in the model."""
    poster, carrier = rng.choice(trade.posters), rng.choice(trade.carriers)
    mine, other = id_of(poster), id_of(carrier)
    networks = _networks(poster)
    match rng.choice(["network", "join", "join", "leave", "block", "unblock", "post", "post", "post", "patch"]):  # fmt: skip
        case "network":
            trade.members[make(poster, f"N{len(trade.members)}")] = set()
        case "join" if networks:
            network = rng.choice(networks)
            body = {"organization_id": other}
            assert poster.post(f"/v1/networks/{network}/members", json=body).is_success
            trade.members[network].add(other)
        case "leave" if networks:
            network = rng.choice(networks)
            poster.request("DELETE", f"/v1/networks/{network}/members/{other}")
            trade.members[network].discard(other)
        case "block":
            who, whom = rng.choice([(poster, other), (carrier, mine)])
            assert who.post("/v1/blocks", json={"organization_id": whom}).is_success
            trade.blocks.add((id_of(who), whom))
        case "unblock" if trade.blocks:
            by, whom = rng.choice(sorted(trade.blocks))
            who = next(m for m in trade.posters + trade.carriers if id_of(m) == by)
            assert who.request("DELETE", f"/v1/blocks/{whom}").is_success
            trade.blocks.discard((by, whom))
        case "post":
            body = load(
                reference=f"R-{rng.random()}",
                rate_cents=rng.choice([None, rng.randrange(100_000, 400_000)]),
                equipment=rng.choice(["van", "van", "reefer"]),
                stops=[pickup(place=rng.choice(TOWNS)), delivery()],
                audience=_audience(networks, trade.carriers, rng),
            )
            _keep(trade, poster.post("/v1/loads", json=body).json())
        case "patch" if own := _posted_by(trade, mine):
            one = rng.choice(own)
            headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
            body = {"audience": _audience(networks, trade.carriers, rng)}
            answer = poster.patch(f"/v1/loads/{one['id']}", json=body, headers=headers)
            _keep(trade, answer.json())


def _posted_by(trade: Trade, poster: int) -> list[dict[str, Any]]:
    return [one for one in trade.loads.values() if one["organization"]["id"] == poster]


def suspend(trade: Trade, operator: Member, poster: Member) -> None:
    path = f"/v1/organizations/{id_of(poster)}"
    answer = operator.patch(path, json={"suspended": True}, headers={"If-Match": "*"})
    assert answer.is_success
    trade.suspended.add(id_of(poster))


def _networks(poster: Member) -> list[int]:
    return [network["id"] for network in poster.get("/v1/networks").json()["items"]]


def _audience(networks: list[int], carriers: list[Member], rng: random.Random) -> Any:
    some = {
        "networks": rng.sample(networks, min(len(networks), rng.randrange(3))),
        "carriers": [id_of(one) for one in rng.sample(carriers, rng.randrange(3))],
    }
    return some if rng.random() < 0.6 and any(some.values()) else "everyone"


def _keep(trade: Trade, shown: dict[str, Any]) -> None:
    trade.loads[shown["id"]] = shown


def check(trade: Trade, carrier: Member) -> None:
    expected = trade.expected(carrier)
    page = carrier.post("/v1/search", json={"limit": 200}).json()
    assert {item["id"] for item in page["items"]} == set(expected)
    assert page["total"] == len(expected)
    assert hexagons(carrier) == medians(expected.values())
    matches = carrier.post("/v1/matches", json={"truck": TRUCK, "limit": 200}).json()
    assert {item["load"]["id"] for item in matches["items"]} == {
        id for id, load in expected.items() if load["equipment"] == "van"
    }
    assert matches["refused"]["equipment"] == sum(
        one["equipment"] != "van" for one in expected.values()
    )
    assert sum(matches["refused"].values()) + len(matches["items"]) == len(expected)
    for id in trade.loads:
        status = carrier.get(f"/v1/loads/{id}").status_code
        assert status == (200 if id in expected else 404)


def hexagons(carrier: Member) -> dict[str, tuple[int, float | None]]:
    answer = carrier.post("/v1/search/hexes", json={"resolution": 4}).json()
    each = (feature["properties"] for feature in answer["features"])
    return {hexagon["cell"]: (hexagon["count"], hexagon["median_rate_per_mile_cents"]) for hexagon in each}  # fmt: skip


def medians(loads: Iterable[dict[str, Any]]) -> dict[str, tuple[int, Any]]:
    cells: dict[str, list[float | None]] = {}
    for one in loads:
        stop = one["stops"][0]
        fine = h3.latlng_to_cell(stop["lat"], stop["lon"], 8)
        cells.setdefault(h3.cell_to_parent(fine, 4), []).append(one["rate_per_mile_cents"])
    told = {cell: [rate for rate in rates if rate is not None] for cell, rates in cells.items()}
    return {
        cell: (len(rates), pytest.approx(median(told[cell])) if told[cell] else None)
        for cell, rates in cells.items()
    }


@pytest.mark.parametrize("seed", range(2))
def test_each_carrier_is_told_of_what_it_may_see_and_no_more(
    trade: Trade, operator: Member, seed: int, is_long: bool
) -> None:
    rng = random.Random(seed)
    rounds, steps = (60, 12) if is_long else (6, 12)
    for _ in range(rounds):
        for _ in range(steps):
            change(trade, rng)
        for carrier in trade.carriers:
            check(trade, carrier)
    suspend(trade, operator, trade.posters[0])
    for carrier in trade.carriers:
        check(trade, carrier)


@pytest.fixture(autouse=True)
def hexagons_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADBOARD_HEXES_CACHE_S", "0")
