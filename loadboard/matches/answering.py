"""Answers what a truck's best loads are, what they are worth, and why others are not among them."""

from datetime import datetime
from typing import Any

import numpy as np
import orjson

from loadboard.apart import apart
from loadboard.auth import Principal
from loadboard.db import reading
from loadboard.errors import not_found
from loadboard.feed import Feed
from loadboard.loads.listing import moment, shown
from loadboard.loads.texts import listing_texts
from loadboard.matches.schemas import MatchIn
from loadboard.records import Records
from loadboard.search.searching import asked, instant, microseconds
from loadboard.trucks.posting import own_truck
from loadboard.trucks.reading import to_truck
from loadboard.trucks.schemas import TruckIn
from matching.board import View
from matching.hours import Step
from matching.rank import Match, rank
from matching.refusals import Refusals, Verdict, refusals, why
from matching.relax import Relax
from matching.search import Wanted, shows
from matching.trucks import Pace

PACE = Pace()


async def matches(
    feed: Feed, carrier: Principal, asking: MatchIn, now: datetime, position: int | None
) -> bytes:
    """The best loads for a truck, the bytes of the answer."""
    said, pointer = await _said(carrier, asking)
    view = await feed.view(position)
    sight = await feed.sights.of(carrier)

    def work() -> tuple[list[Match], Refusals]:
        truck = to_truck(said, now, pointer)
        wanted, _ = asked(asking, carrier, now, sight)
        ranked = rank(view, truck, asking.costs.costs(), PACE, wanted.now, wanted, asking.limit)
        return ranked, refusals(view, truck, PACE, wanted.now, wanted)

    ranked, others = await apart(work)
    await feed.records.keep_fresh(now)
    items = await _items(view, ranked, feed.records)
    rest = orjson.dumps({"refused": others.refused, "relax": _relax(others.relax)})
    return b'{"items":[' + b",".join(items) + b"]," + rest[1:]


async def why_not(
    feed: Feed, carrier: Principal, load_id: int, truck_id: int, now: datetime
) -> dict[str, Any]:
    """What every rule says of one load for one of the carrier's trucks."""
    truck = to_truck(await _posted(carrier, truck_id), now)
    view = await feed.view()
    row, at = view.row(load_id), microseconds(now)
    wanted = Wanted(at, sight=await feed.sights.of(carrier))
    if row is None or not shows(view, row, wanted.sight):
        raise not_found("open load")
    verdicts: list[Verdict] = await apart(lambda: why(view, row, truck, PACE, at, wanted))
    passes = all(verdict.passes for verdict in verdicts)
    return {"passes": passes, "rules": [verdict._asdict() for verdict in verdicts]}


async def _said(carrier: Principal, asking: MatchIn) -> tuple[TruckIn, str]:
    """The truck asked for, and where in the request it stands."""
    if asking.truck is not None:
        return asking.truck, "/truck"
    assert asking.truck_id is not None
    return await _posted(carrier, asking.truck_id), ""


async def _posted(carrier: Principal, truck_id: int) -> TruckIn:
    async with reading() as session:
        truck = await own_truck(session, carrier, truck_id)
    if truck.status != "posted":
        raise not_found("posted truck")
    return TruckIn.model_validate(truck.content)


async def _items(view: View, ranked: list[Match], records: Records) -> list[bytes]:
    rows = np.array([match.row for match in ranked], dtype=np.int32)
    versions = zip(view.take("id", rows).tolist(), view.take("version", rows).tolist(), strict=True)
    texts = await listing_texts(list(versions))
    confirmed = view.take("confirmed_at", rows).tolist()
    known = map(records.of, view.take("organization", rows).tolist())
    return [
        b'{"load":'
        + shown(text, instant(at), record=orjson.Fragment(record))
        + b","
        + orjson.dumps(_measured(match))[1:]
        for text, at, record, match in zip(texts, confirmed, known, ranked, strict=True)
    ]


def _measured(match: Match) -> dict[str, Any]:
    return {
        "worth_cents": match.worth_cents,
        "terms": [term._asdict() for term in match.terms],
        "plan": [_step(step) for step in match.plan],
        "deadhead_mi": match.deadhead_mi,
        "out_of_route_mi": match.out_of_route_mi,
        "sentence": match.sentence,
    }


def _step(step: Step) -> dict[str, Any]:
    return {**step, "from": moment(instant(step["from"])), "to": moment(instant(step["to"]))}


def _relax(relax: Relax | None) -> dict[str, Any] | None:
    if relax is None:
        return None
    return {"rule": relax.rule, "from": relax.limit, "to": relax.to, "gains": relax.gains}
