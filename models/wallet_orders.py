"""Orders of wallets: what their owners ask for with a PIN, and how far that has come."""

from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, keyed, same_organization
from core.text import N_
from models.wallets import Wallet


class OrderKind(StrEnum):
    """What somebody asks of their wallet."""

    payment = auto()
    transfer = auto()
    withdrawal = auto()
    bill = auto()


class OrderStatus(StrEnum):
    """Where an order stands. The money of one that is `set_aside` is held until it is paid out."""

    requested = auto()
    set_aside = auto()
    done = auto()
    failed = auto()


ORDER_FLOW = Flow(
    start=OrderStatus.requested,
    moves={
        "set_aside": ({OrderStatus.requested}, OrderStatus.set_aside),
        "finish": ({OrderStatus.requested, OrderStatus.set_aside}, OrderStatus.done),
        "fail": ({OrderStatus.requested, OrderStatus.set_aside}, OrderStatus.failed),
    },
    labels={
        OrderStatus.requested: N_("Being made"),
        OrderStatus.set_aside: N_("On its way out"),
        OrderStatus.done: N_("Done"),
        OrderStatus.failed: N_("Not made"),
    },
    meanings={
        OrderStatus.requested: "waiting",
        OrderStatus.set_aside: "waiting",
        OrderStatus.done: "good",
        OrderStatus.failed: "stopped",
    },
)
ORDER_LABELS = {
    OrderKind.payment: N_("Payment of invoices"),
    OrderKind.transfer: N_("To another wallet"),
    OrderKind.withdrawal: N_("Withdrawal"),
    OrderKind.bill: N_("Bill"),
}


class Channel(StrEnum):
    """Where money goes that leaves a wallet."""

    bank = auto()
    mobile_money = auto()


CHANNEL_LABELS = {
    Channel.bank: N_("Bank account"),
    Channel.mobile_money: N_("Mobile money"),
}


class Order(OrganizationScoped, Base):
    """What the owner of a wallet asked for with their PIN; a job carries it out, once.

    `key` is that of the form: pressed twice it is one order. `parts` are the invoices that a
    payment is for, with amounts. `account_locked` is the whole account number, locked in a box.
    A withdrawal is paid out by its `provider`, or by hand without one; the provider knows it as
    `sent_as`, and `check_at`, `called_at` and `notice_hash` are as of a refund.
    """

    __tablename__ = "wallet_order"
    __table_args__ = keyed(
        same_organization("wallet_id", "wallet"),
        same_organization("to_wallet_id", "wallet"),
        same_organization("hold_id", "ledger_hold"),
        same_organization("intent_id", "payment_intent"),
        UniqueConstraint("organization_id", "wallet_id", "key"),
        CheckConstraint("amount > 0", "amount_positive"),
        CheckConstraint(
            "(kind = 'transfer') = (to_wallet_id IS NOT NULL)", "transfer_has_a_target"
        ),
        CheckConstraint(
            "to_wallet_id <> wallet_id",
            "not_to_itself",
            info={"says": N_("That is this wallet itself.")},
        ),
        CheckConstraint(
            "(kind IN ('withdrawal', 'bill')) = (channel IS NOT NULL)", "payout_has_a_channel"
        ),
        CheckConstraint("status <> 'set_aside' OR hold_id IS NOT NULL", "aside_is_held"),
        CheckConstraint("provider = '' OR kind = 'withdrawal'", "provider_pays_withdrawals"),
        CheckConstraint("called_at IS NULL OR provider <> ''", "called_has_a_provider"),
        UniqueConstraint("notice_hash"),
        Index(
            "ix_wallet_order_check",
            "organization_id",
            "check_at",
            postgresql_where=text("check_at IS NOT NULL"),
        ),
        Index("ix_wallet_order_wallet", "organization_id", "wallet_id", "id"),
        Index(
            "ix_wallet_order_due",
            "organization_id",
            "id",
            postgresql_where=text("status = 'requested'"),
        ),
    )

    wallet_id: Mapped[UUID]
    kind: Mapped[OrderKind]
    status: Mapped[OrderStatus] = mapped_column(default=ORDER_FLOW.start)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    key: Mapped[str] = mapped_column(String(160))
    to_wallet_id: Mapped[UUID | None]
    parts: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"), default=dict)
    channel: Mapped[Channel | None]
    bank_code: Mapped[str] = mapped_column(String(40), server_default="")
    bank_name: Mapped[str] = mapped_column(String(120), server_default="")
    account_name: Mapped[str] = mapped_column(String(120), server_default="")
    account_number: Mapped[str] = mapped_column(String(40), server_default="")
    account_locked: Mapped[str] = mapped_column(String(400), server_default="")
    biller_id: Mapped[str] = mapped_column(String(80), server_default="")
    biller_name: Mapped[str] = mapped_column(String(120), server_default="")
    item_name: Mapped[str] = mapped_column(String(120), server_default="")
    item_code: Mapped[str] = mapped_column(String(80), server_default="")
    note: Mapped[str] = mapped_column(String(200), server_default="")
    failure: Mapped[str] = mapped_column(String(400), server_default="")
    reference: Mapped[str] = mapped_column(String(120), server_default="")
    provider: Mapped[str] = mapped_column(String(40), server_default="", default="")
    sent_as: Mapped[str | None] = mapped_column(String(120))
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    check_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    notice_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    hold_id: Mapped[UUID | None]
    intent_id: Mapped[UUID | None]
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    done_at: Mapped[datetime | None]

    wallet: Mapped[Wallet] = relationship(
        primaryjoin="foreign(Order.wallet_id) == Wallet.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
