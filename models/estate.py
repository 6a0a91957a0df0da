"""Estates: their blocks and units, who owns how much of a unit, and who lives there, each dated."""

from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Currency, Name
from core.flow import Flow
from core.scope import PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.people import Party

DAYS = "daterange(since, until, '[]')"
"""The days of a dated relation; both its first and its last one count."""


class Estate(Record):
    """A place with units: money there is in `currency`, days begin at midnight in `time_zone`."""

    __tablename__ = "estate"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id", "name", info={"says": N_("There is an estate of that name.")}
        ),
        CheckConstraint(
            "btrim(name) <> ''", "has_name", info={"says": N_("An estate needs a name.")}
        ),
    )

    name: Mapped[Name]
    address: Mapped[str] = mapped_column(String(400), server_default="")
    currency: Mapped[Currency]
    time_zone: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(2000), server_default="")

    def __str__(self) -> str:
        return self.name


class Block(Record):
    """A building, street or section of an estate."""

    __tablename__ = "block"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        UniqueConstraint(
            "organization_id",
            "estate_id",
            "name",
            info={"says": N_("The estate has a block of that name.")},
        ),
        # Serves the key of units: a unit stands in a block of its own estate.
        UniqueConstraint("organization_id", "estate_id", "id"),
        CheckConstraint(
            "btrim(name) <> ''", "has_name", info={"says": N_("A block needs a name.")}
        ),
    )

    estate_id: Mapped[UUID]
    name: Mapped[Name]

    estate: Mapped[Estate] = relationship(
        primaryjoin="foreign(Block.estate_id) == Estate.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class UnitType(StrEnum):
    """What a unit is used as."""

    apartment = auto()
    house = auto()
    studio = auto()
    shop = auto()
    office = auto()
    parking = auto()
    storage = auto()
    plot = auto()


UNIT_TYPE_LABELS = {
    UnitType.apartment: N_("Apartment"),
    UnitType.house: N_("House"),
    UnitType.studio: N_("Studio"),
    UnitType.shop: N_("Shop"),
    UnitType.office: N_("Office"),
    UnitType.parking: N_("Parking space"),
    UnitType.storage: N_("Store room"),
    UnitType.plot: N_("Plot"),
}


class UnitStatus(StrEnum):
    """Whether somebody has a unit now. It follows its occupancies, but for `out_of_use`."""

    vacant = auto()
    reserved = auto()
    occupied = auto()
    out_of_use = auto()


_U = UnitStatus
UNIT_FLOW = Flow(
    start=_U.vacant,
    moves={
        "reserve": ({_U.vacant}, _U.reserved),
        "release": ({_U.reserved}, _U.vacant),
        "occupy": ({_U.vacant, _U.reserved, _U.out_of_use}, _U.occupied),
        "leave": ({_U.occupied}, _U.vacant),
        "take_out_of_use": ({_U.vacant, _U.reserved}, _U.out_of_use),
        "put_into_use": ({_U.out_of_use}, _U.vacant),
    },
    labels={
        _U.vacant: N_("Vacant"),
        _U.reserved: N_("Reserved"),
        _U.occupied: N_("Occupied"),
        _U.out_of_use: N_("Out of use"),
    },
    meanings={
        _U.vacant: "waiting",
        _U.reserved: "needs",
        _U.occupied: "good",
        _U.out_of_use: "stopped",
    },
)


class Unit(Record):
    """What is owned, let and lived in: an apartment, a shop, a parking space. Area is in m².

    `apartment_id` is what it was sold as, where sales brought it.
    """

    __tablename__ = "unit"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        same_organization("apartment_id", "apartment"),
        ForeignKeyConstraint(
            ["organization_id", "estate_id", "block_id"],
            ["block.organization_id", "block.estate_id", "block.id"],
            name="fk_unit_block_of_estate",
            info={"says": N_("The estate has no such block.")},
        ),
        UniqueConstraint(
            "organization_id",
            "estate_id",
            "number",
            info={"says": N_("The estate has a unit of that number.")},
        ),
        UniqueConstraint(
            "organization_id",
            "apartment_id",
            info={"says": N_("The apartment was handed over already.")},
        ),
        Index("ix_unit_block", "organization_id", "block_id"),
        Index("ix_unit_status", "organization_id", "status", "id"),
        CheckConstraint("area > 0", "area", info={"says": N_("An area is more than zero.")}),
        CheckConstraint(
            "bedrooms BETWEEN 0 AND 50", "bedrooms", info={"says": N_("Bedrooms are 0 to 50.")}
        ),
        CheckConstraint(
            "btrim(number) <> ''", "has_number", info={"says": N_("A unit needs a number.")}
        ),
    )

    estate_id: Mapped[UUID]
    block_id: Mapped[UUID | None]
    number: Mapped[str] = mapped_column(String(40))
    type: Mapped[UnitType] = mapped_column(server_default=UnitType.apartment)
    status: Mapped[UnitStatus] = mapped_column(default=UNIT_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    floor: Mapped[int | None]
    bedrooms: Mapped[int] = mapped_column(server_default="0", default=0)
    area: Mapped[Decimal | None] = mapped_column(Numeric(9, 2))
    apartment_id: Mapped[UUID | None]
    note: Mapped[str] = mapped_column(String(2000), server_default="")

    estate: Mapped[Estate] = relationship(
        primaryjoin="foreign(Unit.estate_id) == Estate.id", lazy="raise_on_sql"
    )
    block: Mapped[Block | None] = relationship(
        primaryjoin="foreign(Unit.block_id) == Block.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number


def _other_days(name: str, *keys: str, **more: object) -> ExcludeConstraint:
    """Refuse two rows that have all these keys in common and share a day."""
    same = [(text(f"uuidrange({key}, {key}, '[]')"), "&&") for key in keys]
    return ExcludeConstraint(*same, (text(DAYS), "&&"), name=name, using="gist", **more)


def _ends() -> CheckConstraint:
    says = N_("It ends before it begins.")
    return CheckConstraint("until >= since", "ends_after_it_begins", info={"says": says})


class Ownership(PartyScoped, Record):
    """A party owns `share_parts` of `share_of` parts of a unit, from `since` to `until` (if ever).

    The database keeps all shares of a unit within the whole on each day; `share` is the same in
    percent, rounded for reading.
    """

    __tablename__ = "ownership"
    __table_args__ = keyed(
        same_organization("unit_id", "unit"),
        same_organization("party_id", "party"),
        _other_days(
            "ex_ownership_days",
            "unit_id",
            "party_id",
            info={"says": N_("They own a part of this unit on some of these days already.")},
        ),
        Index("ix_ownership_unit", "organization_id", "unit_id"),
        Index("ix_ownership_party", "organization_id", "party_id"),
        CheckConstraint(
            "share_parts BETWEEN 1 AND share_of AND share_of <= 1000000",
            "share",
            info={"says": N_("A share is like 1 of 3: from one part up to all of them.")},
        ),
        _ends(),
    )

    unit_id: Mapped[UUID]
    party_id: Mapped[UUID]
    share_parts: Mapped[int] = mapped_column(server_default="1", default=1)
    share_of: Mapped[int] = mapped_column(server_default="1", default=1)
    share: Mapped[Decimal] = mapped_column(
        Numeric(7, 4), Computed("round(100.0 * share_parts / share_of, 4)", persisted=True)
    )
    since: Mapped[date]
    until: Mapped[date | None]

    unit: Mapped[Unit] = relationship(
        primaryjoin="foreign(Ownership.unit_id) == Unit.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Ownership.party_id) == Party.id", lazy="raise_on_sql"
    )


class OccupancyRole(StrEnum):
    """As what somebody lives in a unit, or uses it. Of the first two a unit has one at a time."""

    owner_occupier = auto()
    tenant = auto()
    resident = auto()


OCCUPANCY_ROLE_LABELS = {
    OccupancyRole.owner_occupier: N_("Owner who lives there"),
    OccupancyRole.tenant: N_("Tenant"),
    OccupancyRole.resident: N_("Resident"),
}
HEADS = (OccupancyRole.owner_occupier, OccupancyRole.tenant)
"""Who has a unit, and answers for it; residents live there with them."""


class Occupancy(PartyScoped, Record):
    """A party lives in a unit, or uses it, from `since` to `until` (if ever)."""

    __tablename__ = "occupancy"
    __table_args__ = keyed(
        same_organization("unit_id", "unit"),
        same_organization("party_id", "party"),
        _other_days(
            "ex_occupancy_days",
            "unit_id",
            "party_id",
            info={"says": N_("They live in this unit on some of these days already.")},
        ),
        _other_days(
            "ex_occupancy_head",
            "unit_id",
            where=text("role IN ('owner_occupier', 'tenant')"),
            info={"says": N_("Somebody else has this unit on some of these days.")},
        ),
        Index("ix_occupancy_unit", "organization_id", "unit_id"),
        Index("ix_occupancy_party", "organization_id", "party_id"),
        _ends(),
    )

    unit_id: Mapped[UUID]
    party_id: Mapped[UUID]
    role: Mapped[OccupancyRole]
    since: Mapped[date]
    until: Mapped[date | None]

    unit: Mapped[Unit] = relationship(
        primaryjoin="foreign(Occupancy.unit_id) == Unit.id", lazy="raise_on_sql"
    )
    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Occupancy.party_id) == Party.id", lazy="raise_on_sql"
    )
