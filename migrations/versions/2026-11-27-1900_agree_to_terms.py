"""Who agrees to a lease outside its guideline agrees to its terms, not to its rent alone.

Revision ID: 8f0d4b27c6e1
Revises: 3d9a2e74c862
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import ddl

revision = "8f0d4b27c6e1"
down_revision = "3d9a2e74c862"


def upgrade() -> None:
    op.add_column("approval", sa.Column("terms", JSONB(), nullable=True))
    ddl.run("agreed", "agreed")
