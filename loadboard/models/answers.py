"""What was answered to requests that carried an Idempotency-Key."""

from datetime import datetime

from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from loadboard.models.accounts import Organization
from loadboard.models.base import Base


class Answer(Base):
    """An answer, to the byte; `request` tells the same request again."""

    __tablename__ = "answer"

    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), primary_key=True)
    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str]] = mapped_column(JSON())
    body: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)
