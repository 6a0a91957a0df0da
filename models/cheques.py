"""Cheques: paper that promises money, until the bank has it."""

from datetime import date
from enum import StrEnum, auto
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Amount, Currency, Name
from core.flow import Flow
from core.scope import PartyScoped, Record, keyed, same_organization
from core.text import N_
from models.billing import Invoice
from models.payments import PaymentIntent
from models.people import Party


class ChequeStatus(StrEnum):
    """Where a cheque is."""

    received = auto()
    deposited = auto()
    cleared = auto()
    bounced = auto()


_OUT = {ChequeStatus.received, ChequeStatus.deposited}
CHEQUE_FLOW = Flow(
    start=ChequeStatus.received,
    moves={
        "deposit": ({ChequeStatus.received}, ChequeStatus.deposited),
        "clear": (_OUT, ChequeStatus.cleared),
        # What a bank's line was matched with by mistake.
        "unclear": ({ChequeStatus.cleared}, ChequeStatus.deposited),
        # Banks take back what they had credited, too.
        "bounce": (_OUT | {ChequeStatus.cleared}, ChequeStatus.bounced),
    },
    labels={
        ChequeStatus.received: N_("In hand"),
        ChequeStatus.deposited: N_("At the bank"),
        ChequeStatus.cleared: N_("Cleared"),
        ChequeStatus.bounced: N_("Bounced"),
    },
    meanings={
        ChequeStatus.received: "needs",
        ChequeStatus.deposited: "waiting",
        ChequeStatus.cleared: "good",
        ChequeStatus.bounced: "stopped",
    },
)


class Cheque(PartyScoped, Record):
    """A cheque that paid invoices, with what became of it. Each is taken once.

    `bank` is whose cheque it is, `written_on` the day that stands on it. The payment is `intent`;
    if it bounces that is taken back, and `fee_invoice` may ask for what the bank charged.
    """

    __tablename__ = "cheque"
    __table_args__ = keyed(
        same_organization("party_id", "party"),
        same_organization("intent_id", "payment_intent"),
        same_organization("fee_invoice_id", "invoice"),
        UniqueConstraint("organization_id", "intent_id"),
        UniqueConstraint(
            "organization_id",
            "party_id",
            "bank",
            "number",
            info={"says": N_("This cheque was taken before.")},
        ),
        Index("ix_cheque_status", "organization_id", "status", "id"),
        CheckConstraint(
            "number ~ '^[0-9]{1,20}$'",
            "number_is_digits",
            info={"says": N_("A cheque's number has up to 20 digits.")},
        ),
        CheckConstraint("status <> 'deposited' OR deposited_on IS NOT NULL", "deposited_has_a_day"),
        CheckConstraint("status <> 'cleared' OR cleared_on IS NOT NULL", "cleared_has_a_day"),
        CheckConstraint("(status = 'bounced') = (bounced_on IS NOT NULL)", "bounced_has_a_day"),
    )

    number: Mapped[str] = mapped_column(String(20))
    bank: Mapped[Name]
    party_id: Mapped[UUID]
    intent_id: Mapped[UUID]
    status: Mapped[ChequeStatus] = mapped_column(default=CHEQUE_FLOW.start)
    amount: Mapped[Amount]
    currency: Mapped[Currency]
    written_on: Mapped[date]
    deposited_on: Mapped[date | None]
    cleared_on: Mapped[date | None]
    bounced_on: Mapped[date | None]
    clearings: Mapped[int] = mapped_column(server_default="0", default=0)
    reason: Mapped[str] = mapped_column(String(400), server_default="")
    fee_invoice_id: Mapped[UUID | None]

    party: Mapped[Party] = relationship(
        primaryjoin="foreign(Cheque.party_id) == Party.id", lazy="raise_on_sql"
    )
    intent: Mapped[PaymentIntent] = relationship(
        primaryjoin="foreign(Cheque.intent_id) == PaymentIntent.id", lazy="raise_on_sql"
    )
    fee_invoice: Mapped[Invoice | None] = relationship(
        primaryjoin="foreign(Cheque.fee_invoice_id) == Invoice.id", lazy="raise_on_sql"
    )

    def __str__(self) -> str:
        return self.number
