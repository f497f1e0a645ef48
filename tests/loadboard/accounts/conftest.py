"""Accounts: passwords here cost next to nothing, but where their cost is what is tested."""

from collections.abc import Iterator

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from loadboard.accounts import passwords


@pytest.fixture
def passwords_cost_little(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    monkeypatch.setattr(passwords, "hasher", cheap)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()
