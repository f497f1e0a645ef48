"""How near our estimated miles come to those that posters gave."""

from typing import NamedTuple

from sqlalchemy import func, select

from loadboard.db import transaction
from loadboard.models import Load


class Comparison(NamedTuple):
    """Relative to the posted miles: the mean and 95th percentile of the error, and the mean bias."""

    loads: int
    mean: float
    p95: float
    bias: float


async def compare_miles(organization_id: int, least: float) -> Comparison:
    """Over the loads of an organisation with at least that many posted miles, in any state."""
    off = Load.loaded_miles / Load.posted_miles - 1
    query = select(
        func.count(),
        func.coalesce(func.avg(func.abs(off)), 0),
        func.coalesce(func.percentile_cont(0.95).within_group(func.abs(off)), 0),
        func.coalesce(func.avg(off), 0),
    ).where(Load.organization_id == organization_id, Load.posted_miles >= least)
    async with transaction() as session:
        return Comparison(*(await session.execute(query)).one())
