"""The life of a load and of an offer: one table of states, and of the steps that lead from one to the next.

The code asks this table before it takes a step, PostgreSQL's constraints are made of its states, and
docs/lifecycle.md is written out of it.
"""

from typing import Literal, NamedTuple

from loadboard.errors import Problem

LOAD_STATUSES = (
    "draft", "posted", "booked", "dispatched", "picked_up", "in_transit", "delivered", "invoiced", "paid", "cancelled",
    "expired",
)  # fmt: skip
OFFER_STATUSES = ("open", "accepted", "declined", "withdrawn", "expired", "ended")
NEW = ""
"""Before there is anything."""
ON_THE_ROAD = ("picked_up", "in_transit", "delivered")
"""What a carrier reports, in the order in which it happens."""
DELIVERABLE = ("dispatched", "picked_up", "in_transit", "delivered")
"""When a proof of delivery can come: drivers send it before, or with, the word that it is delivered."""
UNDER_WAY = ("dispatched", *ON_THE_ROAD, "invoiced", "paid")
"""When there can be something to report, be it late."""


class Step(NamedTuple):
    """One way from a state to another. Without an action it is the clock, or another step, that takes it."""

    of: Literal["load", "offer"]
    name: str
    before: tuple[str, ...]
    after: str
    action: str | None
    needs: str
    event: str


STEPS = (
    Step("load", "draft", (NEW,), "draft", "load.post", "a load, with `draft` true", "load.drafted"),
    Step("load", "post", (NEW, "draft"), "posted", "load.post", "a pickup ahead", "load.posted"),
    Step("load", "cancel", ("draft", "posted"), "cancelled", "load.post", "its version", "load.cancelled"),
    Step("load", "expire", ("posted",), "expired", None, "its last pickup moment, or `expires_at`, has passed", "load.expired"),
    Step("load", "book", ("posted",), "booked", "load.book", "its version, its posted rate, and `instant` that allows it", "load.booked"),
    Step("load", "agree", ("posted",), "booked", "offer.agree", "an open offer for its version, accepted", "load.booked"),
    Step("load", "fall_through", ("booked", "dispatched"), "cancelled", "booking.cancel", "a reason", "load.cancelled"),
    Step("load", "dispatch", ("booked", "dispatched"), "dispatched", "booking.dispatch", "a driver, and a truck that is free", "load.dispatched"),
    Step("load", "pick_up", ("dispatched",), "picked_up", "booking.report", "when and where", "load.picked_up"),
    Step("load", "depart", ("dispatched", "picked_up"), "in_transit", "booking.report", "when and where", "load.in_transit"),
    Step("load", "deliver", ("dispatched", "picked_up", "in_transit"), "delivered", "booking.report", "when and where", "load.delivered"),
    Step("load", "invoice", ("delivered",), "invoiced", "booking.invoice", "a proof of delivery, and a number", "load.invoiced"),
    Step("load", "pay", ("invoiced",), "paid", "booking.pay", "the invoice's sum", "load.paid"),
    Step("offer", "request", (NEW,), "open", "offer.make", "an open load that the carrier sees, and a rate", "offer.requested"),
    Step("offer", "tender", (NEW,), "open", "offer.tender", "an open load of one's own, a carrier that sees it, and a rate", "offer.tendered"),
    Step("offer", "counter", ("open",), "open", "offer.agree", "that it is one's turn, the load still for the carrier, and another rate", "offer.countered"),
    Step("offer", "accept", ("open",), "accepted", "offer.agree", "that it is one's turn, and the load as it was offered, still for the carrier", "offer.accepted"),
    Step("offer", "decline", ("open",), "declined", "offer.refuse", "that it is one's turn, and a reason", "offer.declined"),
    Step("offer", "withdraw", ("open",), "withdrawn", "offer.refuse", "that one's own terms stand", "offer.withdrawn"),
    Step("offer", "expire", ("open",), "expired", None, "`expires_at` has passed", "offer.expired"),
    Step("offer", "end", ("open",), "ended", None, "the load has left the board", "offer.ended"),
)  # fmt: skip
_NAMED = {(step.of, step.name): step for step in STEPS}
_REPORTED = {"picked_up": "pick_up", "in_transit": "depart", "delivered": "deliver"}


def step(of: Literal["load", "offer"], name: str, status: str) -> Step:
    """The step of that name; a Problem where it does not begin at this status."""
    found = _NAMED[of, name]
    require(of, status, found.before)
    return found


def require(of: str, status: str, wanted: tuple[str, ...]) -> None:
    """A Problem unless the status is one of those."""
    if status not in wanted:
        states = " or ".join(wanted)
        detail = f"The {of} is {status}; this needs one that is {states}."
        raise Problem(409, "wrong-state", detail, current=status)


def reported(kind: str, status: str) -> Step | None:
    """The step that a report of the road takes; None for one that comes late and moves nothing."""
    at_road = status in ON_THE_ROAD and ON_THE_ROAD.index(status) >= ON_THE_ROAD.index(kind)
    if at_road or status in {"invoiced", "paid"}:
        return None
    return step("load", _REPORTED[kind], status)
