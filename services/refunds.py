"""Refunds: money on its way back, through whoever took it.

As with payments no provider is called from here: a worker claims a refund, asks the provider
outside any transaction, and hands the outcome to `settled`.
"""

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import refusing
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.billing import PaymentMethod
from models.chart import CUSTOMER_CREDIT
from models.disputes import Dispute, DisputeStatus
from models.payments import (
    INTENT_FLOW,
    ONLINE,
    REFUND_FLOW,
    Allocation,
    PaymentIntent,
    Refund,
    RefundStatus,
)
from services import ledger, postings, wallet_movements
from services.events import Fact, emit
from services.payments import AGAIN, LEASE, OVER, Outcome
from services.wallet_movements import NotActive, OverCap


class NotRefundable(Refused):
    """More would go back than came in."""

    code = "not_refundable"
    says = N_("More cannot be paid back than was paid.")


class NoCredit(Refused):
    """All of a payment has paid something, or goes back already."""

    code = "no_credit"
    says = N_("Nothing of this payment is left over: all of it paid invoices, or goes back.")


@dataclass(frozen=True)
class RefundRequested(Fact, type="refund.requested", table="refund"):
    """Money is to go back."""

    refund_id: UUID
    intent_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class RefundSucceeded(Fact, type="refund.succeeded", table="refund"):
    """Money went back."""

    refund_id: UUID
    intent_id: UUID
    party_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class RefundFailed(Fact, type="refund.failed", table="refund"):
    """Money could not go back; somebody has to look."""

    refund_id: UUID
    intent_id: UUID
    reason: str


def request(work: Work, intent_id: UUID, amount: Decimal, key: str, reason: str) -> Refund:
    """Ask for money to go back to the payer; the same key asks once.

    What a provider took a worker sends back through it, else an accountant pays it and says so.

    Raises:
        NotRefundable: more would go back than came in, and was not lost to the payer's bank.

    """
    intent = locked(work, PaymentIntent, intent_id)
    earlier = work.session.scalar(select(Refund).where(Refund.key == key))
    if earlier is not None:
        return earlier
    exact(amount, intent.currency)
    open_refunds = select(Refund.amount).where(
        Refund.intent_id == intent.id, Refund.status != RefundStatus.succeeded
    )
    waiting = sum(work.session.scalars(open_refunds), Decimal(0))
    gone = intent.refunded_amount + waiting + _lost(work, intent.id)
    if intent.status not in OVER or gone + amount > intent.amount:
        raise NotRefundable
    refund = Refund(
        organization_id=intent.organization_id,
        intent_id=intent.id,
        party_id=intent.party_id,
        key=key,
        amount=amount,
        currency=intent.currency,
        reason=reason[:400],
        attempts=0,
        check_at=work.now if intent.method in ONLINE else None,
        created_at=work.now,
    )
    with refusing(work.session, {"refund_within_credit": NotRefundable()}):
        work.session.add(refund)
        work.session.flush()
    emit(work, RefundRequested(refund.id, intent.id, amount, refund.currency))
    if intent.method is PaymentMethod.wallet:
        # A wallet that may not take it back leaves the refund to be paid by hand.
        with suppress(OverCap, NotActive), refusing(work.session, {}):
            settled(work, refund.id, Outcome("succeeded"))
    return refund


def _lost(work: Work, intent_id: UUID) -> Decimal:
    """Sum what of a payment its payer's bank took back."""
    query = select(func.coalesce(func.sum(Dispute.amount), 0)).where(
        Dispute.intent_id == intent_id, Dispute.status == DisputeStatus.lost
    )
    return Decimal(work.session.scalar(query) or 0)


def return_credit(work: Work, intent_id: UUID) -> Refund:
    """Pay back what of a payment paid nothing, as its invoice was not open any more; once.

    What went into a wallet is not left over: its owner withdraws it.

    Raises:
        NoCredit: nothing of it is left over.

    """
    intent = locked(work, PaymentIntent, intent_id)
    used = select(func.coalesce(func.sum(Allocation.amount), 0)).where(
        Allocation.intent_id == intent.id
    )
    left = intent.amount - (work.session.scalar(used) or 0)
    if intent.wallet_id is not None and left > 0:
        posted = postings.payment_taken_back(intent, "")[0]
        left = min(left, -ledger.posted(work, posted, CUSTOMER_CREDIT))
    key = f"credit:{intent.id}"
    asked = work.session.scalar(select(Refund.id).where(Refund.key == key))
    if intent.status not in OVER or left <= 0 or asked:
        raise NoCredit
    with refusing(work.session, {"ck_account_not_overdrawn": NoCredit()}):  # it paid something else
        ledger.guard_credit(work, CUSTOMER_CREDIT, intent.currency, intent.party_id)
        refund = request(work, intent.id, left, key, intent.note)
        ledger.post(work, postings.credit_returned(refund))
    return refund


def claim(work: Work, refund_id: UUID) -> Refund | None:
    """Take a refund that the provider should be asked for now; None if somebody else has.

    The caller commits before it calls the provider, and asks with the same key each time. If it
    dies, the refund falls due again.
    """
    refund = locked(work, Refund, refund_id)
    if refund.check_at is None or refund.check_at > work.now:
        return None
    refund.attempts += 1
    refund.check_at = work.now + LEASE
    return refund


def call_once(work: Work, refund: Refund, notice_hash: bytes) -> None:
    """Note that the provider is called; word of it comes to a secret address."""
    refund.called_at, refund.notice_hash = work.now, notice_hash


def postpone(work: Work, refund_id: UUID) -> Refund:
    """Ask again a little later: there was no answer."""
    return asked(work, refund_id, "")


def asked(work: Work, refund_id: UUID, reference: str) -> Refund:
    """Note what the provider calls a refund that is on its way, and ask again a little later."""
    refund = locked(work, Refund, refund_id)
    if refund.check_at is not None:
        refund.reference = reference or refund.reference
        refund.check_at = work.now + AGAIN[min(max(refund.attempts, 1), len(AGAIN)) - 1]
    return refund


def settled(
    work: Work, refund_id: UUID, outcome: Outcome, reference: str = "", *, by_hand: bool = False
) -> Refund:
    """Take up what came of a refund; said again it changes nothing.

    What a wallet has paid goes back to it, or by the bank where somebody sends it `by_hand`.
    """
    refund = locked(work, Refund, refund_id)
    if refund.status is RefundStatus.succeeded:
        return refund
    refund.check_at = None
    if outcome.state != "succeeded":
        if REFUND_FLOW.allows(refund.status, "fail"):
            REFUND_FLOW.move(refund, "fail")
            refund.failure = outcome.reason[:400]
            emit(work, RefundFailed(refund.id, refund.intent_id, refund.failure))
        return refund
    REFUND_FLOW.move(refund, "succeed")
    refund.reference, refund.succeeded_at = reference or refund.reference, work.now
    intent = locked(work, PaymentIntent, refund.intent_id)
    whole = intent.refunded_amount + refund.amount == intent.amount
    INTENT_FLOW.move(intent, "refund" if whole else "refund_part")
    intent.refunded_amount += refund.amount
    work.session.flush()
    of_wallet = intent.method is PaymentMethod.wallet
    if of_wallet and intent.wallet_id is not None and not by_hand:
        wallet_movements.take_back(work, refund, intent.wallet_id)
    else:
        by = PaymentMethod.bank_transfer if of_wallet else intent.method
        ledger.post(work, postings.refund_paid(refund, by))
    emit(
        work,
        RefundSucceeded(refund.id, intent.id, refund.party_id, refund.amount, refund.currency),
    )
    return refund


def settle(work: Work, refund_id: UUID) -> Refund:
    """Say that a refund was paid out by hand; that of a wallet, which may not take it, by bank."""
    refund = locked(work, Refund, refund_id)
    intent = locked(work, PaymentIntent, refund.intent_id)
    if intent.method in ONLINE:
        raise BadInput(N_("The provider sends this refund by itself."))
    return settled(work, refund_id, Outcome("succeeded"), by_hand=True)


def retry(work: Work, refund_id: UUID) -> Refund:
    """Ask again for a refund that failed."""
    refund = locked(work, Refund, refund_id)
    REFUND_FLOW.move(refund, "retry")
    intent = found(work, PaymentIntent, refund.intent_id)
    refund.failure, refund.attempts, refund.reference = "", 0, None
    refund.called_at = None
    refund.check_at = work.now if intent.method in ONLINE else None
    emit(work, RefundRequested(refund.id, refund.intent_id, refund.amount, refund.currency))
    return refund
