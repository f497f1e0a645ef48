"""Whatever is tried in whatever order: a step is taken just when the table of steps says so."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from loadboard.lifecycle import NEW, ON_THE_ROAD, STEPS, Step
from tests.loadboard.conftest import Member, Service
from tests.loadboard.deals import change, post_instant, post_truck, send, trusted

SIDES = ("poster", "carrier")
BEFORE: dict[tuple[str, str], Step] = {(step.of, step.name): step for step in STEPS}
REPORTS = {"picked_up": "pick_up", "in_transit": "depart", "delivered": "deliver"}
_papers = count()


class Life(RuleBasedStateMachine):
    """A load, its poster and two carriers; what should have become of them is kept beside."""

    shipper: Member
    carriers: list[Member]
    database_url: str

    @initialize()
    def begin(self) -> None:
        shown = post_instant(self.shipper)
        self.id, self.rate = shown["id"], shown["rate_cents"]
        self.load, self.version = "posted", 1
        self.offers: dict[int, dict[str, Any]] = {}
        self.booking: dict[str, Any] = {}
        self.holder = 0

    def may(self, of: str, name: str, status: str) -> bool:
        return status in BEFORE[of, name].before

    def took(self, answer: httpx.Response, expected: bool) -> bool:
        """Whether the step was taken, which must be as it was expected."""
        assert (answer.status_code < 300) is expected, (answer.status_code, answer.text, self.load)
        assert answer.status_code < 500
        return expected

    def moved(self, name: str) -> None:
        self.load, self.version = BEFORE["load", name].after, self.version + 1
        if self.load != "posted":
            for offer in self.offers.values():
                if offer["status"] == "open":
                    offer |= {"status": "ended", "version": offer["version"] + 1}

    @rule(who=st.sampled_from([0, 1]), tender=st.booleans())
    def offer(self, who: int, tender: bool) -> None:
        carrier = self.carriers[who]
        name = "tender" if tender else "request"
        none_open = self.offers.get(who, {}).get("status") != "open"
        body: dict[str, Any] = {"rate_cents": 100}
        if tender:
            body["carrier_id"] = carrier.sender.organization_id
        path = f"/v1/loads/{self.id}/{'tenders' if tender else 'offers'}"
        answer = send(self.shipper if tender else carrier, path, body)
        if self.took(answer, self.load == "posted" and none_open and self.may("offer", name, NEW)):
            shown = answer.json()
            self.offers[who] = {name: shown[name] for name in ("id", "status", "version", "turn", "load_version")}  # fmt: skip

    @rule(
        who=st.sampled_from([0, 1]),
        side=st.sampled_from(SIDES),
        name=st.sampled_from(["counter", "accept", "decline", "withdraw"]),
    )
    def answer_offer(self, who: int, side: str, name: str) -> None:
        if who not in self.offers:
            return
        offer = self.offers[who]
        turn = (offer["turn"] == side) is (name != "withdraw")
        fits = name != "accept" or offer["load_version"] == self.version
        body = {"counter": {"rate_cents": 200}, "decline": {"reason": "no"}}.get(name)
        actor = self.shipper if side == "poster" else self.carriers[who]
        answer = send(actor, f"/v1/offers/{offer['id']}/{name}", body, offer["version"])
        if not self.took(answer, self.may("offer", name, offer["status"]) and turn and fits):
            return
        offer |= {"status": BEFORE["offer", name].after, "version": offer["version"] + 1}
        if name == "counter":
            offer |= {"turn": SIDES[side == "poster"], "load_version": self.version}
        if name == "accept":
            self.booking, self.holder = answer.json(), who
            self.moved("agree")

    @rule(who=st.sampled_from([0, 1]))
    def book(self, who: int) -> None:
        body = {"rate_cents": self.rate}
        answer = send(self.carriers[who], f"/v1/loads/{self.id}/book", body, self.version)
        if self.took(answer, self.may("load", "book", self.load)):
            self.booking, self.holder = answer.json(), who
            self.moved("book")

    @rule()
    def change(self) -> None:
        headers = {"If-Match": f'"{self.version}"'}
        body = {"weight_lb": 1_000 + self.version}
        answer = self.shipper.patch(f"/v1/loads/{self.id}", json=body, headers=headers)
        if self.took(answer, self.load == "posted"):
            self.version += 1

    @rule(chance=st.integers(0, 5))
    def cancel(self, chance: int) -> None:
        if chance or self.load == "cancelled":
            return
        answer = send(self.shipper, f"/v1/loads/{self.id}/cancel", version=self.version)
        if self.took(answer, self.may("load", "cancel", self.load)):
            self.moved("cancel")

    def on_booking(self, actor: Member, what: str, name: str, body: Any) -> None:
        if not self.booking:
            return
        path = f"/v1/bookings/{self.booking['id']}"
        version = actor.get(path).json()["version"]
        answer = send(actor, f"{path}/{what}", body, version)
        if self.took(answer, self.may("load", name, self.load)):
            self.moved(name)

    @rule(side=st.sampled_from(SIDES), chance=st.integers(0, 5))
    def fall_through(self, side: str, chance: int) -> None:
        actor = self.shipper if side == "poster" else self.carriers[self.holder]
        if not chance:
            self.on_booking(actor, "cancel", "fall_through", {"reason": "no"})

    @rule()
    def dispatch(self) -> None:
        carrier = self.carriers[self.holder]
        if self.booking:
            body = {"driver_id": carrier.sender.person_id, "truck_id": post_truck(carrier)}
            self.on_booking(carrier, "dispatch", "dispatch", body)

    @rule(kind=st.sampled_from(ON_THE_ROAD))
    def report(self, kind: str) -> None:
        if not self.booking:
            return
        change(self.database_url, "UPDATE booking SET booked_at = booked_at - interval '9 days' WHERE booked_at > now() - interval '1 day'")  # fmt: skip
        at = datetime.now(UTC).replace(minute=0, second=0) - timedelta(hours=9 - ON_THE_ROAD.index(kind))  # fmt: skip
        body = {"kind": kind, "at": at.isoformat(), "where": {"zip": "75201"}}
        path = f"/v1/bookings/{self.booking['id']}/reports"
        answer = send(self.carriers[self.holder], path, body)
        at_road = ("dispatched", *ON_THE_ROAD, "invoiced", "paid")
        if self.took(answer, self.load in at_road) and self.may("load", REPORTS[kind], self.load):
            self.moved(REPORTS[kind])

    @rule()
    def invoice(self) -> None:
        carrier = self.carriers[self.holder]
        if self.load == "delivered":
            sent = carrier.post(
                f"/v1/bookings/{self.booking['id']}/documents",
                params={"kind": "proof_of_delivery", "name": "pod"},
                content=b"%PDF-1.4 signed",
                headers={"Idempotency-Key": f"paper {next(_papers)}"},
            )
            self.took(sent, True)
        self.on_booking(carrier, "invoice", "invoice", {"number": "1", "amount_cents": 7})

    @rule()
    def pay(self) -> None:
        self.on_booking(self.shipper, "pay", "pay", {"reference": "1", "amount_cents": 7})

    @invariant()
    def is_as_kept(self) -> None:
        if not hasattr(self, "id"):
            return
        shown = self.shipper.get(f"/v1/loads/{self.id}").json()
        assert (shown["status"], shown["version"]) == (self.load, self.version)
        for offer in self.offers.values():
            seen = self.shipper.get(f"/v1/offers/{offer['id']}").json()
            assert {name: seen[name] for name in offer} == offer
            assert [each["step"] for each in seen["rounds"]][-1:] != []
            assert len(seen["rounds"]) == offer["version"]


@pytest.mark.usefixtures("service")
def test_steps_are_taken_just_as_the_table_says(
    shipper: Member, service: Service, database_url: str, is_long: bool
) -> None:
    Life.shipper, Life.database_url = shipper, database_url
    Life.carriers = [trusted(service, database_url, f"Hauler {n}") for n in range(2)]
    examples, steps = (300, 50) if is_long else (15, 25)
    run_state_machine_as_test(
        Life, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
