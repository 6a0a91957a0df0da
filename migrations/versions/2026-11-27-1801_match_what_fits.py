"""Bank lines match entries of their own account, and cheques clear anew.

Revision ID: 7c40e92d1801
Revises: 3d9a71f2b800
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "7c40e92d1801"
down_revision = "3d9a71f2b800"


def upgrade() -> None:
    op.add_column(
        "cheque", sa.Column("clearings", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "bank_match",
        sa.Column("cleared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.drop_constraint(op.f("ck_bank_match_is_one_thing"), "bank_match", type_="check")
    op.create_check_constraint(
        op.f("ck_bank_match_is_one_thing"),
        "bank_match",
        sa.text(
            "num_nonnulls(intent_id, code) = 1 OR num_nonnulls(intent_id, code) = 0 AND NOT booked"
        ),
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE bank_match VALIDATE CONSTRAINT ck_bank_match_is_one_thing")
    ddl.run("bank_fits", "bank_fits")
