"""Tenants give notice in the portal.

Revision ID: 9e4a7c13f058
Revises: 5b3f8e20d6c7
"""

from migrations import ddl

revision = "9e4a7c13f058"
down_revision = "5b3f8e20d6c7"


def upgrade() -> None:
    ddl.run("lease_notices", "facts")
