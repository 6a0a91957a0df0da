"""A lost dispute reopens the invoices that its payment had paid.

Revision ID: 6c2f9d51e330
Revises: 5b1e8c40f220
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "6c2f9d51e330"
down_revision = "5b1e8c40f220"


def upgrade() -> None:
    op.create_table(
        "payment_dispute_part",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_dispute_part_amount_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "dispute_id"],
            ["payment_dispute.organization_id", "payment_dispute.id"],
            name=op.f("fk_payment_dispute_part_organization_id_dispute_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_payment_dispute_part_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_payment_dispute_part_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_dispute_part")),
        sa.UniqueConstraint(
            "organization_id",
            "dispute_id",
            "invoice_id",
            name=op.f("uq_payment_dispute_part_organization_id_dispute_id_invoice_id"),
        ),
    )
    op.create_index(
        "ix_payment_dispute_part_invoice",
        "payment_dispute_part",
        ["organization_id", "invoice_id"],
    )
    ddl.run("chargebacks", "chargebacks")
