"""Add approvals: rules who approves what, questions and decisions.

Revision ID: af067fd302cd
Revises: 4f2b8c61d0ae
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "af067fd302cd"
down_revision = "4f2b8c61d0ae"


def upgrade() -> None:
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("governs", sa.String(length=80), nullable=False),
        sa.Column("above", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("needed", sa.Integer(), server_default="1", nullable=False),
        sa.Column("separate", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("remind_hours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lapse_hours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("since_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
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
            "(above = 0) = (currency IS NULL)", name=op.f("ck_approval_rule_currency_of_amount")
        ),
        sa.CheckConstraint("above >= 0", name=op.f("ck_approval_rule_above")),
        sa.CheckConstraint("cardinality(roles) > 0", name=op.f("ck_approval_rule_has_roles")),
        sa.CheckConstraint(
            "needed BETWEEN 0 AND 20", name=op.f("ck_approval_rule_needed_in_reach")
        ),
        sa.CheckConstraint(
            "remind_hours BETWEEN 0 AND 8760 AND lapse_hours BETWEEN 0 AND 8760",
            name=op.f("ck_approval_rule_hours"),
        ),
        sa.CheckConstraint(
            "until_version > since_version", name=op.f("ck_approval_rule_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_approval_rule_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_approval_rule_organization_id_id")
        ),
    )
    op.create_index(
        "uq_approval_rule_in_force",
        "approval_rule",
        ["organization_id", "governs", "above", sa.literal_column("coalesce(currency, '')")],
        unique=True,
        postgresql_where=sa.text("until_version IS NULL"),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("governs", sa.String(length=80), nullable=False),
        sa.Column("subject_table", sa.String(length=63), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=200), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "given",
                "withdrawn",
                "lapsed",
                name="approvalstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("separate", sa.Boolean(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
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
            "(status = 'waiting') = (closed_at IS NULL)", name=op.f("ck_approval_closed_when_over")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["profile.id"], name=op.f("fk_approval_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "rule_id"],
            ["approval_rule.organization_id", "approval_rule.id"],
            name=op.f("fk_approval_organization_id_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_approval_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_approval_organization_id_id")),
    )
    op.create_index(
        "ix_approval_status", "approval", ["organization_id", "status", "id"], unique=False
    )
    op.create_index(
        "ix_approval_subject",
        "approval",
        ["organization_id", "subject_id", "governs"],
        unique=False,
    )
    op.create_index(
        "uq_approval_open",
        "approval",
        ["organization_id", "governs", "subject_id"],
        unique=True,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "approval_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("note", sa.String(length=400), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "approval_id"],
            ["approval.organization_id", "approval.id"],
            name=op.f("fk_approval_decision_organization_id_approval_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_approval_decision_organization_id"),
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_approval_decision_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_decision")),
        sa.UniqueConstraint(
            "organization_id",
            "approval_id",
            "actor",
            name=op.f("uq_approval_decision_organization_id_approval_id_actor"),
        ),
    )
    ddl.run("approvals", "rules", "bookings")
