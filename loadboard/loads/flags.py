"""What is odd about a posting: the same freight is on the board already, or was booked here before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.errors import FieldError
from loadboard.loads.hashes import freight_of
from loadboard.loads.prepared import Prepared

# The states as literals, for the partial index. What not everyone may see leaves no flag on others.
SAME_FREIGHT = text("""
SELECT freight, id, organization_id, status = 'posted' AND open_until > :now AS is_open, status NOT IN ('draft', 'posted') AS is_booked
FROM load WHERE freight = ANY(CAST(:freights AS bigint[]))
  AND status NOT IN ('cancelled', 'expired') AND audience_id IS NULL""")


class Other(NamedTuple):
    """A load of some freight: `id` None for one of the same batch."""

    id: int | None
    organization_id: int
    is_open: bool
    is_booked: bool


async def with_flags(
    session: AsyncSession,
    organization_id: int,
    loads: Sequence[tuple[int | None, Prepared | list[FieldError]]],
    now: datetime,
) -> list[Prepared | list[FieldError]]:
    """The loads of an organisation, each with its id if it has one, with their freight and flags."""
    freights = [freight_of(load) if isinstance(load, Prepared) else 0 for _, load in loads]
    others: dict[int, list[Other]] = {}
    values: dict[str, Any] = {"freights": list(set(freights)), "now": now}
    for freight, *other in await session.execute(SAME_FREIGHT, values):
        others.setdefault(freight, []).append(Other(*other))
    answers: list[Prepared | list[FieldError]] = []
    for freight, (id, load) in zip(freights, loads, strict=True):
        if not isinstance(load, Prepared):
            answers.append(load)
            continue
        flags = _flags(organization_id, id, others.get(freight, ()))
        answers.append(replace(load, freight=freight, flags=flags))
        if load.audience_id is None:
            others.setdefault(freight, []).append(Other(id, organization_id, True, False))
    return answers


def _flags(organization_id: int, id: int | None, others: Sequence[Other]) -> tuple[str, ...]:
    others = [other for other in others if id is None or other.id != id]
    flags = {
        "duplicate": any(o.is_open and o.organization_id == organization_id for o in others),
        "reposted": any(other.is_booked for other in others),
    }
    return tuple(name for name, holds in flags.items() if holds)
