"""Organisations, their people, and what these sign in with."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.base import Base, one_of

ORGANIZATION_KINDS = ("shipper", "broker", "carrier", "operator")
AUTHORITIES = ("unknown", "active", "inactive")
ROLES = ("owner", "dispatcher", "driver", "accountant", "viewer", "staff")
"""What a person may do for its organisation; `staff` are the operator's."""


class Organization(Base):
    __tablename__ = "organization"
    __table_args__ = (
        CheckConstraint(one_of("kind", ORGANIZATION_KINDS), name="kind"),
        CheckConstraint(one_of("authority", AUTHORITIES), name="authority"),
        CheckConstraint("usdot ~ '^[1-9][0-9]{0,7}$'", name="usdot"),
        CheckConstraint("mc ~ '^[1-9][0-9]{0,7}$'", name="mc"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    usdot: Mapped[str | None] = mapped_column(unique=True)
    mc: Mapped[str | None] = mapped_column(unique=True)
    authority: Mapped[str] = mapped_column(server_default="unknown")
    insured_until: Mapped[date | None]
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (CheckConstraint(one_of("role", ROLES), name="role"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    role: Mapped[str] = mapped_column(server_default="owner")
    disabled_at: Mapped[datetime | None]
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
