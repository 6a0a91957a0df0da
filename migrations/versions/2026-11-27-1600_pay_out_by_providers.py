"""Withdrawals from wallets are paid out by a provider, where one does.

Revision ID: 8c5f20b7e914
Revises: 7c40e92d1801
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "8c5f20b7e914"
down_revision = "7c40e92d1801"


def upgrade() -> None:
    text = {"server_default": "", "nullable": False}
    op.add_column("wallet_order", sa.Column("provider", sa.String(length=40), **text))
    op.add_column("wallet_order", sa.Column("sent_as", sa.String(length=120), nullable=True))
    op.add_column(
        "wallet_order", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False)
    )
    for name in ("check_at", "called_at"):
        op.add_column("wallet_order", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("wallet_order", sa.Column("notice_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_wallet_order_notice_hash"), "wallet_order", ["notice_hash"]
    )
    op.create_index(
        "ix_wallet_order_check",
        "wallet_order",
        ["organization_id", "check_at"],
        unique=False,
        postgresql_where=sa.text("check_at IS NOT NULL"),
    )
    _checks(
        "wallet_order",
        {
            "provider_pays_withdrawals": "provider = '' OR kind = 'withdrawal'",
            "called_has_a_provider": "called_at IS NULL OR provider <> ''",
        },
    )
    op.alter_column("provider_event", "intent_id", nullable=True)
    op.add_column("provider_event", sa.Column("order_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_provider_event_organization_id_order_id"),
        "provider_event",
        "wallet_order",
        ["organization_id", "order_id"],
        ["organization_id", "id"],
    )
    op.create_index(
        "ix_provider_event_order",
        "provider_event",
        ["organization_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.drop_constraint(op.f("ck_provider_event_topic"), "provider_event", type_="check")
    _checks(
        "provider_event",
        {
            "topic": "topic IN ('payment', 'refund', 'dispute', 'payout')",
            "about_one_thing": "(intent_id IS NULL) <> (order_id IS NULL)",
        },
    )
    ddl.run("payouts", "payouts", "statements")


def _checks(table: str, conditions: dict[str, str]) -> None:
    for name, condition in conditions.items():
        whole = f"ck_{table}_{name}"
        op.create_check_constraint(
            op.f(whole), table, sa.text(condition), postgresql_not_valid=True
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {whole}")
