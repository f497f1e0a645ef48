"""What the commands of `loadboard` have in common."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from rich.console import Console

from loadboard import logs
from loadboard.cache import redis
from loadboard.db import engine
from loadboard.garbage import collect_seldom
from loadboard.settings import settings
from loadboard.waking import commits

Result = TypeVar("Result")
console = Console(stderr=True)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Does asynchronous work to its end: until all other processes were told of it."""

    async def run_and_tell() -> Result:
        try:
            return await work
        finally:
            await commits.told()
            await engine().dispose()
            await redis().aclose()

    # Standard output is for what a command reports.
    logs.configure(settings().log_level, sys.stderr.buffer)
    collect_seldom()
    return asyncio.run(run_and_tell())
