"""A process that follows the events as one of the service does, and says when it has seen a load.

A line `filled`, then for each load that comes its id and the nanoseconds of CLOCK_MONOTONIC, which
is one for all processes of a machine.
"""

import asyncio
import time

from loadboard.feed import Feed
from loadboard.garbage import collect_seldom


class Watched(Feed):
    """Looks at its view whenever it has read."""

    _told: int | None = None

    async def read(self) -> bool:
        is_all = await super().read()
        self._tell()
        return is_all

    def _tell(self) -> None:
        if self.board is None:
            return
        view, now = self.board.view, time.monotonic_ns()
        if self._told is None:
            print("filled", flush=True)  # noqa: T201
            self._told = 0
        for id in view.fresh.id[self._told : view.added].tolist():
            print(id, now, flush=True)  # noqa: T201
        self._told = view.added


if __name__ == "__main__":
    collect_seldom()
    asyncio.run(Watched().run())
