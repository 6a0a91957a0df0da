"""Top-ups stay in wallets, bills keep their days, invitations that were shown prove nothing.

Revision ID: 3d9a71f2b800
Revises: 2c8f1d63b751
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "3d9a71f2b800"
down_revision = "2c8f1d63b751"
PROBLEMS = (
    "problem IN ('none', 'no_payer', 'not_all_owned', 'no_amount', 'nothing', 'too_much',"
    " 'asked_before')"
)


def upgrade() -> None:
    op.add_column("bill", sa.Column("automatic_from", sa.Date(), nullable=True))
    op.add_column("scheduled_bill", sa.Column("since", sa.Date(), nullable=True))
    op.execute("ALTER TABLE scheduled_bill DISABLE TRIGGER USER")
    op.execute(
        "UPDATE scheduled_bill SET since = (scheduled_bill.created_at AT TIME ZONE o.time_zone)::date"
        " FROM organization AS o WHERE o.id = organization_id"
    )
    op.execute("ALTER TABLE scheduled_bill ENABLE TRIGGER USER")
    op.alter_column("scheduled_bill", "since", nullable=False)
    op.add_column(
        "scheduled_payment",
        sa.Column("orders", sa.Integer(), server_default="0", nullable=False),
    )
    op.add_column("member_invitation", sa.Column("shown_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_member_invitation_shown_hash"), "member_invitation", ["shown_hash"]
    )
    op.drop_constraint(op.f("ck_bill_charge_problem"), "bill_charge", type_="check")
    op.create_check_constraint(
        op.f("ck_bill_charge_problem"), "bill_charge", PROBLEMS, postgresql_not_valid=True
    )
    op.execute("ALTER TABLE bill_charge VALIDATE CONSTRAINT ck_bill_charge_problem")
    ddl.run("kept", "kept")
