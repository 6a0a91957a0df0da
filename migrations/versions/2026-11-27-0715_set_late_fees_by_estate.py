"""Let an estate have a late fee rule of its own.

Revision ID: 7fd2a61c9e03
Revises: c41f7d0a8e15
"""

import sqlalchemy as sa
from alembic import op

revision = "7fd2a61c9e03"
down_revision = "c41f7d0a8e15"


def upgrade() -> None:
    op.add_column("late_fee_rule", sa.Column("estate_id", sa.Uuid(), nullable=True))
    key = "fk_late_fee_rule_organization_id_estate_id"
    op.create_foreign_key(
        op.f(key),
        "late_fee_rule",
        "estate",
        ["organization_id", "estate_id"],
        ["organization_id", "id"],
        postgresql_not_valid=True,
    )
    op.execute(sa.text(f"ALTER TABLE late_fee_rule VALIDATE CONSTRAINT {key}"))
    # A handful of rows in each organization: nobody waits for these.
    op.create_index("ix_late_fee_rule_estate", "late_fee_rule", ["organization_id", "estate_id"])
    op.drop_index("uq_late_fee_rule_active", "late_fee_rule")
    op.create_index(
        "uq_late_fee_rule_active",
        "late_fee_rule",
        ["organization_id", "currency", "estate_id"],
        unique=True,
        postgresql_where=sa.text("active"),
        postgresql_nulls_not_distinct=True,
    )
