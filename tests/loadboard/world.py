"""A world of organisations that deal with each other and should know no more of one another than that.

P and Q post; C, D and B haul, B is blocked by P; U hauls and was never verified; O runs the board; S posted
and X hauled until they were suspended.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from loadboard.auth import issue_token
from loadboard.db import transaction
from loadboard.models import Organization, Person
from tests.loadboard.conftest import Caller, Service
from tests.loadboard.deals import change, done, send
from tests.loadboard.loads.examples import load

KINDS = {
    "P": "shipper", "Q": "broker", "S": "shipper", "C": "carrier", "D": "carrier", "B": "carrier", "U": "carrier",
    "X": "carrier", "O": "operator",
}  # fmt: skip
ROLES = {"o": "owner", "d": "dispatcher", "r": "driver", "a": "accountant", "v": "viewer"}
VERIFIED, SUSPENDED = "CDBX", "SX"
TRUCK = {"at": {"place": "Dallas, TX"}, "equipment": "van"}
ABSENT = 2_000_000_000
"""An id that nothing has."""


@dataclass
class World:
    """Who there is, by organisation and role, as in `Co`; and the ids of all that there is, by its name."""

    service: Service
    callers: dict[str, Caller] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.ids[name]

    def ask(self, who: str, method: str, path: str, **options: Any) -> httpx.Response:
        return self.callers[who].request(method, path, **options)

    def made(self, name: str, who: str, path: str, body: Any) -> int:
        """Posts something and keeps its id."""
        answer = send(self.callers[who], path, body)
        self.ids[name] = int(done(answer, answer.status_code)["id"])
        assert answer.status_code == 201, answer.text
        return self.ids[name]


async def _enrol(world: World) -> None:
    now = datetime.now(UTC)
    async with transaction() as session:
        for letter, kind in KINDS.items():
            home = Organization(name=f"Organisation {letter}", kind=kind)
            if letter in VERIFIED:
                home.authority, home.insured_until = "active", now.date().replace(year=2090)
            session.add(home)
            await session.flush()
            world.ids[letter] = home.id
            for role, name in {"s": "staff"}.items() if kind == "operator" else ROLES.items():
                email = f"{name}@{letter.lower()}.example"
                person = Person(organization_id=home.id, email=email, name=name, role=name)
                session.add(person)
                await session.flush()
                world.people[letter + role] = world.ids[f"person {letter}{role}"] = person.id
                world.tokens[letter + role] = await issue_token(session, person.id, now)


def enrolled(service: Service) -> World:
    """The people, and nothing that they have done yet."""
    world = World(service)
    service.run(_enrol(world))
    world.callers = {who: service.caller(token) for who, token in world.tokens.items()}
    world.callers["nobody"] = service.caller(None)
    return world


def build(service: Service, database_url: str) -> World:
    world = enrolled(service)
    _accounts(world)
    _networks(world)
    _loads(world)
    _deals(world, database_url)
    done(send(world.callers["Po"], "/v1/blocks", {"organization_id": world["B"]}))
    for letter in SUSPENDED:
        answer = world.ask("Os", "PATCH", f"/v1/organizations/{world[letter]}", json={"suspended": True}, headers={"If-Match": "*"})  # fmt: skip
        assert answer.status_code == 200, answer.text
    return world


def _accounts(world: World) -> None:
    for who in ("Po", "Co", "Os"):
        role = "staff" if who == "Os" else "viewer"
        key = {"name": "TMS", "role": role, "scopes": ["loads:read"]}
        world.made(f"key {who[0]}", who, "/v1/keys", key)
        invited = {"email": f"new@{who[0].lower()}.example", "role": role}
        world.made(f"invitation {who[0]}", who, "/v1/invitations", invited)


def _networks(world: World) -> None:
    for poster, carrier in (("P", "C"), ("Q", "D")):
        network = world.made(f"network {poster}", f"{poster}o", "/v1/networks", {"name": "Core"})
        member = {"organization_id": world[carrier]}
        done(send(world.callers[f"{poster}o"], f"/v1/networks/{network}/members", member))


def _loads(world: World) -> None:
    contact = {"contact": {"phone": "+1 214 555 0100"}}
    said: Mapping[str, dict[str, Any]] = {
        "public": contact,
        "instant": {"instant": "everyone", **contact},
        "network": {"audience": {"networks": [world["network P"]]}, **contact},
        "named": {"audience": {"carriers": [world["C"]]}, "instant": "everyone", **contact},
        "draft": {"draft": True, **contact},
        "closed": contact,
        **{f"hauled {n}": {"instant": "everyone"} for n in (1, 2)},
    }
    for name, changes in said.items():
        world.made(f"load {name}", "Po", "/v1/loads", load(reference=name) | changes)
    for name, changes in (("theirs", contact), ("hauled 3", {"instant": "everyone"})):
        world.made(f"load {name}", "Qo", "/v1/loads", load(reference=name) | changes)
    world.made("load suspended", "So", "/v1/loads", load() | contact)
    closed = world.ids["load closed"]
    done(send(world.callers["Po"], f"/v1/loads/{closed}/cancel", version="*"))


def _deals(world: World, database_url: str) -> None:
    for carrier in "CD":
        world.made(f"truck {carrier}", f"{carrier}o", "/v1/trucks", TRUCK)
    for name, carrier, about in (("C", "C", "public"), ("D", "D", "theirs"), ("B", "B", "public")):
        path = f"/v1/loads/{world[f'load {about}']}/offers"
        world.made(f"offer {name}", f"{carrier}o", path, {"rate_cents": 180_000})
    for number, carrier in ((1, "C"), (2, "D"), (3, "C")):
        path = f"/v1/loads/{world[f'load hauled {number}']}/book"
        answer = send(world.callers[f"{carrier}o"], path, {"rate_cents": 185_000}, "*")
        world.ids[f"booking {number}"] = done(answer, 201)["id"]
        poster = "Qo" if number == 3 else "Po"
        world.ids[f"document {number}"] = _attached(world, poster, world[f"booking {number}"])
    change(database_url, "UPDATE booking SET booked_at = now() - interval '1 day'")
    body = {"driver_id": world["person Cr"], "truck_id": world["truck C"]}
    done(send(world.callers["Co"], f"/v1/bookings/{world['booking 1']}/dispatch", body, "*"))


def _attached(world: World, who: str, booking: int) -> int:
    answer = world.ask(
        who,
        "POST",
        f"/v1/bookings/{booking}/documents",
        params={"kind": "other", "name": "terms.pdf"},
        content=b"%PDF-1.7\n",
        headers={"Idempotency-Key": f"paper {booking}"},
    )
    return int(done(answer, 201)["id"])
