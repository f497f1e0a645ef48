"""Organisations, people, tokens, loads, stops, events, cell scheme and the job queue"""

import sqlalchemy as sa
from geoalchemy2 import Geometry
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

from alembic import op
from loadboard.models import Xid8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A statement writes all stops of the loads that it touches, so it can be judged as a whole.
STOP_ORDER = """
CREATE FUNCTION check_stop_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT load_id INTO wrong FROM changed
    GROUP BY load_id
    HAVING count(*) < 2
        OR count(*) <> max(position) + 1
        OR max(position) FILTER (WHERE kind = 'delivery') <> max(position)
        OR max(position) FILTER (WHERE kind = 'delivery') IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'load % must run from a first pickup to a last delivery', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stop_order_check';
    END IF;
    RETURN NULL;
END $$
"""

STOP_ORDER_STAYS = """
CREATE FUNCTION refuse_stop_reorder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'stops are replaced, never reordered' USING ERRCODE = 'check_violation';
END $$
"""

DROP_JOB_QUEUE = """
DO $$
DECLARE item record;
BEGIN
    FOR item IN SELECT oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate%'
    LOOP EXECUTE format('DROP TABLE %s CASCADE', item.name); END LOOP;
    FOR item IN SELECT oid::regprocedure AS name FROM pg_proc WHERE proname LIKE 'procrastinate%'
    LOOP EXECUTE format('DROP FUNCTION %s CASCADE', item.name); END LOOP;
    FOR item IN SELECT oid::regtype AS name FROM pg_type
        WHERE typname LIKE 'procrastinate%' AND typtype IN ('e', 'c')
    LOOP EXECUTE format('DROP TYPE %s CASCADE', item.name); END LOOP;
END $$
"""


def run_script(sql: str) -> None:
    """Several statements at once, which only the bare driver takes."""
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("migrations need a connection")
    driver.execute(sql)


def cell_index(end: str) -> str:
    other = "delivery" if end == "pickup" else "pickup"
    return (
        f"CREATE INDEX load_cells_{end}_a ON load ({end}_cell_a, equipment)"
        " INCLUDE (id, open_until, pickup_from, pickup_to, first_posted_at, organization_id,"
        " pickup_lon, pickup_lat, delivery_lon, delivery_lat, is_full, hazmat,"
        f" {other}_cell_a, weight_lb, length_ft, rate_cents, rate_per_mile_cents,"
        " pickup_state, delivery_state) WHERE status = 'posted'"
    )


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.create_table(
        "cell_scheme",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("active", sa.Text(), nullable=False),
        sa.Column("resolution", sa.SmallInteger(), nullable=False),
        sa.Column("next_resolution", sa.SmallInteger(), nullable=True),
        sa.Column("next_after_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("active IN ('a', 'b')", name=op.f("cell_scheme_active_check")),
        sa.CheckConstraint("id = 1", name=op.f("cell_scheme_single_check")),
        sa.CheckConstraint(
            "next_resolution BETWEEN 7 AND 12", name=op.f("cell_scheme_next_resolution_check")
        ),
        sa.CheckConstraint(
            "resolution BETWEEN 7 AND 12", name=op.f("cell_scheme_resolution_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("cell_scheme_pkey")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("listing", postgresql.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("event_pkey")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("event_cursor_idx", "event", ["xid", "id"], unique=False)
    op.create_index("event_load_idx", "event", ["load_id", "version"], unique=False)
    op.create_table(
        "organization",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('shipper', 'broker', 'carrier', 'operator')",
            name=op.f("organization_kind_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("organization_pkey")),
        sa.UniqueConstraint("name", name=op.f("organization_name_key")),
    )
    op.create_table(
        "load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("equipment", sa.Text(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("weight_lb", sa.BigInteger(), nullable=True),
        sa.Column("length_ft", sa.Double(), nullable=True),
        sa.Column("hazmat", sa.Boolean(), nullable=False),
        sa.Column("commodity", sa.Text(), nullable=True),
        sa.Column("rate_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("posted_miles", sa.Double(), nullable=True),
        sa.Column("loaded_miles", sa.Double(), nullable=False),
        sa.Column("miles_by_road", sa.Boolean(), nullable=False),
        sa.Column(
            "rate_per_mile_cents",
            sa.Double(),
            sa.Computed("rate_cents / nullif(loaded_miles, 0)", persisted=True),
            nullable=True,
        ),
        sa.Column("pickup_lon", sa.Double(), nullable=False),
        sa.Column("pickup_lat", sa.Double(), nullable=False),
        sa.Column("pickup_state", sa.Text(), nullable=True),
        sa.Column("pickup_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pickup_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pickup_cell_a", sa.BigInteger(), nullable=True),
        sa.Column("pickup_cell_b", sa.BigInteger(), nullable=True),
        sa.Column("delivery_lon", sa.Double(), nullable=False),
        sa.Column("delivery_lat", sa.Double(), nullable=False),
        sa.Column("delivery_state", sa.Text(), nullable=True),
        sa.Column("delivery_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery_cell_a", sa.BigInteger(), nullable=True),
        sa.Column("delivery_cell_b", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "open_until",
            sa.DateTime(timezone=True),
            sa.Computed("least(pickup_to, expires_at)", persisted=True),
            nullable=False,
        ),
        sa.Column("first_posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("versioned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency = 'USD'", name=op.f("load_currency_check")),
        sa.CheckConstraint(
            "equipment IN ('van', 'reefer', 'flatbed', 'step_deck', 'double_drop', 'lowboy', 'removable_gooseneck', 'conestoga', 'hot_shot', 'box_truck', 'cargo_van', 'power_only', 'container', 'tanker', 'hopper_bottom', 'dump_trailer', 'auto_carrier')",
            name=op.f("load_equipment_check"),
        ),
        sa.CheckConstraint(
            "status IN ('posted', 'cancelled', 'expired')", name=op.f("load_status_check")
        ),
        sa.CheckConstraint("delivery_from <= delivery_to", name=op.f("load_delivery_window_check")),
        sa.CheckConstraint(
            "delivery_to >= pickup_from", name=op.f("load_delivery_after_pickup_check")
        ),
        sa.CheckConstraint(
            "length(reference) BETWEEN 1 AND 100", name=op.f("load_reference_check")
        ),
        sa.CheckConstraint("length_ft > 0", name=op.f("load_length_check")),
        sa.CheckConstraint("loaded_miles >= 0", name=op.f("load_loaded_miles_check")),
        sa.CheckConstraint("pickup_from <= pickup_to", name=op.f("load_pickup_window_check")),
        sa.CheckConstraint("posted_miles >= 0", name=op.f("load_posted_miles_check")),
        sa.CheckConstraint("rate_cents > 0", name=op.f("load_rate_check")),
        sa.CheckConstraint("version > 0", name=op.f("load_version_check")),
        sa.CheckConstraint("weight_lb > 0", name=op.f("load_weight_check")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("load_organization_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("load_pkey")),
        sa.UniqueConstraint(
            "organization_id", "reference", name=op.f("load_organization_id_reference_key")
        ),
        postgresql_with={
            "autovacuum_vacuum_scale_factor": "0.02",
            "autovacuum_vacuum_insert_scale_factor": "0.02",
            "autovacuum_analyze_scale_factor": "0.02",
        },
    )
    op.create_index(
        "load_open_until_idx",
        "load",
        ["open_until"],
        unique=False,
        postgresql_where=sa.text("status = 'posted'"),
    )
    op.create_index("load_own_idx", "load", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("person_organization_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("person_pkey")),
        sa.UniqueConstraint("email", name=op.f("person_email_key")),
    )
    op.create_index(op.f("person_organization_id_idx"), "person", ["organization_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("api_token_person_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("api_token_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("api_token_token_hash_key")),
    )
    op.create_index(op.f("api_token_person_id_idx"), "api_token", ["person_id"], unique=False)
    op.create_table(
        "stop",
        sa.Column("load_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("zip", sa.Text(), nullable=True),
        sa.Column("town", sa.Text(), nullable=True),
        sa.Column("point", Geometry("POINT", 4326, spatial_index=False), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_to", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('pickup', 'delivery')", name=op.f("stop_kind_check")),
        sa.CheckConstraint(
            "position > 0 OR kind = 'pickup'", name=op.f("stop_first_is_pickup_check")
        ),
        sa.CheckConstraint("window_from <= window_to", name=op.f("stop_window_check")),
        sa.ForeignKeyConstraint(
            ["load_id"], ["load.id"], name=op.f("stop_load_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("load_id", "position", name=op.f("stop_pkey")),
    )
    op.execute(STOP_ORDER)
    op.execute(
        "CREATE TRIGGER stop_order AFTER INSERT ON stop REFERENCING NEW TABLE AS changed"
        " FOR EACH STATEMENT EXECUTE FUNCTION check_stop_order()"
    )
    op.execute(STOP_ORDER_STAYS)
    op.execute(
        "CREATE TRIGGER stop_order_stays BEFORE UPDATE OF load_id, position, kind ON stop"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_stop_reorder()"
    )
    op.execute("CREATE TABLE event_default PARTITION OF event DEFAULT")
    op.execute("INSERT INTO cell_scheme (id, active, resolution) VALUES (1, 'a', 8)")
    for end in ("pickup", "delivery"):
        op.execute(cell_index(end))
    run_script(SchemaManager.get_schema())


def downgrade() -> None:
    op.drop_table("stop")
    op.drop_index(op.f("api_token_person_id_idx"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("person_organization_id_idx"), table_name="person")
    op.drop_table("person")
    op.drop_index("load_own_idx", table_name="load")
    op.drop_index(
        "load_open_until_idx", table_name="load", postgresql_where=sa.text("status = 'posted'")
    )
    op.drop_table("load")
    op.drop_table("organization")
    op.drop_index("event_load_idx", table_name="event")
    op.drop_index("event_cursor_idx", table_name="event")
    op.drop_table("event")
    op.drop_table("cell_scheme")
    op.execute("DROP FUNCTION check_stop_order, refuse_stop_reorder")
    run_script(DROP_JOB_QUEUE)
