"""Remind of what is due, and charge what is late.

Revision ID: 13a77c9a9f30
Revises: 43dcb7dd4d90
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "13a77c9a9f30"
down_revision = "43dcb7dd4d90"


def upgrade() -> None:
    op.create_table(
        "late_fee_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "fixed",
                "percent",
                "daily",
                "tiered",
                name="latefeekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("percent", sa.Numeric(precision=7, scale=4), server_default="0", nullable=False),
        sa.Column("tiers", sa.String(length=400), server_default="", nullable=False),
        sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("every_days", sa.Integer(), server_default="30", nullable=False),
        sa.Column(
            "cap_percent", sa.Numeric(precision=7, scale=4), server_default="100", nullable=False
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
        sa.CheckConstraint(
            "amount >= 0 AND percent >= 0 AND percent <= 100",
            name=op.f("ck_late_fee_rule_not_negative"),
        ),
        sa.CheckConstraint(
            "cap_percent > 0 AND cap_percent <= 100", name=op.f("ck_late_fee_rule_cap")
        ),
        sa.CheckConstraint(
            "grace_days BETWEEN 0 AND 365 AND every_days BETWEEN 1 AND 365",
            name=op.f("ck_late_fee_rule_days"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_late_fee_rule_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fee_rule")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_late_fee_rule_organization_id_id")
        ),
    )
    op.create_index(
        "uq_late_fee_rule_active",
        "late_fee_rule",
        ["organization_id", "currency"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "reminder_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=400), server_default="", nullable=False),
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
        sa.CheckConstraint("days BETWEEN -60 AND 365", name=op.f("ck_reminder_step_days")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_reminder_step_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_step")),
        sa.UniqueConstraint(
            "organization_id", "days", name=op.f("uq_reminder_step_organization_id_days")
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_reminder_step_organization_id_id")
        ),
    )
    op.create_table(
        "invoice_reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("due_amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_invoice_reminder_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "step_id"],
            ["reminder_step.organization_id", "reminder_step.id"],
            name=op.f("fk_invoice_reminder_organization_id_step_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_invoice_reminder_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_reminder")),
        sa.UniqueConstraint(
            "organization_id",
            "invoice_id",
            "step_id",
            name=op.f("uq_invoice_reminder_organization_id_invoice_id_step_id"),
        ),
    )
    op.create_table(
        "late_fee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("fee_invoice_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_late_fee_amount_positive")),
        sa.CheckConstraint("invoice_id <> fee_invoice_id", name=op.f("ck_late_fee_not_on_itself")),
        sa.ForeignKeyConstraint(
            ["organization_id", "fee_invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_late_fee_organization_id_fee_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_late_fee_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "rule_id"],
            ["late_fee_rule.organization_id", "late_fee_rule.id"],
            name=op.f("fk_late_fee_organization_id_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_late_fee_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fee")),
        sa.UniqueConstraint(
            "organization_id",
            "fee_invoice_id",
            name=op.f("uq_late_fee_organization_id_fee_invoice_id"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_late_fee_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "invoice_id",
            "charged_on",
            name=op.f("uq_late_fee_organization_id_invoice_id_charged_on"),
        ),
    )
    ddl.run("dunning", "dunning")
