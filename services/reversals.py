"""Payments taken back: money that was recorded by hand and is not there after all."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing
from core.errors import Refused
from core.text import N_
from core.work import Work, locked
from models.billing import PaymentMethod
from models.chart import WALLET_BALANCES
from models.payments import INTENT_FLOW, ONLINE, Allocation, PaymentIntent, Refund
from models.wallets import Wallet
from services import billing, ledger, postings, wallet_movements
from services.billing import ReasonNeeded
from services.events import Fact, emit
from services.wallet_movements import NotActive


class NotByHand(Refused):
    """A provider or a wallet moved the money."""

    code = "payment_not_by_hand"
    says = N_("Only what was recorded by hand is taken back. Refund this payment instead.")


class GoesBack(Refused):
    """It was refunded, or its credit was used."""

    code = "payment_spent"
    says = N_("A part of it went back or was used as credit. Settle that first.")


@dataclass(frozen=True)
class PaymentReversed(Fact, type="payment.reversed", table="payment_intent"):
    """A payment was taken back; its invoices ask for it again."""

    intent_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    reason: str


def take_back(work: Work, intent_id: UUID, reason: str) -> PaymentIntent:
    """Take a payment back by an opposite entry: its invoices ask for the money again.

    Raises:
        ReasonNeeded: nobody said why.
        NotByHand: its money was not recorded by hand.
        GoesBack: a part of it was refunded, or used as credit, or has left the wallet.
        NotActive: it filled a wallet that is frozen or closed, or nobody but a job may move.
        IllegalMove: nothing came in by it.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    intent = locked(work, PaymentIntent, intent_id)
    if intent.method in ONLINE or intent.method is PaymentMethod.wallet:
        raise NotByHand
    refunded = select(Refund.id).where(Refund.intent_id == intent.id)
    if work.session.scalar(refunded.limit(1)) is not None:
        raise GoesBack
    INTENT_FLOW.move(intent, "reverse")
    intent.reversed_at, intent.failure = work.now, reason.strip()[:400]
    work.session.flush()
    parts = select(Allocation).where(Allocation.intent_id == intent.id)
    for part in work.session.scalars(parts.order_by(Allocation.invoice_id)).all():
        billing.take_back(work, part.invoice_id, part.amount)
    posted, key, memo = postings.payment_taken_back(intent, reason.strip())
    if intent.wallet_id is not None:
        locked(work, Wallet, intent.wallet_id)
    spent = {"ck_account_not_overdrawn": GoesBack(), "wallet_is_open": NotActive()}
    with refusing(work.session, spent):
        entry_id = ledger.reverse(work, ledger.entry_with(work, posted), key, memo)
        kept = -ledger.posted(work, posted, WALLET_BALANCES)
        if intent.wallet_id is not None and kept > 0:
            wallet_movements.take_out(work, intent, entry_id, kept)
    emit(
        work,
        PaymentReversed(
            intent.id,
            intent.party_id,
            intent.number,
            intent.amount,
            intent.currency,
            intent.failure,
        ),
    )
    return intent
