"""Who may ask: tokens are kept as hashes, end on time, and appear in no log."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from loadboard import auth
from loadboard.accounts.demo import write_demo_accounts
from tests.loadboard.conftest import Member, Service
from tests.loadboard.loads.examples import rows
from tests.loadboard.test_docs import ROOT

OPERATIONS = [
    (method.upper(), re.sub(r"{\w+}", "1", path))
    for path, item in json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items()
    for method in item
]
# What gives a token can't ask for one.
OPEN = {
    "/v1/sign-in",
    "/v1/sign-in/refresh",
    "/v1/sign-in/invitation",
    "/v1/sign-in/oidc",
    "/v1/sign-in/oidc/callback",
}


def test_everything_under_v1_asks_for_a_token(service: Service, shipper: Member) -> None:
    wrong = ["", "Bearer", "Bearer ", "Bearer x", f"Basic {shipper.token}", shipper.token, f"Bearer {shipper.token}x",
             "Bearer caf\xe9", "Bearer " + "x" * 50_000, f"Bearer {hashlib.sha256(shipper.token.encode()).hexdigest()}"]  # fmt: skip
    for method, path in OPERATIONS:
        if not path.startswith("/v1") or path in OPEN:
            continue
        for header in [None, *(wrong if path == "/v1/me" else [])]:
            headers = {} if header is None else {"Authorization": header.encode("latin-1")}
            answer = service.caller(None).request(method, path, headers=headers)
            assert answer.status_code == 401, (method, path, header)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.json()["type"] == "/problems/unauthorized"


def test_only_the_hash_of_a_token_is_stored(shipper: Member, database_url: str) -> None:
    [stored] = rows(database_url, "SELECT * FROM api_token")
    assert stored["token_hash"] == hashlib.sha256(shipper.token.encode()).digest()
    assert shipper.token not in str(stored)
    assert stored["expires_at"] - stored["created_at"] == pytest.approx(
        timedelta(days=1), abs=timedelta(minutes=1)
    )


def test_a_token_ends_on_time_even_when_it_was_just_used(
    shipper: Member, carrier: Member, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipper.get("/v1/me").status_code == 200

    class Tomorrow:
        @staticmethod
        def now(_: Any) -> datetime:
            return datetime.now(UTC) + timedelta(days=1, minutes=1)

    monkeypatch.setattr(auth, "datetime", Tomorrow)
    assert shipper.get("/v1/me").status_code == 401
    monkeypatch.undo()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE api_token SET expires_at = now()")
    assert carrier.get("/v1/me").status_code == 401


def test_who_one_is(shipper: Member, carrier: Member) -> None:
    for who, kind, may_post in ((shipper, "shipper", True), (carrier, "carrier", False)):
        me = who.get("/v1/me").json()
        assert me["organization"] == {
            "id": who.sender.organization_id,
            "name": who.sender.organization,
            "kind": kind,
        }
        assert ("load.post" in me["may"]) is may_post


def test_the_demo_accounts_get_fresh_tokens_and_keep_their_passwords(
    service: Service, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "home" / "demo.json"
    first = service.run(write_demo_accounts("http://board", file))
    written = json.loads(file.read_text())
    assert written == {"url": "http://board", "accounts": first}
    assert file.stat().st_mode & 0o777 == 0o600
    second = service.run(write_demo_accounts("http://board", file))
    for old, new in zip(first, second, strict=True):
        assert {key for key in old if old[key] != new[key]} == {"token"}
        for account in (old, new):
            me = service.caller(account["token"]).get("/v1/me").json()
            assert (me["email"], me["organization"]["kind"]) == (account["email"], account["role"])
    people = rows(database_url, "SELECT * FROM person")
    assert len(people) == len(first)
    assert not [a for a in first if a["password"] in str(people) or a["token"] in str(people)]
