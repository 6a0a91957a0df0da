"""Parties have a standing.

Revision ID: 1b7e0c52a640
Revises: 5be07d41c9a2
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "1b7e0c52a640"
down_revision = "5be07d41c9a2"


def upgrade() -> None:
    op.add_column(
        "party",
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "active",
                "inactive",
                "blacklisted",
                name="partystatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="active",
            nullable=False,
        ),
    )
    op.add_column(
        "party",
        sa.Column("status_reason", sa.String(length=400), server_default="", nullable=False),
    )
    op.add_column("party", sa.Column("status_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_party_blacklisted_for_a_reason"),
        "party",
        sa.text("status <> 'blacklisted' OR btrim(status_reason) <> ''"),
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE party VALIDATE CONSTRAINT ck_party_blacklisted_for_a_reason")
    op.create_index("ix_party_status", "party", ["organization_id", "status", "id"], unique=False)
    ddl.run("standing", "standing")
