"""Save cards, and pay invoices by themselves with them.

Revision ID: c4e92a71b3d8
Revises: fec1d0d52ab0
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "c4e92a71b3d8"
down_revision = "fec1d0d52ab0"


def upgrade() -> None:
    _saved_way()
    _payment_intent()
    _autopay()
    ddl.run("saved_ways", "saved_ways")


def _saved_way() -> None:
    op.create_table(
        "saved_way",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("token_locked", sa.String(length=1000), nullable=False),
        sa.Column("fingerprint", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=40), server_default="", nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("agreed_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
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
        sa.CheckConstraint("last_four ~ '^[0-9]{4}$'", name=op.f("ck_saved_way_last_four_digits")),
        sa.CheckConstraint(
            "forget_at IS NULL OR revoked_at IS NOT NULL",
            name=op.f("ck_saved_way_forgotten_when_removed"),
        ),
        sa.ForeignKeyConstraint(
            ["agreed_by_id"], ["profile.id"], name=op.f("fk_saved_way_agreed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_saved_way_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_saved_way_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_way")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_saved_way_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "id",
            name=op.f("uq_saved_way_organization_id_party_id_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "party_id",
            "provider",
            "id",
            name=op.f("uq_saved_way_organization_id_party_id_provider_id"),
        ),
    )
    op.create_index(
        "uq_saved_way_card",
        "saved_way",
        ["organization_id", "party_id", "provider", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_index(
        "ix_saved_way_forget",
        "saved_way",
        ["organization_id", "forget_at"],
        postgresql_where=sa.text("forget_at IS NOT NULL"),
    )


def _payment_intent() -> None:
    op.add_column(
        "payment_intent",
        sa.Column("failure_code", sa.String(length=60), server_default="", nullable=False),
    )
    op.add_column(
        "payment_intent",
        sa.Column("saves", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("payment_intent", sa.Column("saved_way_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_payment_intent_saved_way"),
        "payment_intent",
        "saved_way",
        ["organization_id", "party_id", "provider", "saved_way_id"],
        ["organization_id", "party_id", "provider", "id"],
    )
    _check(
        "payment_intent",
        "charges_a_card",
        "saved_way_id IS NULL OR method = 'card' AND NOT saves AND wallet_id IS NULL",
    )
    _check("payment_intent", "saves_a_card", "NOT saves OR method = 'card' AND wallet_id IS NULL")


def _autopay() -> None:
    op.alter_column("autopay", "wallet_id", nullable=True)
    op.add_column("autopay", sa.Column("saved_way_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_autopay_organization_id_party_id_saved_way_id"),
        "autopay",
        "saved_way",
        ["organization_id", "party_id", "saved_way_id"],
        ["organization_id", "party_id", "id"],
    )
    op.create_unique_constraint(
        op.f("uq_autopay_organization_id_saved_way_id"),
        "autopay",
        ["organization_id", "saved_way_id"],
    )
    op.create_index(
        "uq_autopay_in_force",
        "autopay",
        ["organization_id", "party_id", "currency"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    _check("autopay", "one_way", "num_nonnulls(wallet_id, saved_way_id) = 1")
    op.drop_constraint(op.f("ck_autopay_run_runoutcome"), "autopay_run", type_="check")
    _check("autopay_run", "runoutcome", "outcome IN ('paid', 'short', 'refused', 'begun')")
    op.add_column("autopay_run", sa.Column("intent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_autopay_run_organization_id_intent_id"),
        "autopay_run",
        "payment_intent",
        ["organization_id", "intent_id"],
        ["organization_id", "id"],
    )
    op.create_index(
        "ix_autopay_run_intent",
        "autopay_run",
        ["organization_id", "intent_id"],
        postgresql_where=sa.text("intent_id IS NOT NULL"),
    )
    _check("autopay_run", "begun_with_a_payment", "(outcome = 'begun') = (intent_id IS NOT NULL)")


def _check(table: str, name: str, rule: str) -> None:
    whole = f"ck_{table}_{name}"
    op.create_check_constraint(op.f(whole), table, sa.text(rule), postgresql_not_valid=True)
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {whole}")
