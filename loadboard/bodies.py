"""How large a request may be: what is larger is refused like everything else."""

import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loadboard.errors import Problem

# A client that is still sending sees the connection break, not the answer, unless it is read out.
MOST_DRAINED = 64 << 20


class BodyLimit:
    """Refuses bodies larger than `usual` bytes, or than the first pattern in `of_path` that fits says."""

    def __init__(self, app: ASGIApp, usual: int, of_path: Mapping[str, int]) -> None:
        self.app, self.usual = app, usual
        self.of_path = [(re.compile(pattern), limit) for pattern, limit in of_path.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        own = (limit for pattern, limit in self.of_path if pattern.fullmatch(scope["path"]))
        limit = next(own, self.usual)
        refusal = f"A request to {scope['path']} has at most {limit >> 10} KiB."
        if _declared(scope) > limit:
            await _drain(receive)
            await Problem(413, "too-large", refusal).response()(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                await _drain(receive)
                raise HTTPException(413, refusal)
            return message

        await self.app(scope, limited, send)


def _declared(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


async def _drain(receive: Receive) -> None:
    drained, more = 0, True
    while more and drained < MOST_DRAINED:
        message = await receive()
        drained += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
