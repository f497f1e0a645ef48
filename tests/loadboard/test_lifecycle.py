"""The table of steps is whole: every state is reached, every action and status is known elsewhere too."""

from typing import get_args

import pytest

from loadboard.errors import Problem
from loadboard.lifecycle import (
    LOAD_STATUSES,
    NEW,
    OFFER_STATUSES,
    ON_THE_ROAD,
    STEPS,
    reported,
    step,
)
from loadboard.loads.schemas import LoadStatus
from loadboard.offers.schemas import OfferStatus, RoundOut
from loadboard.permissions import ACTIONS


@pytest.mark.parametrize(("of", "statuses"), [("load", LOAD_STATUSES), ("offer", OFFER_STATUSES)])
def test_every_state_is_reached_from_the_beginning(of: str, statuses: tuple[str, ...]) -> None:
    reached = {NEW}
    for _ in statuses:
        reached |= {
            each.after for each in STEPS if each.of == of and reached.intersection(each.before)
        }
    assert reached == {NEW, *statuses}
    assert {status for each in STEPS if each.of == of for status in each.before} <= reached


def test_the_table_knows_what_the_others_know() -> None:
    assert {each.action for each in STEPS} - {None} <= ACTIONS.keys()
    assert get_args(LoadStatus) == LOAD_STATUSES
    assert get_args(OfferStatus) == OFFER_STATUSES
    rounds = get_args(RoundOut.model_fields["step"].annotation)
    assert rounds == tuple(each.name for each in STEPS if each.of == "offer")
    assert len({(each.of, each.name) for each in STEPS}) == len(STEPS)
    for each in STEPS:
        # What `loads.closing` names an event by.
        assert each.of == "offer" or each.event in {f"load.{each.after}", "load.drafted"}


def test_a_step_begins_where_the_table_says() -> None:
    for each in STEPS:
        statuses = LOAD_STATUSES if each.of == "load" else OFFER_STATUSES
        for status in (NEW, *statuses):
            if status in each.before:
                assert step(each.of, each.name, status) == each
            else:
                with pytest.raises(Problem, match="this needs one that is"):
                    step(each.of, each.name, status)


def test_a_late_report_moves_nothing_and_an_early_one_is_refused() -> None:
    for kind in ON_THE_ROAD:
        for status in ("invoiced", "paid", *ON_THE_ROAD[ON_THE_ROAD.index(kind) :]):
            assert reported(kind, status) is None
        for status in ("dispatched", *ON_THE_ROAD[: ON_THE_ROAD.index(kind)]):
            assert (taken := reported(kind, status)) is not None
            assert taken.after == kind
        for status in ("posted", "booked", "cancelled"):
            with pytest.raises(Problem):
                reported(kind, status)
