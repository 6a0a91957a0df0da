"""Let people schedule bills of their own, paid from their wallet.

Revision ID: e7a2590bb6d1
Revises: e5b80d2f7a46
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "e7a2590bb6d1"
down_revision = "e5b80d2f7a46"


def upgrade() -> None:
    op.create_table(
        "user_configuration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("push_notices", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "bill_mode",
            sa.Enum(
                "remind",
                "ask",
                "pay",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="ask",
            nullable=False,
        ),
        sa.Column(
            "remind_days",
            postgresql.ARRAY(sa.INTEGER()),
            server_default=sa.text("'{3,1}'"),
            nullable=False,
        ),
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
            "remind_days <@ ARRAY[0, 1, 2, 3, 5, 7, 10, 14, 21, 30]",
            name=op.f("ck_user_configuration_remind_days_offered"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_user_configuration_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_user_configuration_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_configuration")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_user_configuration_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "profile_id",
            name=op.f("uq_user_configuration_organization_id_profile_id"),
        ),
    )
    op.create_table(
        "scheduled_bill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("biller_name", sa.String(length=120), nullable=False),
        sa.Column("customer_number", sa.String(length=80), server_default="", nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "bank",
                "mobile_money",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("bank_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=False),
        sa.Column("account_locked", sa.String(length=400), nullable=False),
        sa.Column(
            "every",
            sa.Enum(
                "once",
                "week",
                "month",
                "quarter",
                "year",
                name="every",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "remind",
                "ask",
                "pay",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "remind_days",
            postgresql.ARRAY(sa.INTEGER()),
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
        sa.CheckConstraint("amount > 0", name=op.f("ck_scheduled_bill_amount")),
        sa.CheckConstraint(
            "remind_days <@ ARRAY[0, 1, 2, 3, 5, 7, 10, 14, 21, 30]",
            name=op.f("ck_scheduled_bill_remind_days_offered"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
            name=op.f("fk_scheduled_bill_organization_id_party_id_wallet_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_scheduled_bill_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_bill")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_scheduled_bill_organization_id_id")
        ),
    )
    op.create_index(
        "ix_scheduled_bill_party", "scheduled_bill", ["organization_id", "party_id"], unique=False
    )
    op.create_table(
        "scheduled_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "approved",
                "ordered",
                "paid",
                "failed",
                "skipped",
                name="duestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "reminded",
            postgresql.ARRAY(sa.INTEGER()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("failure", sa.String(length=400), server_default="", nullable=False),
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
            "status NOT IN ('ordered', 'paid') OR order_id IS NOT NULL",
            name=op.f("ck_scheduled_payment_ordered_has_order"),
        ),
        sa.CheckConstraint(
            "tries BETWEEN 0 AND 9", name=op.f("ck_scheduled_payment_tries_are_few")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "bill_id"],
            ["scheduled_bill.organization_id", "scheduled_bill.id"],
            name=op.f("fk_scheduled_payment_organization_id_bill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "order_id"],
            ["wallet_order.organization_id", "wallet_order.id"],
            name=op.f("fk_scheduled_payment_organization_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_scheduled_payment_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_payment")),
        sa.UniqueConstraint(
            "organization_id",
            "bill_id",
            "due_on",
            name=op.f("uq_scheduled_payment_organization_id_bill_id_due_on"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_scheduled_payment_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "order_id",
            name=op.f("uq_scheduled_payment_organization_id_order_id"),
        ),
    )
    op.create_index(
        "ix_scheduled_payment_open",
        "scheduled_payment",
        ["organization_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting', 'approved')"),
    )
    ddl.run("scheduled", "scheduled")
