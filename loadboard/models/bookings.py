"""Bookings: what was agreed, who hauls it, what was reported of it, and its papers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSON, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.lifecycle import ON_THE_ROAD
from loadboard.models.accounts import Organization, Person
from loadboard.models.base import Base, one_of
from loadboard.models.loads import Load
from loadboard.models.offers import Offer
from loadboard.models.trucks import Truck

REPORT_KINDS = (*ON_THE_ROAD, "position")
DOCUMENT_KINDS = ("proof_of_delivery", "bill_of_lading", "invoice", "other")
DOCUMENT_TYPES = ("application/pdf", "image/jpeg", "image/png")


class Booking(Base):
    """A load that a carrier hauls; where the load is in its life is told by the load."""

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("rate_cents > 0", name="rate"),
        CheckConstraint("invoice_cents > 0", name="invoice"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("poster_id <> carrier_id", name="parties"),
        CheckConstraint("(cancelled_at IS NULL) = (cancelled_by IS NULL)", name="cancelled"),
        Index(
            "booking_standing_idx",
            "load_id",
            unique=True,
            postgresql_where=text("cancelled_at IS NULL"),
        ),
        # A truck hauls one full load at a time. `busy` is empty for a partial one.
        ExcludeConstraint(
            ("truck_id", "="),
            ("busy", "&&"),
            where=text("cancelled_at IS NULL"),
            using="gist",
            name="booking_truck_busy",
        ),
        Index("booking_poster_idx", "poster_id", "id"),
        Index("booking_carrier_idx", "carrier_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id))
    poster_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    carrier_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey(Offer.id))
    version: Mapped[int]
    rate_cents: Mapped[int]
    # What was agreed, as it was at that moment; never changed.
    terms: Mapped[dict[str, Any]] = mapped_column(JSON())
    booked_at: Mapped[datetime]
    booked_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    truck_id: Mapped[int | None] = mapped_column(ForeignKey(Truck.id))
    busy: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    driver_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    dispatched_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey(Organization.id))
    cancel_reason: Mapped[str | None]
    invoice_number: Mapped[str | None]
    invoice_cents: Mapped[int | None]
    invoiced_at: Mapped[datetime | None]
    payment_reference: Mapped[str | None]
    paid_at: Mapped[datetime | None]


class Report(Base):
    """What a driver or dispatcher says from the road: `at` by their clock, `received_at` by ours."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(one_of("kind", REPORT_KINDS), name="kind"),
        Index("report_booking_idx", "booking_id", "at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey(Booking.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    kind: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    lat: Mapped[float]
    lon: Mapped[float]
    note: Mapped[str | None]


class Document(Base):
    """A paper of a booking; its content is kept outside the database, by its hash."""

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint(one_of("kind", DOCUMENT_KINDS), name="kind"),
        CheckConstraint(one_of("content_type", DOCUMENT_TYPES), name="content_type"),
        Index("document_booking_idx", "booking_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey(Booking.id))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    kind: Mapped[str]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    added_at: Mapped[datetime]
