"""Every operation, asked by everybody, about everything: each answer is no more than it should be.

`rights` says what should be; `world` says who there is. An id that one may not reach answers to the byte as
one that nothing has.
"""

import copy
import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from tests.loadboard.conftest import Service
from tests.loadboard.loads.examples import at, delivery, load, pickup
from tests.loadboard.rights import (
    AROUND,
    EXISTING,
    LAST,
    LISTS,
    MAY,
    NEEDS_STANDING,
    OF_A_READING_KEY,
    OPEN,
    REACH,
    READ,
    SENT,
    Slot,
)
from tests.loadboard.test_docs import ROOT
from tests.loadboard.world import ABSENT, KINDS, SUSPENDED, World, build

PATHS: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in PATHS.items()
    for method, operation in item.items()
}
IN_PATH = re.compile(r"{(\w+)}")
# What differs from one request to the next, whatever is asked.
PASSING = {"x-request-id", "ratelimit", "ratelimit-policy", "board-position"}
_keys = count(1)

Seen = tuple[int, bytes, list[tuple[str, str]]]


@pytest.fixture
def world(service: Service, database_url: str) -> World:
    return build(service, database_url)


@pytest.fixture(autouse=True)
def hexagons_are_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOADBOARD_HEXES_CACHE_S", "0")


def ids_in_body(operation: dict[str, Any]) -> set[str]:
    """The fields of a body that hold ids, as the description tells."""
    text = json.dumps(operation.get("requestBody", {}))
    schemas = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
    names: set[str] = set()
    done: set[str] = set()
    waiting = [text]
    while waiting:
        text = waiting.pop()
        names |= set(re.findall(r'"(\w+_id|networks|carriers)": {', text))
        for name in set(re.findall(r"#/components/schemas/(\w+)", text)) - done:
            done.add(name)
            waiting.append(json.dumps(schemas[name]))
    return names


def slots() -> Iterator[Slot]:
    """Every id that a request may name."""
    for name, operation in OPERATIONS.items():
        queried = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
        for field in {*IN_PATH.findall(name), *(queried & {"load", "truck"}), *ids_in_body(operation)}:  # fmt: skip
            yield name, field


def test_the_matrix_has_every_operation_and_every_id() -> None:
    assert OPEN | MAY.keys() == OPERATIONS.keys()
    # A merge patch is described as any object; what it may name is known here.
    patched = {("PATCH /v1/loads/{load_id}", name) for name in ("networks", "carriers")}
    assert set(slots()) | patched == REACH.keys()


def listed(wrong: list[Any]) -> str:
    return "\n".join(map(str, wrong))


def named(world: World, said: Any) -> Any:
    """What is sent, with ids for the names of things."""
    if isinstance(said, dict):
        return {key: named(world, value) for key, value in said.items()}
    return world.ids.get(said, said) if isinstance(said, str) else said


def ask(
    world: World,
    who: str,
    operation: str,
    path_ids: dict[str, int],
    field: str = "",
    id: int = 0,
    if_match: str = '"999"',
) -> Seen:
    """One request, good but for the ids that it names; what somebody can tell of its answer."""
    method, _, path = operation.partition(" ")
    sent = named(world, copy.deepcopy(SENT.get(operation, {})))
    if operation == "POST /v1/loads" and field:
        sent["json"]["reference"] = f"cell {next(_keys)}"
    if field in {"networks", "carriers"}:
        sent["json"]["audience"] = {field: [id]}
    elif field and method == "GET":
        sent["params"][field] = id
    elif field == "truck_id" and "truck" in sent["json"]:
        sent["json"] = {"truck_id": id}
    elif field:
        sent["json"][field] = id
    headers = {"If-Match": if_match, "Idempotency-Key": f"cell {next(_keys)}"}
    sent["headers"] = headers | sent.get("headers", {})
    path = IN_PATH.sub(lambda part: str(path_ids.get(part[1], ABSENT)), path)
    return seen(world.ask(who, method, path, **sent))


def seen(answer: httpx.Response) -> Seen:
    headers = [(name, value) for name, value in answer.headers.items() if name not in PASSING]
    return answer.status_code, answer.content, sorted(headers)


def may(who: str, operation: str) -> bool:
    column = {"shipper": 0, "broker": 0, "carrier": 1, "operator": 2}[KINDS[who[0]]]
    if who[0] == "U" and operation in NEEDS_STANDING:
        return False
    return who[1] in MAY[operation][column]


def test_everybody_may_do_what_their_role_allows_and_no_more(world: World) -> None:
    there = {field: world[name] for field, name in EXISTING.items()}
    wrong = []
    # Signing out comes last: nobody is anybody afterwards.
    for operation in sorted(MAY, key=lambda name: name == "POST /v1/sign-out"):
        for who in world.callers:
            status, content, headers = ask(world, who, operation, {})
            kind = content.split(b'"type":"', 1)[-1].split(b'"', 1)[0]
            if who == "nobody" or who[0] in SUSPENDED:
                fits = status == 401
            elif not may(who, operation):
                fits = status == 403 and kind in {b"/problems/forbidden", b"/problems/not-in-good-standing"}  # fmt: skip
                # And it is no other answer where the ids are those of something.
                fits = fits and ask(world, who, operation, there) == (status, content, headers)
            elif "{" in operation:
                fits = status == 404
            elif operation == "GET /v1/matches/why":
                fits = status == (200 if who[0] == "C" else 404)
            else:
                fits = status not in {401, 403, 404} and status < 500
            if not fits:
                wrong.append((operation, who, status, content[:200]))
    assert not wrong, listed(wrong)


def test_a_key_does_what_its_scopes_allow_and_no_more(world: World) -> None:
    said = {"name": "Reads", "role": "owner", "scopes": ["loads:read"]}
    key = world.ask("Co", "POST", "/v1/keys", json=said).json()["key"]
    world.callers["Ck"] = world.service.caller(key)
    for operation in MAY:
        status, *_ = ask(world, "Ck", operation, {})
        # Of a password its body is looked at first.
        may_do = status not in {401, 403} and operation != "POST /v1/me/password"
        assert may_do is (operation in OF_A_READING_KEY), operation
    secret = {"password": "x" * 12, "new_password": "y" * 12}
    assert world.ask("Ck", "POST", "/v1/me/password", json=secret).status_code == 403


def askers(operation: str, field: str) -> Iterator[tuple[str, str]]:
    """One of each organisation who may do it, and for bookings C's driver, as `REACH` writes them."""
    for letter in "PQCDBUO":
        who = f"{letter}{'s' if letter == 'O' else 'o'}"
        if may(who, operation):
            yield letter, who
    if may("Cr", operation) and field in {"booking_id", "document_id"}:
        yield "R", "Cr"


def cells(is_reached: bool) -> Iterator[tuple[Slot, str, str]]:
    """Who asks for what by which id; first what they may not reach, for that changes nothing."""
    for slot, reach in REACH.items():
        for letter, who in askers(*slot):
            for name, seen_by in reach.items():
                if (letter in seen_by) is is_reached:
                    yield slot, who, name


def when(cell: tuple[Slot, str, str]) -> int:
    (operation, _), *_ = cell
    return next((n for n, last in enumerate(LAST, 1) if operation.startswith(last)), 0)


def answer_of(world: World, slot: Slot, who: str, id: int) -> Seen:
    operation, field = slot
    around = {name: world[value] for name, value in AROUND.get(slot, {}).items()}
    if field in IN_PATH.findall(operation):
        return ask(world, who, operation, around | {field: id})
    status, content, headers = ask(world, who, operation, around, field, id, if_match="*")
    if status == 422:
        # What was asked may be said again.
        content = re.sub(rb"(?<!\d)%d(?!\d)" % id, b"this", content)
        headers = [header for header in headers if header[0] != "content-length"]
    return status, content, headers


def test_what_one_may_not_reach_is_as_if_it_were_not_there(world: World) -> None:
    nothing: dict[tuple[Slot, str], Seen] = {}
    wrong: list[Any] = []
    for slot, who, name in cells(is_reached=False):
        if (slot, who) not in nothing:
            nothing[slot, who] = answer_of(world, slot, who, ABSENT)
            assert nothing[slot, who][0] in {404, 422}, (slot, who, nothing[slot, who])
        found = answer_of(world, slot, who, world[name])
        if found != nothing[slot, who]:
            wrong.append((slot, who, name, found[:2], nothing[slot, who][:2]))
    assert not wrong, listed(wrong)
    for slot, who, name in sorted(cells(is_reached=True), key=when):
        found = answer_of(world, slot, who, world[name])
        if found == answer_of(world, slot, who, ABSENT) or found[0] >= 500:
            wrong.append((slot, who, name, found[:2]))
    # What is there for them must answer, or this test shows nothing.
    assert not wrong, listed(wrong)


def test_lists_hold_ones_own(world: World) -> None:
    for path, holds in LISTS.items():
        path = re.sub(r"{(.+?)}", lambda part: str(world[part[1]]), path)
        for who, names in holds.items():
            answer = world.ask(who, "GET", path).json()
            ids = [item.get("id") or item["organization_id"] for item in answer["items"]]
            assert sorted(ids) == sorted(world[n] for n in names.split(", ") if n), (path, who)
            assert answer["total"] == len(ids)


def test_a_search_finds_what_one_sees(world: World) -> None:
    gone = {"load draft", "load closed", "load hauled 1", "load hauled 3"}
    for who in ("Po", "Qv", "Co", "Cr", "Dd", "Ba", "Uo", "Os"):
        expected = {world[name] for name, by in READ.items() if who[0] in by and name not in gone}
        found = world.ask(who, "POST", "/v1/search", json={}).json()
        assert ({item["id"] for item in found["items"]}, found["total"]) == (expected, len(expected)), who  # fmt: skip
        text = json.dumps(found["items"])
        assert "+1 214" not in text
        assert who == "Po" or '"audience"' not in text


def test_a_cursor_is_of_its_own_organisation(world: World) -> None:
    for n in range(2):
        world.ask("Co", "POST", "/v1/trucks", json=SENT["POST /v1/trucks"]["json"])
        world.ask("Qo", "POST", "/v1/networks", json={"name": f"N{n}"})
    for path, whose, others in (
        ("/v1/trucks", "Co", "Do"), ("/v1/bookings", "Po", "Qo"), ("/v1/offers", "Po", "Co"), ("/v1/loads", "Po", "Qo"),
        ("/v1/people", "Po", "Co"), ("/v1/networks", "Qo", "Po"), ("/v1/search", "Co", "Do"),
    ):  # fmt: skip
        cursor = world.ask(whose, "GET", path, params={"limit": 1}).json()["next_cursor"]
        assert cursor is not None, path
        page = {"limit": 1, "cursor": cursor}
        assert world.ask(whose, "GET", path, params=page).status_code == 200
        assert world.ask(others, "GET", path, params=page).status_code == 422, path


TRIP = {"from": {"place": "Dallas, TX"}, "to": {"place": "Atlanta, GA"}}
TRUCK = {"at": {"place": "Fort Worth, TX"}, "equipment": "van", "free_from": at(0), "max_deadhead_mi": 10}  # fmt: skip
HOME = {"kind": "pickup", "place": "Atlanta, GA", "window": {"from": at(24), "to": at(48)}}
PROBES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/search", {"json": {"limit": 200}}),
    ("POST", "/v1/search", {"json": {"along": TRIP}}),
    ("POST", "/v1/search", {"json": {}, "headers": {"Accept": "application/geo+json"}}),
    ("GET", "/v1/search", {"params": {"pickup_states": "TX", "sort": "rate_per_mile"}}),
    ("POST", "/v1/search/hexes", {"json": {"resolution": 3}}),
    ("POST", "/v1/matches", {"json": {"truck": TRUCK}}),
    ("POST", "/v1/matches", {"json": {"truck": TRUCK | {"max_deadhead_mi": 200}}}),
    ("POST", "/v1/matches", {"json": {"truck": TRUCK, "min_rate_cents": 200_000}}),
)


def told(world: World, who: str) -> list[tuple[int, bytes]]:
    answers = [world.ask(who, method, path, **sent) for method, path, sent in PROBES]
    return [(answer.status_code, answer.content) for answer in answers]


def worth_of_next(answers: list[tuple[int, bytes]]) -> bool:
    """Whether being at a delivery is worth something, for enough other loads begin there."""
    matches = json.loads(answers[-2][1])["items"]
    terms = [term for match in matches for term in match["terms"] if term["name"] == "next_load"]
    assert terms
    return any(term["cents"] for term in terms)


def test_what_one_may_not_see_leaves_no_trace(world: World) -> None:
    """Totals, hexagons, medians, worth with its next loads, refusals, what to relax: as if it were gone."""
    named = {"audience": {"carriers": [world["C"]]}}
    for n in range(12):
        body = load(
            stops=[HOME, delivery(lat=32.78, lon=-96.8, window=None)], rate_cents=300_000 + n
        )
        world.made(f"private {n}", "Po", "/v1/loads", body | {"reference": f"private {n}"} | named)
        world.made(f"open {n}", "Po", "/v1/loads", body | {"reference": f"open {n}"})
        tyler = load(stops=[pickup(place="Tyler, TX"), delivery()], reference=f"Tyler {n}")
        world.made(f"tyler {n}", "Po", "/v1/loads", tyler | named)
    stranger, blocked, partner = (told(world, who) for who in ("Do", "Bo", "Co"))
    assert (worth_of_next(stranger), worth_of_next(blocked)) == (True, False)
    for names, who, before in (
        (("private", "tyler"), "Do", stranger),
        (("open",), "Bo", blocked),
    ):
        for name in names:
            for n in range(12):
                path = f"/v1/loads/{world[f'{name} {n}']}/cancel"
                assert world.ask("Po", "POST", path, headers={"If-Match": "*"}).status_code == 200
        assert told(world, who) == before
        assert {status for status, _ in before} == {200}
    assert all(one != other for one, other in zip(told(world, "Co"), partner, strict=True))
