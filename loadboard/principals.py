"""Whom a request acts for, remembered for some seconds, and forgotten at once when that changes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from cachetools import LRUCache, TTLCache
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from loadboard.cache import failed
from loadboard.db import after_commit
from loadboard.waking import tell, words

CHANNEL = "loadboard:forget"
REMEMBERED_S = 5
MOST = 10_000

Part = Literal["person_id", "organization_id", "sign_in_id", "key_id"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or key and the organisation a request acts for; what that may do is told by `permissions`."""

    # None: a key acts, not a person.
    person_id: int | None
    email: str | None
    organization_id: int
    organization: str
    kind: str
    expires_at: datetime
    role: str = "owner"
    authority: str = "unknown"
    insured_until: date | None = None
    # What the key is limited to; None is all that the role may.
    scopes: frozenset[str] | None = None
    sign_in_id: int | None = None
    key_id: int | None = None

    @property
    def caller(self) -> str:
        """What tells this person or key from the others of the organisation."""
        return f"person:{self.person_id}" if self.key_id is None else f"key:{self.key_id}"

    @property
    def sees_only_own(self) -> bool:
        return self.kind in {"shipper", "broker"}


class Known:
    """The principals of the tokens that were shown lately."""

    def __init__(self) -> None:
        # A few seconds of memory spare every request a look-up.
        self._fresh: TTLCache[bytes, Principal] = TTLCache(maxsize=MOST, ttl=REMEMBERED_S)
        # What was last known of a token counts on while the database is away.
        self._last: LRUCache[bytes, Principal] = LRUCache(maxsize=MOST)
        self._forgotten = 0

    def fresh(self, token: bytes) -> Principal | None:
        return self._fresh.get(token)

    def last(self, token: bytes) -> Principal | None:
        """What was known before the database was away; it counts as fresh, not to be asked for each time."""
        principal = self._last.get(token)
        if principal is not None:
            self._fresh[token] = principal
        return principal

    def learn(self, token: bytes) -> Callable[[Principal | None], None]:
        """Call it before a look-up, and what it answers with what was found.

        What was found is not kept when anything was forgotten meanwhile: it may be what has changed.
        """
        forgotten = self._forgotten

        def keep(found: Principal | None) -> None:
            if found is None:
                self._last.pop(token, None)
            elif forgotten == self._forgotten:
                self._fresh[token] = self._last[token] = found

        return keep

    def forget(self, part: str, number: int) -> None:
        self._forgotten += 1
        for kept in (self._fresh, self._last):
            for token, principal in list(kept.items()):
                if getattr(principal, part) == number:
                    kept.pop(token, None)

    def forget_all(self) -> None:
        self._forgotten += 1
        self._fresh.clear()


known = Known()


def forget(session: AsyncSession, part: Part, number: int) -> None:
    """When this session commits, every process looks up anew what it knew of these principals."""

    def forget_and_tell() -> None:
        known.forget(part, number)
        tell(CHANNEL, f"{part}:{number}".encode())

    after_commit(session, forget_and_tell)


async def follow() -> None:
    """Forget what other processes say; while Redis is away it takes `REMEMBERED_S` seconds."""
    while True:
        try:
            async with words(CHANNEL) as said:
                # What was said before was not heard.
                known.forget_all()
                async for word in said:
                    part, _, number = word.decode().partition(":")
                    known.forget(part, int(number))
        except (RedisError, OSError) as error:
            failed(error)
            await asyncio.sleep(1)
