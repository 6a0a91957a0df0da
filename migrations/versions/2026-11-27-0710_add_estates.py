"""Add estates with their units, owners and occupants, and let postings know units.

Revision ID: 9b1f7c2ad410
Revises: 5e0b7a91c3f2
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import ddl

revision = "9b1f7c2ad410"
down_revision = "5e0b7a91c3f2"


def upgrade() -> None:
    op.create_table(
        "estate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=400), server_default="", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=2000), server_default="", nullable=False),
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
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_estate_has_name")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_estate_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_estate_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_estate_organization_id_name")),
    )
    op.create_table(
        "block",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("estate_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
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
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_block_has_name")),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id"],
            ["estate.organization_id", "estate.id"],
            name=op.f("fk_block_organization_id_estate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_block_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint(
            "organization_id", "estate_id", "id", name=op.f("uq_block_organization_id_estate_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "estate_id",
            "name",
            name=op.f("uq_block_organization_id_estate_id_name"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_block_organization_id_id")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("estate_id", sa.Uuid(), nullable=False),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "type",
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
            server_default="apartment",
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "vacant",
                "reserved",
                "occupied",
                "out_of_use",
                name="unitstatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("flow_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("bedrooms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("area", sa.Numeric(precision=9, scale=2), nullable=True),
        sa.Column("apartment_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=2000), server_default="", nullable=False),
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
        sa.CheckConstraint("btrim(number) <> ''", name=op.f("ck_unit_has_number")),
        sa.CheckConstraint("area > 0", name=op.f("ck_unit_area")),
        sa.CheckConstraint("bedrooms BETWEEN 0 AND 50", name=op.f("ck_unit_bedrooms")),
        sa.ForeignKeyConstraint(
            ["organization_id", "apartment_id"],
            ["apartment.organization_id", "apartment.id"],
            name=op.f("fk_unit_organization_id_apartment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id", "block_id"],
            ["block.organization_id", "block.estate_id", "block.id"],
            name="fk_unit_block_of_estate",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "estate_id"],
            ["estate.organization_id", "estate.id"],
            name=op.f("fk_unit_organization_id_estate_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_unit_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint(
            "organization_id", "apartment_id", name=op.f("uq_unit_organization_id_apartment_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "estate_id",
            "number",
            name=op.f("uq_unit_organization_id_estate_id_number"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_unit_organization_id_id")),
    )
    op.create_index("ix_unit_block", "unit", ["organization_id", "block_id"], unique=False)
    op.create_index("ix_unit_status", "unit", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "occupancy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner_occupier",
                "tenant",
                "resident",
                name="occupancyrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
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
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(unit_id, unit_id, '[]')"), "&&"),
            (sa.text("daterange(since, until, '[]')"), "&&"),
            where=sa.text("role IN ('owner_occupier', 'tenant')"),
            using="gist",
            name="ex_occupancy_head",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(unit_id, unit_id, '[]')"), "&&"),
            (sa.text("uuidrange(party_id, party_id, '[]')"), "&&"),
            (sa.text("daterange(since, until, '[]')"), "&&"),
            using="gist",
            name="ex_occupancy_days",
        ),
        sa.CheckConstraint("until >= since", name=op.f("ck_occupancy_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_occupancy_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_occupancy_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_occupancy_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_occupancy_organization_id_id")),
    )
    op.create_index(
        "ix_occupancy_party", "occupancy", ["organization_id", "party_id"], unique=False
    )
    op.create_index("ix_occupancy_unit", "occupancy", ["organization_id", "unit_id"], unique=False)
    op.create_table(
        "ownership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("share_parts", sa.Integer(), server_default="1", nullable=False),
        sa.Column("share_of", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "share",
            sa.Numeric(precision=7, scale=4),
            sa.Computed("round(100.0 * share_parts / share_of, 4)", persisted=True),
            nullable=False,
        ),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
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
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(unit_id, unit_id, '[]')"), "&&"),
            (sa.text("uuidrange(party_id, party_id, '[]')"), "&&"),
            (sa.text("daterange(since, until, '[]')"), "&&"),
            using="gist",
            name="ex_ownership_days",
        ),
        sa.CheckConstraint(
            "share_parts BETWEEN 1 AND share_of AND share_of <= 1000000",
            name=op.f("ck_ownership_share"),
        ),
        sa.CheckConstraint("until >= since", name=op.f("ck_ownership_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["organization_id", "party_id"],
            ["party.organization_id", "party.id"],
            name=op.f("fk_ownership_organization_id_party_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "unit_id"],
            ["unit.organization_id", "unit.id"],
            name=op.f("fk_ownership_organization_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_ownership_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_ownership_organization_id_id")),
    )
    op.create_index(
        "ix_ownership_party", "ownership", ["organization_id", "party_id"], unique=False
    )
    op.create_index("ix_ownership_unit", "ownership", ["organization_id", "unit_id"], unique=False)
    for table in ("invoice", "posting"):
        op.add_column(table, sa.Column("unit_id", sa.Uuid(), nullable=True))
        key = f"fk_{table}_organization_id_unit_id"
        op.create_foreign_key(
            op.f(key),
            table,
            "unit",
            ["organization_id", "unit_id"],
            ["organization_id", "id"],
            postgresql_not_valid=True,
        )
        op.execute(sa.text(f"ALTER TABLE {table} VALIDATE CONSTRAINT {key}"))
    ddl.run("estate", "estate", "units_in_ledger")
    with op.get_context().autocommit_block():
        for table in ("invoice", "posting"):
            op.create_index(
                f"ix_{table}_unit",
                table,
                ["organization_id", "unit_id"],
                postgresql_where=sa.text("unit_id IS NOT NULL"),
                postgresql_concurrently=True,
                if_not_exists=True,
            )
