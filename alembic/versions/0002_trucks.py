"""Trucks that carriers post"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "truck",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSON(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('posted', 'withdrawn')", name=op.f("truck_status_check")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("truck_organization_id_fkey")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("truck_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("truck_pkey")),
        sa.UniqueConstraint(
            "organization_id",
            "idempotency_key",
            name=op.f("truck_organization_id_idempotency_key_key"),
        ),
    )
    op.create_index("truck_own_idx", "truck", ["organization_id", "status", "id"])


def downgrade() -> None:
    op.drop_table("truck")
