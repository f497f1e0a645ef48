"""What became of each poster's loads, counted by day out of the events."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.accounts import Organization
from loadboard.models.base import Base, Xid8


class PosterDay(Base):
    """How many loads for everyone a poster posted on a day (UTC), and how many ended in which way."""

    __tablename__ = "poster_day"

    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    posted: Mapped[int]
    booked_here: Mapped[int]
    cancelled_or_elsewhere: Mapped[int]
    expired_unconfirmed: Mapped[int]


class PosterCount(Base):
    """Up to which event the days are counted."""

    __tablename__ = "poster_count"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    after_xid: Mapped[int] = mapped_column(Xid8())
    after_id: Mapped[int]
