"""The tables. What must never be wrong about a row is a constraint here, not a hope in the code."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from matching.equipment import EQUIPMENT


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        str: Text,
        int: BigInteger,
        bytes: LargeBinary,
    }


ORGANIZATION_KINDS = ("shipper", "broker", "carrier", "operator")
TRUCK_STATUSES = ("posted", "withdrawn")
LOAD_STATUSES = ("posted", "cancelled", "expired")


class Organization(Base):
    __tablename__ = "organization"
    __table_args__ = (CheckConstraint(one_of("kind", ORGANIZATION_KINDS), name="kind"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiToken(Base):
    """A bearer token, of which only the SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Load(Base):
    """A load as it is now. Cells stand twice so that a re-index can fill one pair beside the other."""

    __tablename__ = "load"
    __table_args__ = (
        UniqueConstraint("organization_id", "reference"),
        CheckConstraint(one_of("status", LOAD_STATUSES), name="status"),
        CheckConstraint(one_of("equipment", tuple(EQUIPMENT)), name="equipment"),
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
    listing: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class Truck(Base):
    """A carrier's free capacity, as it was posted."""

    __tablename__ = "truck"
    __table_args__ = (
        UniqueConstraint("organization_id", "idempotency_key"),
        CheckConstraint(one_of("status", TRUCK_STATUSES), name="status"),
        Index("truck_own_idx", "organization_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    status: Mapped[str]
    idempotency_key: Mapped[str | None]
    content: Mapped[dict[str, Any]] = mapped_column(JSON())
    posted_at: Mapped[datetime]


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
