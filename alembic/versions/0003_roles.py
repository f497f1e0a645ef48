"""Roles of people, standing of organisations, and the database role that requests of tenants take on"""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Roles belong to the whole server: another database on it may have made this one, at this moment even.
MAKE_TENANT = """
DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(4801223);
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loadboard_tenant') THEN
        CREATE ROLE loadboard_tenant NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'loadboard_tenant', 'MEMBER') THEN
        GRANT loadboard_tenant TO CURRENT_USER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO loadboard_tenant",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO loadboard_tenant",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO loadboard_tenant",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO loadboard_tenant",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO loadboard_tenant",
)


def upgrade() -> None:
    op.add_column("organization", sa.Column("usdot", sa.Text()))
    op.add_column("organization", sa.Column("mc", sa.Text()))
    op.add_column(
        "organization", sa.Column("authority", sa.Text(), server_default="unknown", nullable=False)
    )
    op.add_column("organization", sa.Column("insured_until", sa.Date()))
    op.add_column("organization", sa.Column("suspended_at", sa.DateTime(timezone=True)))
    op.create_unique_constraint(op.f("organization_usdot_key"), "organization", ["usdot"])
    op.create_unique_constraint(op.f("organization_mc_key"), "organization", ["mc"])
    op.create_check_constraint(
        op.f("organization_authority_check"),
        "organization",
        "authority IN ('unknown', 'active', 'inactive')",
    )
    for number in ("usdot", "mc"):
        op.create_check_constraint(
            op.f(f"organization_{number}_check"),
            "organization",
            f"{number} ~ '^[1-9][0-9]{{0,7}}$'",
        )
    op.add_column("person", sa.Column("name", sa.Text()))
    op.add_column("person", sa.Column("role", sa.Text(), server_default="owner", nullable=False))
    op.add_column("person", sa.Column("disabled_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("person_role_check"),
        "person",
        "role IN ('owner', 'dispatcher', 'driver', 'accountant', 'viewer', 'staff')",
    )
    op.execute(
        "UPDATE person SET role = 'staff' FROM organization"
        " WHERE organization.id = organization_id AND kind = 'operator'"
    )
    op.execute(MAKE_TENANT)
    for grant in GRANTS:
        op.execute(grant)


def downgrade() -> None:
    # The role stays: other databases of the server may use it.
    op.execute("DROP OWNED BY loadboard_tenant")
    for column in ("disabled_at", "role", "name"):
        op.drop_column("person", column)
    for column in ("suspended_at", "insured_until", "authority", "mc", "usdot"):
        op.drop_column("organization", column)
