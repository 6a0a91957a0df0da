"""Applicants are written to, also those who have no sign-in; contacts are checked and kept by oneself.

Revision ID: 2c7e51b9f3a4
Revises: 8f0d4b27c6e1
"""

import sqlalchemy as sa
from alembic import op

from migrations import ddl

revision = "2c7e51b9f3a4"
down_revision = "8f0d4b27c6e1"


def upgrade() -> None:
    op.add_column("dispatch", sa.Column("application_id", sa.Uuid(), nullable=True))
    op.add_column(
        "dispatch", sa.Column("about", sa.String(length=20), server_default="", nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_dispatch_organization_id_application_id"),
        "dispatch",
        "application",
        ["organization_id", "application_id"],
        ["organization_id", "id"],
    )
    op.drop_constraint(op.f("ck_dispatch_about_one_thing"), "dispatch", type_="check")
    op.create_check_constraint(
        op.f("ck_dispatch_about_one_thing"),
        "dispatch",
        sa.text(
            "num_nonnulls(notification_id, invitation_id, document_id, application_id) = 1"
            " AND (application_id IS NULL) = (about = '')"
        ),
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE dispatch VALIDATE CONSTRAINT ck_dispatch_about_one_thing")
    ddl.run("application_mails", "application_mails")
