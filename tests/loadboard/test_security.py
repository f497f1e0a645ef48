"""What attackers try first: fields that are not theirs to set, odd bodies, odd headers, markup."""

import copy
import json
import re
import time
from itertools import count, product
from typing import Any

import httpx
import pytest

from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import book, done, post_instant, send, trusted
from tests.loadboard.loads.examples import load, rows
from tests.loadboard.rights import SENT
from tests.loadboard.test_docs import ROOT
from tests.loadboard.test_no_leak import IN_PATH, OPERATIONS, may, named
from tests.loadboard.world import ABSENT, World, enrolled

SCHEMAS = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
# What is the service's to say, or another operation's; a body that may name it is spared it.
NOT_TO_BE_SAID = (
    "id", "version", "status", "organization_id", "organization", "owner_id", "poster_id", "carrier_id", "person_id",
    "created_at", "booked_at", "confirmed_at", "first_posted_at", "flags", "record", "sample", "loaded_miles", "role",
    "kind", "scopes", "suspended", "suspended_at", "authority", "insured_until", "disabled", "is_admin", "password_hash",
    "terms", "prefix", "key", "token", "__proto__", "$set",
)  # fmt: skip
WITH_JSON = [operation for operation, sent in SENT.items() if "json" in sent]
_keys = count(1)


@pytest.fixture
def world(service: Service) -> World:
    return enrolled(service)


def somebody(operation: str) -> str:
    return next(who for who in ("Po", "Co", "Os") if may(who, operation))


def put(world: World, operation: str, **sent: Any) -> httpx.Response:
    """As somebody who may, about nothing that is there."""
    method, _, path = operation.partition(" ")
    path = IN_PATH.sub(str(ABSENT), path)
    given = {"Idempotency-Key": f"s {next(_keys)}", "If-Match": "*"}
    sent["headers"] = given | SENT.get(operation, {}).get("headers", {}) | sent.pop("headers", {})
    return world.ask(somebody(operation), method, path, **sent)


def fields_of(operation: str) -> set[str]:
    """The fields that the description gives to a body."""
    content = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    return set(SCHEMAS[content["$ref"].rpartition("/")[2]]["properties"])


def test_a_body_sets_nothing_but_what_is_described(world: World) -> None:
    for operation in WITH_JSON:
        if operation == "PATCH /v1/loads/{load_id}":
            continue
        body = named(world, copy.deepcopy(SENT[operation]["json"]))
        said = dict.fromkeys(sorted(set(NOT_TO_BE_SAID) - fields_of(operation)), 1)
        answer = put(world, operation, json=said | body)
        assert answer.status_code == 422, (operation, answer.text)
        named_there = {error["pointer"] for error in answer.json()["errors"]}
        assert {f"/{field}" for field in said.keys() - body.keys()} <= named_there, operation


def test_a_patch_sets_nothing_but_what_was_posted(shipper: Member, database_url: str) -> None:
    shown = done(shipper.post("/v1/loads", json=load()), 201)
    before = rows(database_url, "SELECT * FROM load")
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    for field in NOT_TO_BE_SAID:
        answer = shipper.patch(f"/v1/loads/{shown['id']}", json={field: 1}, headers=headers)
        assert answer.status_code == 422, field
    assert rows(database_url, "SELECT * FROM load") == before


DEEP = 100_000
BODIES = {
    "brackets": b"[" * DEEP,
    "closed brackets": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"a":' * DEEP,
    "in a field": b'{"name": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "too large": b'{"name": "' + b"x" * (2 << 20) + b'"}',
    "long number": b'{"rate_cents": ' + b"9" * DEEP + b"}",
    "not text": b'{"name": "\xff\xfe"}',
    "half a pair": b'{"name": "\\ud800"}',
    "said twice": b'{"name": "a", "name": "b"}',
    "no object": b"[]",
}


def test_a_body_that_is_made_to_hurt_is_refused_quickly(world: World) -> None:
    for operation, kind in product(WITH_JSON, BODIES):
        headers = {"Content-Type": "application/json"} | SENT[operation].get("headers", {})
        begun = time.process_time()
        answer = put(world, operation, content=BODIES[kind], headers=headers)
        assert time.process_time() - begun < 1, (operation, kind)
        # A merge patch is looked at only once there is something to patch.
        missing = (404,) if operation == "PATCH /v1/loads/{load_id}" else ()
        assert answer.status_code in (400, 413, 422, *missing), (operation, kind, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 20_000


def test_a_line_of_an_import_that_is_made_to_hurt_is_refused(world: World) -> None:
    for kind, body in BODIES.items():
        begun = time.process_time()
        answer = put(world, "POST /v1/loads/import", content=body)
        assert time.process_time() - begun < 2, kind
        assert answer.status_code in (200, 422), (kind, answer.text[:300])
        if answer.status_code == 200:
            assert (answer.json()["created"], answer.json()["updated"]) == (0, 0)


SPLITS = ("a\r\nSet-Cookie: stolen=1", "a\nSet-Cookie: stolen=1", "a\rSet-Cookie: stolen=1", "a\x00b", "a\u2028b")  # fmt: skip


def clean(answer: httpx.Response) -> bool:
    """No header was begun, or broken, by what was sent."""
    values = b"".join(value for _, value in answer.headers.raw)
    return "set-cookie" not in answer.headers and not set(b"\r\n\0") & set(values)


def test_no_header_is_made_of_what_is_sent(
    shipper: Member, service: Service, database_url: str
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    booking = done(book(hauler, post_instant(shipper)), 201)
    for split in SPLITS:
        hold_headers(shipper, hauler, booking["id"], split)


def hold_headers(shipper: Member, hauler: Member, booking: int, split: str) -> None:
    raw = split.encode()
    given: tuple[dict[bytes, bytes], ...] = tuple(
        {name: raw}
        for name in (b"Idempotency-Key", b"If-Match", b"X-Request-Id", b"Board-Position", b"Accept")
    )
    for number, headers in enumerate(given):
        answer = shipper.post("/v1/loads", json=load(reference=f"{number}"), headers=headers)
        assert clean(answer)
        assert clean(hauler.post("/v1/search", json={}, headers=headers))
    assert clean(shipper.post("/v1/loads", json=load(reference=split)))
    assert clean(shipper.post("/v1/networks", json={"name": split}))
    assert clean(shipper.get("/v1/places", params={"q": split}))
    assert clean(shipper.get("/v1/loads", params={"cursor": split}))
    attached = hauler.post(
        f"/v1/bookings/{booking}/documents",
        params={"kind": "other", "name": f"{split}.pdf"},
        content=b"%PDF-1.7\n",
        headers={"Idempotency-Key": f"paper {next(_keys)}"},
    )
    assert clean(attached)
    if attached.status_code == 201:
        assert clean(shipper.get(attached.headers["location"]))


MARKUP = '<script>alert("1")</script><img src=x onerror=alert(1)>&amp;{{7*7}}'


def test_markup_in_any_text_is_answered_as_text_and_as_no_page(
    shipper: Member, operator: Member, service: Service, database_url: str
) -> None:
    hauler = trusted(service, database_url, "Hauler")
    text = MARKUP[:90]
    answers = [
        first := shipper.post(
            "/v1/loads",
            json=load(reference=text, commodity=text, contact={"name": text, "phone": text[:40]}),
        ),
        shipper.get(f"/v1/loads/{first.json()['id']}"),
        hauler.post("/v1/search", json={}),
        hauler.post(f"/v1/loads/{first.json()['id']}/contact"),
        send(hauler, f"/v1/loads/{first.json()['id']}/offers", {"rate_cents": 5, "note": text}),
        shipper.post("/v1/networks", json={"name": text}),
        operator.post(
            "/v1/organizations",
            json={"name": text, "kind": "carrier", "owner_email": "a@b.example"},
        ),
        shipper.post("/v1/keys", json={"name": text, "role": "viewer", "scopes": ["loads:read"]}),
    ]
    for answer in answers:
        assert answer.is_success, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert text in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')
    for wrong in (
        shipper.get("/v1/loads", params={"status": MARKUP}),
        shipper.get("/v1/" + MARKUP),
        shipper.post("/v1/loads", json={MARKUP: MARKUP}),
        shipper.post("/v1/loads", content=MARKUP.encode()),
    ):
        assert wrong.is_client_error
        assert wrong.headers["content-type"] == "application/problem+json"
        assert wrong.headers["x-content-type-options"] == "nosniff"


def test_an_id_of_any_kind_is_none_or_a_number_in_its_bounds(world: World) -> None:
    """Ids are plain numbers: what is in reach is decided by who asks, see `test_no_leak`."""
    for operation in OPERATIONS:
        if not IN_PATH.search(operation) or "/v1/" not in operation:
            continue
        method, _, path = operation.partition(" ")
        for id in ("0", "-1", "1.5", "1e3", "9223372036854775808", "9" * 400, "x", "%00", "1%20OR%201=1", "..%2f1"):  # fmt: skip
            sent = named(world, copy.deepcopy(SENT.get(operation, {})))
            sent["headers"] = {"Idempotency-Key": "i", "If-Match": "*"} | sent.get("headers", {})
            answer = world.ask(somebody(operation), method, IN_PATH.sub(id, path), **sent)
            assert answer.status_code in (404, 405, 422), (operation, id, answer.text[:200])


def test_no_module_but_those_of_the_issuer_asks_anybody() -> None:
    """What has no client for HTTP can be made to ask nobody; the start script asks the service itself."""
    clients = re.compile(r"^\s*(?:import|from) (httpx|requests|aiohttp|urllib\.request|http\.client)\b", re.MULTILINE)  # fmt: skip
    asking = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "loadboard").rglob("*.py")
        if clients.search(path.read_text())
    }
    assert asking == {"loadboard/accounts/oidc.py", "loadboard/local/run.py"}
