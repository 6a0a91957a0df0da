"""Bills of estates: what is asked for on a schedule, from whom, and each time that it was asked."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    FetchedValue,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency, Name
from core.flow import Flow
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice
from models.estate import Block, Estate, Unit
from models.leasing import Lease
from models.people import Party


class Basis(StrEnum):
    """How the amount of a unit is reckoned from that of the bill."""

    each = auto()
    area = auto()
    divided = auto()
    divided_by_area = auto()
    formula = auto()


BASIS_LABELS = {
    Basis.each: N_("The same for each unit"),
    Basis.area: N_("For each square metre"),
    Basis.divided: N_("Divided equally"),
    Basis.divided_by_area: N_("Divided by square metres"),
    Basis.formula: N_("By a formula"),
}


class Payer(StrEnum):
    """Who pays for a unit. Owners pay by their shares."""

    owners = auto()
    occupant = auto()
    occupant_or_owners = auto()


PAYER_LABELS = {
    Payer.owners: N_("Its owners, by share"),
    Payer.occupant: N_("Who has it: tenant or owner"),
    Payer.occupant_or_owners: N_("Who has it; while nobody does, its owners"),
}


class Every(StrEnum):
    """How often a bill is asked for. Months end where they end: the 31st is the last of any."""

    once = auto()
    week = auto()
    month = auto()
    quarter = auto()
    year = auto()


EVERY_LABELS = {
    Every.once: N_("Once"),
    Every.week: N_("Every week"),
    Every.month: N_("Every month"),
    Every.quarter: N_("Every quarter"),
    Every.year: N_("Every year"),
}
STATED = "audience_types <@ ARRAY['apartment', 'house', 'studio', 'shop', 'office', 'parking',"
STATED += " 'storage', 'plot']::varchar[]"


class Bill(Record):
    """What units of an estate are asked for. `amount` is in the estate's currency.

    The audience are the units of the estate, of some types, of one block, and for which a
    `condition` holds, where these are said. `code` is the line of the chart that it earns for. What
    began before `automatic_from`, which the database sets, waits for a person.
    """

    __tablename__ = "bill"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        same_organization("block_id", "block"),
        UniqueConstraint(
            "organization_id",
            "estate_id",
            "title",
            info={"says": N_("The estate has a bill of that title.")},
        ),
        CheckConstraint("amount >= 0", "amount", info={"says": N_("An amount is zero or more.")}),
        CheckConstraint(
            "(basis = 'formula') = (formula <> '')",
            "formula_where_asked",
            info={"says": N_("Write a formula, where one is to be used, and only there.")},
        ),
        CheckConstraint(
            "discount_percent >= 0 AND discount_percent < 100",
            "discount",
            info={"says": N_("A discount is from 0 to less than 100 percent.")},
        ),
        CheckConstraint(
            "due_days BETWEEN 0 AND 365",
            "due_days",
            info={"says": N_("Days until it is due are 0 to 365.")},
        ),
        CheckConstraint(
            "until >= first_on",
            "ends_after_it_begins",
            info={"says": N_("It ends before it begins.")},
        ),
        CheckConstraint(STATED, "types_exist"),
    )

    estate_id: Mapped[UUID]
    title: Mapped[Name]
    basis: Mapped[Basis] = mapped_column(server_default=Basis.each)
    amount: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    formula: Mapped[str] = mapped_column(String(400), server_default="", default="")
    discount_percent: Mapped[Decimal] = mapped_column(
        Numeric(7, 4), server_default="0", default=Decimal(0)
    )
    code: Mapped[str] = mapped_column(String(20), server_default="4300", default="4300")
    payer: Mapped[Payer] = mapped_column(server_default=Payer.owners)
    audience_types: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), default=list
    )
    block_id: Mapped[UUID | None]
    condition: Mapped[str] = mapped_column(String(400), server_default="", default="")
    every: Mapped[Every] = mapped_column(server_default=Every.month)
    first_on: Mapped[date]
    until: Mapped[date | None]
    due_days: Mapped[int] = mapped_column(server_default="14", default=14)
    automatic: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    automatic_from: Mapped[date | None] = mapped_column(server_onupdate=FetchedValue())

    estate: Mapped[Estate] = relationship(
        primaryjoin="foreign(Bill.estate_id) == Estate.id", lazy="raise_on_sql"
    )
    block: Mapped[Block | None] = relationship(
        primaryjoin="foreign(Bill.block_id) == Block.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.title


class CycleStatus(StrEnum):
    """Where one period of a bill stands. What is planned asks nobody for anything yet."""

    planned = auto()
    running = auto()
    stopped = auto()
    done = auto()
    discarded = auto()
    taking_back = auto()
    taken_back = auto()


_C = CycleStatus
CYCLE_FLOW = Flow(
    start=_C.planned,
    moves={
        "issue": ({_C.planned, _C.stopped}, _C.running),
        "stop": ({_C.running}, _C.stopped),
        "finish": ({_C.running}, _C.done),
        "discard": ({_C.planned}, _C.discarded),
        "take_back": ({_C.stopped, _C.done}, _C.taking_back),
        "end": ({_C.taking_back}, _C.taken_back),
    },
    labels={
        _C.planned: N_("Planned"),
        _C.running: N_("Being issued"),
        _C.stopped: N_("Stopped"),
        _C.done: N_("Issued"),
        _C.discarded: N_("Discarded"),
        _C.taking_back: N_("Being taken back"),
        _C.taken_back: N_("Taken back"),
    },
    meanings={
        _C.planned: "needs",
        _C.running: "waiting",
        _C.stopped: "stopped",
        _C.done: "good",
        _C.discarded: "over",
        _C.taking_back: "waiting",
        _C.taken_back: "over",
    },
)
OVER = (_C.discarded, _C.taken_back)
"""Cycles that count no more: their period may be asked for again."""


class BillingCycle(Record):
    """One period of a bill, by its first day. Invoices are issued in the order of its charges.

    Without a bill it is a run of the rents of an estate: `period_on` is the day through which.

    `charges` and `total` say what it asks for in all, `issued` how many of them are issued, and
    `taken_back` how far their taking back has come. `exceptions` are units that it cannot ask for.
    """

    __tablename__ = "billing_cycle"
    __table_args__ = keyed(
        same_organization("bill_id", "bill"),
        same_organization("estate_id", "estate"),
        CheckConstraint("(bill_id IS NULL) <> (estate_id IS NULL)", "of_bill_or_rents"),
        Index(
            "uq_billing_cycle_period",
            "organization_id",
            "bill_id",
            "period_on",
            unique=True,
            postgresql_where=text("status NOT IN ('discarded', 'taken_back')"),
            info={"says": N_("The bill was asked for in this period already.")},
        ),
        Index(
            "ix_billing_cycle_at_work",
            "organization_id",
            "id",
            postgresql_where=text("status IN ('running', 'taking_back')"),
        ),
        CheckConstraint("issued BETWEEN 0 AND charges", "issued_within_charges"),
        CheckConstraint("taken_back BETWEEN 0 AND issued", "taken_back_within_issued"),
        CheckConstraint("status <> 'done' OR issued = charges", "done_is_whole"),
    )

    bill_id: Mapped[UUID | None]
    estate_id: Mapped[UUID | None]
    period_on: Mapped[date]
    due_on: Mapped[date]
    name: Mapped[Name]
    status: Mapped[CycleStatus] = mapped_column(default=CYCLE_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1, server_default="1")
    currency: Mapped[Currency]
    charges: Mapped[int] = mapped_column(server_default="0", default=0)
    exceptions: Mapped[int] = mapped_column(server_default="0", default=0)
    issued: Mapped[int] = mapped_column(server_default="0", default=0)
    taken_back: Mapped[int] = mapped_column(server_default="0", default=0)
    kept: Mapped[int] = mapped_column(server_default="0", default=0)
    total: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    cancel_asked: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    bill: Mapped[Bill | None] = relationship(
        primaryjoin="foreign(BillingCycle.bill_id) == Bill.id", lazy="raise_on_sql"
    )
    estate: Mapped[Estate | None] = relationship(
        primaryjoin="foreign(BillingCycle.estate_id) == Estate.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class Problem(StrEnum):
    """Why a unit is not asked, or not for all."""

    none = auto()
    no_payer = auto()
    not_all_owned = auto()
    no_amount = auto()
    nothing = auto()
    too_much = auto()
    asked_before = auto()


PROBLEM_LABELS = {
    Problem.none: N_("None"),
    Problem.no_payer: N_("Nobody is written down who pays for it"),
    Problem.not_all_owned: N_("A part of it has no owner who is written down"),
    Problem.no_amount: N_("Its amount cannot be reckoned: its area is missing, say"),
    Problem.nothing: N_("It comes to nothing"),
    Problem.too_much: N_("It is more than can be kept"),
    Problem.asked_before: N_("An invoice of this period that was taken back was paid and stands"),
}


class Charge(OrganizationScoped, Base):
    """What one party is asked for one unit in a cycle. Its id is that of the invoice that asks.

    Those with a problem have no position, and are not asked for. Rent is of a `lease`, for the
    period that begins on `period_on`.
    """

    __tablename__ = "bill_charge"
    __table_args__ = keyed(
        same_organization("cycle_id", "billing_cycle"),
        same_organization("unit_id", "unit"),
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "cycle_id", "position"),
        same_organization("lease_id", "lease"),
        Index(
            "uq_bill_charge_of_bill",
            "organization_id",
            "cycle_id",
            "unit_id",
            "party_id",
            "problem",
            unique=True,
            postgresql_where=text("lease_id IS NULL"),
        ),
        Index(
            "uq_bill_charge_of_lease",
            "organization_id",
            "cycle_id",
            "lease_id",
            "period_on",
            unique=True,
        ),
        CheckConstraint(
            "(lease_id IS NULL) = (period_on IS NULL) AND (lease_id IS NULL) = (due_on IS NULL)",
            "rent_has_period",
        ),
        CheckConstraint("(problem = 'none') = (position IS NOT NULL)", "where_asked_has_position"),
        CheckConstraint(
            "problem <> 'none' OR party_id IS NOT NULL AND gross > 0 AND discount >= 0",
            "complete_where_asked",
        ),
    )

    cycle_id: Mapped[UUID]
    position: Mapped[int | None]
    unit_id: Mapped[UUID]
    party_id: Mapped[UUID | None]
    lease_id: Mapped[UUID | None]
    period_on: Mapped[date | None]
    due_on: Mapped[date | None]
    gross: Mapped[Amount] = mapped_column(server_default="0")
    discount: Mapped[Amount] = mapped_column(server_default="0")
    amount: Mapped[Amount] = mapped_column(Computed("gross - discount", persisted=True))
    problem: Mapped[Problem] = mapped_column(server_default=Problem.none)

    cycle: Mapped[BillingCycle] = relationship(
        primaryjoin="foreign(Charge.cycle_id) == BillingCycle.id", lazy="raise_on_sql"
    )
    unit: Mapped[Unit] = relationship(
        primaryjoin="foreign(Charge.unit_id) == Unit.id", lazy="raise_on_sql"
    )
    party: Mapped[Party | None] = relationship(
        primaryjoin="foreign(Charge.party_id) == Party.id", lazy="raise_on_sql"
    )
    lease: Mapped[Lease | None] = relationship(
        primaryjoin="foreign(Charge.lease_id) == Lease.id", lazy="raise_on_sql"
    )
    invoice: Mapped[Invoice | None] = relationship(
        primaryjoin="foreign(Charge.id) == Invoice.id",
        viewonly=True,
        uselist=False,
        lazy="raise_on_sql",
    )
