"""How long a load that is committed takes until other processes see it on their boards."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import psycopg
from boards import START, Board, board, clone, sender
from figures import Figure, tell

from loadboard.db import transaction
from loadboard.loads.posting import Outcome, Sender, submission, submit
from loadboard.loads.schemas import PostedLoad
from loadboard.sample import generate

COMMITS = 300
# Until code is loaded everywhere and every process listens.
WARM = 5
FOLLOWERS = 2
SEED = 4
FILLED_S, SEEN_S = 300.0, 30.0
FOLLOWER = Path(__file__).with_name("follower.py")
BARE = "CREATE TABLE bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)"


def freshness_p99(name: str, goal: float | None, loads: int, pairs: int | None) -> Figure:
    """From commit to visible in both of two processes that follow, the 99th percentile.

    Beside it, on two bare connections, from the commit of one row with NOTIFY until the other has heard
    of it. Both begin as the commit is asked for.
    """
    count = pairs or COMMITS
    with clone(board(loads), "freshness") as on, _bare(on) as hear:
        ours, peer = on.run(lambda: _in_turn(on, count, hear))
    return Figure(name, _p99_ms(ours), _p99_ms(peer), "ms", goal, count, loads)


def _p99_ms(took_ns: list[int]) -> float:
    for part in (50, 90, 99):
        tell(f"  p{part}: {np.percentile(took_ns, part) / 1e6:.3f} ms")
    return float(np.percentile(took_ns, 99)) / 1e6


async def _in_turn(on: Board, count: int, hear: Callable[[], int]) -> tuple[list[int], list[int]]:
    """What each commit took, in nanoseconds; each pair begun by the other side."""
    ours: list[int] = []
    peer: list[int] = []
    who = await sender()
    async with _followers(on) as followers:
        sample = generate(WARM + count, SEED, START)
        for load in islice(sample, WARM):
            await _seen(who, load, followers)
        for number, load in enumerate(sample):
            if number % 2:
                peer.append(hear())
            ours.append(await _seen(who, load, followers))
            if not number % 2:
                peer.append(hear())
    return ours, peer


async def _seen(who: Sender, load: PostedLoad, followers: list[Process]) -> int:
    async with transaction() as session:
        now = datetime.now(UTC)
        [outcome] = await submit(session, who, [submission(load)], now, may_update=False)
        began = time.monotonic_ns()
    if not isinstance(outcome, Outcome):
        raise RuntimeError(f"the load was refused: {outcome.errors}")
    return max([await _time_of(outcome.load_id, follower) for follower in followers]) - began


async def _time_of(load_id: int, follower: Process) -> int:
    while True:
        id, at = map(int, (await _line(follower, SEEN_S)).split())
        if id == load_id:
            return at


async def _line(follower: Process, seconds: float) -> str:
    assert follower.stdout is not None
    line = await asyncio.wait_for(follower.stdout.readline(), seconds)
    if not line:
        raise RuntimeError("a process that follows has ended")
    return line.decode().strip()


@asynccontextmanager
async def _followers(on: Board) -> AsyncIterator[list[Process]]:
    """Processes whose boards are filled."""
    started = []
    try:
        for _ in range(FOLLOWERS):
            words = [sys.executable, str(FOLLOWER)]
            started.append(
                await asyncio.create_subprocess_exec(*words, stdout=PIPE, env=on.environment)
            )
        for follower in started:
            while await _line(follower, FILLED_S) != "filled":
                pass
        yield started
    finally:
        for follower in started:
            follower.terminate()
            await follower.wait()


@contextmanager
def _bare(on: Board) -> Iterator[Callable[[], int]]:
    """Commits a row, and tells how long the other connection took to hear of it."""
    with psycopg.connect(on.url) as writer, on.connect() as listener:
        listener.execute(BARE)
        listener.execute("LISTEN bench_bare")

        def hear() -> int:
            writer.execute("INSERT INTO bench_bare DEFAULT VALUES")
            writer.execute("NOTIFY bench_bare")
            began = time.monotonic_ns()
            writer.commit()
            if not list(listener.notifies(timeout=SEEN_S, stop_after=1)):
                raise RuntimeError("no notification came")
            return time.monotonic_ns() - began

        yield hear
