"""A re-index in a process of its own, forked from one that has everything in memory and starts at once."""

import asyncio
import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

from geo.points import Point
from loadboard.db import engine
from loadboard.loads import reindexing
from loadboard.loads.preparing import loaded_miles

# Once, in the process that the others are forked from.
loaded_miles([[Point(-96.8, 32.8), Point(-84.4, 33.7)]])


def start(resolution: int, batch: int, environment: Mapping[str, str], log: Path) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_run, args=(resolution, batch, dict(environment), log))
    process.start()
    return process


def _run(resolution: int, batch: int, environment: dict[str, str], log: Path) -> None:
    os.environ.update(environment)
    with log.open("ab", buffering=0) as out:
        os.dup2(out.fileno(), 2)
    reindexing.BATCH = batch
    asyncio.run(_reindex(resolution))


async def _reindex(resolution: int) -> None:
    await reindexing.reindex(resolution, lambda step, done, total: None)
    await engine().dispose()
