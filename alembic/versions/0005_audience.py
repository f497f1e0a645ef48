"""Audiences of loads, networks, blocks, contacts, and what is counted of posters"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op
from loadboard.models import Xid8

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('loadboard.organization', true), '')::bigint"
# Whoever was told a contact, which is a row of its own, may read it.
TOLD = (
    "EXISTS (SELECT FROM contact_view WHERE contact_view.load_id = load_contact.load_id"
    f" AND contact_view.organization_id = {TENANT})"
)
OF_OWN_NETWORK = (
    "EXISTS (SELECT FROM network WHERE network.id = network_id"
    f" AND network.organization_id = {TENANT})"
)
# A tenant is shown neither who blocked it nor whose networks it is in, but must be judged by both.
CARRIER_SEES = """
CREATE FUNCTION carrier_sees(carrier bigint, poster bigint, audience bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT (audience IS NULL OR EXISTS (SELECT FROM audience AS meant WHERE meant.id = audience
      AND (meant.carriers @> ARRAY[carrier] OR meant.networks && ARRAY(
        SELECT network_id FROM network_member WHERE organization_id = carrier))))
    AND NOT EXISTS (SELECT FROM block WHERE organization_id = carrier AND blocked_id = poster
      OR organization_id = poster AND blocked_id = carrier)
    AND NOT EXISTS (SELECT FROM organization WHERE id = poster AND suspended_at IS NOT NULL)
$$"""
IS_PARTNER = """
CREATE FUNCTION is_partner(carrier bigint, poster bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT FROM network_member JOIN network ON network.id = network_id
    WHERE network.organization_id = poster AND network_member.organization_id = carrier)
$$"""
POLICIES = (
    ("network", "own", "ALL", f"USING (organization_id = {TENANT})"),
    ("network_member", "own", "ALL", f"USING ({OF_OWN_NETWORK})"),
    ("block", "own", "ALL", f"USING (organization_id = {TENANT})"),
    ("audience", "own", "ALL", f"USING (organization_id = {TENANT})"),
    ("load_contact", "own", "ALL", f"USING (organization_id = {TENANT})"),
    ("load_contact", "told", "SELECT", f"USING ({TOLD})"),
    ("contact_view", "read", "SELECT", f"USING ({TENANT} IN (organization_id, poster_id))"),
    ("contact_view", "write", "INSERT", f"WITH CHECK (organization_id = {TENANT})"),
)


def _organization(name: str = "organization_id") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"{table}_pkey"))


def _of(table: str, other: str, column: str = "", *, goes_with: bool = False) -> sa.Constraint:
    column = column or f"{other}_id"
    name = op.f(f"{table}_{column}_fkey")
    ondelete = "CASCADE" if goes_with else None
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    _make_networks()
    _extend_load()
    _make_contacts()
    _make_records()
    op.create_index(
        "organization_suspended_idx",
        "organization",
        ["id"],
        postgresql_where=sa.text("suspended_at IS NOT NULL"),
    )
    for function in (CARRIER_SEES, IS_PARTNER):
        op.execute(function)
    for table, name, command, rule in POLICIES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_{name} ON {table} FOR {command} {rule}")


def _make_networks() -> None:
    op.create_table(
        "network",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _organization(),
        sa.Column("name", sa.Text(), nullable=False),
        _moment("created_at"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("network_name_check")),
        _of("network", "organization"),
        _key("network", "id"),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("network_organization_id_name_key")
        ),
    )
    op.create_table(
        "network_member",
        sa.Column("network_id", sa.BigInteger(), nullable=False),
        _organization(),
        _moment("added_at"),
        _of("network_member", "network", goes_with=True),
        _of("network_member", "organization"),
        _key("network_member", "network_id", "organization_id"),
    )
    op.create_index(
        op.f("network_member_organization_id_idx"), "network_member", ["organization_id"]
    )
    op.create_table(
        "block",
        _organization(),
        _organization("blocked_id"),
        _moment("blocked_at"),
        sa.CheckConstraint("organization_id <> blocked_id", name=op.f("block_other_check")),
        _of("block", "organization"),
        _of("block", "organization", "blocked_id"),
        _key("block", "organization_id", "blocked_id"),
    )
    op.create_index(op.f("block_blocked_id_idx"), "block", ["blocked_id"])
    op.create_table(
        "audience",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        _organization(),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("networks", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("carriers", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("id < 2147483648", name=op.f("audience_fits_board_check")),
        _of("audience", "organization"),
        _key("audience", "id"),
        sa.UniqueConstraint(
            "organization_id", "digest", name=op.f("audience_organization_id_digest_key")
        ),
    )
    for column in ("networks", "carriers"):
        op.create_index(f"audience_{column}_idx", "audience", [column], postgresql_using="gin")


def _extend_load() -> None:
    op.add_column("load", sa.Column("audience_id", sa.BigInteger()))
    op.add_column("load", sa.Column("instant", sa.Text(), server_default="nobody", nullable=False))
    op.add_column("load", sa.Column("freight", sa.BigInteger()))
    op.create_foreign_key(
        op.f("load_audience_id_fkey"), "load", "audience", ["audience_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("load_instant_check"), "load", "instant IN ('nobody', 'networks', 'everyone')"
    )
    op.create_index(
        "load_freight_idx",
        "load",
        ["freight"],
        postgresql_where=sa.text("status NOT IN ('cancelled', 'expired')"),
    )


def _make_contacts() -> None:
    op.create_table(
        "load_contact",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        _organization(),
        *(sa.Column(name, sa.Text()) for name in ("name", "phone", "email")),
        sa.Column("addresses", postgresql.ARRAY(sa.Text()), nullable=False),
        _of("load_contact", "load", goes_with=True),
        _of("load_contact", "organization"),
        _key("load_contact", "load_id"),
    )
    op.create_table(
        "contact_view",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        _organization("poster_id"),
        _organization(),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _of("contact_view", "load", goes_with=True),
        _of("contact_view", "organization", "poster_id"),
        _of("contact_view", "organization"),
        _of("contact_view", "person"),
        _key("contact_view", "id"),
    )
    op.create_index("contact_view_own_idx", "contact_view", ["organization_id", "at"])
    op.create_index("contact_view_load_idx", "contact_view", ["load_id", "organization_id"])


def _make_records() -> None:
    counts = ("posted", "booked_here", "cancelled_or_elsewhere", "expired_unconfirmed")
    op.create_table(
        "poster_day",
        _organization(),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        _of("poster_day", "organization"),
        _key("poster_day", "organization_id", "day"),
    )
    op.create_table(
        "poster_count",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("after_xid", Xid8(), nullable=False),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("poster_count_single_check")),
        _key("poster_count", "id"),
    )
    op.execute("INSERT INTO poster_count VALUES (1, '0', 0)")


def downgrade() -> None:
    op.execute("DROP FUNCTION carrier_sees, is_partner")
    op.drop_index("organization_suspended_idx", "organization")
    for table in ("poster_count", "poster_day", "contact_view", "load_contact"):
        # A policy of one of them reads another.
        op.execute(f"DROP TABLE {table} CASCADE")
    op.drop_index("load_freight_idx", "load")
    op.drop_constraint(op.f("load_instant_check"), "load")
    op.drop_constraint(op.f("load_audience_id_fkey"), "load")
    for column in ("freight", "instant", "audience_id"):
        op.drop_column("load", column)
    for table in ("audience", "block", "network_member", "network"):
        op.drop_table(table)
