"""Confirm addresses and phones by codes, and tell what is urgent by text message.

Revision ID: b3d81f60a2c7
Revises: 7d3a0e62f440
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "b3d81f60a2c7"
down_revision = "7d3a0e62f440"

ABOUT = (
    "about IN ('password_link', 'password_changed', 'second_factor_off', 'outside_linked',"
    " 'email_code', 'phone_code', 'email_changed', 'phone_taken')"
)


def upgrade() -> None:
    _allow("dispatch", "ck_dispatch_channel", "channel IN ('email', 'sms')")
    _allow("account_mail", "ck_account_mail_mailabout", ABOUT)
    op.add_column("account_mail", sa.Column("profile_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_account_mail_profile_id"), "account_mail", "profile", ["profile_id"], ["id"]
    )
    op.create_index("ix_account_mail_profile", "account_mail", ["profile_id", "created_at"])
    op.add_column("account_mail", _channel(server_default="email"))
    op.create_check_constraint(
        op.f("ck_account_mail_channel"), "account_mail", sa.text("channel IN ('email', 'sms')")
    )
    op.add_column(
        "profile", sa.Column("phone_confirmed_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "profile",
        sa.Column("text_notices", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.create_table(
        "contact_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        _channel(),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("proved_in", sa.String(length=20), server_default="", nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_contact_code_channel")),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_contact_code_tries_are_few")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_contact_code_profile_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_code")),
    )
    op.create_index("ix_contact_code_profile", "contact_code", ["profile_id", "channel", "id"])
    op.create_index("ix_contact_code_made", "contact_code", ["made_at"])
    ddl.run("contacts", "contacts")
    op.create_index(
        "uq_profile_confirmed_phone",
        "profile",
        ["phone"],
        unique=True,
        postgresql_where=sa.text("phone_confirmed_at IS NOT NULL"),
    )
    op.create_index(
        "uq_profile_confirmed_email",
        "profile",
        [sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("email_confirmed_at IS NOT NULL"),
    )


def _channel(**other: str) -> sa.Column[str]:
    return sa.Column("channel", sa.String(length=32), nullable=False, **other)


def _allow(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, sa.text(rule), postgresql_not_valid=True)
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
