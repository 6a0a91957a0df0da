"""Tell the door with each sign-in whether the organization asks for a second factor.

Revision ID: 3d70c6b8e154
Revises: 9a4e17c20d5b
"""

from alembic import op

revision = "3d70c6b8e154"
down_revision = "9a4e17c20d5b"


def upgrade() -> None:
    op.execute("GRANT SELECT (organization_id, key, value) ON setting TO makao_auth")
    op.execute(
        "CREATE POLICY door ON setting FOR SELECT TO makao_auth"
        " USING (key = 'security.two_factor_for_money')"
    )
