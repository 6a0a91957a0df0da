"""A register of cheques.

Revision ID: e6130b5fd8a4
Revises: d52a90f4b7c3
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "e6130b5fd8a4"
down_revision = "d52a90f4b7c3"

METHODS = "('card', 'cash', 'invoice', 'bank_transfer', 'mobile_money', 'wallet', 'cheque')"
METHOD_COLUMNS = {
    "payment_intent": "method",
    "invoice": "payment_method",
    "booking": "payment_method",
}


def upgrade() -> None:
    for table, column in METHOD_COLUMNS.items():
        name = f"ck_{table}_paymentmethod"
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(
            op.f(name), table, sa.text(f"{column} IN {METHODS}"), postgresql_not_valid=True
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
    op.create_table(
        "cheque",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("bank", sa.String(length=120), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "received",
                "deposited",
                "cleared",
                "bounced",
                name="chequestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=True),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("bounced_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("fee_invoice_id", sa.Uuid(), nullable=True),
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
        sa.CheckConstraint("number ~ '^[0-9]{1,20}$'", name=op.f("ck_cheque_number_is_digits")),
        sa.CheckConstraint(
            "status <> 'deposited' OR deposited_on IS NOT NULL",
            name=op.f("ck_cheque_deposited_has_a_day"),
        ),
        sa.CheckConstraint(
            "status <> 'cleared' OR cleared_on IS NOT NULL",
            name=op.f("ck_cheque_cleared_has_a_day"),
        ),
        sa.CheckConstraint(
            "(status = 'bounced') = (bounced_on IS NOT NULL)",
            name=op.f("ck_cheque_bounced_has_a_day"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_cheque_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "intent_id"],
            ["payment_intent.organization_id", "payment_intent.id"],
            name=op.f("fk_cheque_organization_id_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "fee_invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_cheque_organization_id_fee_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_cheque_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_cheque_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "intent_id", name=op.f("uq_cheque_organization_id_intent_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "bank",
            "number",
            name=op.f("uq_cheque_organization_id_party_id_bank_number"),
        ),
    )
    op.create_index("ix_cheque_status", "cheque", ["organization_id", "status", "id"], unique=False)
    ddl.run("cheques", "cheques")
