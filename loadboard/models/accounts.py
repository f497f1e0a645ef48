"""Organisations, their people, and what these sign in with."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
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
        Index(
            "organization_suspended_idx", "id", postgresql_where=text("suspended_at IS NOT NULL")
        ),
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
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint("email = lower(email)", name="email"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    role: Mapped[str] = mapped_column(server_default="owner")
    disabled_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Login(Base):
    """The account of a person at an OpenID Connect issuer."""

    __tablename__ = "login"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Invitation(Base):
    """A secret, good once, to join an organisation; or with a person, to set a new password."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(one_of("role", ROLES), name="role"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id), index=True)
    email: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignIn(Base):
    """One sign-in, and all tokens that came of it: when it ends, they do."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RefreshToken(Base):
    """Good for one new pair of tokens. Who shows it again has stolen it, or was stolen from."""

    __tablename__ = "refresh_token"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey(SignIn.id, ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Base):
    """A bearer token, of which only the SHA-256 is kept; without a sign-in it was handed out."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    sign_in_id: Mapped[int | None] = mapped_column(
        ForeignKey(SignIn.id, ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """What a machine acts for an organisation with: of `lb_<prefix>_<secret>` the SHA-256 is kept."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint(one_of("role", ROLES), name="role"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), index=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    created_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
