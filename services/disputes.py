"""Disputes: a payer's bank wants money back. The provider decides; losing is an entry."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.work import Work, locked
from models.billing import INVOICE_FLOW, Invoice
from models.bookings import Booking, BookingInvoice, BookingStatus
from models.chart import CUSTOMER_CREDIT
from models.disputes import DISPUTE_FLOW, Dispute, DisputePart, DisputeStatus
from models.payments import Allocation, PaymentIntent
from services import billing, credit, ledger, postings
from services.events import Fact, emit

STAYS = DisputeStatus.won
"""What a dispute is that left the money where it was."""
ENDED = (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)
MOVES = {DisputeStatus.won: "win", DisputeStatus.lost: "lose"}


@dataclass(frozen=True)
class PaymentDisputed(Fact, type="payment.disputed", table="payment_dispute"):
    """A payer's bank wants money back."""

    dispute_id: UUID
    intent_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True)
class DisputeClosed(Fact, type="payment.dispute_closed", table="payment_dispute"):
    """It was decided whether the money stays."""

    dispute_id: UUID
    intent_id: UUID
    party_id: UUID
    number: str
    outcome: DisputeStatus
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says of a dispute."""

    reference: str
    state: str
    amount: Decimal
    currency: str
    reason: str


def take_up(work: Work, intent_id: UUID, said: Said) -> Dispute | None:
    """Take up how a dispute of a payment stands; what is said again changes nothing.

    Lost, the money is gone from where it arrived, and the invoices that it paid ask for it again;
    what they do not ask for, as they are closed, the party owes apart from them. None where it is
    over another sum than the payment can have been: somebody has to look at the provider's page.
    """
    intent = locked(work, PaymentIntent, intent_id)
    if said.currency != intent.currency or not 0 < said.amount <= intent.amount:
        return None
    known = select(Dispute).where(
        Dispute.provider == intent.provider, Dispute.reference == said.reference
    )
    dispute = work.session.scalar(known.with_for_update())
    if dispute is None:
        dispute = _opened(work, intent, said)
    move = MOVES.get(DisputeStatus(said.state))
    if move and DISPUTE_FLOW.allows(dispute.status, move):
        DISPUTE_FLOW.move(dispute, move)
        dispute.closed_at = work.now
        work.session.flush()
        if dispute.status is DisputeStatus.lost:
            _lose(work, intent, dispute)
        emit(
            work,
            DisputeClosed(
                dispute.id,
                intent.id,
                intent.party_id,
                intent.number,
                dispute.status,
                dispute.amount,
                dispute.currency,
            ),
        )
    return dispute


def _lose(work: Work, intent: PaymentIntent, dispute: Dispute) -> None:
    """Take back what the payment had paid, then what it had left as credit."""
    again: dict[UUID | None, Decimal] = {}
    left = dispute.amount
    for invoice_id, paid in _still_paid(work, intent.id):
        invoice = locked(work, Invoice, invoice_id)
        amount = min(paid, left, invoice.paid_amount)
        open_again = INVOICE_FLOW.allows(invoice.status, "take_back_payment")
        if amount <= 0 or not open_again or _is_over(work, invoice.id):
            continue
        work.session.add(
            DisputePart(
                organization_id=dispute.organization_id,
                dispute_id=dispute.id,
                invoice_id=invoice.id,
                amount=amount,
            )
        )
        billing.take_back(work, invoice.id, amount)
        again[invoice.unit_id] = again.get(invoice.unit_id, Decimal(0)) + amount
        left -= amount
    unused = min(left, _left_as_credit(work, intent))
    ledger.post(work, postings.dispute_lost(dispute, intent.method, again, unused))


def _still_paid(work: Work, intent_id: UUID) -> list[tuple[UUID, Decimal]]:
    """List what a payment pays of which invoice, less what earlier disputes took back of it."""
    gone = (
        select(DisputePart.invoice_id, func.sum(DisputePart.amount).label("amount"))
        .join(Dispute, Dispute.id == DisputePart.dispute_id)
        .where(Dispute.intent_id == intent_id)
        .group_by(DisputePart.invoice_id)
        .subquery()
    )
    query = (
        select(Allocation.invoice_id, Allocation.amount - func.coalesce(gone.c.amount, 0))
        .outerjoin(gone, gone.c.invoice_id == Allocation.invoice_id)
        .where(Allocation.intent_id == intent_id)
        .order_by(Allocation.invoice_id)
    )
    return [(row[0], row[1]) for row in work.session.execute(query)]


def _is_over(work: Work, invoice_id: UUID) -> bool:
    """Whether an invoice is of a booking that has ended. Its invoice is locked: it does not now."""
    query = (
        select(Booking.id)
        .join(BookingInvoice, BookingInvoice.booking_id == Booking.id)
        .where(BookingInvoice.invoice_id == invoice_id, Booking.status.in_(ENDED))
    )
    return work.session.scalar(query) is not None


def _left_as_credit(work: Work, intent: PaymentIntent) -> Decimal:
    """Say what of a payment became credit that its party still has; guarded from now on."""
    ledger.guard_credit(work, CUSTOMER_CREDIT, intent.currency, intent.party_id)
    posted = postings.payment_taken_back(intent, "")[0]
    became = -ledger.posted(work, posted, CUSTOMER_CREDIT)
    return max(min(became, credit.available(work, intent.party_id, intent.currency)), Decimal(0))


def _opened(work: Work, intent: PaymentIntent, said: Said) -> Dispute:
    dispute = Dispute(
        organization_id=intent.organization_id,
        intent_id=intent.id,
        party_id=intent.party_id,
        provider=intent.provider,
        reference=said.reference,
        amount=said.amount,
        currency=said.currency,
        reason=said.reason[:400],
        created_at=work.now,
    )
    work.session.add(dispute)
    work.session.flush()
    emit(
        work,
        PaymentDisputed(
            dispute.id,
            intent.id,
            intent.party_id,
            intent.number,
            dispute.amount,
            dispute.currency,
            dispute.reason,
        ),
    )
    return dispute
