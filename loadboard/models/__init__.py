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
from loadboard.models.answers import Answer
from loadboard.models.base import Base, Xid8
from loadboard.models.bookings import DOCUMENT_TYPES, Booking, Document, Report
from loadboard.models.contacts import ContactView, LoadContact
from loadboard.models.loads import CellScheme, Event, Load, Stop
from loadboard.models.networks import Audience, Block, Network, NetworkMember
from loadboard.models.offers import Offer, OfferRound
from loadboard.models.records import PosterCount, PosterDay
from loadboard.models.trucks import Truck

__all__ = [
    "DOCUMENT_TYPES",
    "ROLES",
    "Answer",
    "ApiKey",
    "ApiToken",
    "Audience",
    "Base",
    "Block",
    "Booking",
    "CellScheme",
    "ContactView",
    "Document",
    "Event",
    "Invitation",
    "Load",
    "LoadContact",
    "Login",
    "Network",
    "NetworkMember",
    "Offer",
    "OfferRound",
    "Organization",
    "Person",
    "PosterCount",
    "PosterDay",
    "RefreshToken",
    "Report",
    "SignIn",
    "Stop",
    "Truck",
    "Xid8",
]
