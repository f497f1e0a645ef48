"""How many requests a second a token and an organisation may send, counted over all processes.

A second is one of the clock, so that all processes mean the same. The first share of it a process lets
pass unasked, then it takes share after share out of Redis: so few requests cost no journey, and many cost
one for each share. One process counts exactly; each further one may let a share more pass.
"""

import asyncio
import time
from collections.abc import MutableMapping
from functools import cache
from typing import Any

from limits import RateLimitItemPerSecond
from prometheus_client import Counter

from loadboard.errors import Problem
from loadboard.limiting import counts
from loadboard.settings import settings

SHARES = 10
LIMITED = Counter("loadboard_rate_limited", "Requests beyond a rate limit", ["of"])
HEADERS = "loadboard.ratelimit"
"""Where in a request's scope the headers stand that its answer gets."""


class Quota:
    """So many requests a second for each holder."""

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most = name, most
        self.share = max(1, most // SHARES)
        self.unasked = self.share + most % self.share
        self._item = RateLimitItemPerSecond(most, namespace=f"requests-{name}")
        self._begin(0)

    def _begin(self, second: int) -> None:
        self._second = second
        self._used: dict[str, int] = {}
        self._granted: dict[str, int] = {}
        self._spent: set[str] = set()
        self._asking: dict[str, asyncio.Lock] = {}

    async def spend(self, holder: str, second: int) -> int:
        """How many are left after this one, as far as this process knows; -1: this one is too many."""
        if second != self._second:
            self._begin(second)
        used = self._used[holder] = self._used.get(holder, 0) + 1
        if used > self._granted.get(holder, self.unasked):
            # One at a time, so that no request is refused while another brings what it needs.
            async with self._asking.setdefault(holder, asyncio.Lock()):
                while self._lacks(used, holder, second) and holder not in self._spent:
                    await self._take_share(holder, second)
            if self._lacks(used, holder, second):
                return -1
        return max(0, self.most - used)

    def _lacks(self, used: int, holder: str, second: int) -> bool:
        # A second that is over while Redis answered has no limit any more.
        return second == self._second and used > self._granted.get(holder, self.unasked)

    async def _take_share(self, holder: str, second: int) -> None:
        """The first time with what passed unasked."""
        first = holder not in self._granted
        cost = self.share + (self.unasked if first else 0)
        fits = await counts().hit_shared(self._item, holder, str(second), cost=cost)
        if second != self._second:
            return
        if fits:
            self._granted[holder] = self._granted.get(holder, self.unasked) + self.share
            return
        self._spent.add(holder)
        if fits is None:
            self._granted[holder] = self.most


@cache
def quotas() -> tuple[Quota, Quota, bytes]:
    """Of a token, of an organisation, and both as the header that tells them."""
    token = Quota("token", settings().requests_per_s)
    organization = Quota("organization", settings().organization_requests_per_s)
    policy = ", ".join(f'"{one.name}";q={one.most};w=1' for one in (token, organization))
    return token, organization, policy.encode()


async def count_request(
    scope: MutableMapping[str, Any], token: bytes, organization_id: int
) -> None:
    """Counts a request, a Problem when it is one too many.

    What is left is told by the answer's headers (draft-ietf-httpapi-ratelimit-headers-10), whatever it is.
    """
    second = int(time.time())
    of_token, of_organization, policy = quotas()
    left, tightest = await of_token.spend(token.hex(), second), of_token
    if left >= 0:
        others = await of_organization.spend(str(organization_id), second)
        if others < left:
            left, tightest = others, of_organization
    state = b'"%b";r=%d;t=1' % (tightest.name.encode(), max(0, left))
    scope[HEADERS] = ((b"ratelimit-policy", policy), (b"ratelimit", state))
    if left < 0:
        LIMITED.labels(tightest.name).inc()
        detail = f"This {tightest.name} may send {tightest.most} requests a second; send it again in the next."
        raise Problem(429, "too-many-requests", detail, headers={"Retry-After": "1"})
