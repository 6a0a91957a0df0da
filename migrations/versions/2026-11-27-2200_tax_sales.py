"""Prices of apartments contain a tax: its parts sum to that of the whole, and go back with what is paid back.

Revision ID: 5b1e8c40f220
Revises: 9e4a7c13f058
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "5b1e8c40f220"
down_revision = "9e4a7c13f058"

RATE = "tax_percent / CASE WHEN tax_included THEN 100 + tax_percent ELSE 100 END"


def upgrade() -> None:
    op.add_column(
        "tax",
        sa.Column("in_sales", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_tax_in_sales_is_active"), "tax", sa.text("active OR NOT in_sales")
    )
    op.create_index(
        "uq_tax_one_in_sales",
        "tax",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("in_sales"),
    )
    op.add_column("project", sa.Column("tax_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_project_organization_id_tax_id"),
        "project",
        "tax",
        ["organization_id", "tax_id"],
        ["organization_id", "id"],
    )
    op.add_column(
        "invoice_line", sa.Column("taxed_after", sa.Numeric(precision=19, scale=4), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_invoice_line_part_contains_its_tax"),
        "invoice_line",
        sa.text("taxed_after IS NULL OR taxed_after >= 0 AND tax_id IS NOT NULL AND tax_included"),
    )
    op.drop_constraint(op.f("ck_invoice_line_tax_is_its_percent"), "invoice_line", type_="check")
    op.create_check_constraint(
        op.f("ck_invoice_line_tax_is_its_percent"),
        "invoice_line",
        sa.text(
            "tax_amount = CASE WHEN tax_id IS NULL THEN 0 ELSE round((coalesce(taxed_after, 0)"
            f" + round(quantity * unit_price, places) - discount) * {RATE}, places)"
            f" - round(coalesce(taxed_after, 0) * {RATE}, places) END"
        ),
    )
    ddl.run("sales_tax", "sales_tax")
