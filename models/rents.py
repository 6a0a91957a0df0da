"""Rents: how much from when on, what comes with it or off it, and what was charged, each once."""

from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Name
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice
from models.leasing import Lease


class RentCause(StrEnum):
    """Why a rent is what it is from a day on."""

    agreed = auto()
    percent = auto()
    step = auto()
    indexed = auto()
    changed = auto()


RENT_CAUSE_LABELS = {
    RentCause.agreed: N_("Agreed at first"),
    RentCause.percent: N_("Grown by a percentage"),
    RentCause.step: N_("An agreed step"),
    RentCause.indexed: N_("Grown with an index"),
    RentCause.changed: N_("Changed"),
}


class LeaseRent(OrganizationScoped, Base):
    """The rent of a lease for a month, for periods that begin from `since` on."""

    __tablename__ = "lease_rent"
    __table_args__ = keyed(
        same_organization("lease_id", "lease"),
        UniqueConstraint(
            "organization_id",
            "lease_id",
            "since",
            info={"says": N_("The rent changes on that day already.")},
        ),
        CheckConstraint("amount > 0", "amount", info={"says": N_("A rent is more than zero.")}),
    )

    lease_id: Mapped[UUID]
    since: Mapped[date]
    amount: Mapped[Amount]
    cause: Mapped[RentCause]
    reason: Mapped[str] = mapped_column(String(400), server_default="", default="")

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(LeaseRent.lease_id) == Lease.id", lazy="raise_on_sql"
    )


class ExtraKind(StrEnum):
    """Whether something is asked for with the rent, or taken off it."""

    extra = auto()
    concession = auto()


EXTRA_KIND_LABELS = {
    ExtraKind.extra: N_("Asked for with the rent"),
    ExtraKind.concession: N_("Taken off the rent"),
}


class LeaseExtra(Record):
    """What is asked for with each rent, or taken off it, from `since` to `until` (if ever)."""

    __tablename__ = "lease_extra"
    __table_args__ = keyed(
        same_organization("lease_id", "lease"),
        Index("ix_lease_extra_lease", "organization_id", "lease_id"),
        CheckConstraint("amount > 0", "amount", info={"says": N_("An amount is more than zero.")}),
        CheckConstraint(
            "until >= since",
            "ends_after_it_begins",
            info={"says": N_("It ends before it begins.")},
        ),
    )

    lease_id: Mapped[UUID]
    title: Mapped[Name]
    kind: Mapped[ExtraKind] = mapped_column(server_default=ExtraKind.extra, default=ExtraKind.extra)
    amount: Mapped[Amount]
    code: Mapped[str] = mapped_column(String(20), server_default="4900", default="4900")
    since: Mapped[date]
    until: Mapped[date | None]

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(LeaseExtra.lease_id) == Lease.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.title


class PriceIndex(Record):
    """What an index stood at in a month, by the month's first day: rents follow it."""

    __tablename__ = "price_index"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id",
            "name",
            "month_on",
            info={"says": N_("The index has a value for that month.")},
        ),
        CheckConstraint("value > 0", "value", info={"says": N_("An index is more than zero.")}),
        CheckConstraint(
            "extract(day FROM month_on) = 1",
            "first_day",
            info={"says": N_("Write the first day of the month.")},
        ),
    )

    name: Mapped[str] = mapped_column(String(80))
    month_on: Mapped[date]
    value: Mapped[Decimal] = mapped_column(Numeric(12, 4))

    def __str__(self) -> str:
        return self.name


class ChargeKind(StrEnum):
    """What a lease is charged for."""

    rent = auto()
    extra = auto()
    deposit = auto()


CHARGE_KIND_LABELS = {
    ChargeKind.rent: N_("Rent"),
    ChargeKind.extra: N_("Asked for with the rent"),
    ChargeKind.deposit: N_("Deposit"),
}


class LeaseCharge(OrganizationScoped, Base):
    """What a lease is charged for a period, once for each thing, while it is not void.

    `item_id` is the extra that it is for, else the lease. `asked_id` is the row of the run that
    asks for it (models/bills.py), where one does; the invoice follows when it is issued.
    """

    __tablename__ = "lease_charge"
    __table_args__ = keyed(
        same_organization("lease_id", "lease"),
        same_organization("invoice_id", "invoice"),
        same_organization("asked_id", "bill_charge"),
        Index(
            "uq_lease_charge_once",
            "organization_id",
            "lease_id",
            "period_on",
            "kind",
            "item_id",
            unique=True,
            postgresql_where=text("NOT void"),
        ),
        Index("ix_lease_charge_asked", "organization_id", "asked_id"),
        Index("ix_lease_charge_invoice", "organization_id", "invoice_id"),
        CheckConstraint("period_until >= period_on", "period"),
        CheckConstraint("gross >= 0 AND discount >= 0 AND discount <= gross", "amounts"),
    )

    lease_id: Mapped[UUID]
    period_on: Mapped[date]
    period_until: Mapped[date]
    kind: Mapped[ChargeKind]
    item_id: Mapped[UUID]
    says: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(20))
    gross: Mapped[Amount]
    discount: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    amount: Mapped[Amount] = mapped_column(Computed("gross - discount", persisted=True))
    asked_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    void: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    lease: Mapped[Lease] = relationship(
        primaryjoin="foreign(LeaseCharge.lease_id) == Lease.id", lazy="raise_on_sql"
    )
    invoice: Mapped[Invoice | None] = relationship(
        primaryjoin="foreign(LeaseCharge.invoice_id) == Invoice.id", lazy="raise_on_sql"
    )
