"""Charge rents: dated amounts, extras, indexes, and what was charged once.

Revision ID: 5e1b7c93d730
Revises: 4f9d3a61c2b8
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "5e1b7c93d730"
down_revision = "4f9d3a61c2b8"


def upgrade() -> None:
    op.create_table(
        "price_index",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(precision=12, scale=4), nullable=False),
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
        sa.CheckConstraint("extract(day FROM month_on) = 1", name=op.f("ck_price_index_first_day")),
        sa.CheckConstraint("value > 0", name=op.f("ck_price_index_value")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_price_index_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_index")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_price_index_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "name",
            "month_on",
            name=op.f("uq_price_index_organization_id_name_month_on"),
        ),
    )
    op.create_table(
        "lease_extra",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "extra",
                "concession",
                name="extrakind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="extra",
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("code", sa.String(length=20), server_default="4900", nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
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
        sa.CheckConstraint("amount > 0", name=op.f("ck_lease_extra_amount")),
        sa.CheckConstraint("until >= since", name=op.f("ck_lease_extra_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_extra_organization_id_lease_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_extra_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_extra")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_lease_extra_organization_id_id")
        ),
    )
    op.create_index(
        "ix_lease_extra_lease", "lease_extra", ["organization_id", "lease_id"], unique=False
    )
    op.create_table(
        "lease_rent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "agreed",
                "percent",
                "step",
                "indexed",
                "changed",
                name="rentcause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lease_rent_amount")),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_rent_organization_id_lease_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_rent_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_rent")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_lease_rent_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "lease_id",
            "since",
            name=op.f("uq_lease_rent_organization_id_lease_id_since"),
        ),
    )
    op.create_table(
        "lease_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "rent",
                "extra",
                "deposit",
                name="chargekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("says", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("gross", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column(
            "discount", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False
        ),
        sa.Column(
            "amount",
            sa.Numeric(precision=19, scale=4),
            sa.Computed("gross - discount", persisted=True),
            nullable=False,
        ),
        sa.Column("asked_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("void", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "gross >= 0 AND discount >= 0 AND discount <= gross",
            name=op.f("ck_lease_charge_amounts"),
        ),
        sa.CheckConstraint("period_until >= period_on", name=op.f("ck_lease_charge_period")),
        sa.ForeignKeyConstraint(
            ["organization_id", "asked_id"],
            ["bill_charge.organization_id", "bill_charge.id"],
            name=op.f("fk_lease_charge_organization_id_asked_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_lease_charge_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_charge_organization_id_lease_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_charge_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_charge")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_lease_charge_organization_id_id")
        ),
    )
    op.create_index(
        "ix_lease_charge_asked", "lease_charge", ["organization_id", "asked_id"], unique=False
    )
    op.create_index(
        "ix_lease_charge_invoice", "lease_charge", ["organization_id", "invoice_id"], unique=False
    )
    op.create_index(
        "uq_lease_charge_once",
        "lease_charge",
        ["organization_id", "lease_id", "period_on", "kind", "item_id"],
        unique=True,
        postgresql_where=sa.text("NOT void"),
    )
    op.add_column("bill_charge", sa.Column("lease_id", sa.Uuid(), nullable=True))
    op.add_column("bill_charge", sa.Column("period_on", sa.Date(), nullable=True))
    op.add_column("bill_charge", sa.Column("due_on", sa.Date(), nullable=True))
    op.drop_constraint(
        op.f("uq_bill_charge_organization_id_cycle_id_unit_id_party_i_c48b"),
        "bill_charge",
        type_="unique",
    )
    op.create_index(
        "uq_bill_charge_of_bill",
        "bill_charge",
        ["organization_id", "cycle_id", "unit_id", "party_id", "problem"],
        unique=True,
        postgresql_where=sa.text("lease_id IS NULL"),
    )
    op.create_index(
        "uq_bill_charge_of_lease",
        "bill_charge",
        ["organization_id", "cycle_id", "lease_id", "period_on"],
        unique=True,
    )
    op.create_foreign_key(
        op.f("fk_bill_charge_organization_id_lease_id"),
        "bill_charge",
        "lease",
        ["organization_id", "lease_id"],
        ["organization_id", "id"],
    )
    op.add_column("billing_cycle", sa.Column("estate_id", sa.Uuid(), nullable=True))
    op.alter_column("billing_cycle", "bill_id", existing_type=sa.UUID(), nullable=True)
    op.create_foreign_key(
        op.f("fk_billing_cycle_organization_id_estate_id"),
        "billing_cycle",
        "estate",
        ["organization_id", "estate_id"],
        ["organization_id", "id"],
    )
    op.add_column("lease", sa.Column("next_on", sa.Date(), nullable=True))
    op.add_column(
        "lease",
        sa.Column("increase_index", sa.String(length=80), server_default="", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_billing_cycle_of_bill_or_rents"),
        "billing_cycle",
        "(bill_id IS NULL) <> (estate_id IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_bill_charge_rent_has_period"),
        "bill_charge",
        "(lease_id IS NULL) = (period_on IS NULL) AND (lease_id IS NULL) = (due_on IS NULL)",
    )
    op.execute("UPDATE lease SET next_on = since")
    ddl.run("rents", "rents")
