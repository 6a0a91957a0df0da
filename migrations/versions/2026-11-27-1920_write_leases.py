"""Leases are written as documents, from texts of the organization.

Revision ID: 5b3f8e20d6c7
Revises: 2c7e51b9f3a4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "5b3f8e20d6c7"
down_revision = "2c7e51b9f3a4"

USES = (
    "('attachment', 'photo', 'logo', 'contract', 'receipt', 'invoice', 'credit_note', 'signed',"
    " 'lease', 'import_file', 'export')"
)


def upgrade() -> None:
    op.create_table(
        "lease_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("estate_id", sa.Uuid(), nullable=True),
        sa.Column("wording", sa.String(length=20000), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
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
        sa.CheckConstraint("btrim(wording) <> ''", name=op.f("ck_lease_template_has_wording")),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id"],
            ["estate.organization_id", "estate.id"],
            name=op.f("fk_lease_template_organization_id_estate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_template_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_template")),
        sa.UniqueConstraint(
            "organization_id", "estate_id", name=op.f("uq_lease_template_organization_id_estate_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_lease_template_organization_id_id")
        ),
    )
    op.create_index(
        "uq_lease_template_all",
        "lease_template",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("estate_id IS NULL"),
    )
    op.create_table(
        "lease_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
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
            "(template_id IS NULL) = (template_version IS NULL)",
            name=op.f("ck_lease_document_version_of_template"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "document_id"],
            ["document.organization_id", "document.id"],
            name=op.f("fk_lease_document_organization_id_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_lease_document_organization_id_lease_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "template_id"],
            ["lease_template.organization_id", "lease_template.id"],
            name=op.f("fk_lease_document_organization_id_template_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_lease_document_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease_document")),
        sa.UniqueConstraint(
            "organization_id",
            "document_id",
            name=op.f("uq_lease_document_organization_id_document_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_lease_document_organization_id_id")
        ),
    )
    op.create_index(
        "ix_lease_document_lease",
        "lease_document",
        ["organization_id", "lease_id", "id"],
        unique=False,
    )
    op.drop_constraint(op.f("ck_document_documentuse"), "document", type_="check")
    op.create_check_constraint(
        op.f("ck_document_documentuse"),
        "document",
        sa.text(f"use IN {USES}"),
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE document VALIDATE CONSTRAINT ck_document_documentuse")
    ddl.run("lease_papers", "lease_papers")
