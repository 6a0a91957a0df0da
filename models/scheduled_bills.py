"""Bills that people have for themselves, paid out of their wallet, and how far that goes alone."""

from datetime import date, datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Currency, Name
from core.flow import Flow
from core.scope import PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.bills import Every
from models.people import Party
from models.wallet_orders import Channel


class Mode(StrEnum):
    """What is done when a bill falls due."""

    remind = auto()
    ask = auto()
    pay = auto()


MODE_LABELS = {
    Mode.remind: N_("Only remind me"),
    Mode.ask: N_("Ask me, then pay"),
    Mode.pay: N_("Pay by itself"),
}
DAYS = "remind_days <@ ARRAY[0, 1, 2, 3, 5, 7, 10, 14, 21, 30]"
OFFSETS = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30)
"""Days before a bill is due on which its owner may wish to be reminded."""


class ScheduledBill(PartyScoped, Record):
    """A bill of somebody's own: electricity, water, internet. `amount` is in the wallet's currency.

    The account that it is paid to is kept as those of withdrawals: masked, and locked in a box.
    What fell due before `since`, which the database sets, is not paid by itself.
    """

    __tablename__ = "scheduled_bill"
    __table_args__ = keyed(
        ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
        ),
        Index("ix_scheduled_bill_party", "organization_id", "party_id"),
        CheckConstraint("amount > 0", "amount", info={"says": N_("Write an amount above zero.")}),
        CheckConstraint(DAYS, "remind_days_offered"),
    )

    party_id: Mapped[UUID]
    wallet_id: Mapped[UUID]
    title: Mapped[Name]
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    biller_name: Mapped[Name]
    customer_number: Mapped[str] = mapped_column(String(80), server_default="", default="")
    channel: Mapped[Channel]
    bank_name: Mapped[str] = mapped_column(String(120), server_default="", default="")
    account_number: Mapped[str] = mapped_column(String(40))
    account_locked: Mapped[str] = mapped_column(String(400))
    every: Mapped[Every]
    first_on: Mapped[date]
    mode: Mapped[Mode]
    remind_days: Mapped[list[int]] = mapped_column(ARRAY(INTEGER), server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    since: Mapped[date] = mapped_column(
        server_default=FetchedValue(), server_onupdate=FetchedValue()
    )

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(ScheduledBill.party_id) == Party.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.title


class DueStatus(StrEnum):
    """Where one due time of a bill stands."""

    waiting = auto()
    approved = auto()
    ordered = auto()
    paid = auto()
    failed = auto()
    skipped = auto()


_D = DueStatus
DUE_FLOW = Flow(
    start=_D.waiting,
    moves={
        "approve": ({_D.waiting, _D.failed}, _D.approved),
        "order": ({_D.waiting, _D.approved}, _D.ordered),
        "pay": ({_D.ordered}, _D.paid),
        "fail": ({_D.waiting, _D.approved, _D.ordered}, _D.failed),
        "skip": ({_D.waiting, _D.approved, _D.failed}, _D.skipped),
    },
    labels={
        _D.waiting: N_("To come"),
        _D.approved: N_("Agreed to"),
        _D.ordered: N_("Being paid"),
        _D.paid: N_("Paid"),
        _D.failed: N_("Not paid"),
        _D.skipped: N_("Left out"),
    },
    meanings={
        _D.waiting: "waiting",
        _D.approved: "good",
        _D.ordered: "waiting",
        _D.paid: "good",
        _D.failed: "stopped",
        _D.skipped: "over",
    },
)


class ScheduledPayment(Record):
    """One due time of a bill, once. `reminded` are the days before it on which its owner was told.

    `tries` counts how often there was not enough money; `try_at` says when it is tried next, and
    `orders` how often its payment was ordered.
    """

    __tablename__ = "scheduled_payment"
    __table_args__ = keyed(
        same_organization("bill_id", "scheduled_bill"),
        same_organization("order_id", "wallet_order"),
        UniqueConstraint("organization_id", "bill_id", "due_on"),
        UniqueConstraint("organization_id", "order_id"),
        Index(
            "ix_scheduled_payment_open",
            "organization_id",
            "due_on",
            postgresql_where=text("status IN ('waiting', 'approved')"),
        ),
        CheckConstraint(
            "status NOT IN ('ordered', 'paid') OR order_id IS NOT NULL", "ordered_has_order"
        ),
        CheckConstraint("tries BETWEEN 0 AND 9", "tries_are_few"),
    )

    bill_id: Mapped[UUID]
    due_on: Mapped[date]
    status: Mapped[DueStatus] = mapped_column(default=DUE_FLOW.start)
    reminded: Mapped[list[int]] = mapped_column(
        ARRAY(INTEGER), server_default=text("'{}'"), default=list
    )
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    try_at: Mapped[datetime | None]
    orders: Mapped[int] = mapped_column(server_default="0", default=0)
    order_id: Mapped[UUID | None]
    failure: Mapped[str] = mapped_column(String(400), server_default="", default="")

    bill: Mapped[ScheduledBill] = relationship(
        primaryjoin="foreign(ScheduledPayment.bill_id) == ScheduledBill.id", lazy="raise_on_sql"
    )


class UserConfiguration(Record):
    """What one person wants done by itself: how new bills of theirs begin, and push notices."""

    __tablename__ = "user_configuration"
    __table_args__ = keyed(
        UniqueConstraint("organization_id", "profile_id"),
        CheckConstraint(DAYS, "remind_days_offered"),
    )

    profile_id: Mapped[UUID] = mapped_column(ForeignKey("profile.id"))
    push_notices: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    bill_mode: Mapped[Mode] = mapped_column(server_default=Mode.ask, default=Mode.ask)
    remind_days: Mapped[list[int]] = mapped_column(
        ARRAY(INTEGER), server_default=text("'{3,1}'"), default=lambda: [3, 1]
    )
