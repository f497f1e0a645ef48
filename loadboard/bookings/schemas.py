"""Bookings, what is sent about them, and as both parties see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from loadboard.fields import Moment, PlaceRef, Strictly, Text, Window
from loadboard.loads.schemas import LoadStatus
from loadboard.offers.schemas import Cents, Id, Party

ReportKind = Literal["picked_up", "in_transit", "delivered", "position"]
DocumentKind = Literal["proof_of_delivery", "bill_of_lading", "invoice", "other"]
Reference = Annotated[Text, Field(max_length=100)]


class BookIn(Strictly):
    rate_cents: Cents = Field(description="Exactly the posted rate")
    truck_id: Id | None = Field(None, description="One of one's trucks, which is then kept free")


class CancelIn(Strictly):
    reason: Text = Field(max_length=200, examples=["The truck broke down"])


class DispatchIn(Strictly):
    driver_id: Id = Field(description="A person of the carrier")
    truck_id: Id
    busy: Window | None = Field(
        None,
        description="When the truck is taken; from first pickup to last delivery, unless said",
    )


class ReportIn(Strictly):
    kind: ReportKind
    at: Moment = Field(description="When it happened, by the clock of whoever reports")
    where: PlaceRef
    note: Text | None = Field(None, max_length=1_000)


class InvoiceIn(Strictly):
    number: Reference
    amount_cents: Cents


class PaymentIn(Strictly):
    reference: Reference
    amount_cents: Cents = Field(description="Exactly what was invoiced")


class ReportOut(BaseModel):
    kind: ReportKind
    at: datetime
    received_at: datetime
    lat: float
    lon: float
    note: str | None


class DocumentOut(BaseModel):
    id: int
    kind: DocumentKind
    name: str
    content_type: str
    size: int
    sha256: str
    by: Party
    added_at: datetime


class Driver(BaseModel):
    id: int
    name: str | None


class Busy(BaseModel):
    from_: datetime = Field(serialization_alias="from")
    to: datetime


class Cancelled(BaseModel):
    at: datetime
    by: Party
    reason: str


class Invoice(BaseModel):
    number: str
    amount_cents: int
    at: datetime
    paid_at: datetime | None
    payment_reference: str | None


class BookingOut(BaseModel):
    id: int
    version: int
    status: LoadStatus = Field(description="Where the load is in its life")
    load_id: int
    offer_id: int | None
    poster: Party
    carrier: Party
    rate_cents: int
    currency: Literal["USD"]
    booked_at: datetime
    terms: dict[str, Any] = Field(description="What was agreed, as it was then; it never changes")
    truck_id: int | None
    busy: Busy | None = Field(description="When the truck is taken; null for a partial load")
    driver: Driver | None
    dispatched_at: datetime | None
    reports: list[ReportOut]
    documents: list[DocumentOut]
    invoice: Invoice | None
    cancelled: Cancelled | None


class ConfirmedParty(Party):
    usdot: str | None
    mc: str | None


class RateConfirmation(BaseModel):
    """The terms of a booking; they never change."""

    booking_id: int
    agreed_at: datetime
    rate_cents: int
    currency: Literal["USD"]
    poster: ConfirmedParty
    carrier: ConfirmedParty
    note: str | None
    load: dict[str, Any]


class BookingPage(BaseModel):
    items: list[BookingOut]
    total: int
    next_cursor: str | None
