"""Payments: one path for all money in, and the way back."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
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
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice, PaymentMethod
from models.people import Party

ONLINE = (PaymentMethod.card, PaymentMethod.mobile_money)
"""The methods by which a provider takes the money, and is asked whether it did."""


class IntentStatus(StrEnum):
    """Where a payment stands. Only `succeeded` and what follows it has moved money."""

    pending = auto()
    requires_action = auto()
    processing = auto()
    succeeded = auto()
    failed = auto()
    cancelled = auto()
    expired = auto()
    partly_refunded = auto()
    refunded = auto()
    reversed = auto()


_ASKED = {IntentStatus.pending, IntentStatus.requires_action, IntentStatus.processing}
_PAID = {IntentStatus.succeeded, IntentStatus.partly_refunded}

INTENT_FLOW = Flow(
    start=IntentStatus.pending,
    moves={
        "ask_payer": ({IntentStatus.pending}, IntentStatus.requires_action),
        "process": ({IntentStatus.pending, IntentStatus.requires_action}, IntentStatus.processing),
        # What the provider took is the truth, even when we had given up waiting for it.
        "succeed": (
            _ASKED | {IntentStatus.failed, IntentStatus.cancelled, IntentStatus.expired},
            IntentStatus.succeeded,
        ),
        "fail": (_ASKED, IntentStatus.failed),
        "cancel": ({IntentStatus.pending, IntentStatus.requires_action}, IntentStatus.cancelled),
        "expire": (_ASKED, IntentStatus.expired),
        "refund_part": (_PAID, IntentStatus.partly_refunded),
        "refund": (_PAID, IntentStatus.refunded),
        # A cheque bounced, or the bank's line was another payment's: no money is there.
        "reverse": ({IntentStatus.succeeded}, IntentStatus.reversed),
    },
    labels={
        IntentStatus.pending: N_("Waiting"),
        IntentStatus.requires_action: N_("Waiting for the payer"),
        IntentStatus.processing: N_("Processing"),
        IntentStatus.succeeded: N_("Succeeded"),
        IntentStatus.failed: N_("Failed"),
        IntentStatus.cancelled: N_("Cancelled"),
        IntentStatus.expired: N_("Expired"),
        IntentStatus.partly_refunded: N_("Partly refunded"),
        IntentStatus.refunded: N_("Refunded"),
        IntentStatus.reversed: N_("Taken back"),
    },
    meanings={
        IntentStatus.pending: "waiting",
        IntentStatus.requires_action: "needs",
        IntentStatus.processing: "waiting",
        IntentStatus.succeeded: "good",
        IntentStatus.failed: "stopped",
        IntentStatus.cancelled: "stopped",
        IntentStatus.expired: "stopped",
        IntentStatus.partly_refunded: "over",
        IntentStatus.refunded: "over",
        IntentStatus.reversed: "stopped",
    },
)


class PaymentIntent(PartyScoped, Record):
    """Money that a party means to pay, for one or many invoices. Amounts are in `currency`.

    For a provider: `reference` is theirs, unique per provider for ever; `pay_url` is the page the
    payer is sent to, or none where they are asked on their `phone` (E.164). `receipt` is what the
    provider calls the money that it took: payers quote it, and disputes name it. `called_at` is
    when a call began that must not be made twice; its answer, or a message to the address whose
    secret has the SHA-256 `notice_hash`, tells what became of it.
    """

    __tablename__ = "payment_intent"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        ForeignKeyConstraint(
            ["organization_id", "party_id", "wallet_id"],
            ["wallet.organization_id", "wallet.party_id", "wallet.id"],
        ),
        ForeignKeyConstraint(
            ["organization_id", "party_id", "provider", "saved_way_id"],
            [f"saved_way.{each}" for each in ("organization_id", "party_id", "provider", "id")],
            name="fk_payment_intent_saved_way",
        ),
        UniqueConstraint("provider", "reference"),
        UniqueConstraint("notice_hash"),
        UniqueConstraint("organization_id", "number"),
        UniqueConstraint("organization_id", "wallet_id", "form_key"),
        Index(
            "ix_payment_intent_receipt",
            "provider",
            "receipt",
            postgresql_where=text("receipt <> ''"),
        ),
        Index("ix_payment_intent_party", "organization_id", "party_id", "id"),
        Index("ix_payment_intent_status", "organization_id", "status", "id"),
        Index(
            "ix_payment_intent_due",
            "organization_id",
            "check_at",
            postgresql_where=text("check_at IS NOT NULL"),
        ),
        CheckConstraint(
            "amount > 0",
            "amount_positive",
            info={"says": N_("A payment must be more than zero.")},
        ),
        CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= amount",
            "refunded_within_amount",
            info={"says": N_("More cannot be refunded than was paid.")},
        ),
        CheckConstraint(
            "saved_way_id IS NULL OR method = 'card' AND NOT saves AND wallet_id IS NULL",
            "charges_a_card",
        ),
        CheckConstraint("NOT saves OR method = 'card' AND wallet_id IS NULL", "saves_a_card"),
    )

    number: Mapped[str] = mapped_column(String(40))
    party_id: Mapped[UUID]
    method: Mapped[PaymentMethod]
    provider: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str | None] = mapped_column(String(120))
    receipt: Mapped[str] = mapped_column(String(120), server_default="")
    phone: Mapped[str] = mapped_column(String(20), server_default="")
    status: Mapped[IntentStatus] = mapped_column(default=INTENT_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1)
    amount: Mapped[Amount]
    refunded_amount: Mapped[Amount] = mapped_column(server_default="0")
    currency: Mapped[Currency]
    pay_url: Mapped[str] = mapped_column(String(1000), server_default="")
    return_url: Mapped[str] = mapped_column(String(1000), server_default="")
    note: Mapped[str] = mapped_column(String(400), server_default="")
    failure: Mapped[str] = mapped_column(String(400), server_default="")
    failure_code: Mapped[str] = mapped_column(String(60), server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    check_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    notice_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    reversed_at: Mapped[datetime | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("profile.id"))
    wallet_id: Mapped[UUID | None]
    """The payer's own: a payment for no invoices fills it, one by wallet comes out of it."""
    form_key: Mapped[str | None] = mapped_column(String(80))
    saves: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """The payer has agreed that the card they pay with is saved."""
    saved_way_id: Mapped[UUID | None]
    """The saved card that is charged for it, without a page: its payer is not there."""

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(PaymentIntent.party_id) == Party.id", lazy="raise_on_sql"
    )
    allocations: Mapped[list["Allocation"]] = relationship(
        primaryjoin="foreign(Allocation.intent_id) == PaymentIntent.id",
        viewonly=True,
        lazy="raise_on_sql",
    )

    def __str__(self) -> str:
        return self.number


class Allocation(OrganizationScoped, Base):
    """How much of a payment is meant for one invoice."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        same_organization("intent_id", "payment_intent"),
        same_organization("invoice_id", "invoice"),
        UniqueConstraint("organization_id", "intent_id", "invoice_id"),
        Index("ix_payment_allocation_invoice", "organization_id", "invoice_id"),
        CheckConstraint("amount > 0", "amount_positive"),
    )

    intent_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount: Mapped[Amount]

    intent: Mapped[PaymentIntent] = relationship(
        primaryjoin="foreign(Allocation.intent_id) == PaymentIntent.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(Allocation.invoice_id) == Invoice.id",
        viewonly=True,
        lazy="raise_on_sql",
    )


class Topic(StrEnum):
    """What a provider's message is about."""

    payment = auto()
    refund = auto()
    dispute = auto()
    payout = auto()


class ProviderEvent(OrganizationScoped, Base):
    """One message of a provider, unique for ever, so that what is said twice is heard once.

    `topic` is what it is about: the payment, a refund of it, or a dispute, whose name at the
    provider is `subject`; or what is paid out of a wallet, by its `order_id`, without a payment.
    `refund_id` is set where the refund's own address was written to.
    """

    __tablename__ = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index("ix_provider_event_intent", "organization_id", "intent_id"),
        Index(
            "ix_provider_event_disputes",
            "organization_id",
            "received_at",
            postgresql_where=text("handled_at IS NULL AND topic = 'dispute'"),
        ),
        same_organization("intent_id", "payment_intent"),
        same_organization("refund_id", "refund"),
        same_organization("order_id", "wallet_order"),
        Index(
            "ix_provider_event_order",
            "organization_id",
            "order_id",
            postgresql_where=text("order_id IS NOT NULL"),
        ),
        CheckConstraint("(intent_id IS NULL) <> (order_id IS NULL)", "about_one_thing"),
    )

    provider: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(120))
    intent_id: Mapped[UUID | None]
    refund_id: Mapped[UUID | None]
    order_id: Mapped[UUID | None]
    topic: Mapped[Topic] = mapped_column(server_default=Topic.payment)
    subject: Mapped[str] = mapped_column(String(120), server_default="")
    type: Mapped[str] = mapped_column(String(80))
    body: Mapped[Any] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class RefundStatus(StrEnum):
    """Where a refund stands."""

    requested = auto()
    succeeded = auto()
    failed = auto()


REFUND_FLOW = Flow(
    start=RefundStatus.requested,
    moves={
        "succeed": ({RefundStatus.requested, RefundStatus.failed}, RefundStatus.succeeded),
        "fail": ({RefundStatus.requested}, RefundStatus.failed),
        "retry": ({RefundStatus.failed}, RefundStatus.requested),
    },
    labels={
        RefundStatus.requested: N_("Requested"),
        RefundStatus.succeeded: N_("Paid back"),
        RefundStatus.failed: N_("Failed"),
    },
    meanings={
        RefundStatus.requested: "waiting",
        RefundStatus.succeeded: "good",
        RefundStatus.failed: "stopped",
    },
)


class Refund(PartyScoped, Record):
    """Money on its way back to the payer, from one payment. Amount in `currency`.

    `check_at` is when a worker asks the provider to send it; one paid by hand has none. `called_at`
    and `notice_hash` are as of a payment.
    """

    __tablename__ = "refund"
    __table_args__ = keyed(
        same_organization("intent_id", "payment_intent"),
        same_organization("party_id", "party"),
        UniqueConstraint("organization_id", "key"),
        UniqueConstraint("notice_hash"),
        Index("ix_refund_intent", "organization_id", "intent_id"),
        Index("ix_refund_status", "organization_id", "status", "id"),
        Index(
            "ix_refund_due",
            "organization_id",
            "check_at",
            postgresql_where=text("check_at IS NOT NULL"),
        ),
        CheckConstraint("amount > 0", "amount_positive"),
    )

    intent_id: Mapped[UUID]
    party_id: Mapped[UUID]
    key: Mapped[str] = mapped_column(String(160))
    status: Mapped[RefundStatus] = mapped_column(default=REFUND_FLOW.start)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    reference: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    failure: Mapped[str] = mapped_column(String(400), server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    check_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    notice_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    succeeded_at: Mapped[datetime | None]

    intent: Mapped[PaymentIntent] = relationship(
        primaryjoin="foreign(Refund.intent_id) == PaymentIntent.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
