"""Pay invoices by themselves out of wallets.

Revision ID: f7241c60e9b5
Revises: e6130b5fd8a4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "f7241c60e9b5"
down_revision = "e6130b5fd8a4"


def upgrade() -> None:
    op.create_table(
        "autopay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("most", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("days_before", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("agreed_by_id", sa.Uuid(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.CheckConstraint("days_before BETWEEN 0 AND 28", name=op.f("ck_autopay_days_before")),
        sa.CheckConstraint("most > 0", name=op.f("ck_autopay_most_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
            name=op.f("fk_autopay_organization_id_party_id_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agreed_by_id"], ["profile.id"], name=op.f("fk_autopay_agreed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_autopay_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autopay")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_autopay_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "wallet_id", name=op.f("uq_autopay_organization_id_wallet_id")
        ),
    )
    op.create_table(
        "autopay_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("autopay_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tried_on", sa.Date(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "paid",
                "short",
                "refused",
                name="runoutcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("credit", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount >= 0 AND credit >= 0", name=op.f("ck_autopay_run_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id", "autopay_id"],
            ["autopay.organization_id", "autopay.id"],
            name=op.f("fk_autopay_run_organization_id_autopay_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_autopay_run_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["wallet_order.organization_id", "wallet_order.id"],
            name=op.f("fk_autopay_run_organization_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_autopay_run_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_autopay_run")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_autopay_run_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "invoice_id",
            "due_on",
            "attempt",
            name=op.f("uq_autopay_run_organization_id_invoice_id_due_on_attempt"),
        ),
    )
    ddl.run("autopay", "autopay")
