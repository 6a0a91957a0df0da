"""Open forgotten passwords by a link, and send mails about accounts.

Revision ID: 9a4e17c20d5b
Revises: 9b1f7c2ad410
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "9a4e17c20d5b"
down_revision = "9b1f7c2ad410"


def upgrade() -> None:
    op.create_table(
        "password_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_password_link_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_password_link_code_hash")),
    )
    op.create_index(
        "uq_password_link_live",
        "password_link",
        ["profile_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "account_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "about",
            sa.Enum(
                "password_link",
                "password_changed",
                "second_factor_off",
                name="mailabout",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_mail")),
    )
    op.create_index("ix_account_mail_address", "account_mail", ["address", "created_at"])
    op.create_index(
        "ix_account_mail_due",
        "account_mail",
        ["due_at"],
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    for column in ("password_changed_at", "email_confirmed_at"):
        op.add_column("profile", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.drop_column("profile", "must_change_password")
    ddl.run("passwords", "passwords")
