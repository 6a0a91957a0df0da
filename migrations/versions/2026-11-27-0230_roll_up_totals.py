"""Roll up totals of each line of the chart by day and month.

Revision ID: b8d5a1f0c372
Revises: 7c3d9a40b2e1
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "b8d5a1f0c372"
down_revision = "7c3d9a40b2e1"


def upgrade() -> None:
    op.create_table(
        "ledger_total",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "span",
            sa.Enum(
                "day",
                "month",
                name="span",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("debit", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("credit", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("postings", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "book_id"],
            ["book.organization_id", "book.id"],
            name=op.f("fk_ledger_total_organization_id_book_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_total")),
        sa.UniqueConstraint(
            "organization_id",
            "book_id",
            "currency",
            "span",
            "begins_on",
            "code",
            name="uq_ledger_total_span",
        ),
    )
    ddl.run("totals", "totals")
