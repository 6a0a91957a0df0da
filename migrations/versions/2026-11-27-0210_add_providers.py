"""Add providers of payments beside the card: mobile money, secrets of notices, disputes.

Revision ID: 7c3d9a40b2e1
Revises: 13a77c9a9f30
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "7c3d9a40b2e1"
down_revision = "13a77c9a9f30"

METHODS = "('card', 'cash', 'invoice', 'bank_transfer', 'mobile_money')"
METHOD_COLUMNS = {
    "payment_intent": "method",
    "invoice": "payment_method",
    "booking": "payment_method",
}


def upgrade() -> None:
    for table, column in METHOD_COLUMNS.items():
        name = f"ck_{table}_paymentmethod"
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(
            op.f(name), table, sa.text(f"{column} IN {METHODS}"), postgresql_not_valid=True
        )
        op.execute(sa.text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
    for column in (
        sa.Column("receipt", sa.String(120), server_default="", nullable=False),
        sa.Column("phone", sa.String(20), server_default="", nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_hash", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("payment_intent", column)
    op.create_unique_constraint(
        op.f("uq_payment_intent_notice_hash"), "payment_intent", ["notice_hash"]
    )
    op.create_index(
        "ix_payment_intent_receipt",
        "payment_intent",
        ["provider", "receipt"],
        postgresql_where=sa.text("receipt <> ''"),
    )
    op.add_column("refund", sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("refund", sa.Column("notice_hash", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_refund_notice_hash"), "refund", ["notice_hash"])
    op.add_column("provider_event", sa.Column("refund_id", sa.Uuid(), nullable=True))
    topics = sa.Enum(
        "payment",
        "refund",
        "dispute",
        name="topic",
        native_enum=False,
        create_constraint=True,
        length=32,
    )
    op.add_column(
        "provider_event", sa.Column("topic", topics, server_default="payment", nullable=False)
    )
    op.add_column(
        "provider_event", sa.Column("subject", sa.String(120), server_default="", nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_provider_event_organization_id_refund_id"),
        "provider_event",
        "refund",
        ["organization_id", "refund_id"],
        ["organization_id", "id"],
    )
    op.create_index(
        "ix_provider_event_disputes",
        "provider_event",
        ["organization_id", "received_at"],
        postgresql_where=sa.text("handled_at IS NULL AND topic = 'dispute'"),
    )
    _disputes()
    ddl.run("providers", "protection", "notices")


def _disputes() -> None:
    op.create_table(
        "payment_dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("intent_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "won",
                "lost",
                name="disputestatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(19, 4), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(400), server_default="", nullable=False),
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
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_dispute_amount_positive")),
        sa.ForeignKeyConstraint(
            ["organization_id", "intent_id"],
            ["payment_intent.organization_id", "payment_intent.id"],
            name=op.f("fk_payment_dispute_organization_id_intent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_payment_dispute_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_payment_dispute_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_dispute")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_payment_dispute_organization_id_id")
        ),
        sa.UniqueConstraint(
            "provider", "reference", name=op.f("uq_payment_dispute_provider_reference")
        ),
    )
    op.create_index(
        "ix_payment_dispute_intent", "payment_dispute", ["organization_id", "intent_id"]
    )
    op.create_index(
        "ix_payment_dispute_status", "payment_dispute", ["organization_id", "status", "id"]
    )
