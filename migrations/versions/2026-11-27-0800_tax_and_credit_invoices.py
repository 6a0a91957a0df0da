"""Tax invoices: taxes with dated rates, discounts, credit notes, credit that pays, styles of papers.

Revision ID: c41f7d0a8e15
Revises: 3d70c6b8e154
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "c41f7d0a8e15"
down_revision = "3d70c6b8e154"

USES = (
    "('attachment', 'photo', 'logo', 'contract', 'receipt', 'invoice', 'credit_note',"
    " 'import_file', 'export')"
)
PAPERS = "use IN ('contract', 'receipt', 'invoice', 'credit_note')"


def upgrade() -> None:
    op.create_table(
        "tax",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=20), server_default="2010", nullable=False),
        sa.Column("included", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
            "code ~ '^[0-9A-Za-z][0-9A-Za-z.-]{0,19}$'", name=op.f("ck_tax_code_is_plain")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_tax_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_tax_organization_id_id")),
        sa.UniqueConstraint("organization_id", "code", name=op.f("uq_tax_organization_id_code")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("tax_id", sa.Uuid(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=7, scale=4), nullable=False),
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
        sa.CheckConstraint("percent >= 0 AND percent <= 100", name=op.f("ck_tax_rate_percent")),
        sa.ForeignKeyConstraint(
            ["organization_id", "tax_id"],
            ["tax.organization_id", "tax.id"],
            name=op.f("fk_tax_rate_organization_id_tax_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_tax_rate_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_tax_rate_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "tax_id",
            "begins_on",
            name=op.f("uq_tax_rate_organization_id_tax_id_begins_on"),
        ),
    )
    op.create_table(
        "paper_style",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "credit_note",
                name="paperkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("heading", sa.String(length=60), server_default="", nullable=False),
        sa.Column("accent", sa.String(length=7), server_default="#0f766e", nullable=False),
        sa.Column("opening", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("closing", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("foot", sa.String(length=200), server_default="", nullable=False),
        sa.Column("show_bank", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("show_logo", sa.Boolean(), server_default=sa.text("true"), nullable=False),
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
            "accent ~ '^#[0-9a-f]{6}$'", name=op.f("ck_paper_style_accent_is_a_colour")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_paper_style_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_style")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_paper_style_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "kind", name=op.f("uq_paper_style_organization_id_kind")
        ),
    )
    ddl.run("tax", "lines")
    op.create_table(
        "credit_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.Numeric(precision=19, scale=4), server_default="0", nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("once", sa.String(length=80), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
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
        sa.CheckConstraint("total >= 0", name=op.f("ck_credit_note_total_not_negative")),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_credit_note_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_credit_note_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_credit_note_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_credit_note_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "number", name=op.f("uq_credit_note_organization_id_number")
        ),
        sa.UniqueConstraint(
            "organization_id", "once", name=op.f("uq_credit_note_organization_id_once")
        ),
    )
    op.create_index(
        "ix_credit_note_invoice", "credit_note", ["organization_id", "invoice_id"], unique=False
    )
    op.create_index(
        "ix_credit_note_party", "credit_note", ["organization_id", "party_id", "id"], unique=False
    )
    op.create_table(
        "credit_note_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("credit_note_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column(
            "gross_amount",
            sa.Numeric(precision=19, scale=4),
            sa.Computed("net_amount + tax_amount", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "net_amount >= 0 AND tax_amount >= 0", name=op.f("ck_credit_note_line_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "credit_note_id"],
            ["credit_note.organization_id", "credit_note.id"],
            name=op.f("fk_credit_note_line_organization_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_line_id"],
            ["invoice_line.organization_id", "invoice_line.id"],
            name=op.f("fk_credit_note_line_organization_id_invoice_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_credit_note_line_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        sa.UniqueConstraint(
            "organization_id",
            "credit_note_id",
            "invoice_line_id",
            name=op.f("uq_credit_note_line_organization_id_credit_note_id_invoice_line_id"),
        ),
    )
    op.create_index(
        "ix_credit_note_line_of",
        "credit_note_line",
        ["organization_id", "invoice_line_id"],
        unique=False,
    )
    op.create_table(
        "credit_use",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("credit_note_id", sa.Uuid(), nullable=True),
        sa.Column("once", sa.String(length=80), nullable=True),
        sa.Column("amount", sa.Numeric(precision=19, scale=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_use_amount_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "invoice_id"],
            ["invoice.organization_id", "invoice.id"],
            name=op.f("fk_credit_use_organization_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_credit_use_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "credit_note_id"],
            ["credit_note.organization_id", "credit_note.id"],
            name=op.f("fk_credit_use_organization_id_credit_note_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_credit_use_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_use")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_credit_use_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "credit_note_id",
            name=op.f("uq_credit_use_organization_id_credit_note_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "once", name=op.f("uq_credit_use_organization_id_once")
        ),
    )
    op.create_index(
        "ix_credit_use_invoice", "credit_use", ["organization_id", "invoice_id"], unique=False
    )
    op.drop_constraint(op.f("ck_document_documentuse"), "document", type_="check")
    op.create_check_constraint(
        op.f("ck_document_documentuse"), "document", sa.text(f"use IN {USES}")
    )
    op.create_index(
        "uq_document_paper",
        "document",
        ["organization_id", "subject_id", "use"],
        unique=True,
        postgresql_where=sa.text(PAPERS),
    )
    op.add_column("dispatch", sa.Column("document_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_dispatch_organization_id_document_id"),
        "dispatch",
        "document",
        ["organization_id", "document_id"],
        ["organization_id", "id"],
    )
    op.create_unique_constraint(
        op.f("uq_dispatch_organization_id_document_id_address"),
        "dispatch",
        ["organization_id", "document_id", "address"],
    )
    op.drop_constraint(op.f("ck_dispatch_about_one_thing"), "dispatch", type_="check")
    op.create_check_constraint(
        op.f("ck_dispatch_about_one_thing"),
        "dispatch",
        sa.text("num_nonnulls(notification_id, invitation_id, document_id) = 1"),
    )
    ddl.run("tax", "credits")
