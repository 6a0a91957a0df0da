"""Applications, the checks of them, and what is known of the identity of parties.

Revision ID: 2c8f1d63b751
Revises: 2c8f1d40a720
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "2c8f1d63b751"
down_revision = "2c8f1d40a720"


def upgrade() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "checking",
                "more_asked",
                "ready",
                "approved",
                "rejected",
                "withdrawn",
                "expired",
                name="applicationstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "customer",
                "resident",
                "owner",
                "vendor",
                name="applicantrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("email", sa.String(length=320), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "answers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("identity_locked", sa.String(length=600), server_default="", nullable=False),
        sa.Column("consent_version", sa.String(length=20), server_default="", nullable=False),
        sa.Column("consent_client", sa.String(length=400), server_default="", nullable=False),
        sa.Column("asked", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
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
            "party_id IS NOT NULL OR status IN ('draft', 'withdrawn', 'expired')",
            name=op.f("ck_application_handed_in_has_party"),
        ),
        sa.CheckConstraint(
            "status <> 'rejected' OR btrim(reason) <> ''",
            name=op.f("ck_application_rejected_for_a_reason"),
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR consent_version <> ''",
            name=op.f("ck_application_handed_in_with_consent"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_application_organization_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_application_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_application_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_application_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_application_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_application_code_hash")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_application_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "number", name=op.f("uq_application_organization_id_number")
        ),
    )
    op.create_index(
        "ix_application_party", "application", ["organization_id", "party_id"], unique=False
    )
    op.create_index(
        "ix_application_status", "application", ["organization_id", "status", "id"], unique=False
    )
    op.create_table(
        "application_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "identity",
                "background",
                name="checkkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "requested",
                "asked",
                "passed",
                "failed",
                "unclear",
                "timed_out",
                name="checkstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reference", sa.String(length=120), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("summary", sa.String(length=400), server_default="", nullable=False),
        sa.Column("last_error", sa.String(length=500), server_default="", nullable=False),
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
            "round BETWEEN 1 AND 99", name=op.f("ck_application_check_rounds_are_few")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "application_id"],
            ["application.organization_id", "application.id"],
            name=op.f("fk_application_check_organization_id_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_application_check_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_check")),
        sa.UniqueConstraint(
            "organization_id",
            "application_id",
            "kind",
            "round",
            name=op.f("uq_application_check_organization_id_application_id_kind_round"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_application_check_organization_id_id")
        ),
    )
    op.create_index(
        "ix_application_check_due",
        "application_check",
        ["organization_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "party_kyc",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "verified",
                "rejected",
                "expired",
                name="kycstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
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
            "status NOT IN ('verified', 'expired') OR expires_on IS NOT NULL",
            name=op.f("ck_party_kyc_verified_until_a_day"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_party_kyc_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_party_kyc_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_kyc")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_party_kyc_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "party_id", name=op.f("uq_party_kyc_organization_id_party_id")
        ),
    )
    op.create_index(
        "ix_party_kyc_expiry",
        "party_kyc",
        ["organization_id", "status", "expires_on"],
        unique=False,
    )
    op.create_table(
        "party_identifier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "national_id",
                "passport",
                "tax_number",
                name="identifierkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("locked", sa.String(length=600), nullable=False),
        sa.Column("shown", sa.String(length=20), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
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
        sa.CheckConstraint("locked <> ''", name=op.f("ck_party_identifier_is_locked")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_party_identifier_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_party_identifier_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_identifier")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_party_identifier_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "kind",
            name=op.f("uq_party_identifier_organization_id_party_id_kind"),
        ),
    )
    op.create_index(
        "ix_party_identifier_blind", "party_identifier", ["organization_id", "blind"], unique=False
    )
    op.create_table(
        "data_look",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "national_id",
                "passport",
                "tax_number",
                name="identifierkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_data_look_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_data_look_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_data_look_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_look")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_data_look_organization_id_id")),
    )
    op.create_index(
        "ix_data_look_party", "data_look", ["organization_id", "party_id", "id"], unique=False
    )
    ddl.run("onboarding", "onboarding")
