"""Inspections of leased units: what was found, thing by thing, when somebody moved in or out."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Currency, Name
from core.flow import Flow
from core.scope import Record, keyed, same_organization
from core.text import N_
from models.estate import UnitType
from models.leasing import Lease

ONE_LIST = N_("There is a list for that already. Change that one.")
Reading = Annotated[Decimal, mapped_column(Numeric(14, 3))]


class InspectionKind(StrEnum):
    """When a unit is looked at. Of the first and the last there is one a lease."""

    move_in = auto()
    periodic = auto()
    move_out = auto()


INSPECTION_KIND_LABELS = {
    InspectionKind.move_in: N_("Moving in"),
    InspectionKind.periodic: N_("In between"),
    InspectionKind.move_out: N_("Moving out"),
}


class InspectionStatus(StrEnum):
    """Whether an inspection is still being written."""

    draft = auto()
    signed_off = auto()


INSPECTION_FLOW = Flow(
    start=InspectionStatus.draft,
    moves={"sign_off": ({InspectionStatus.draft}, InspectionStatus.signed_off)},
    labels={
        InspectionStatus.draft: N_("Being written"),
        InspectionStatus.signed_off: N_("Signed off"),
    },
    meanings={InspectionStatus.draft: "waiting", InspectionStatus.signed_off: "good"},
)


class Condition(StrEnum):
    """What a thing was found like."""

    good = auto()
    worn = auto()
    dirty = auto()
    damaged = auto()
    missing = auto()


CONDITION_LABELS = {
    Condition.good: N_("Good"),
    Condition.worn: N_("Worn by use"),
    Condition.dirty: N_("Dirty"),
    Condition.damaged: N_("Damaged"),
    Condition.missing: N_("Missing"),
}


class Inspection(Record):
    """A look at the unit of a lease on a day. Signed off, nothing of it changes."""

    __tablename__ = "inspection"
    __table_args__ = keyed(
        same_organization("lease_id", "lease"),
        UniqueConstraint("organization_id", "number"),
        Index(
            "uq_inspection_first_and_last",
            "organization_id",
            "lease_id",
            "kind",
            unique=True,
            postgresql_where=text("kind <> 'periodic'"),
            info={"says": N_("The lease has such an inspection already.")},
        ),
        Index("ix_inspection_lease", "organization_id", "lease_id", "id"),
        CheckConstraint(
            "water >= 0 AND power >= 0 AND gas >= 0",
            "readings",
            info={"says": N_("A reading is zero or more.")},
        ),
        CheckConstraint("(status = 'signed_off') = (signed_off_at IS NOT NULL)", "signed_off"),
        CheckConstraint(
            "btrim(inspector) <> ''", "by_somebody", info={"says": N_("Say who looks at it.")}
        ),
    )

    number: Mapped[str] = mapped_column(String(40))
    lease_id: Mapped[UUID]
    kind: Mapped[InspectionKind]
    status: Mapped[InspectionStatus] = mapped_column(default=INSPECTION_FLOW.start)
    inspected_on: Mapped[date]
    inspector: Mapped[Name]
    water: Mapped[Reading | None]
    power: Mapped[Reading | None]
    gas: Mapped[Reading | None]
    note: Mapped[str] = mapped_column(String(2000), server_default="", default="")
    signed_off_at: Mapped[datetime | None]

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(Inspection.lease_id) == Lease.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number


class InspectionItem(Record):
    """A thing in a room: what it was found like, and what mending it is thought to cost.

    Without a grade nobody has looked at it yet. Pictures of it are its files.
    """

    __tablename__ = "inspection_item"
    __table_args__ = keyed(
        same_organization("inspection_id", "inspection"),
        UniqueConstraint(
            "organization_id",
            "inspection_id",
            "room",
            "thing",
            info={"says": N_("That stands in this inspection already.")},
        ),
        CheckConstraint("cost >= 0", "cost", info={"says": N_("A cost is zero or more.")}),
        CheckConstraint(
            "btrim(room) <> '' AND btrim(thing) <> ''",
            "named",
            info={"says": N_("Name the room, and the thing in it.")},
        ),
    )

    inspection_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(server_default="0", default=0)
    room: Mapped[Name]
    thing: Mapped[Name]
    grade: Mapped[Condition | None]
    note: Mapped[str] = mapped_column(String(1000), server_default="", default="")
    cost: Mapped[Amount | None]
    currency: Mapped[Currency]

    inspection: Mapped[Inspection] = relationship(
        primaryjoin="foreign(InspectionItem.inspection_id) == Inspection.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.thing


class InspectionTemplate(Record):
    """What is looked at in units of a type, or in all that have no list of their own.

    A line with `#` begins a room, each further line is a thing in it.
    """

    __tablename__ = "inspection_template"
    __table_args__ = keyed(
        Index(
            "uq_inspection_template_all",
            "organization_id",
            unique=True,
            postgresql_where=text("unit_type IS NULL"),
            info={"says": ONE_LIST},
        ),
        UniqueConstraint("organization_id", "unit_type", info={"says": ONE_LIST}),
        CheckConstraint("btrim(rooms) <> ''", "has_rooms", info={"says": N_("Name a room.")}),
    )

    name: Mapped[Name]
    unit_type: Mapped[UnitType | None]
    rooms: Mapped[str] = mapped_column(String(8000))

    def __str__(self) -> str:
        return self.name
