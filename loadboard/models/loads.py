"""Loads, their stops, what happened to them, and how their cells are kept."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.lifecycle import LOAD_STATUSES
from loadboard.models.accounts import Organization
from loadboard.models.base import Base, Xid8, one_of
from loadboard.models.networks import Audience
from matching.equipment import EQUIPMENT

INSTANT = ("nobody", "networks", "everyone")
"""Which carriers may book a load at once at its posted rate: none, those in its poster's networks, all."""


class Load(Base):
    """A load as it is now. Cells stand twice so that a re-index can fill one pair beside the other."""

    __tablename__ = "load"
    __table_args__ = (
        UniqueConstraint("organization_id", "reference"),
        CheckConstraint(one_of("status", LOAD_STATUSES), name="status"),
        CheckConstraint(one_of("equipment", tuple(EQUIPMENT)), name="equipment"),
        CheckConstraint(one_of("instant", INSTANT), name="instant"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(reference) BETWEEN 1 AND 100", name="reference"),
        CheckConstraint("weight_lb > 0", name="weight"),
        CheckConstraint("length_ft > 0", name="length"),
        CheckConstraint("rate_cents > 0", name="rate"),
        CheckConstraint("currency = 'USD'", name="currency"),
        CheckConstraint("posted_miles >= 0", name="posted_miles"),
        CheckConstraint("loaded_miles >= 0", name="loaded_miles"),
        CheckConstraint("pickup_from <= pickup_to", name="pickup_window"),
        CheckConstraint("delivery_from <= delivery_to", name="delivery_window"),
        CheckConstraint("delivery_to >= pickup_from", name="delivery_after_pickup"),
        Index("load_open_until_idx", "open_until", postgresql_where=text("status = 'posted'")),
        Index("load_own_idx", "organization_id", "status", "id"),
        Index(
            "load_freight_idx",
            "freight",
            postgresql_where=text("status NOT IN ('cancelled', 'expired')"),
        ),
        {
            "postgresql_with": {
                "autovacuum_vacuum_scale_factor": "0.02",
                "autovacuum_vacuum_insert_scale_factor": "0.02",
                "autovacuum_analyze_scale_factor": "0.02",
            }
        },
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    reference: Mapped[str]
    content_hash: Mapped[bytes]
    version: Mapped[int]
    status: Mapped[str]
    sample: Mapped[bool]
    equipment: Mapped[str]
    is_full: Mapped[bool]
    weight_lb: Mapped[int | None]
    length_ft: Mapped[float | None]
    hazmat: Mapped[bool]
    commodity: Mapped[str | None]
    rate_cents: Mapped[int | None]
    currency: Mapped[str]
    posted_miles: Mapped[float | None]
    loaded_miles: Mapped[float]
    miles_by_road: Mapped[bool]
    rate_per_mile_cents: Mapped[float | None] = mapped_column(
        Computed("rate_cents / nullif(loaded_miles, 0)", persisted=True)
    )
    pickup_lon: Mapped[float]
    pickup_lat: Mapped[float]
    pickup_state: Mapped[str | None]
    pickup_from: Mapped[datetime]
    pickup_to: Mapped[datetime]
    pickup_cell_a: Mapped[int | None]
    pickup_cell_b: Mapped[int | None]
    delivery_lon: Mapped[float]
    delivery_lat: Mapped[float]
    delivery_state: Mapped[str | None]
    delivery_from: Mapped[datetime | None]
    delivery_to: Mapped[datetime | None]
    delivery_cell_a: Mapped[int | None]
    delivery_cell_b: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    open_until: Mapped[datetime] = mapped_column(
        Computed("least(pickup_to, expires_at)", persisted=True)
    )
    first_posted_at: Mapped[datetime]
    versioned_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    # Null: everyone may see it.
    audience_id: Mapped[int | None] = mapped_column(ForeignKey(Audience.id))
    instant: Mapped[str] = mapped_column(server_default="nobody")
    # A hash of what is hauled, whoever posts it and under which reference.
    freight: Mapped[int | None]


class Stop(Base):
    __tablename__ = "stop"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("pickup", "delivery")), name="kind"),
        CheckConstraint("position > 0 OR kind = 'pickup'", name="first_is_pickup"),
        CheckConstraint("window_from <= window_to", name="window"),
    )

    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id, ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    kind: Mapped[str]
    place: Mapped[str | None]
    zip: Mapped[str | None]
    town: Mapped[str | None]
    point: Mapped[WKBElement] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    state: Mapped[str | None]
    zone: Mapped[str]
    window_from: Mapped[datetime | None]
    window_to: Mapped[datetime | None]


class Event(Base):
    """What happened, once and for ever; a listing is there when the event made a new version."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_cursor_idx", "xid", "id"),
        Index("event_load_idx", "load_id", "version"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    kind: Mapped[str]
    organization_id: Mapped[int]
    person_id: Mapped[int | None]
    load_id: Mapped[int]
    version: Mapped[int]
    # Of what was done with an offer for the load; such events make no new version.
    offer_id: Mapped[int | None]
    listing: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class CellScheme(Base):
    """Which pair of cell columns searches use, at which resolution, and how far a re-index has come."""

    __tablename__ = "cell_scheme"
    __table_args__ = (
        CheckConstraint("id = 1", name="single"),
        CheckConstraint(one_of("active", ("a", "b")), name="active"),
        CheckConstraint("resolution BETWEEN 7 AND 12", name="resolution"),
        CheckConstraint("next_resolution BETWEEN 7 AND 12", name="next_resolution"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    active: Mapped[str]
    resolution: Mapped[int] = mapped_column(SmallInteger)
    next_resolution: Mapped[int | None] = mapped_column(SmallInteger)
    next_after_id: Mapped[int | None]
