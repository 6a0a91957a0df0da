"""Add bills of estates, their periods, and what each asks of whom.

Revision ID: c41e8d7730fa
Revises: c41f6d0b83a7
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "c41e8d7730fa"
down_revision = "c41f6d0b83a7"


def upgrade() -> None:
    op.create_table(
        "bill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("estate_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column(
            "basis",
            sa.Enum(
                "each",
                "area",
                "divided",
                "divided_by_area",
                "formula",
                name="basis",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="each",
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("formula", sa.String(length=400), server_default="", nullable=False),
        sa.Column(
            "discount_percent", sa.Numeric(precision=7, scale=4), server_default="0", nullable=False
        ),
        sa.Column("code", sa.String(length=20), server_default="4300", nullable=False),
        sa.Column(
            "payer",
            sa.Enum(
                "owners",
                "occupant",
                "occupant_or_owners",
                name="payer",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="owners",
            nullable=False,
        ),
        sa.Column(
            "audience_types",
            postgresql.ARRAY(sa.String(length=32)),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column("condition", sa.String(length=400), server_default="", nullable=False),
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
            server_default="month",
            nullable=False,
        ),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("due_days", sa.Integer(), server_default="14", nullable=False),
        sa.Column("automatic", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
            "(basis = 'formula') = (formula <> '')", name=op.f("ck_bill_formula_where_asked")
        ),
        sa.CheckConstraint(
            "audience_types <@ ARRAY['apartment', 'house', 'studio', 'shop', 'office', 'parking', 'storage', 'plot']::varchar[]",
            name=op.f("ck_bill_types_exist"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_bill_amount")),
        sa.CheckConstraint(
            "discount_percent >= 0 AND discount_percent < 100", name=op.f("ck_bill_discount")
        ),
        sa.CheckConstraint("due_days BETWEEN 0 AND 365", name=op.f("ck_bill_due_days")),
        sa.CheckConstraint("until >= first_on", name=op.f("ck_bill_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["organization_id", "block_id"],
            ["block.organization_id", "block.id"],
            name=op.f("fk_bill_organization_id_block_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id"],
            ["estate.organization_id", "estate.id"],
            name=op.f("fk_bill_organization_id_estate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bill_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint(
            "organization_id",
            "estate_id",
            "title",
            name=op.f("uq_bill_organization_id_estate_id_title"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_bill_organization_id_id")),
    )
    op.create_table(
        "billing_cycle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "running",
                "stopped",
                "done",
                "discarded",
                "taking_back",
                "taken_back",
                name="cyclestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("charges", sa.Integer(), server_default="0", nullable=False),
        sa.Column("exceptions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("issued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("taken_back", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kept", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
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
            "status <> 'done' OR issued = charges", name=op.f("ck_billing_cycle_done_is_whole")
        ),
        sa.CheckConstraint(
            "issued BETWEEN 0 AND charges", name=op.f("ck_billing_cycle_issued_within_charges")
        ),
        sa.CheckConstraint(
            "taken_back BETWEEN 0 AND issued",
            name=op.f("ck_billing_cycle_taken_back_within_issued"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "bill_id"],
            ["bill.organization_id", "bill.id"],
            name=op.f("fk_billing_cycle_organization_id_bill_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_billing_cycle_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_cycle")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_billing_cycle_organization_id_id")
        ),
    )
    op.create_index(
        "ix_billing_cycle_at_work",
        "billing_cycle",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('running', 'taking_back')"),
    )
    op.create_index(
        "uq_billing_cycle_period",
        "billing_cycle",
        ["organization_id", "bill_id", "period_on"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('discarded', 'taken_back')"),
    )
    op.create_table(
        "bill_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("gross", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column(
            "discount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "amount",
            sa.Numeric(precision=19, scale=4),
            sa.Computed("gross - discount", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "problem",
            sa.Enum(
                "none",
                "no_payer",
                "not_all_owned",
                "no_amount",
                "nothing",
                "too_much",
                name="problem",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="none",
            nullable=False,
        ),
        sa.CheckConstraint(
            "(problem = 'none') = (position IS NOT NULL)",
            name=op.f("ck_bill_charge_where_asked_has_position"),
        ),
        sa.CheckConstraint(
            "problem <> 'none' OR party_id IS NOT NULL AND gross > 0 AND discount >= 0",
            name=op.f("ck_bill_charge_complete_where_asked"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "cycle_id"],
            ["billing_cycle.organization_id", "billing_cycle.id"],
            name=op.f("fk_bill_charge_organization_id_cycle_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_bill_charge_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_bill_charge_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_bill_charge_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_charge")),
        sa.UniqueConstraint(
            "organization_id",
            "cycle_id",
            "position",
            name=op.f("uq_bill_charge_organization_id_cycle_id_position"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "cycle_id",
            "unit_id",
            "party_id",
            "problem",
            name=op.f("uq_bill_charge_organization_id_cycle_id_unit_id_party_id_problem"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_bill_charge_organization_id_id")
        ),
    )
    ddl.run("bills", "bills")
