"""`loadboard org`, `user` and `key`, as the operator types them, beside a service that runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.loadboard.accounts.joining import accept, refresh, sign_in, signed_in
from tests.loadboard.conftest import Service
from tests.loadboard.loads.examples import load

pytestmark = pytest.mark.usefixtures("passwords_cost_little")
NAMES = ("LOADBOARD_DATABASE_URL", "LOADBOARD_REDIS_URL")


class Typist:
    """Types commands, and reads the JSON or the refusal that they print."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def _type(self, *words: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        environment = {name: os.environ[name] for name in NAMES}
        self.process.stdin.write(json.dumps({"words": words, "environment": environment}) + "\n")
        self.process.stdin.flush()
        done: dict[str, Any] = json.loads(self.process.stdout.readline())
        return done

    def does(self, *words: str) -> list[dict[str, Any]]:
        done = self._type(*words)
        assert done["status"] == 0, done
        return [json.loads(line) for line in done["output"].splitlines()]

    def refuses(self, *words: str) -> str:
        done = self._type(*words)
        assert (done["status"], done["output"]) == (2, ""), done
        return str(done["errors"])


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "tests.loadboard.accounts.typist"]
    environment = {**os.environ, "COLUMNS": "500"}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process


@pytest.fixture
def typist(service: Service, process: subprocess.Popen[str]) -> Typist:
    return Typist(process)


def test_an_operator_from_nothing(service: Service, typist: Typist) -> None:
    does, refuses = typist.does, typist.refuses
    [made] = does("org", "create", "The Board", "operator", "--owner", "Staff@Board.example")
    tokens = accept(service, made["invitation"]["token"]).json()
    staff = service.caller(tokens["access_token"])
    assert staff.get("/v1/me").json()["role"] == "staff"
    assert staff.get("/v1/organizations").json()["total"] == 1
    for words, said in (
        (("The Board", "broker", "--owner", "x@x.example"), "/name"),
        (("Other", "king", "--owner", "x@x.example"), "kind"),
        (("Other", "carrier", "--owner", "no address"), "owner_email"),
        (("Other", "carrier", "--owner", "x@x.example", "--usdot", "MC1"), "usdot"),
    ):
        assert said in refuses("org", "create", *words)
    assert [one["name"] for one in does("org", "list")] == ["The Board"]


def test_what_is_done_by_command_counts_at_once(service: Service, typist: Typist) -> None:
    does, refuses = typist.does, typist.refuses
    [made] = does("org", "create", "Acme", "shipper", "--owner", "ann@acme.example", "--mc", "7")
    accept(service, made["invitation"]["token"])
    [bob] = does("user", "invite", "Acme", "bob@acme.example", "--role", "viewer")
    accept(service, bob["token"])
    assert [one["email"] for one in does("user", "list", "Acme")] == [
        "bob@acme.example",
        "ann@acme.example",
    ]
    [verified] = does(
        "org", "verify", "Acme", "--authority", "active", "--insured-until", "2090-01-31"
    )
    assert (verified["authority"], verified["insured_until"], verified["mc"]) == (
        "active",
        "2090-01-31",
        "7",
    )

    does("org", "suspend", "Acme")
    assert sign_in(service, "bob@acme.example").status_code == 401
    does("org", "restore", "Acme")
    tokens = signed_in(service, "bob@acme.example")
    does("user", "disable", "bob@acme.example")
    assert refresh(service, tokens["refresh_token"]).status_code == 401
    does("user", "enable", "bob@acme.example")
    signed_in(service, "bob@acme.example")
    assert "manages" in refuses("user", "disable", "ann@acme.example")

    [again] = does("user", "reset-password", "ann@acme.example")
    answer = accept(service, again["token"], name=None, password="another long password")
    assert answer.status_code == 200
    assert sign_in(service, "ann@acme.example").status_code == 401
    signed_in(service, "ann@acme.example", "another long password")
    [ann] = [one for one in does("user", "list", "Acme") if one["role"] == "owner"]
    assert (ann["name"], ann["email"]) == ("Somebody New", "ann@acme.example")


def test_keys_by_command(service: Service, typist: Typist) -> None:
    does, refuses = typist.does, typist.refuses
    does("org", "create", "Acme", "shipper", "--owner", "ann@acme.example")
    words = ("key", "create", "Acme", "TMS", "--role", "dispatcher", "--scope", "loads:write")
    [made] = does(*words, "--days", "7")
    machine = service.caller(made["key"])
    assert machine.post("/v1/loads", json=load()).status_code == 201
    [listed] = does("key", "list", "Acme")
    assert (listed["prefix"], listed["created_by"], "key" in listed) == (
        made["prefix"],
        None,
        False,
    )
    [revoked] = does("key", "revoke", made["prefix"])
    assert revoked["revoked_at"]
    assert "scopes" in refuses(*words[:-1], "everything")
    assert "role" in refuses(*words[:5], "staff", *words[6:])
    for missing in (
        ("key", "revoke", "lb_0_"),
        ("user", "list", "Nobody"),
        ("user", "enable", "x@x.example"),
    ):
        assert "there is no" in refuses(*missing)
