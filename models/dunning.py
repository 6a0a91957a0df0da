"""Dunning: reminders of what is due, and fees on what is late."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency, Name
from core.scope import OrganizationScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice
from models.estate import Estate
from models.leasing import Lease


class ReminderStep(Record):
    """A rung of the ladder: a reminder some days after an invoice is due, or before (negative)."""

    __tablename__ = "reminder_step"
    __table_args__ = keyed(
        UniqueConstraint(
            "organization_id", "days", info={"says": N_("There is a step on that day.")}
        ),
        CheckConstraint(
            "days BETWEEN -60 AND 365",
            "days",
            info={"says": N_("Days are from 60 before to 365 after the due date.")},
        ),
    )

    days: Mapped[int]
    name: Mapped[Name]
    note: Mapped[str] = mapped_column(String(400), server_default="")
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    def __str__(self) -> str:
        return self.name


class Reminder(OrganizationScoped, Base):
    """An invoice's party was reminded, once a step; `due_amount` is what was due then."""

    __tablename__ = "invoice_reminder"
    __table_args__ = (
        same_organization("invoice_id", "invoice"),
        same_organization("step_id", "reminder_step"),
        UniqueConstraint("organization_id", "invoice_id", "step_id"),
    )

    invoice_id: Mapped[UUID]
    step_id: Mapped[UUID]
    due_amount: Mapped[Amount]
    sent_at: Mapped[datetime]

    step: Mapped[ReminderStep] = relationship(
        primaryjoin="foreign(Reminder.step_id) == ReminderStep.id", lazy="raise_on_sql"
    )


class LateFeeKind(StrEnum):
    """How a late fee is reckoned."""

    fixed = auto()
    percent = auto()
    daily = auto()
    tiered = auto()


class LateFeeRule(Record):
    """What is charged on late invoices in `currency`, of a lease, of an estate or of all others.

    `amount` is in major units, percents are of what is still due. `tiers` are lines like `10 days:
    2 %`: days late, and the percent that is reached then. All fees on an invoice together stay
    within `cap_percent` of its total (the law's cap, where there is one; 100 at most).
    """

    __tablename__ = "late_fee_rule"
    __table_args__ = keyed(
        same_organization("estate_id", "estate"),
        same_organization("lease_id", "lease"),
        CheckConstraint(
            "estate_id IS NULL OR lease_id IS NULL",
            "estate_or_lease",
            info={"says": N_("Name an estate or a lease, not both.")},
        ),
        Index("ix_late_fee_rule_estate", "organization_id", "estate_id"),
        Index(
            "uq_late_fee_rule_active",
            "organization_id",
            "currency",
            "estate_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("active AND lease_id IS NULL"),
            info={"says": N_("There is a rule for this currency. Put that one out of use first.")},
        ),
        Index(
            "uq_late_fee_rule_of_lease",
            "organization_id",
            "lease_id",
            unique=True,
            postgresql_where=text("active"),
            info={"says": N_("The lease has a rule of its own. Put that one out of use first.")},
        ),
        CheckConstraint(
            "grace_days BETWEEN 0 AND 365 AND every_days BETWEEN 1 AND 365",
            "days",
            info={"says": N_("Days of grace are 0 to 365, and fees come 1 to 365 days apart.")},
        ),
        CheckConstraint(
            "cap_percent > 0 AND cap_percent <= 100",
            "cap",
            info={"says": N_("The cap is more than 0 and at most 100 percent.")},
        ),
        CheckConstraint(
            "amount >= 0 AND percent >= 0 AND percent <= 100",
            "not_negative",
            info={"says": N_("A fee is zero or more, and at most 100 percent.")},
        ),
    )

    name: Mapped[Name]
    estate_id: Mapped[UUID | None]
    lease_id: Mapped[UUID | None]
    currency: Mapped[Currency]
    kind: Mapped[LateFeeKind]
    amount: Mapped[Amount] = mapped_column(server_default="0")
    percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="0")
    tiers: Mapped[str] = mapped_column(String(400), server_default="")
    grace_days: Mapped[int] = mapped_column(server_default="0")
    every_days: Mapped[int] = mapped_column(server_default="30")
    cap_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="100")
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    estate: Mapped[Estate | None] = relationship(
        primaryjoin="foreign(LateFeeRule.estate_id) == Estate.id", lazy="raise_on_sql"
    )
    lease: Mapped[Lease | None] = relationship(
        primaryjoin="foreign(LateFeeRule.lease_id) == Lease.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.name


class LateFee(OrganizationScoped, Base):
    """A fee that was charged on a late invoice, as an invoice of its own; once a day at most."""

    __tablename__ = "late_fee"
    __table_args__ = keyed(
        same_organization("invoice_id", "invoice"),
        same_organization("fee_invoice_id", "invoice"),
        same_organization("rule_id", "late_fee_rule"),
        UniqueConstraint("organization_id", "invoice_id", "charged_on"),
        UniqueConstraint("organization_id", "fee_invoice_id"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint("invoice_id <> fee_invoice_id", "not_on_itself"),
    )

    invoice_id: Mapped[UUID]
    fee_invoice_id: Mapped[UUID]
    rule_id: Mapped[UUID]
    charged_on: Mapped[date]
    days: Mapped[int]
    amount: Mapped[Amount]
    currency: Mapped[Currency]

    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(LateFee.invoice_id) == Invoice.id", lazy="raise_on_sql"
    )
    fee_invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(LateFee.fee_invoice_id) == Invoice.id", lazy="raise_on_sql"
    )
    rule: Mapped[LateFeeRule] = relationship(
        primaryjoin="foreign(LateFee.rule_id) == LateFeeRule.id", lazy="raise_on_sql"
    )
