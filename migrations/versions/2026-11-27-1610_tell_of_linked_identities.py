"""A mail tells of an identity outside that opens an account from now on.

Revision ID: 4f9d3a61c2b8
Revises: 8c5f20b7e914
"""

import sqlalchemy as sa
from alembic import op

revision = "4f9d3a61c2b8"
down_revision = "8c5f20b7e914"


def upgrade() -> None:
    name = "ck_account_mail_mailabout"
    op.drop_constraint(op.f(name), "account_mail", type_="check")
    op.create_check_constraint(
        op.f(name),
        "account_mail",
        sa.text(
            "about IN ('password_link', 'password_changed', 'second_factor_off', 'outside_linked')"
        ),
        postgresql_not_valid=True,
    )
    op.execute(f"ALTER TABLE account_mail VALIDATE CONSTRAINT {name}")
