"""Let administrators of the platform work in the browser, and suspend organizations.

Revision ID: c41f6d0b83a7
Revises: 7fd2a61c9e03
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "c41f6d0b83a7"
down_revision = "7fd2a61c9e03"


def upgrade() -> None:
    op.create_table(
        "platform_admin",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_platform_admin_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_admin")),
        sa.UniqueConstraint("profile_id", name=op.f("uq_platform_admin_profile_id")),
    )
    op.create_table(
        "platform_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("subject_table", sa.String(length=63), server_default="", nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=400), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_act")),
    )
    op.create_index("ix_platform_act_time", "platform_act", ["at"])
    op.add_column(
        "organization", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "organization",
        sa.Column("suspended_reason", sa.String(400), server_default="", nullable=False),
    )
    ddl.run("platform", "platform")
