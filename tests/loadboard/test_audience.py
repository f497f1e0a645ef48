"""Who sees a load that is not for everyone, on every way to it, and from when on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from loadboard import sight
from loadboard.accounts.organizations import OrganizationChange, change
from loadboard.db import transaction
from loadboard.feed import Feed
from loadboard.loads.texts import remembered
from loadboard.loads.writing import position
from loadboard.settings import settings
from loadboard.sight import is_partner
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import book, done, refused, send, trusted
from tests.loadboard.loads.examples import at, load, rows
from tests.loadboard.networks.test_networks import add, by_id, make

MERGE = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
VAN = {"at": {"place": "Dallas, TX"}, "equipment": "van", "free_from": at(0)}


@pytest.fixture(autouse=True)
def hexagons_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of them for seconds tells of loads as they were; who sees them is always as it is."""
    monkeypatch.setenv("LOADBOARD_HEXES_CACHE_S", "0")


@pytest.fixture
def other_carrier(service: Service) -> Member:
    return service.member("Other Carrier", "carrier")


@pytest.fixture
def operator(service: Service) -> Member:
    return service.member("Operator", "operator")


def post(poster: Member, reference: str, **said: Any) -> int:
    answer = poster.post("/v1/loads", json=load(reference=reference, **said))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def seen_by(member: Member, position: str | None = None) -> set[int]:
    """The loads that somebody finds; every other way to them must agree."""
    headers = {"Board-Position": position} if position else {}
    found = member.post("/v1/search", json={}, headers=headers).json()
    ids = {item["id"] for item in found["items"]}
    assert found["total"] == len(ids)
    trip = {"from": {"place": "Dallas, TX"}, "to": {"place": "Atlanta, GA"}}
    along = member.post("/v1/search", json={"along": trip}).json()
    assert {item["id"] for item in along["items"]} == ids
    hexes = member.post("/v1/search/hexes", json={}).json()
    assert hexes["total"] == len(ids)
    return ids


def reaches(member: Member, load_id: int) -> bool:
    answers = [
        member.get(f"/v1/loads/{load_id}{more}").status_code for more in ("", "/route", "/history")
    ]
    assert answers in ([200] * 3, [404] * 3)
    return answers[0] == 200


def matched(carrier: Member) -> tuple[set[int], int]:
    """The loads among a truck's matches, and of how many loads they were told."""
    page = carrier.post("/v1/matches", json={"truck": VAN}).json()
    ids = {item["load"]["id"] for item in page["items"]}
    return ids, len(ids) + sum(page["refused"].values())


def sees(member: Member, *ids: int) -> None:
    """They see exactly these loads."""
    expected = set(ids)
    assert seen_by(member) == expected
    if member.sender.organization.endswith("Carrier"):
        assert matched(member) == (expected, len(expected))


def test_a_load_is_seen_by_its_audience_its_poster_and_the_operator(
    shipper: Member,
    other_shipper: Member,
    carrier: Member,
    other_carrier: Member,
    operator: Member,
) -> None:
    core, empty = make(shipper, "Core"), make(shipper, "Empty")
    add(shipper, core, carrier)
    other = other_carrier.sender.organization_id
    for_all = post(shipper, "all")
    in_core = post(shipper, "core", audience={"networks": [core, empty]})
    named = post(shipper, "named", audience={"carriers": [other]})
    both = post(shipper, "both", audience={"networks": [core], "carriers": [other]})
    nobody = post(shipper, "nobody", audience={"networks": [empty]})
    everything = {for_all, in_core, named, both, nobody}
    for member, ids in (
        (carrier, {for_all, in_core, both}),
        (other_carrier, {for_all, named, both}),
        (shipper, everything),
        (operator, everything),
        (other_shipper, set()),
    ):
        sees(member, *ids)
        assert {id for id in everything if reaches(member, id)} == ids


def test_a_truck_is_told_nothing_of_a_load_that_its_carrier_may_not_see(
    shipper: Member, carrier: Member, other_carrier: Member
) -> None:
    hidden = post(shipper, "x", audience={"carriers": [other_carrier.sender.organization_id]})
    for member, status in ((carrier, 404), (other_carrier, 200)):
        truck = member.post("/v1/trucks", json=VAN).json()["id"]
        answer = member.get("/v1/matches/why", params={"load": hidden, "truck": truck})
        assert answer.status_code == status


def suspend(operator: Member, member: Member, suspended: bool = True) -> str:
    """The position of the change."""
    path = f"/v1/organizations/{member.sender.organization_id}"
    answer = operator.patch(path, json={"suspended": suspended}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return answer.headers["board-position"]


def test_every_change_counts_at_once(shipper: Member, carrier: Member, operator: Member) -> None:
    core = make(shipper, "Core")
    private = post(shipper, "private", audience={"networks": [core]})
    public = post(shipper, "public")
    me, it = shipper.sender.organization_id, carrier.sender.organization_id
    sees(carrier, public)
    add(shipper, core, carrier)
    sees(carrier, public, private)
    shipper.request("DELETE", f"/v1/networks/{core}/members/{it}")
    sees(carrier, public)
    named = post(shipper, "named", audience={"carriers": [it]})
    sees(carrier, public, named)
    for who, other in ((shipper, it), (carrier, me)):
        who.post("/v1/blocks", json={"organization_id": other})
        sees(carrier)
        assert not any(reaches(carrier, id) for id in (public, private, named))
        who.request("DELETE", f"/v1/blocks/{other}")
        sees(carrier, public, named)
    answer = shipper.patch(
        f"/v1/loads/{public}", json={"audience": {"networks": [core]}}, headers=MERGE
    )
    assert answer.json()["version"] == 2
    assert answer.json()["audience"] == {"networks": [core], "carriers": []}
    sees(carrier, named)
    shipper.patch(f"/v1/loads/{private}", json={"audience": None}, headers=MERGE)
    sees(carrier, named, private)
    # A suspended poster's loads are seen by nobody else.
    for suspended, seen in ((True, ()), (False, (named, private))):
        suspend(operator, shipper, suspended)
        sees(carrier, *seen)
        assert reaches(carrier, named) is bool(seen)


def test_what_a_carrier_may_not_see_it_can_neither_ask_for_nor_book(
    shipper: Member, carrier: Member, service: Service, database_url: str
) -> None:
    """Deals are made under row-level security, which hides the block itself from the carrier."""
    hauler, other = (trusted(service, database_url, f"{n} Carrier") for n in ("Good", "Best"))
    core = make(shipper, "Core")
    add(shipper, core, hauler)
    said = {"audience": {"networks": [core]}, "instant": "networks", "reference": "private"}
    private = done(shipper.post("/v1/loads", json=load(**said)), 201)
    offer = {"rate_cents": 100}
    path = f"/v1/loads/{private['id']}/offers"
    for answer in (book(other, private), send(other, path, offer)):
        assert answer.status_code == 404
    shipper.post("/v1/blocks", json=by_id(hauler))
    for answer in (book(hauler, private), send(hauler, path, offer)):
        assert answer.status_code == 404
    shipper.delete(f"/v1/blocks/{hauler.sender.organization_id}")
    public = done(shipper.post("/v1/loads", json=load(instant="networks", reference="public")), 201)
    refused(book(other, public), 403, "not-instant")
    done(book(hauler, public), 201)
    done(send(hauler, path, offer), 201)


@pytest.fixture
def second(service: Service) -> Iterator[Feed]:
    """Another process's board."""
    feed = Feed()
    yield feed
    service.run(feed.close())


def test_another_process_follows_by_the_feed(
    shipper: Member, carrier: Member, service: Service, second: Feed
) -> None:
    first = service.app.state.feed
    public = post(shipper, "public")
    sees(carrier, public)
    service.app.state.feed = second
    sees(carrier, public)
    service.app.state.feed = first
    position = shipper.post("/v1/blocks", json=by_id(carrier)).headers["board-position"]
    service.app.state.feed = second
    assert seen_by(carrier, position) == set()
    service.app.state.feed = first


@pytest.mark.parametrize("by", ["api", "command"])
def test_a_suspended_poster_leaves_the_boards_of_all_processes(
    shipper: Member, carrier: Member, operator: Member, service: Service, second: Feed, by: str
) -> None:
    first, public = service.app.state.feed, post(shipper, "public")
    for suspended, seen in ((True, set()), (False, {public})):
        for feed in (first, second):
            service.app.state.feed = feed
            seen_by(carrier)
        if by == "api":
            position = suspend(operator, shipper, suspended)
        else:
            position = service.run(_commanded(shipper.sender.organization_id, suspended))
        for feed in (second, first):
            service.app.state.feed = feed
            assert seen_by(carrier, position) == seen


async def _commanded(organization_id: int, suspended: bool) -> str:
    """As `loadboard org suspend` and `restore` do it, in a process of their own."""
    async with transaction() as session:
        wanted = OrganizationChange(suspended=suspended)
        await change(session, organization_id, "*", wanted, None, datetime.now(UTC))
        return await position(session)


def test_what_happens_to_accounts_leaves_boards_and_sights_alone(
    shipper: Member, carrier: Member, service: Service
) -> None:
    feed, public = service.app.state.feed, post(shipper, "public")
    sees(carrier, public)
    known = feed.sights._known[carrier.sender.organization_id]
    key = {"name": "TMS", "role": "viewer", "scopes": ["loads:read"]}
    assert carrier.post("/v1/keys", json=key).status_code == 201
    assert service.run(feed.read())
    assert feed.sights._known[carrier.sender.organization_id] is known
    assert (0, 0) not in remembered().texts
    sees(carrier, public)


def test_the_last_known_sight_counts_while_the_database_is_away(
    shipper: Member, carrier: Member, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(shipper, "hidden", audience={"networks": [make(shipper, "Core")]})
    public = post(shipper, "public")
    sees(carrier, public)
    sights = service.app.state.feed.sights
    sights.forget(None)

    async def away(_: int) -> None:
        raise psycopg.OperationalError("away")

    monkeypatch.setattr("loadboard.sight._look_up", away)
    assert seen_by(carrier) == {public}
    other = service.member("Other Carrier", "carrier")
    assert other.post("/v1/search", json={}).status_code == 503


def test_a_sight_that_changes_while_it_is_looked_up_is_looked_up_again(
    shipper: Member, carrier: Member, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = post(shipper, "public")
    sights, look_up = service.app.state.feed.sights, sight._look_up
    blocked: list[int] = []

    async def slow(of: int) -> Any:
        found = await look_up(of)
        if not blocked:
            blocked.append(of)
            # As the feed does, once the answer is on its way.
            await carrier.client.post("/v1/blocks", json=by_id(shipper))
            sights.forget({"carriers": [of], "networks": []})
        return found

    monkeypatch.setattr(sight, "_look_up", slow)
    first = carrier.post("/v1/search", json={}).json()
    assert [item["id"] for item in first["items"]] == [public]
    sees(carrier)


@pytest.mark.parametrize(
    ("audience", "pointer"),
    [
        ("nobody", "/audience"),
        ({}, "/audience"),
        ({"networks": [99_999]}, "/audience/networks"),
        ({"carriers": [99_999]}, "/audience/carriers"),
        ({"carriers": ["1"]}, "/audience/carriers/0"),
        ({"drivers": [1]}, "/audience/drivers"),
    ],
)
def test_an_audience_that_is_none_is_refused(shipper: Member, audience: Any, pointer: str) -> None:
    answer = shipper.post("/v1/loads", json=load(audience=audience))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_audience_is_of_ones_own_networks_and_of_carriers(
    shipper: Member, other_shipper: Member, carrier: Member
) -> None:
    theirs = make(other_shipper, "Theirs")
    add(other_shipper, theirs, carrier)
    for audience in ({"networks": [theirs]}, {"carriers": [other_shipper.sender.organization_id]}):
        assert shipper.post("/v1/loads", json=load(audience=audience)).status_code == 422
    mine = post(shipper, "mine")
    patch = {"audience": {"networks": [theirs]}}
    assert shipper.patch(f"/v1/loads/{mine}", json=patch, headers=MERGE).status_code == 422
    sees(carrier, mine)


def test_an_audience_is_kept_once_and_told_to_its_poster_alone(
    shipper: Member, carrier: Member, operator: Member, database_url: str
) -> None:
    it = carrier.sender.organization_id
    core = make(shipper, "Core")
    said = {"networks": [core], "carriers": [it]}
    ids = [post(shipper, f"L{n}", audience=said | {"carriers": [it] * (n + 1)}) for n in range(3)]
    kept = rows(database_url, "SELECT * FROM audience")
    assert [(row["networks"], row["carriers"]) for row in kept] == [([core], [it])]
    told = rows(database_url, "SELECT * FROM event WHERE kind = 'sight.changed'")
    assert len(told) == 1
    for event in rows(
        database_url, "SELECT * FROM event WHERE listing IS NOT NULL AND load_id > 0"
    ):
        assert "audience" not in event["listing"]
    assert shipper.get(f"/v1/loads/{ids[0]}").json()["audience"] == said
    assert [item["audience"] for item in shipper.get("/v1/loads").json()["items"]] == [said] * 3
    for member in (carrier, operator):
        assert "audience" not in member.get(f"/v1/loads/{ids[0]}").json()
        assert "audience" not in member.post("/v1/search", json={}).json()["items"][0]
    again = shipper.post("/v1/loads", json=load(reference="L0", audience=said))
    assert again.status_code == 200


def test_a_network_stays_while_an_open_load_is_for_it(shipper: Member) -> None:
    core = make(shipper, "Core")
    meant = post(shipper, "x", audience={"networks": [core]})
    refused = shipper.request("DELETE", f"/v1/networks/{core}")
    assert (refused.status_code, refused.json()["loads"]) == (409, 1)
    shipper.post(f"/v1/loads/{meant}/cancel", headers={"If-Match": "*"})
    assert shipper.request("DELETE", f"/v1/networks/{core}").status_code == 204


def test_hexagons_that_are_kept_are_not_shown_to_who_sees_less(
    shipper: Member, carrier: Member, other_carrier: Member
) -> None:
    settings().hexes_cache_s = 10
    core = make(shipper, "Core")
    add(shipper, core, carrier)
    post(shipper, "x", audience={"networks": [core]})
    for member, total in ((carrier, 1), (other_carrier, 0), (carrier, 1)):
        assert member.post("/v1/search/hexes", json={}).json()["total"] == total


def test_instant_is_told_to_all_and_its_networks_are_the_posters(
    shipper: Member, carrier: Member, other_carrier: Member, service: Service
) -> None:
    first = post(shipper, "x", instant="networks")
    assert carrier.get(f"/v1/loads/{first}").json()["instant"] == "networks"
    second = post(shipper, "y")
    [item] = [i for i in carrier.post("/v1/search", json={}).json()["items"] if i["id"] == second]
    assert item["instant"] == "nobody"
    assert shipper.post("/v1/loads", json=load(instant="all")).status_code == 422
    add(shipper, make(shipper, "Core"), carrier)

    async def partners() -> list[bool]:
        async with transaction() as session:
            mine = shipper.sender.organization_id
            return [
                await is_partner(session, member.sender.organization_id, mine)
                for member in (carrier, other_carrier)
            ]

    assert service.run(partners()) == [True, False]
