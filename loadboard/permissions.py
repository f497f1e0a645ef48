"""Who may do what: one table of actions, and the attributes that they ask of whoever acts.

What belongs to another organisation is answered as if it were not there (404); what one's own role or
organisation may not do is refused (403). Which loads somebody sees is told by `loadboard.sight`.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import Depends
from prometheus_client import Counter

from loadboard.auth import Principal, Who
from loadboard.errors import Problem
from loadboard.models import Organization

POSTERS = frozenset({"shipper", "broker"})
CARRIERS = frozenset({"carrier"})
OPERATORS = frozenset({"operator"})
TRADERS = POSTERS | CARRIERS
ANYBODY = TRADERS | OPERATORS
DESK = frozenset({"owner", "dispatcher"})
OFFICE = DESK | {"accountant", "viewer"}
STAFF = frozenset({"staff"})
MANAGERS = STAFF | {"owner"}
"""Who manages the people and keys of an organisation."""
REFUSALS = Counter("loadboard_refusals", "Acts that were refused", ["action"])
CREW = frozenset({"driver"})
ACCOUNTS = frozenset({"owner", "accountant"})
EVERY_ROLE = OFFICE | CREW | {"staff"}


class Rule(NamedTuple):
    """Who may act: kinds of organisation, roles of its people, the scope that a key needs; None is for no key.

    With `in_good_standing` a carrier needs active authority and insurance that runs.
    """

    kinds: frozenset[str]
    roles: frozenset[str]
    scope: str | None
    in_good_standing: bool = False


ACTIONS = {
    "load.search": Rule(ANYBODY, EVERY_ROLE, "loads:read"),
    "load.read": Rule(ANYBODY, EVERY_ROLE, "loads:read"),
    "load.list_own": Rule(POSTERS, OFFICE, "loads:read"),
    "load.post": Rule(POSTERS, DESK, "loads:write"),
    "truck.read": Rule(CARRIERS, EVERY_ROLE, "trucks:read"),
    "truck.post": Rule(CARRIERS, DESK, "trucks:write"),
    "load.contact": Rule(CARRIERS, DESK | {"driver"}, "loads:read"),
    "network.manage": Rule(POSTERS, DESK, "networks:write"),
    "block.manage": Rule(TRADERS, DESK, "networks:write"),
    "match": Rule(CARRIERS, EVERY_ROLE, "loads:read"),
    "person.read": Rule(ANYBODY, DESK | STAFF, "people:read"),
    "person.manage": Rule(ANYBODY, MANAGERS, None),
    "key.manage": Rule(ANYBODY, MANAGERS, None),
    "organization.read": Rule(OPERATORS, STAFF, "organizations:read"),
    "organization.manage": Rule(OPERATORS, STAFF, "organizations:write"),
    "offer.read": Rule(TRADERS, OFFICE, "offers:read"),
    "offer.make": Rule(CARRIERS, DESK, "offers:write", in_good_standing=True),
    "offer.tender": Rule(POSTERS, DESK, "offers:write"),
    "offer.agree": Rule(TRADERS, DESK, "offers:write", in_good_standing=True),
    "offer.refuse": Rule(TRADERS, DESK, "offers:write"),
    "load.book": Rule(CARRIERS, DESK, "bookings:write", in_good_standing=True),
    "booking.read": Rule(TRADERS, OFFICE | CREW, "bookings:read"),
    "booking.cancel": Rule(TRADERS, DESK, "bookings:write"),
    "booking.dispatch": Rule(CARRIERS, DESK, "bookings:write"),
    "booking.report": Rule(CARRIERS, DESK | CREW, "bookings:write"),
    "booking.attach": Rule(TRADERS, DESK | CREW | ACCOUNTS, "bookings:write"),
    "booking.invoice": Rule(CARRIERS, ACCOUNTS, "payments:write"),
    "booking.pay": Rule(POSTERS, ACCOUNTS, "payments:write"),
}
SCOPES = frozenset(rule.scope for rule in ACTIONS.values() if rule.scope is not None)


def check(principal: Principal, action: str, now: datetime) -> None:
    """A Problem that says why not, unless the principal may do this."""
    problem = _refusal(principal, ACTIONS[action], now)
    if problem is not None:
        REFUSALS.labels(action).inc()
        raise problem


def _refusal(principal: Principal, rule: Rule, now: datetime) -> Problem | None:
    if principal.kind not in rule.kinds:
        return _forbidden(
            f"This is for organisations of the kind {_listed(rule.kinds)}; yours is {principal.kind}."
        )
    if principal.role not in rule.roles:
        return _forbidden(
            f"This is for the roles {_listed(rule.roles)}; yours is {principal.role}."
        )
    if principal.scopes is not None and rule.scope not in principal.scopes:
        needs = f"This key needs the scope {rule.scope}." if rule.scope else "No key may do this."
        return _forbidden(needs)
    if rule.in_good_standing and (why := lacking(principal, now)):
        return Problem(403, "not-in-good-standing", why)
    return None


def may(principal: Principal) -> list[str]:
    """What the principal may do, apart from a carrier's standing."""
    return [
        action
        for action, rule in ACTIONS.items()
        if principal.kind in rule.kinds
        and principal.role in rule.roles
        and (principal.scopes is None or rule.scope in principal.scopes)
    ]


def lacking(principal: Principal | Organization, now: datetime) -> str | None:
    """What keeps a carrier from hauling: it may look, but not request or book."""
    if principal.kind not in CARRIERS:
        return None
    if principal.authority != "active":
        return "Your organisation's operating authority is not on record as active here."
    if principal.insured_until is None or principal.insured_until < now.date():
        return "Your organisation's insurance on record here has lapsed."
    return None


def _forbidden(detail: str) -> Problem:
    return Problem(403, "forbidden", detail)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def allowed(action: str) -> Callable[[Principal], Awaitable[Principal]]:
    """The dependency of a route that does this: the principal, who may."""

    async def permitted(principal: Who) -> Principal:
        check(principal, action, datetime.now(UTC))
        return principal

    return permitted


Searcher = Annotated[Principal, Depends(allowed("load.search"))]
Reader = Annotated[Principal, Depends(allowed("load.read"))]
OwnReader = Annotated[Principal, Depends(allowed("load.list_own"))]
Poster = Annotated[Principal, Depends(allowed("load.post"))]
TruckReader = Annotated[Principal, Depends(allowed("truck.read"))]
TruckPoster = Annotated[Principal, Depends(allowed("truck.post"))]
ContactReader = Annotated[Principal, Depends(allowed("load.contact"))]
NetworkKeeper = Annotated[Principal, Depends(allowed("network.manage"))]
Blocker = Annotated[Principal, Depends(allowed("block.manage"))]
Matcher = Annotated[Principal, Depends(allowed("match"))]
PeopleReader = Annotated[Principal, Depends(allowed("person.read"))]
PeopleManager = Annotated[Principal, Depends(allowed("person.manage"))]
KeyManager = Annotated[Principal, Depends(allowed("key.manage"))]
OrganizationReader = Annotated[Principal, Depends(allowed("organization.read"))]
OrganizationManager = Annotated[Principal, Depends(allowed("organization.manage"))]
OfferReader = Annotated[Principal, Depends(allowed("offer.read"))]
Requester = Annotated[Principal, Depends(allowed("offer.make"))]
Tenderer = Annotated[Principal, Depends(allowed("offer.tender"))]
Agreer = Annotated[Principal, Depends(allowed("offer.agree"))]
Refuser = Annotated[Principal, Depends(allowed("offer.refuse"))]
Booker = Annotated[Principal, Depends(allowed("load.book"))]
BookingReader = Annotated[Principal, Depends(allowed("booking.read"))]
BookingCanceller = Annotated[Principal, Depends(allowed("booking.cancel"))]
Dispatcher = Annotated[Principal, Depends(allowed("booking.dispatch"))]
Reporter = Annotated[Principal, Depends(allowed("booking.report"))]
Attacher = Annotated[Principal, Depends(allowed("booking.attach"))]
Invoicer = Annotated[Principal, Depends(allowed("booking.invoice"))]
Payer = Annotated[Principal, Depends(allowed("booking.pay"))]
