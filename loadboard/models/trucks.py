"""Carriers' trucks."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.accounts import Organization, Person
from loadboard.models.base import Base, one_of

TRUCK_STATUSES = ("posted", "withdrawn")


class Truck(Base):
    """A carrier's free capacity, as it was posted."""

    __tablename__ = "truck"
    __table_args__ = (
        CheckConstraint(one_of("status", TRUCK_STATUSES), name="status"),
        Index("truck_own_idx", "organization_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    status: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(JSON())
    posted_at: Mapped[datetime]
