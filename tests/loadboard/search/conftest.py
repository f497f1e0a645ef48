"""A board to search, at a moment that stands still."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace

import numpy as np
import pytest

from geo.geodesy import great_circle_m
from loadboard.loads import api as loads_api
from loadboard.loads import preparing
from loadboard.search import api as search_api
from tests.loadboard.conftest import Member, Service
from tests.loadboard.search.boards import NOW, Board


@dataclass
class Clock:
    """What time it is for requests."""

    moment: datetime = NOW

    def now(self, zone: tzinfo) -> datetime:
        return self.moment.astimezone(zone)

    def pass_by(self, span: timedelta) -> None:
        self.moment += span


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    for module in (search_api, loads_api):
        monkeypatch.setattr(module, "datetime", stopped)
    return stopped


@pytest.fixture
def board(
    service: Service,
    database_url: str,
    shipper: Member,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Board:
    """An empty board. Searches take miles as they are stored, so the straight ones will do."""
    straight = SimpleNamespace(
        roads_m=great_circle_m, are_covered=lambda lons, _: np.zeros(len(lons), dtype=np.bool_)
    )
    monkeypatch.setattr(preparing, "roads", straight)
    return Board(service, database_url, shipper.sender)
