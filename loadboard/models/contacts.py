"""Whom to call about a load, where exactly it is, and who was told."""

from datetime import datetime

from sqlalchemy import ARRAY, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.accounts import Organization, Person
from loadboard.models.base import Base
from loadboard.models.loads import Load


class LoadContact(Base):
    """What is told of a load only when it is asked for; `addresses` are those of its stops."""

    __tablename__ = "load_contact"

    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id, ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    name: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    addresses: Mapped[list[str | None]] = mapped_column(ARRAY(Text))


class ContactView(Base):
    """That a carrier was told the contact of a load."""

    __tablename__ = "contact_view"
    __table_args__ = (
        Index("contact_view_own_idx", "organization_id", "at"),
        Index("contact_view_load_idx", "load_id", "organization_id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id, ondelete="CASCADE"))
    poster_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime]
