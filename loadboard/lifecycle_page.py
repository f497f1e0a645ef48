"""docs/lifecycle.md, drawn from the table of steps: `python -m loadboard.lifecycle_page > docs/lifecycle.md`."""

import sys
from collections.abc import Iterable, Iterator

from loadboard.lifecycle import NEW, STEPS, Step
from loadboard.permissions import ACTIONS

HEAD = """\
# The life of a load

Written by `python -m loadboard.lifecycle_page > docs/lifecycle.md` out of `loadboard/lifecycle.py`, which is also what the
service asks before each step; a test holds this page to it. Who may do an action is said in `loadboard/permissions.py`.

"""
LOAD = """
What is done at one moment is written in one transaction with its event, which has the load's new version and listing.
Booking is decided by PostgreSQL alone: by an `UPDATE` that names the version it expects, and by a unique index that holds one
standing booking a load. A truck's time is held by an exclusion constraint, for full loads.

A closed load is never reopened. When a booking falls through, the load is cancelled, and its poster posts it under a new
reference. Reports come late and out of order from the road: a load is as far as the furthest report says, and never goes
back; a report whose time contradicts another one is refused.

"""
OFFER = """
Each step makes a new version of the offer, a round in its history and an event. The load's version is part of the terms: when
the load has changed since, nobody can accept, but either side can counter for the load as it is now.

"""
X12 = """
## X12

What the steps are in the messages of truckload EDI (X12, release 4010 and later):

| here | X12 | there |
| --- | --- | --- |
| a tender to a named carrier | 204 Motor Carrier Load Tender | B2A01 `00` original; `04` change: a counter; `01` cancellation: withdrawn, ended, or the booking cancelled by the poster |
| accepted by the carrier | 990 Response to a Load Tender | B104 `A` accepted |
| declined by the carrier | 990 | B104 `D` declined, the reason in its V9 or NTE |
| a carrier's request, an instant booking | none: a 204 follows, already agreed | B2A01 `00`, answered by 990 `A` |
| picked_up | 214 Shipment Status Message | AT701 `AF` departed pickup location with shipment |
| in_transit, position | 214 | AT701 `X6` en route to delivery location; its place in MS1, its truck in MS2 |
| delivered | 214 | AT701 `D1` completed unloading at delivery location |
| a booking cancelled by the carrier | 990 | B104 `D` declined after acceptance |
| invoiced | 210 Freight Details and Invoice | B3 with number, date and sum |
| paid | 820 Remittance Advice | RMR with the invoice's number |
"""


def page() -> str:
    parts = [
        HEAD, *_diagram("load"), LOAD, *_table("load"), "\n# The life of an offer\n\n",
        *_diagram("offer"), OFFER, *_table("offer"), X12,
    ]  # fmt: skip
    return "".join(parts)


def _of(kind: str) -> list[Step]:
    return [step for step in STEPS if step.of == kind]


def _diagram(kind: str) -> Iterator[str]:
    yield "```mermaid\nstateDiagram-v2\n"
    yield from _arrows(_of(kind))
    yield "```\n"


def _arrows(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        for before in step.before:
            begin = "[*]" if before == NEW else before
            yield f"    {begin} --> {step.after}: {step.name}\n"


def _table(kind: str) -> Iterator[str]:
    yield "| step | from | to | action; who may | needs | event |\n| --- | --- | --- | --- | --- | --- |\n"
    for step in _of(kind):
        before = ", ".join(each or "—" for each in step.before)
        yield f"| {step.name} | {before} | {step.after} | {_who(step)} | {step.needs} | `{step.event}` |\n"


def _who(step: Step) -> str:
    if step.action is None:
        return "nobody: it happens"
    rule = ACTIONS[step.action]
    standing = ", carriers in good standing" if rule.in_good_standing else ""
    kinds, roles = (", ".join(sorted(names)) for names in (rule.kinds, rule.roles))
    return f"`{step.action}`; {roles} of {kinds}{standing}"


if __name__ == "__main__":
    sys.stdout.write(page())
