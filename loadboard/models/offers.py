"""What poster and carrier offer each other for a load, round by round."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.lifecycle import OFFER_STATUSES
from loadboard.models.accounts import Organization, Person
from loadboard.models.base import Base, one_of
from loadboard.models.loads import Load
from loadboard.models.trucks import Truck

OFFER_KINDS = ("request", "tender")
SIDES = ("poster", "carrier")


class Offer(Base):
    """The terms as they stand between two parties; `turn` is the side that has to answer them."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint(one_of("kind", OFFER_KINDS), name="kind"),
        CheckConstraint(one_of("status", OFFER_STATUSES), name="status"),
        CheckConstraint(one_of("turn", SIDES), name="turn"),
        CheckConstraint("rate_cents > 0", name="rate"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("poster_id <> carrier_id", name="parties"),
        Index(
            "offer_open_idx",
            "load_id",
            "carrier_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("offer_load_idx", "load_id"),
        Index("offer_poster_idx", "poster_id", "status", "id"),
        Index("offer_carrier_idx", "carrier_id", "status", "id"),
        Index("offer_expires_idx", "expires_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    load_id: Mapped[int] = mapped_column(ForeignKey(Load.id))
    # The version of the load that the terms are about.
    load_version: Mapped[int]
    poster_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    carrier_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    kind: Mapped[str]
    status: Mapped[str]
    version: Mapped[int]
    turn: Mapped[str]
    rate_cents: Mapped[int]
    note: Mapped[str | None]
    reason: Mapped[str | None]
    truck_id: Mapped[int | None] = mapped_column(ForeignKey(Truck.id))
    expires_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class OfferRound(Base):
    """One thing that was done with an offer; its number is the version that the offer became."""

    __tablename__ = "offer_round"

    offer_id: Mapped[int] = mapped_column(ForeignKey(Offer.id), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[str]
    at: Mapped[datetime]
    organization_id: Mapped[int | None] = mapped_column(ForeignKey(Organization.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    rate_cents: Mapped[int]
    note: Mapped[str | None]
    reason: Mapped[str | None]
