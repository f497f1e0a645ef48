"""Who deals with whom: private networks of carriers, blocks, and the audiences of loads."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.accounts import Organization
from loadboard.models.base import Base


class Network(Base):
    """A poster's private network, by its name."""

    __tablename__ = "network"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class NetworkMember(Base):
    """A carrier of a network."""

    __tablename__ = "network_member"

    network_id: Mapped[int] = mapped_column(
        ForeignKey(Network.id, ondelete="CASCADE"), primary_key=True
    )
    organization_id: Mapped[int] = mapped_column(
        ForeignKey(Organization.id), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Block(Base):
    """An organisation that wants nothing to do with another; it counts in both directions."""

    __tablename__ = "block"
    __table_args__ = (CheckConstraint("organization_id <> blocked_id", name="other"),)

    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), primary_key=True)
    blocked_id: Mapped[int] = mapped_column(
        ForeignKey(Organization.id), primary_key=True, index=True
    )
    blocked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Audience(Base):
    """Who may see a load, kept once for all loads of a poster that say the same.

    The digest is of what is said, because a long list fits no index.
    """

    __tablename__ = "audience"
    __table_args__ = (
        UniqueConstraint("organization_id", "digest"),
        CheckConstraint("id < 2147483648", name="fits_board"),
        Index("audience_networks_idx", "networks", postgresql_using="gin"),
        Index("audience_carriers_idx", "carriers", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    digest: Mapped[bytes]
    networks: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    carriers: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
