"""The tables. What must never be wrong about a row is a constraint here, not a hope in the code."""

from loadboard.models.accounts import (
    ROLES,
    ApiKey,
    ApiToken,
    Invitation,
    Login,
    Organization,
    Person,
    RefreshToken,
    SignIn,
)
from loadboard.models.base import Base, Xid8
from loadboard.models.loads import CellScheme, Event, Load, Stop
from loadboard.models.trucks import Truck

__all__ = [
    "ROLES",
    "ApiKey",
    "ApiToken",
    "Base",
    "CellScheme",
    "Event",
    "Invitation",
    "Load",
    "Login",
    "Organization",
    "Person",
    "RefreshToken",
    "SignIn",
    "Stop",
    "Truck",
    "Xid8",
]
