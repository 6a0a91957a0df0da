"""Add inspections of leased units.

Revision ID: fec1d0d52ab0
Revises: 4c8e1a7d0f52
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "fec1d0d52ab0"
down_revision = "4c8e1a7d0f52"


def upgrade() -> None:
    op.create_table(
        "inspection_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "unit_type",
            sa.Enum(
                "apartment",
                "house",
                "studio",
                "shop",
                "office",
                "parking",
                "storage",
                "plot",
                name="unittype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("rooms", sa.String(length=8000), nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("btrim(rooms) <> ''", name=op.f("ck_inspection_template_has_rooms")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_inspection_template_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_template")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_inspection_template_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "unit_type",
            name=op.f("uq_inspection_template_organization_id_unit_type"),
        ),
    )
    op.create_index(
        "uq_inspection_template_all",
        "inspection_template",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("unit_type IS NULL"),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "move_in",
                "periodic",
                "move_out",
                name="inspectionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "signed_off",
                name="inspectionstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("inspector", sa.String(length=120), nullable=False),
        sa.Column("water", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("power", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("gas", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'signed_off') = (signed_off_at IS NOT NULL)",
            name=op.f("ck_inspection_signed_off"),
        ),
        sa.CheckConstraint("btrim(inspector) <> ''", name=op.f("ck_inspection_by_somebody")),
        sa.CheckConstraint(
            "water >= 0 AND power >= 0 AND gas >= 0", name=op.f("ck_inspection_readings")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lease_id"],
            ["lease.organization_id", "lease.id"],
            name=op.f("fk_inspection_organization_id_lease_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_inspection_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_inspection_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "number", name=op.f("uq_inspection_organization_id_number")
        ),
    )
    op.create_index(
        "ix_inspection_lease", "inspection", ["organization_id", "lease_id", "id"], unique=False
    )
    op.create_index(
        "uq_inspection_first_and_last",
        "inspection",
        ["organization_id", "lease_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind <> 'periodic'"),
    )
    op.create_table(
        "inspection_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("thing", sa.String(length=120), nullable=False),
        sa.Column(
            "grade",
            sa.Enum(
                "good",
                "worn",
                "dirty",
                "damaged",
                "missing",
                name="condition",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("cost", sa.Numeric(precision=19, scale=4), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "btrim(room) <> '' AND btrim(thing) <> ''", name=op.f("ck_inspection_item_named")
        ),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_inspection_item_cost")),
        sa.ForeignKeyConstraint(
            ["organization_id", "inspection_id"],
            ["inspection.organization_id", "inspection.id"],
            name=op.f("fk_inspection_item_organization_id_inspection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_inspection_item_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_item")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_inspection_item_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "inspection_id",
            "room",
            "thing",
            name=op.f("uq_inspection_item_organization_id_inspection_id_room_thing"),
        ),
    )
    ddl.run("inspections", "inspections")
