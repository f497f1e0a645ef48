"""The tables. What must never be wrong about a row is a constraint here, not a hope in the code."""

from loadboard.models.accounts import ApiToken, Organization, Person
from loadboard.models.base import Base, Xid8
from loadboard.models.loads import CellScheme, Event, Load, Stop
from loadboard.models.trucks import Truck

__all__ = [
    "ApiToken",
    "Base",
    "CellScheme",
    "Event",
    "Load",
    "Organization",
    "Person",
    "Stop",
    "Truck",
    "Xid8",
]
