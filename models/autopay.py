"""Automatic payment: what the owner of a wallet has agreed to, and what was tried."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Amount, Base, Currency
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_


class Autopay(PartyScoped, Record):
    """That a wallet or a saved card pays its owner's invoices by itself, each at most `most`.

    It pays `days_before` the day on which an invoice is due, and none that was due before
    `since`. A wallet's owner agrees with their PIN, and stops it without; to a card agrees who has
    saved it. One way is in force for each party and currency.
    """

    __tablename__ = "autopay"
    __table_args__ = keyed(
        ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
        ),
        ForeignKeyConstraint(
            ["organization_id", "party_id", "saved_way_id"],
            ["saved_way.organization_id", "saved_way.party_id", "saved_way.id"],
        ),
        UniqueConstraint("organization_id", "wallet_id"),
        UniqueConstraint("organization_id", "saved_way_id"),
        Index(
            "uq_autopay_in_force",
            "organization_id",
            "party_id",
            "currency",
            unique=True,
            postgresql_where=text("active"),
        ),
        CheckConstraint("num_nonnulls(wallet_id, saved_way_id) = 1", "one_way"),
        CheckConstraint(
            "days_before BETWEEN 0 AND 28",
            "days_before",
            info={"says": N_("It pays on the day, or up to 28 days before.")},
        ),
        CheckConstraint(
            "most > 0", "most_positive", info={"says": N_("The limit is more than zero.")}
        ),
    )

    party_id: Mapped[UUID]
    wallet_id: Mapped[UUID | None]
    saved_way_id: Mapped[UUID | None]
    currency: Mapped[Currency]
    most: Mapped[Amount | None]
    days_before: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    since: Mapped[date]
    agreed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    stopped_at: Mapped[datetime | None]


class RunOutcome(StrEnum):
    """What came of a try; of one that was `begun` the payment tells."""

    paid = auto()
    short = auto()
    refused = auto()
    begun = auto()


class AutopayRun(PartyScoped, OrganizationScoped, Base):
    """One try to pay an invoice by itself: once for each due day and number of the try."""

    __tablename__ = "autopay_run"
    __table_args__ = keyed(
        same_organization("autopay_id", "autopay"),
        same_organization("invoice_id", "invoice"),
        same_organization("order_id", "wallet_order"),
        same_organization("intent_id", "payment_intent"),
        Index(
            "ix_autopay_run_intent",
            "organization_id",
            "intent_id",
            postgresql_where=text("intent_id IS NOT NULL"),
        ),
        CheckConstraint("(outcome = 'begun') = (intent_id IS NOT NULL)", "begun_with_a_payment"),
        UniqueConstraint("organization_id", "invoice_id", "due_on", "attempt"),
        CheckConstraint("amount >= 0 AND credit >= 0", "not_negative"),
    )

    party_id: Mapped[UUID]
    autopay_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    due_on: Mapped[date]
    attempt: Mapped[int]
    tried_on: Mapped[date]
    outcome: Mapped[RunOutcome]
    amount: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    credit: Mapped[Amount] = mapped_column(server_default="0", default=Decimal(0))
    currency: Mapped[Currency]
    order_id: Mapped[UUID | None]
    intent_id: Mapped[UUID | None]
