"""Disputes: a payer's bank wants money back. The provider decides; losing is an entry."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, locked
from models.payments import DISPUTE_FLOW, Dispute, DisputeStatus, PaymentIntent
from services import ledger, postings
from services.events import Fact, emit

STAYS = DisputeStatus.won
"""What a dispute is that left the money where it was."""
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

    Lost, the money is gone from where it arrived, and the party owes it again. None where it is
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
            ledger.post(work, postings.dispute_lost(dispute, intent.method))
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
