"""What somebody may not see leaves no trace: a board with it answers as one without it."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.points import metres
from matching.board import Board, View
from matching.corridor import Trip, along
from matching.next_loads import MOST_KEPT, next_loads
from matching.rank import rank
from matching.refusals import refusals
from matching.search import Wanted, find, per_mile_cents
from matching.sight import Sight, is_in, sight_of
from matching.trucks import Pace, Truck
from matching.worth import Costs
from tests.matching.loads import ATLANTA, DALLAS, is_seen, loads, standing, told
from tests.matching.test_rank import NOW, board_of, trucks
from tests.matching.test_search import made_board, sights

Row = dict[str, Any]


def shared_out(rows: list[Row], seed: int) -> list[Row]:
    """The loads with an audience and a poster for each."""
    rng = random.Random(seed)
    return [
        row | {"audience": rng.choice([0, 0, 9, 18, 27]), "organization": rng.randrange(4)}
        for row in rows
    ]


@st.composite
def boards(draw: st.DrawFn, count: int = 150) -> tuple[View, View, Sight]:
    """A board, the board of only what a sight lets see of it, and the sight."""
    seed, sight = draw(st.integers(0, 2**32 - 1)), draw(sights)
    rows = shared_out(board_of(seed, count), seed)
    seen = [row for row in rows if is_seen(row, *told(sight))]
    cut = draw(st.sampled_from([0, count // 2, count]))
    return made_board(rows, cut).view, Board([loads(seen)]).view, sight


def by_id(view: View, rows: Any, *columns: Any) -> list[Any]:
    """Rows with what was found of each, by the ids of their loads."""
    return sorted(zip(view.take("id", rows).tolist(), *(c.tolist() for c in columns), strict=True))


@given(boards())
@settings(max_examples=60)
def test_searches_find_what_is_seen_and_no_more(boards: tuple[View, View, Sight]) -> None:
    whole, seen, sight = boards
    found = []
    for view, by in ((whole, sight), (seen, None)):
        rows = find(view, Wanted(NOW, sight=by))
        lying = along(view, Wanted(NOW, sight=by), Trip(DALLAS, ATLANTA), metres(200))
        found.append(
            (by_id(view, rows, per_mile_cents(view, rows)), by_id(view, *lying)),
        )
    assert found[0] == found[1]


@given(boards(), trucks(), st.integers(1, 20))
@settings(max_examples=60)
def test_matches_and_refusals_give_nothing_away(
    boards: tuple[View, View, Sight], truck: Truck, limit: int
) -> None:
    whole, seen, sight = boards
    wanted = Wanted(0, sight=sight)
    ranked = [rank(view, truck, Costs(), Pace(), NOW, wanted, limit) for view in (whole, seen)]
    assert [match._replace(row=0) for match in ranked[0]] == [
        match._replace(row=0) for match in ranked[1]
    ]
    # The board of what is seen needs no sight to say why not.
    for filters in (Wanted(0), Wanted(0, min_rate_cents=100_000)):
        hiding = replace(filters, sight=sight)
        assert refusals(whole, truck, Pace(), NOW, hiding) == refusals(
            seen, truck, Pace(), NOW, filters
        )


@given(boards(300))
@settings(max_examples=40)
def test_next_loads_are_worth_what_everybody_can_see_who_is_not_blocked(
    boards: tuple[View, View, Sight],
) -> None:
    whole, _, sight = boards
    rows = find(whole, Wanted(0))
    _, hidden = told(sight)
    audiences, posters = whole.take("audience", rows), whole.take("organization", rows)
    kept = rows[(audiences == 0) & ~np.isin(posters, list(hidden))]
    sites = np.arange(whole.sites.known, dtype=np.int32)
    table = next_loads(whole, "van", NOW, sight)
    counted = table.loads.sum()
    # Each day's loads count for that day and the one before it.
    vans = kept[whole.take("equipment", kept) == 0]
    known = vans[whole.take("rate_cents", vans) >= 0]
    days = whole.take("pickup_from", known) // 86_400_000_000 - NOW // 86_400_000_000
    assert counted == (days >= 0).sum() + (days >= 1).sum()
    bare = _only(whole, kept)
    for at in (NOW, NOW + 30 * 3_600_000_000):
        moments = np.full(len(sites), at)
        expected = next_loads(bare, "van", NOW)
        values, counts = table.at(sites, moments)
        places = whole.sites.points.of(sites)
        same = {
            (lon, lat, state): n
            for n, (lon, lat, state) in enumerate(
                zip(*(c[: bare.sites.known].tolist() for c in bare.sites.points), strict=True)
            )
        }
        for n, place in enumerate(zip(*(c.tolist() for c in places), strict=True)):
            if place in same:
                one, moment = np.array([same[place]], dtype=np.int32), np.array([at])
                value, count = expected.at(one, moment)
                assert (values[n], counts[n]) == (value[0], count[0])


def _only(view: View, rows: Any) -> View:
    """A board of these rows alone."""
    ids = set(view.take("id", rows).tolist())
    return Board([loads(row for row in standing(view) if row["id"] in ids)]).view


def test_tables_of_next_loads_are_shared_by_what_is_hidden_and_bounded() -> None:
    view = Board([loads(shared_out(board_of(1, 50), 1))]).view
    one, other = sight_of([9], [3]), sight_of([18, 27], [3])
    assert next_loads(view, "van", NOW, one) is next_loads(view, "van", NOW, other)
    assert next_loads(view, "van", NOW, sight_of([9], [2])) is not next_loads(view, "van", NOW, one)
    tables = {id(next_loads(view, "van", NOW, sight_of([], [n]))) for n in range(2 * MOST_KEPT)}
    assert len(tables) > 1
    first = next_loads(view, "van", NOW, one)
    assert first.loads.tolist() == next_loads(view, "van", NOW, other).loads.tolist()


@given(st.frozensets(st.integers(0, 70)))
def test_flags_hold_the_numbers_that_they_were_made_of(numbers: frozenset[int]) -> None:
    flags = sight_of(numbers, ()).audiences
    assert {number for number in range(200) if is_in(flags, number)} == numbers | {0}


@pytest.mark.parametrize("audiences", [(), (9,)])
def test_a_sight_is_equal_to_itself_alone(audiences: tuple[int, ...]) -> None:
    """Otherwise what is kept for one who asks could be shown to another."""
    one, other = sight_of(audiences, [1]), sight_of(audiences, [1])
    assert one == one
    assert one != other
    assert Wanted(0, sight=one) != Wanted(0, sight=other)
    assert len({Wanted(0, sight=one), Wanted(0, sight=other)}) == 2
