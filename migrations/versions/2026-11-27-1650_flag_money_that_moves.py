"""Limits on movements of money, and cases where they are passed.

Revision ID: 3d9a2e74c862
Revises: 5e1b7c93d730
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "3d9a2e74c862"
down_revision = "5e1b7c93d730"


def upgrade() -> None:
    op.create_table(
        "aml_limit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("single", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("daily_count", sa.Integer(), server_default="10", nullable=False),
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
        sa.CheckConstraint("daily_count > 0", name=op.f("ck_aml_limit_daily")),
        sa.CheckConstraint("single > 0", name=op.f("ck_aml_limit_single")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_aml_limit_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aml_limit")),
        sa.UniqueConstraint(
            "organization_id", "currency", name=op.f("uq_aml_limit_organization_id_currency")
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_aml_limit_organization_id_id")),
    )
    op.create_table(
        "aml_movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_aml_movement_amount_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_aml_movement_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_aml_movement_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aml_movement")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_aml_movement_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "subject_id",
            name=op.f("uq_aml_movement_organization_id_party_id_subject_id"),
        ),
    )
    op.create_index(
        "ix_aml_movement_time",
        "aml_movement",
        ["organization_id", "party_id", "currency", "happened_at"],
        unique=False,
    )
    op.create_table(
        "aml_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "cleared",
                "reported",
                name="amlstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "rule",
            sa.Enum(
                "single",
                "frequent",
                "parted",
                name="amlrule",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("movements", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
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
            "status = 'open' OR btrim(reason) <> ''", name=op.f("ck_aml_case_decided_for_a_reason")
        ),
        sa.CheckConstraint("since <= until", name=op.f("ck_aml_case_begins_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_aml_case_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_aml_case_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aml_case")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_aml_case_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "number", name=op.f("uq_aml_case_organization_id_number")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "rule",
            "key",
            name=op.f("uq_aml_case_organization_id_party_id_rule_key"),
        ),
    )
    op.create_index(
        "ix_aml_case_status", "aml_case", ["organization_id", "status", "id"], unique=False
    )
    ddl.run("aml", "aml")
