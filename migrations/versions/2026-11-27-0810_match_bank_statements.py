"""Bank statements: accounts, files, lines, matches and rules; payments that are taken back.

Revision ID: d52a90f4b7c3
Revises: c41e8d7730fa
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "d52a90f4b7c3"
down_revision = "c41e8d7730fa"

INTENT_STATES = (
    "('pending', 'requires_action', 'processing', 'succeeded', 'failed', 'cancelled', 'expired',"
    " 'partly_refunded', 'refunded', 'reversed')"
)


def upgrade() -> None:
    op.create_table(
        "bank_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "columns",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
        sa.ForeignKeyConstraint(
            ["organization_id", "book_id"],
            ["book.organization_id", "book.id"],
            name=op.f("fk_bank_account_organization_id_book_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_account_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_bank_account_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "book_id",
            "code",
            "currency",
            name=op.f("uq_bank_account_organization_id_book_id_code_currency"),
        ),
    )
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opening", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("closing", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
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
            "begins_on <= ends_on", name=op.f("ck_bank_statement_begins_before_it_ends")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "bank_account_id"],
            ["bank_account.organization_id", "bank_account.id"],
            name=op.f("fk_bank_statement_organization_id_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_statement_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_bank_statement_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "bank_account_id",
            "sha256",
            name=op.f("uq_bank_statement_organization_id_bank_account_id_sha256"),
        ),
    )
    op.create_table(
        "bank_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), server_default="10", nullable=False),
        sa.Column(
            "test",
            sa.Enum(
                "contains",
                "equals",
                "like",
                name="ruletest",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="contains",
            nullable=False,
        ),
        sa.Column("pattern", sa.String(length=120), nullable=False),
        sa.Column("least", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("most", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("code", sa.String(length=20), server_default="", nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
            "(code = '') <> (party_id IS NULL)", name=op.f("ck_bank_rule_is_one_thing")
        ),
        sa.CheckConstraint("btrim(pattern) <> ''", name=op.f("ck_bank_rule_has_pattern")),
        sa.CheckConstraint("least <= most", name=op.f("ck_bank_rule_least_below_most")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_bank_rule_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_rule_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_rule")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_bank_rule_organization_id_id")),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payer", sa.String(length=400), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=400), server_default="", nullable=False),
        sa.Column("description", sa.String(length=400), server_default="", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unmatched",
                "part",
                "matched",
                name="banklinestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "matched_amount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False
        ),
        sa.Column("suggestion", sa.String(length=200), server_default="", nullable=False),
        sa.Column("suggested_invoice_id", sa.Uuid(), nullable=True),
        sa.Column("suggested_intent_id", sa.Uuid(), nullable=True),
        sa.Column("suggested_rule_id", sa.Uuid(), nullable=True),
        sa.Column("score", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_line_amount_not_zero")),
        sa.CheckConstraint(
            "matched_amount = 0 OR sign(matched_amount) = sign(amount) AND abs(matched_amount) <= abs(amount)",
            name=op.f("ck_bank_line_matched_within_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "bank_account_id"],
            ["bank_account.organization_id", "bank_account.id"],
            name=op.f("fk_bank_line_organization_id_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "statement_id"],
            ["bank_statement.organization_id", "bank_statement.id"],
            name=op.f("fk_bank_line_organization_id_statement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "suggested_invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_bank_line_organization_id_suggested_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "suggested_intent_id"],
            ["payment_intent.organization_id", "payment_intent.id"],
            name=op.f("fk_bank_line_organization_id_suggested_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "suggested_rule_id"],
            ["bank_rule.organization_id", "bank_rule.id"],
            name=op.f("fk_bank_line_organization_id_suggested_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_line_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_bank_line_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "bank_account_id",
            "key",
            name=op.f("uq_bank_line_organization_id_bank_account_id_key"),
        ),
    )
    op.create_index(
        "ix_bank_line_statement", "bank_line", ["organization_id", "statement_id"], unique=False
    )
    op.create_index(
        "ix_bank_line_day",
        "bank_line",
        ["organization_id", "bank_account_id", "booked_on"],
        unique=False,
    )
    op.create_index(
        "ix_bank_line_open",
        "bank_line",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("status <> 'matched'"),
    )
    op.create_table(
        "bank_match",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_match_amount_not_zero")),
        sa.CheckConstraint(
            "num_nonnulls(intent_id, code) = 1", name=op.f("ck_bank_match_is_one_thing")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "line_id"],
            ["bank_line.organization_id", "bank_line.id"],
            name=op.f("fk_bank_match_organization_id_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "intent_id"],
            ["payment_intent.organization_id", "payment_intent.id"],
            name=op.f("fk_bank_match_organization_id_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_bank_match_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "entry_id"],
            ["journal_entry.organization_id", "journal_entry.id"],
            name=op.f("fk_bank_match_organization_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bank_match_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_match")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_bank_match_organization_id_id")),
    )
    op.create_index(
        "ix_bank_match_entry", "bank_match", ["organization_id", "entry_id"], unique=False
    )
    op.create_index(
        "ix_bank_match_line", "bank_match", ["organization_id", "line_id"], unique=False
    )
    op.create_index(
        "uq_bank_match_intent",
        "bank_match",
        ["organization_id", "intent_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.add_column(
        "payment_intent", sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.drop_constraint(op.f("ck_payment_intent_intentstatus"), "payment_intent", type_="check")
    op.create_check_constraint(
        op.f("ck_payment_intent_intentstatus"),
        "payment_intent",
        sa.text(f"status IN {INTENT_STATES}"),
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE payment_intent VALIDATE CONSTRAINT ck_payment_intent_intentstatus")
    ddl.run("bank", "bank")
