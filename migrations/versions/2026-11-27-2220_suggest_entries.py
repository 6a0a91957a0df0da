"""Lines of the bank are suggested to be entries that the books have already.

Revision ID: 7d3a0e62f440
Revises: 6c2f9d51e330
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "7d3a0e62f440"
down_revision = "6c2f9d51e330"


def upgrade() -> None:
    op.add_column("bank_line", sa.Column("suggested_entry_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_bank_line_organization_id_suggested_entry_id"),
        "bank_line",
        "journal_entry",
        ["organization_id", "suggested_entry_id"],
        ["organization_id", "id"],
    )
    ddl.run("bank_entries", "bank_entries")
