"""What members of the portal may tell is written in parts.

Revision ID: 4c8e1a7d0f52
Revises: b3d81f60a2c7
"""

from migrations import ddl

revision = "4c8e1a7d0f52"
down_revision = "b3d81f60a2c7"


def upgrade() -> None:
    ddl.run("tells", "tells")
