"""Runs the migrations, each in its own transaction, never waiting long for a lock that searches hold."""

from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names

from alembic import context
from loadboard.db import sqlalchemy_url
from loadboard.models import Base, Xid8
from loadboard.settings import settings

# The re-index builds and drops the cell indexes while the board is live.
OUTSIDE = ("procrastinate", "event_", "load_cells_", "spatial_ref_sys")

ischema_names["xid8"] = Xid8


def include_name(name: str | None, kind: str, _: Any) -> bool:
    own_event_index = kind == "index" and name in {"event_cursor_idx", "event_load_idx"}
    return own_event_index or kind not in {"table", "index"} or not str(name).startswith(OUTSIDE)


def run() -> None:
    url = context.config.attributes.get("url") or settings().database_url
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
