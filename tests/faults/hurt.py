"""`loadboard` with a wound, for the proofs: a guard taken out, or a process that dies at a chosen moment.

HURT_BLIND   the compare-and-set of a booking compares nothing
HURT_DEATHS  a folder: a request whose key is `before-…` or `after-…` ends the process before or after its
             commit, once for each key
"""

import os
import signal
from pathlib import Path
from typing import Any

from fastapi import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loadboard import app as service
from loadboard.bookings import booking
from loadboard.cli import app
from loadboard.idempotency import Claim
from loadboard.models import Load

BLIND = (
    "UPDATE load SET status = 'booked', version = version + 1, versioned_at = :at WHERE id = :id"
    " RETURNING version"
)


async def take_blindly(session: AsyncSession, load: Load, now: Any) -> bool:
    values = {"id": load.id, "at": now}
    version = (await session.execute(text(BLIND), values)).scalar_one()
    for name, value in (("status", "booked"), ("version", version), ("versioned_at", now)):
        set_committed_value(load, name, value)
    return True


def die_once(folder: Path, key: str, moment: str) -> None:
    if key.startswith(moment):
        try:
            (folder / key).touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(folder: Path) -> None:
    """Deaths around the commit: when the answer is stored but not committed, and when it is about to be sent."""
    keep, create = Claim.keep, service.create_app

    async def keep_and_die(claim: Claim, response: Response) -> None:
        await keep(claim, response)
        die_once(folder, claim.key, "before-")

    class Dying:
        def __init__(self, inner: ASGIApp) -> None:
            self.inner = inner

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            key = next((v for n, v in scope.get("headers", ()) if n == b"idempotency-key"), b"")

            async def send_or_die(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] == 201:
                    die_once(folder, key.decode(), "after-")
                await send(message)

            await self.inner(scope, receive, send_or_die)

    def create_dying() -> Any:
        made = create()
        made.add_middleware(Dying)
        return made

    Claim.keep = keep_and_die  # type: ignore[method-assign,assignment]
    service.create_app = create_dying


if __name__ == "__main__":
    if os.environ.get("HURT_BLIND"):
        vars(booking)["take"] = take_blindly
    if deaths := os.environ.get("HURT_DEATHS"):
        deadly(Path(deaths))
    app()
