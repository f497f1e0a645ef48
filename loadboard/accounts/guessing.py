"""Limits against guessing passwords: so many tries for an e-mail, and so many from an address."""

import hashlib
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from prometheus_client import Counter

from loadboard.errors import Problem
from loadboard.limiting import counts

WINDOW_MINUTES = 15
OF_EMAIL = RateLimitItemPerMinute(10, WINDOW_MINUTES, namespace="sign-in-email")
OF_ADDRESS = RateLimitItemPerMinute(100, WINDOW_MINUTES, namespace="sign-in-address")
SIGN_INS = Counter("loadboard_sign_ins", "Tries to sign in", ["how", "outcome"])


def _named(email: str) -> str:
    """E-mails are no keys of Redis: what is there may be listed by whoever watches it."""
    return hashlib.sha256(email.encode()).hexdigest()


def network_of(address: str) -> str:
    """Whoever has one IPv6 address has the 2^64 beside it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return address if not isinstance(parsed, IPv6Address) else parsed.exploded[:19]


async def count_try(email: str, address: str) -> None:
    """A Problem when there were too many; counted before the password is looked at, so none slip by."""
    of_address = await counts().hit(OF_ADDRESS, network_of(address))
    if not of_address or not await counts().hit(OF_EMAIL, _named(email)):
        SIGN_INS.labels("password", "limited").inc()
        raise Problem(
            429,
            "too-many-tries",
            f"Too many tries to sign in; there are more after {WINDOW_MINUTES} minutes.",
            headers={"Retry-After": str(WINDOW_MINUTES * 60)},
        )


async def forgive(email: str) -> None:
    """Whoever knows the password need not fear the tries of others before."""
    await counts().clear(OF_EMAIL, _named(email))
