"""Keep facts that are still to be published in a table of their own; facts are never changed.

Revision ID: 5be07d41c9a2
Revises: e7a2590bb6d1
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "5be07d41c9a2"
down_revision = "e7a2590bb6d1"


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_outbox_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_oldest", "outbox", ["organization_id", "id"])
    ddl.run("outbox", "outbox")
    op.execute(
        "INSERT INTO outbox (organization_id, id)"
        " SELECT organization_id, id FROM event WHERE relayed_at IS NULL"
    )
    op.drop_index("ix_event_unrelayed", table_name="event")
    op.drop_column("event", "relayed_at")
