"""Offers, bookings, their papers, and the answers kept for each Idempotency-Key"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT = "nullif(current_setting('loadboard.organization', true), '')::bigint"
PARTIES = f"{TENANT} IN (poster_id, carrier_id)"
# The inner table's own policy says which rows of it there are.
POLICIES = {
    "answer": f"organization_id = {TENANT}",
    "offer": PARTIES,
    "offer_round": "EXISTS (SELECT FROM offer WHERE offer.id = offer_id)",
    "booking": PARTIES,
    "report": "EXISTS (SELECT FROM booking WHERE booking.id = booking_id)",
    "document": "EXISTS (SELECT FROM booking WHERE booking.id = booking_id)",
}
# Whoever takes a load off the board ends the offers of carriers whose rows they may not see. So it is done
# by the owner, and for nothing but the open offers of a load that is off the board.
END_OFFERS = """
CREATE FUNCTION end_offers(ended_load bigint, ended_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH ended AS (
        UPDATE offer SET status = 'ended', version = offer.version + 1, reason = load.status, changed_at = ended_at
        FROM load
        WHERE load.id = ended_load AND load.status <> 'posted'
            AND offer.load_id = load.id AND offer.status = 'open'
        RETURNING offer.*, load.version AS now_version
    ), rounds AS (
        INSERT INTO offer_round (offer_id, number, step, at, rate_cents, reason)
        SELECT id, version, 'end', ended_at, rate_cents, reason FROM ended
    )
    INSERT INTO event (at, kind, organization_id, load_id, version, offer_id)
    SELECT ended_at, 'offer.ended', poster_id, load_id, now_version, id FROM ended
$$
"""
BEFORE = ("posted", "cancelled", "expired")
STATUSES = (
    "draft", "posted", "booked", "dispatched", "picked_up", "in_transit", "delivered", "invoiced", "paid", "cancelled",
    "expired",
)  # fmt: skip


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"{table}_pkey"))


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"{table}_{column}_fkey"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"{table}_{name}_check"))


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    _extend_load(STATUSES)
    op.add_column("event", _number("offer_id", null=True))
    op.drop_constraint(op.f("truck_organization_id_idempotency_key_key"), "truck")
    op.drop_column("truck", "idempotency_key")
    _make_answer()
    _make_offer()
    _make_booking()
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_parties ON {table} USING ({rule})")
    op.execute(END_OFFERS)
    op.execute("REVOKE EXECUTE ON FUNCTION end_offers FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION end_offers TO loadboard_tenant")


def _extend_load(statuses: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("load_status_check"), "load")
    op.create_check_constraint(op.f("load_status_check"), "load", _one_of("status", statuses))


def _make_answer() -> None:
    op.create_table(
        "answer",
        _number("organization_id"),
        _text("caller"),
        _text("key"),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _moment("at"),
        _of("answer", "organization_id", "organization"),
        _key("answer", "organization_id", "caller", "key"),
    )
    op.create_index(op.f("answer_at_idx"), "answer", ["at"])


def _make_offer() -> None:
    op.create_table(
        "offer",
        _id(),
        _number("load_id"),
        _number("load_version"),
        _number("poster_id"),
        _number("carrier_id"),
        _text("kind"),
        _text("status"),
        _number("version"),
        _text("turn"),
        _number("rate_cents"),
        _text("note", null=True),
        _text("reason", null=True),
        _number("truck_id", null=True),
        _moment("expires_at", null=True),
        _moment("made_at"),
        _moment("changed_at"),
        _check("offer", "kind", _one_of("kind", ("request", "tender"))),
        _check(
            "offer",
            "status",
            _one_of("status", ("open", "accepted", "declined", "withdrawn", "expired", "ended")),
        ),
        _check("offer", "turn", _one_of("turn", ("poster", "carrier"))),
        _check("offer", "rate", "rate_cents > 0"),
        _check("offer", "version", "version > 0"),
        _check("offer", "parties", "poster_id <> carrier_id"),
        _of("offer", "load_id", "load"),
        _of("offer", "poster_id", "organization"),
        _of("offer", "carrier_id", "organization"),
        _of("offer", "truck_id", "truck"),
        _key("offer", "id"),
    )
    still_open = sa.text("status = 'open'")
    op.create_index(
        "offer_open_idx",
        "offer",
        ["load_id", "carrier_id"],
        unique=True,
        postgresql_where=still_open,
    )
    op.create_index("offer_load_idx", "offer", ["load_id"])
    op.create_index("offer_poster_idx", "offer", ["poster_id", "status", "id"])
    op.create_index("offer_carrier_idx", "offer", ["carrier_id", "status", "id"])
    op.create_index("offer_expires_idx", "offer", ["expires_at"], postgresql_where=still_open)
    op.create_table(
        "offer_round",
        _number("offer_id"),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _text("step"),
        _moment("at"),
        _number("organization_id", null=True),
        _number("person_id", null=True),
        _number("rate_cents"),
        _text("note", null=True),
        _text("reason", null=True),
        _of("offer_round", "offer_id", "offer"),
        _of("offer_round", "organization_id", "organization"),
        _of("offer_round", "person_id", "person"),
        _key("offer_round", "offer_id", "number"),
    )


def _make_booking() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    standing = sa.text("cancelled_at IS NULL")
    op.create_table(
        "booking",
        _id(),
        _number("load_id"),
        _number("poster_id"),
        _number("carrier_id"),
        _number("offer_id", null=True),
        _number("version"),
        _number("rate_cents"),
        sa.Column("terms", postgresql.JSON(), nullable=False),
        _moment("booked_at"),
        _number("booked_by", null=True),
        _number("truck_id", null=True),
        sa.Column("busy", postgresql.TSTZRANGE(), nullable=True),
        _number("driver_id", null=True),
        _moment("dispatched_at", null=True),
        _moment("cancelled_at", null=True),
        _number("cancelled_by", null=True),
        _text("cancel_reason", null=True),
        _text("invoice_number", null=True),
        _number("invoice_cents", null=True),
        _moment("invoiced_at", null=True),
        _text("payment_reference", null=True),
        _moment("paid_at", null=True),
        _check("booking", "rate", "rate_cents > 0"),
        _check("booking", "invoice", "invoice_cents > 0"),
        _check("booking", "version", "version > 0"),
        _check("booking", "parties", "poster_id <> carrier_id"),
        _check("booking", "cancelled", "(cancelled_at IS NULL) = (cancelled_by IS NULL)"),
        _of("booking", "load_id", "load"),
        _of("booking", "poster_id", "organization"),
        _of("booking", "carrier_id", "organization"),
        _of("booking", "offer_id", "offer"),
        _of("booking", "booked_by", "person"),
        _of("booking", "truck_id", "truck"),
        _of("booking", "driver_id", "person"),
        _of("booking", "cancelled_by", "organization"),
        _key("booking", "id"),
        postgresql.ExcludeConstraint(
            ("truck_id", "="),
            ("busy", "&&"),
            where=standing,
            using="gist",
            name="booking_truck_busy",
        ),
    )
    op.create_index(
        "booking_standing_idx", "booking", ["load_id"], unique=True, postgresql_where=standing
    )
    op.create_index("booking_poster_idx", "booking", ["poster_id", "id"])
    op.create_index("booking_carrier_idx", "booking", ["carrier_id", "id"])
    _make_papers()


def _make_papers() -> None:
    op.create_table(
        "report",
        _id(),
        _number("booking_id"),
        _number("person_id", null=True),
        _text("kind"),
        _moment("at"),
        _moment("received_at"),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        _text("note", null=True),
        _check(
            "report", "kind", _one_of("kind", ("picked_up", "in_transit", "delivered", "position"))
        ),
        _of("report", "booking_id", "booking"),
        _of("report", "person_id", "person"),
        _key("report", "id"),
    )
    op.create_index("report_booking_idx", "report", ["booking_id", "at"])
    kinds = ("proof_of_delivery", "bill_of_lading", "invoice", "other")
    types = ("application/pdf", "image/jpeg", "image/png")
    op.create_table(
        "document",
        _id(),
        _number("booking_id"),
        _number("organization_id"),
        _number("person_id", null=True),
        _text("kind"),
        _text("name"),
        _text("content_type"),
        _number("size"),
        _text("sha256"),
        _moment("added_at"),
        _check("document", "kind", _one_of("kind", kinds)),
        _check("document", "content_type", _one_of("content_type", types)),
        _of("document", "booking_id", "booking"),
        _of("document", "organization_id", "organization"),
        _of("document", "person_id", "person"),
        _key("document", "id"),
    )
    op.create_index("document_booking_idx", "document", ["booking_id", "id"])


def downgrade() -> None:
    op.execute("DROP FUNCTION end_offers")
    for table in ("document", "report", "booking", "offer_round", "offer", "answer"):
        op.drop_table(table)
    op.add_column("truck", _text("idempotency_key", null=True))
    op.create_unique_constraint(
        op.f("truck_organization_id_idempotency_key_key"),
        "truck",
        ["organization_id", "idempotency_key"],
    )
    op.drop_column("event", "offer_id")
    # What is off the board stays off it.
    op.execute(
        "UPDATE load SET status = 'cancelled' WHERE status NOT IN ('posted', 'cancelled', 'expired')"
    )
    op.drop_constraint(op.f("load_status_check"), "load")
    op.create_check_constraint(op.f("load_status_check"), "load", _one_of("status", BEFORE))
