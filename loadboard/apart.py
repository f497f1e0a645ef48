"""Long work, apart from all that is answered at once: in few threads, and waited for so long at most.

What makes a search long is known beforehand (a trip, a drive time, a polygon of many positions, a truck's
matches), so that no other search ever waits behind one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from prometheus_client import Counter

from loadboard.errors import Problem
from loadboard.settings import settings

GIVEN_UP = Counter("loadboard_searches_given_up", "Long searches that were not done in time")
Result = TypeVar("Result")


@cache
def threads() -> ThreadPoolExecutor:
    """Those of this process. Work that is not waited for any more keeps its thread until it ends."""
    return ThreadPoolExecutor(settings().long_searches, "long-search")


async def apart(work: Callable[[], Result]) -> Result:
    """What the work gives; a Problem that names the bound when it was not done in time."""
    seconds = settings().long_search_s
    doing = asyncio.get_running_loop().run_in_executor(threads(), work)
    done, _ = await asyncio.wait({doing}, timeout=seconds)
    if done:
        return doing.result()
    # It never begins, if it has not begun.
    doing.cancel()
    GIVEN_UP.inc()
    detail = (
        f"This was not done in the {seconds:g} seconds that a long search has here, the wait for others of"
        " its kind included. Ask for less (a smaller area, a shorter way, fewer positions), or again later."
    )
    raise Problem(503, "search-too-long", detail, headers={"Retry-After": f"{seconds:.0f}"})
