"""Link people to who they are at a provider of identities.

Revision ID: e5b80d2f7a46
Revises: f7241c60e9b5
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "e5b80d2f7a46"
down_revision = "f7241c60e9b5"


def upgrade() -> None:
    op.create_table(
        "outside_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=400), nullable=False),
        sa.Column("known_as", sa.String(length=400), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_outside_identity_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_identity")),
        sa.UniqueConstraint("issuer", "known_as", name=op.f("uq_outside_identity_issuer_known_as")),
        sa.UniqueConstraint(
            "profile_id", "issuer", name=op.f("uq_outside_identity_profile_id_issuer")
        ),
    )
    ddl.run("outside", "outside")
