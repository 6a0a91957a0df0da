"""Add leases with their parties, and guidelines of what they ask for.

Revision ID: 2c8f1d40a720
Revises: 6c1f0e7ab3d4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "2c8f1d40a720"
down_revision = "6c1f0e7ab3d4"


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "pending_signature",
                "active",
                "notice",
                "ended",
                "cancelled",
                "terminated",
                name="leasestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rent", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("deposit", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("due_day", sa.Integer(), server_default="1", nullable=False),
        sa.Column("due_days", sa.Integer(), server_default="5", nullable=False),
        sa.Column(
            "proration",
            sa.Enum(
                "actual_days",
                "thirty_days",
                "annual",
                name="proration",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="actual_days",
            nullable=False,
        ),
        sa.Column(
            "increase",
            sa.Enum(
                "none",
                "percent",
                "steps",
                "indexed",
                name="increase",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="none",
            nullable=False,
        ),
        sa.Column(
            "increase_percent", sa.Numeric(precision=7, scale=4), server_default="0", nullable=False
        ),
        sa.Column("increase_months", sa.Integer(), server_default="12", nullable=False),
        sa.Column("increase_steps", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("notice_days", sa.Integer(), server_default="30", nullable=False),
        sa.Column("override_reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("notice_on", sa.Date(), nullable=True),
        sa.Column("renews_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
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
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(unit_id, unit_id, '[]')"), "&&"),
            (sa.text("daterange(since, until, '[]')"), "&&"),
            where=sa.text("status NOT IN ('draft', 'cancelled')"),
            using="gist",
            name="ex_lease_days",
        ),
        sa.CheckConstraint(
            "status NOT IN ('ended', 'terminated', 'notice') OR until IS NOT NULL",
            name=op.f("ck_lease_over_has_end"),
        ),
        sa.CheckConstraint("deposit >= 0", name=op.f("ck_lease_deposit")),
        sa.CheckConstraint(
            "due_day BETWEEN 1 AND 31 AND due_days BETWEEN 0 AND 90", name=op.f("ck_lease_due")
        ),
        sa.CheckConstraint(
            "increase_percent >= 0 AND increase_percent <= 100 AND increase_months BETWEEN 1 AND 120",
            name=op.f("ck_lease_increase_in_reach"),
        ),
        sa.CheckConstraint("notice_days BETWEEN 0 AND 730", name=op.f("ck_lease_notice_days")),
        sa.CheckConstraint("rent > 0", name=op.f("ck_lease_rent_positive")),
        sa.CheckConstraint("until >= since", name=op.f("ck_lease_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_lease_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "renews_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_organization_id_renews_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_lease_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lease_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "number", name=op.f("uq_lease_organization_id_number")
        ),
    )
    op.create_index("ix_lease_party", "lease", ["organization_id", "party_id"], unique=False)
    op.create_index("ix_lease_status", "lease", ["organization_id", "status", "id"], unique=False)
    op.create_index("ix_lease_unit", "lease", ["organization_id", "unit_id"], unique=False)
    op.create_table(
        "property_guideline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("estate_id", sa.Uuid(), nullable=False),
        sa.Column(
            "unit_type",
            sa.Enum(
                "apartment",
                "house",
                "studio",
                "shop",
                "office",
                "parking",
                "storage",
                "plot",
                name="unittype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("min_rent", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("max_rent", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("min_deposit", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("max_deposit", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("min_months", sa.Integer(), nullable=True),
        sa.Column("max_months", sa.Integer(), nullable=True),
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
            "max_rent >= coalesce(min_rent, 0) AND max_deposit >= coalesce(min_deposit, 0) AND max_months >= coalesce(min_months, 0)",
            name=op.f("ck_property_guideline_least_below_most"),
        ),
        sa.CheckConstraint(
            "min_rent >= 0 AND min_deposit >= 0 AND min_months >= 0",
            name=op.f("ck_property_guideline_not_negative"),
        ),
        sa.CheckConstraint(
            "unit_id IS NULL OR unit_type IS NULL", name=op.f("ck_property_guideline_unit_or_type")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id"],
            ["estate.organization_id", "estate.id"],
            name=op.f("fk_property_guideline_organization_id_estate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_property_guideline_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_property_guideline_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property_guideline")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_property_guideline_organization_id_id")
        ),
    )
    op.create_index(
        "uq_property_guideline_estate",
        "property_guideline",
        ["organization_id", "estate_id"],
        unique=True,
        postgresql_where=sa.text("unit_id IS NULL AND unit_type IS NULL"),
    )
    op.create_index(
        "uq_property_guideline_unit",
        "property_guideline",
        ["organization_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("unit_id IS NOT NULL"),
    )
    op.create_index(
        "uq_property_guideline_type",
        "property_guideline",
        ["organization_id", "estate_id", "unit_type"],
        unique=True,
    )
    op.create_table(
        "lease_party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "principal",
                "lessee",
                "guarantor",
                name="lesseerole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_party_organization_id_lease_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_lease_party_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_party_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_party")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_lease_party_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "lease_id",
            "party_id",
            name=op.f("uq_lease_party_organization_id_lease_id_party_id"),
        ),
    )
    op.create_index(
        "ix_lease_party_party", "lease_party", ["organization_id", "party_id"], unique=False
    )
    op.create_index(
        "uq_lease_party_principal",
        "lease_party",
        ["organization_id", "lease_id"],
        unique=True,
        postgresql_where=sa.text("role = 'principal'"),
    )
    op.add_column("invoice", sa.Column("lease_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_invoice_organization_id_lease_id"),
        "invoice",
        "lease",
        ["organization_id", "lease_id"],
        ["organization_id", "id"],
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE invoice VALIDATE CONSTRAINT fk_invoice_organization_id_lease_id")
    op.add_column("late_fee_rule", sa.Column("lease_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_late_fee_rule_estate_or_lease"),
        "late_fee_rule",
        "estate_id IS NULL OR lease_id IS NULL",
    )
    op.drop_index("uq_late_fee_rule_active", table_name="late_fee_rule")
    op.create_index(
        "uq_late_fee_rule_active",
        "late_fee_rule",
        ["organization_id", "currency", "estate_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("active AND lease_id IS NULL"),
    )
    op.create_index(
        "uq_late_fee_rule_of_lease",
        "late_fee_rule",
        ["organization_id", "lease_id"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_foreign_key(
        op.f("fk_late_fee_rule_organization_id_lease_id"),
        "late_fee_rule",
        "lease",
        ["organization_id", "lease_id"],
        ["organization_id", "id"],
    )
    ddl.run("leasing", "leasing")
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_invoice_lease",
            "invoice",
            ["organization_id", "lease_id"],
            postgresql_where=sa.text("lease_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
