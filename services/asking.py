"""Asking providers about payments: who asks when, and what is known while no answer has come.

The calls themselves are made by workers, outside any transaction.
"""

from datetime import datetime, timedelta
from uuid import UUID

from core.text import N_
from core.work import Work, locked
from models.payments import INTENT_FLOW, PaymentIntent
from services.events import emit
from services.payments import LEASE, Outcome, PaymentStatusChanged, pause, settle

UNHEARD = timedelta(minutes=10)
"""How long we wait for word of a call whose answer got lost and which must not be made twice."""
UNANSWERED = N_("The provider did not answer.")


def claim(work: Work, intent_id: UUID) -> PaymentIntent | None:
    """Take a payment whose provider should be asked now; None if somebody else has, or need not.

    The caller commits before it calls the provider. If it dies, the payment falls due again.
    """
    intent = locked(work, PaymentIntent, intent_id)
    if intent.check_at is None or intent.check_at > work.now:
        return None
    intent.attempts += 1
    intent.check_at = work.now + LEASE
    return intent


def call_once(work: Work, intent: PaymentIntent, notice_hash: bytes) -> None:
    """Note that the one call begins which may be made; word of it comes to a secret address."""
    intent.called_at, intent.notice_hash = work.now, notice_hash


def begin_charge(work: Work, intent: PaymentIntent) -> None:
    """Note that a saved card is charged: from here on nobody gives it up but the provider.

    The caller commits before it calls. If it dies, whether it was charged is asked first.
    """
    intent.called_at = intent.called_at or work.now
    if INTENT_FLOW.allows(intent.status, "process"):
        INTENT_FLOW.move(intent, "process")
        emit(work, PaymentStatusChanged(intent.id, intent.party_id, intent.status))


def postpone(work: Work, intent_id: UUID, *, not_called: bool = False) -> PaymentIntent:
    """Ask again a little later: there was no answer, or (`not_called`) not even a question.

    What got no answer and must not be asked twice is waited for, and then given up.
    """
    intent = locked(work, PaymentIntent, intent_id)
    charge = intent.saved_way_id is not None
    if not_called and not charge:
        intent.called_at = None
    lost = intent.reference is None and intent.called_at is not None and not charge
    if lost and intent.called_at and intent.called_at + UNHEARD <= work.now:
        return settle(work, intent_id, Outcome("expired", reason=UNANSWERED))
    if intent.check_at is not None:
        intent.check_at = work.now + pause(intent)
    return intent


def asked(
    work: Work, intent_id: UUID, reference: str, pay_url: str, expires_at: datetime | None
) -> PaymentIntent:
    """Note the provider's page that the payer is sent to."""
    intent = locked(work, PaymentIntent, intent_id)
    if intent.reference in (None, reference):
        intent.reference, intent.pay_url = reference, pay_url
        intent.expires_at = expires_at or intent.expires_at
    if intent.check_at is not None:
        intent.check_at = work.now + pause(intent)
    if INTENT_FLOW.allows(intent.status, "ask_payer"):
        INTENT_FLOW.move(intent, "ask_payer")
        emit(work, PaymentStatusChanged(intent.id, intent.party_id, intent.status))
    return intent
