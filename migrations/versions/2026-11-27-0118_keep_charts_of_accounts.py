"""Keep charts of accounts, closed periods and holds.

Revision ID: 43dcb7dd4d90
Revises: af067fd302cd
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "43dcb7dd4d90"
down_revision = "af067fd302cd"


def upgrade() -> None:
    op.add_column(
        "book",
        sa.Column(
            "kind",
            sa.Enum(
                "own",
                "trust",
                "group",
                name="bookkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="own",
            nullable=False,
        ),
    )
    op.add_column("book", sa.Column("closed_through", sa.Date(), nullable=True))
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "asset",
                "liability",
                "equity",
                "income",
                "expense",
                name="accounttype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("system", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("note", sa.String(length=400), server_default="", nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$'",
            name=op.f("ck_ledger_account_code_is_plain"),
        ),
        sa.CheckConstraint("active OR NOT system", name=op.f("ck_ledger_account_system_stays")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_ledger_account_not_its_own_parent")),
        sa.ForeignKeyConstraint(
            ["organization_id", "book_id"],
            ["book.organization_id", "book.id"],
            name=op.f("fk_ledger_account_organization_id_book_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["ledger_account.organization_id", "ledger_account.id"],
            name=op.f("fk_ledger_account_organization_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_account_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint(
            "organization_id",
            "book_id",
            "code",
            "type",
            name=op.f("uq_ledger_account_organization_id_book_id_code_type"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "book_id",
            "code",
            name=op.f("uq_ledger_account_organization_id_book_id_code"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_ledger_account_organization_id_id")
        ),
    )
    op.create_table(
        "ledger_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "closed",
                "reopened",
                name="periodstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=400), server_default="", nullable=False),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "begins_on <= ends_on", name=op.f("ck_ledger_period_begins_before_it_ends")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "book_id"],
            ["book.organization_id", "book.id"],
            name=op.f("fk_ledger_period_organization_id_book_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_period_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_period")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_ledger_period_organization_id_id")
        ),
    )
    op.create_index(
        "uq_ledger_period_closed",
        "ledger_period",
        ["organization_id", "book_id", "ends_on"],
        unique=True,
        postgresql_where=sa.text("status = 'closed'"),
    )
    op.create_table(
        "ledger_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("memo", sa.String(length=200), server_default="", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "held",
                "captured",
                "released",
                "expired",
                name="holdstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_hold_amount_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id", "currency"],
            ["account.organization_id", "account.id", "account.currency"],
            name=op.f("fk_ledger_hold_organization_id_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ledger_hold_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_hold")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_ledger_hold_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "key", name=op.f("uq_ledger_hold_organization_id_key")
        ),
    )
    op.create_index(
        "ix_ledger_hold_account", "ledger_hold", ["organization_id", "account_id"], unique=False
    )
    op.create_index(
        "ix_ledger_hold_due",
        "ledger_hold",
        ["organization_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'held'"),
    )
    op.add_column(
        "account",
        sa.Column("guarded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "account",
        sa.Column("held", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
    )
    op.add_column("account", sa.Column("cap", sa.Numeric(precision=19, scale=4), nullable=True))
    op.create_check_constraint(
        op.f("ck_account_held_where_guarded"), "account", "held >= 0 AND (held = 0 OR guarded)"
    )
    op.create_check_constraint(
        op.f("ck_account_not_overdrawn"), "account", "NOT guarded OR balance + held <= 0"
    )
    op.create_check_constraint(
        op.f("ck_account_within_cap"), "account", "cap IS NULL OR balance + cap >= 0"
    )
    ddl.run("chart", "chart", "periods", "holds")
    op.create_foreign_key(
        "fk_account_in_chart",
        "account",
        "ledger_account",
        ["organization_id", "book_id", "code", "type"],
        ["organization_id", "book_id", "code", "type"],
    )
