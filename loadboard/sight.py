"""Who sees which loads: in the board's numbers for searches, in SQL for one load.

A poster sees its own loads and an operator all that are posted. A carrier sees those posted for
everyone or for an audience that counts it in, unless one of both blocked the other or the poster is
suspended.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from cachetools import LRUCache
from sqlalchemy import BigInteger, Select, bindparam, func, insert, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.auth import Principal
from loadboard.db import EVENTFUL, reading
from loadboard.errors import UNAVAILABLE
from loadboard.models import Event, Load
from matching.sight import Sight, sight_of

CHANGED = "sight.changed"
"""The kind of the events that say whose sight is another now."""
MOST_BYTES = 64 << 20
_OVERHEAD = 500
KNOWN = text("""
SELECT networks.ids AS networks,
  ARRAY(SELECT id FROM audience WHERE carriers @> ARRAY[CAST(:carrier AS bigint)]
    OR audience.networks && networks.ids) AS audiences,
  ARRAY(SELECT blocked_id FROM block WHERE organization_id = :carrier
    UNION SELECT organization_id FROM block WHERE blocked_id = :carrier
    UNION SELECT id FROM organization WHERE suspended_at IS NOT NULL) AS hidden
FROM (SELECT ARRAY(SELECT network_id FROM network_member WHERE organization_id = :carrier)) AS networks (ids)
""")
# Made once: for every look it would take longer than to send it. `load` and `me` are all that is filled in.
_LOAD = select(Load).where(Load.id == bindparam("load"))
_ME = bindparam("me", type_=BigInteger)
_OWN = _LOAD.where(Load.organization_id == _ME)
_POSTED = _LOAD.where(Load.status == literal_column("'posted'"))
_SEEN = _POSTED.where(func.carrier_sees(_ME, Load.organization_id, Load.audience_id))


class _Known(NamedTuple):
    """A carrier's sight, the networks that it rests on, and whether it still holds."""

    sight: Sight
    networks: frozenset[int]
    is_current: bool = True


class Sights:
    """What each carrier that asked may see, kept until an event of the feed says otherwise.

    With the database away what was last known counts on.
    """

    def __init__(self) -> None:
        self._known: LRUCache[int, _Known] = LRUCache(MOST_BYTES, getsizeof=_size)
        self._changes = 0

    async def of(self, principal: Principal) -> Sight | None:
        """The sight of who asks, None for those whom no audience and no block concerns.

        To be asked for after the view of the board, so that it is no older.
        """
        if principal.kind != "carrier":
            return None
        carrier = principal.organization_id
        known = self._known.get(carrier)
        if known is not None and known.is_current:
            return known.sight
        changes = self._changes
        try:
            fresh = await _look_up(carrier)
        except UNAVAILABLE:
            if known is None:
                raise
            return known.sight
        # What changed meanwhile may be missing in it: good for this answer, not for later ones.
        self._known[carrier] = fresh._replace(is_current=changes == self._changes)
        return fresh.sight

    def forget(self, concerned: dict[str, list[int]] | None) -> None:
        """Look up anew, when they ask next, those that an event names; all if it names none."""
        self._changes += 1
        for carrier, known in list(self._known.items()):
            if concerned is None or (
                carrier in concerned["carriers"] or known.networks & set(concerned["networks"])
            ):
                self._known[carrier] = known._replace(is_current=False)


def _size(known: _Known) -> int:
    return known.sight.nbytes + _OVERHEAD


async def _look_up(carrier: int) -> _Known:
    async with reading() as session:
        row = (await session.execute(KNOWN, {"carrier": carrier})).one()
    return _Known(sight_of(row.audiences, row.hidden), frozenset(row.networks))


async def record_change(
    session: AsyncSession,
    organization_id: int,
    person_id: int | None,
    at: datetime,
    *,
    carriers: Collection[int] = (),
    networks: Collection[int] = (),
) -> None:
    """Tells all processes that these carriers, and those in these networks, see other loads now.

    To be called in the transaction of every change to networks, their members, blocks and audiences.
    """
    concerned = {"carriers": list(carriers), "networks": list(networks)}
    await _record(session, organization_id, person_id, at, concerned)


async def record_standing(session: AsyncSession, organization_id: int, at: datetime) -> None:
    """Tells all processes that an organisation was suspended or let in again, which concerns all."""
    await _record(session, organization_id, None, at, None)


async def _record(
    session: AsyncSession,
    organization_id: int,
    person_id: int | None,
    at: datetime,
    concerned: dict[str, list[int]] | None,
) -> None:
    # Of no load; the feed of the boards carries the word to every process.
    event = {"at": at, "kind": CHANGED, "organization_id": organization_id, "person_id": person_id}
    await session.execute(insert(Event).values(**event, load_id=0, version=0, listing=concerned))
    session.info[EVENTFUL] = True


def seen_load(principal: Principal) -> Select[Load]:
    """A load by its id, `load`, if `me` may look at it: its own in any state, else while posted."""
    if principal.sees_only_own:
        return _OWN
    return _POSTED if principal.kind == "operator" else _SEEN


async def is_partner(session: AsyncSession, carrier_id: int, poster_id: int) -> bool:
    """Whether a carrier is in a network of a poster, for loads that only those may book at once."""
    return bool(await session.scalar(select(func.is_partner(carrier_id, poster_id))))


async def is_seen_by(session: AsyncSession, load: Load, carrier_id: int) -> bool:
    """Whether a load, while it is posted, is for this carrier to see, and so to be offered."""
    seen = func.carrier_sees(carrier_id, load.organization_id, load.audience_id)
    return bool(await session.scalar(select(seen)))
