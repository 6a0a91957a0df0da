"""Disputes: what a payer's bank wants back of a payment, and of which invoices it took it."""

from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Base, Currency
from core.flow import Flow
from core.scope import OrganizationScoped, PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice
from models.payments import PaymentIntent


class DisputeStatus(StrEnum):
    """How a payer's bank decides, as the organization sees it."""

    open = auto()
    won = auto()
    lost = auto()


DISPUTE_FLOW = Flow(
    start=DisputeStatus.open,
    moves={
        "win": ({DisputeStatus.open}, DisputeStatus.won),
        "lose": ({DisputeStatus.open}, DisputeStatus.lost),
    },
    labels={
        DisputeStatus.open: N_("Open"),
        DisputeStatus.won: N_("Won"),
        DisputeStatus.lost: N_("Lost"),
    },
    meanings={
        DisputeStatus.open: "needs",
        DisputeStatus.won: "good",
        DisputeStatus.lost: "stopped",
    },
)


class Dispute(PartyScoped, Record):
    """A payer's bank wants money back (a chargeback). Amount in `currency`.

    The provider decides; losing it is an entry of its own, and the invoices ask again.
    """

    __tablename__ = "payment_dispute"
    __table_args__ = keyed(
        same_organization("intent_id", "payment_intent"),
        same_organization("party_id", "party"),
        UniqueConstraint("provider", "reference"),
        Index("ix_payment_dispute_intent", "organization_id", "intent_id"),
        Index("ix_payment_dispute_status", "organization_id", "status", "id"),
        CheckConstraint("amount > 0", "amount_positive"),
    )

    intent_id: Mapped[UUID]
    party_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(120))
    status: Mapped[DisputeStatus] = mapped_column(default=DISPUTE_FLOW.start)
    flow_version: Mapped[int] = mapped_column(default=1)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    closed_at: Mapped[datetime | None]

    intent: Mapped[PaymentIntent] = relationship(
        primaryjoin="foreign(Dispute.intent_id) == PaymentIntent.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"


class DisputePart(OrganizationScoped, Base):
    """How much of an invoice a lost dispute took back of what its payment had paid."""

    __tablename__ = "payment_dispute_part"
    __table_args__ = (
        same_organization("dispute_id", "payment_dispute"),
        same_organization("invoice_id", "invoice"),
        UniqueConstraint("organization_id", "dispute_id", "invoice_id"),
        Index("ix_payment_dispute_part_invoice", "organization_id", "invoice_id"),
        CheckConstraint("amount > 0", "amount_positive"),
    )

    dispute_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount: Mapped[Amount]

    dispute: Mapped[Dispute] = relationship(
        primaryjoin="foreign(DisputePart.dispute_id) == Dispute.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
    invoice: Mapped[Invoice] = relationship(
        primaryjoin="foreign(DisputePart.invoice_id) == Invoice.id",
        viewonly=True,
        lazy="raise_on_sql",
    )
