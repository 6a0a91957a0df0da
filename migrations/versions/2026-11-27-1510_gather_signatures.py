"""Gather signatures under documents.

Revision ID: 6c1f0e7ab3d4
Revises: 1b7e0c52a640
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "6c1f0e7ab3d4"
down_revision = "1b7e0c52a640"


USES = (
    "('attachment', 'photo', 'logo', 'contract', 'receipt', 'invoice', 'credit_note', 'signed',"
    " 'import_file', 'export')"
)


def upgrade() -> None:
    op.create_table(
        "signature_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject_table", sa.String(length=63), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "sealing",
                "completed",
                "declined",
                "expired",
                "withdrawn",
                name="requeststatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ordered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_days", sa.Integer(), server_default="3", nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("failure", sa.String(length=400), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_document_id", sa.Uuid(), nullable=True),
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
            "(status = 'completed') = (signed_document_id IS NOT NULL)",
            name=op.f("ck_signature_request_completed_is_kept"),
        ),
        sa.CheckConstraint(
            "expires_at > created_at", name=op.f("ck_signature_request_ends_after_it_begins")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["profile.id"], name=op.f("fk_signature_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "document_id"],
            ["document.organization_id", "document.id"],
            name=op.f("fk_signature_request_organization_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "signed_document_id"],
            ["document.organization_id", "document.id"],
            name=op.f("fk_signature_request_organization_id_signed_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_signature_request_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_request")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_signature_request_organization_id_id")
        ),
    )
    op.create_index(
        "ix_signature_request_status",
        "signature_request",
        ["organization_id", "status", "id"],
        unique=False,
    )
    op.create_index(
        "ix_signature_request_subject",
        "signature_request",
        ["organization_id", "subject_id"],
        unique=False,
    )
    op.create_index(
        "uq_signature_request_live",
        "signature_request",
        ["organization_id", "subject_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'sealing')"),
    )
    op.create_table(
        "signer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column(
            "who_id",
            sa.Uuid(),
            sa.Computed("coalesce(party_id, profile_id)", persisted=True),
            nullable=True,
        ),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=80), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "asked",
                "signed",
                "declined",
                "released",
                name="signerstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("signed_by_id", sa.Uuid(), nullable=True),
        sa.Column("consent", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("client", sa.String(length=400), server_default="", nullable=False),
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
            "status <> 'declined' OR btrim(reason) <> ''",
            name=op.f("ck_signer_declined_with_reason"),
        ),
        sa.CheckConstraint(
            "status <> 'signed' OR signed_at IS NOT NULL AND signed_name <> '' AND sha256 <> '' AND consent <> ''",
            name=op.f("ck_signer_signed_with_consent"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(party_id, profile_id) = 1", name=op.f("ck_signer_is_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_signer_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "request_id"],
            ["signature_request.organization_id", "signature_request.id"],
            name=op.f("fk_signer_organization_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_signer_organization_id")
        ),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_signer_profile_id")),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["profile.id"], name=op.f("fk_signer_signed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signer")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_signer_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "request_id",
            "who_id",
            name=op.f("uq_signer_organization_id_request_id_who_id"),
        ),
    )
    op.create_index(
        "ix_signer_party", "signer", ["organization_id", "party_id", "status"], unique=False
    )
    op.create_index(
        "ix_signer_request", "signer", ["organization_id", "request_id", "position"], unique=False
    )
    op.create_table(
        "signature_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("proved_in", sa.String(length=20), server_default="", nullable=False),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_signature_code_tries_are_few")),
        sa.ForeignKeyConstraint(
            ["organization_id", "signer_id"],
            ["signer.organization_id", "signer.id"],
            name=op.f("fk_signature_code_organization_id_signer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_signature_code_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_signature_code_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_code")),
    )
    op.create_index(
        "ix_signature_code_signer",
        "signature_code",
        ["organization_id", "signer_id", "id"],
        unique=False,
    )
    op.create_table(
        "signature_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("signer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "asked",
                "viewed",
                "code_asked",
                "code_sent",
                "code_wrong",
                "signed",
                "declined",
                "reminded",
                name="stepkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client", sa.String(length=400), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "signer_id"],
            ["signer.organization_id", "signer.id"],
            name=op.f("fk_signature_step_organization_id_signer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_signature_step_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_step")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_signature_step_organization_id_id")
        ),
    )
    op.create_index(
        "ix_signature_step_signer",
        "signature_step",
        ["organization_id", "signer_id", "id"],
        unique=False,
    )
    op.drop_index(op.f("search_apartment"), table_name="apartment", postgresql_using="gin")
    op.drop_index(
        op.f("search_apartment_name"),
        table_name="apartment",
        postgresql_where="(source_id IS NULL)",
        postgresql_include=["type", "status", "customer_id", "source_id"],
    )
    op.drop_index(op.f("search_booking"), table_name="booking", postgresql_using="gin")
    op.drop_index(op.f("search_invoice"), table_name="invoice", postgresql_using="gin")
    op.drop_index(op.f("search_party"), table_name="party", postgresql_using="gin")
    op.drop_index(
        op.f("search_payment_intent"), table_name="payment_intent", postgresql_using="gin"
    )
    op.drop_constraint(op.f("ck_document_documentuse"), "document", type_="check")
    op.create_check_constraint(
        op.f("ck_document_documentuse"), "document", sa.text(f"use IN {USES}")
    )
    ddl.run("signing", "signing", "facts")
