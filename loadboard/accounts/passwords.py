"""Passwords: what is taken as one, and their argon2 hashes, worked out beside the event loop."""

import unicodedata
from functools import cache
from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from pwdlib import PasswordHash
from pydantic import AfterValidator, Field, SecretStr

SHORTEST, LONGEST = 12, 200
# Each hash takes 64 MiB and a core for some 50 ms: many at once would starve the searches.
AT_ONCE = 2
hasher = PasswordHash.recommended()


def _composed(password: SecretStr) -> SecretStr:
    """The same letters however a keyboard made them."""
    return SecretStr(unicodedata.normalize("NFC", password.get_secret_value()))


Password = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST), AfterValidator(_composed)]
NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=SHORTEST,
        max_length=LONGEST,
        description="Any characters; length is what makes it strong",
    ),
    AfterValidator(_composed),
]


@cache
def _threads() -> CapacityLimiter:
    return CapacityLimiter(AT_ONCE)


@cache
def _nobodys() -> str:
    return hasher.hash("nobody has this password")


async def hashed(password: SecretStr) -> str:
    return await run_sync(hasher.hash, password.get_secret_value(), limiter=_threads())


async def fits(password: SecretStr, hashed: str | None) -> bool:
    """Whether it is the password. Where there is none it takes as long to say no."""

    def verify() -> bool:
        return hasher.verify(password.get_secret_value(), hashed or _nobodys())

    return await run_sync(verify, limiter=_threads()) and hashed is not None
