"""Sign-ins and their tokens, invitations, accounts at OpenID Connect issuers, API keys"""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLE = "role IN ('owner', 'dispatcher', 'driver', 'accountant', 'viewer', 'staff')"
# A second wall: what a request does for an organisation can't touch another's rows, whatever it asks for.
OWN_ROWS = "nullif(current_setting('loadboard.organization', true), '')::bigint"
WALLED = ("invitation", "api_key")


def _table(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"{name}_pkey")),
    )


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _created_at() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
    )


def _to(
    table: str, column: str, target: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_{column}_fkey")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"{table}_{column}_idx"), table, [column])


def upgrade() -> None:
    op.execute("UPDATE person SET email = lower(email) WHERE email <> lower(email)")
    op.create_check_constraint(op.f("person_email_check"), "person", "email = lower(email)")
    _table(
        "login",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _created_at(),
        _to("login", "person_id", "person"),
        sa.UniqueConstraint("issuer", "subject", name=op.f("login_issuer_subject_key")),
    )
    _index("login", "person_id")
    _table(
        "invitation",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.BigInteger()),
        _moment("expires_at"),
        _created_at(),
        _to("invitation", "organization_id", "organization"),
        _to("invitation", "person_id", "person"),
        _to("invitation", "invited_by", "person"),
        sa.CheckConstraint(ROLE, name=op.f("invitation_role_check")),
        sa.UniqueConstraint("token_hash", name=op.f("invitation_token_hash_key")),
    )
    for column in ("organization_id", "person_id", "email"):
        _index("invitation", column)
    _table(
        "sign_in",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        _moment("started_at"),
        _moment("ended_at", nullable=True),
        _to("sign_in", "person_id", "person"),
    )
    _index("sign_in", "person_id")
    _table(
        "refresh_token",
        sa.Column("sign_in_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _to("refresh_token", "sign_in_id", "sign_in", "CASCADE"),
        sa.UniqueConstraint("token_hash", name=op.f("refresh_token_token_hash_key")),
    )
    _index("refresh_token", "sign_in_id")
    op.add_column("api_token", sa.Column("sign_in_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("api_token_sign_in_id_fkey"),
        "api_token",
        "sign_in",
        ["sign_in_id"],
        ["id"],
        ondelete="CASCADE",
    )
    _index("api_token", "sign_in_id")
    _table(
        "api_key",
        sa.Column("organization_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        _moment("expires_at"),
        _moment("last_used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        _created_at(),
        _to("api_key", "organization_id", "organization"),
        _to("api_key", "created_by", "person"),
        sa.CheckConstraint(ROLE, name=op.f("api_key_role_check")),
        sa.UniqueConstraint("prefix", name=op.f("api_key_prefix_key")),
        sa.UniqueConstraint("key_hash", name=op.f("api_key_key_hash_key")),
    )
    _index("api_key", "organization_id")
    for table in WALLED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {table} USING (organization_id = {OWN_ROWS})")


def downgrade() -> None:
    op.drop_table("api_key")
    op.drop_column("api_token", "sign_in_id")
    for table in ("refresh_token", "sign_in", "invitation", "login"):
        op.drop_table(table)
    op.drop_constraint(op.f("person_email_check"), "person")
