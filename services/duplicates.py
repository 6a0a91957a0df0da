"""Paying twice by mistake: what looks like a payment that was just made is asked about first."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import Refused
from core.text import N_
from core.work import Work
from models.payments import Allocation, IntentStatus, PaymentIntent
from services import organizations

NOTHING_CAME = (
    IntentStatus.failed,
    IntentStatus.cancelled,
    IntentStatus.expired,
    IntentStatus.reversed,
)


class PossibleDuplicate(Refused):
    """The same payer began to pay the same for the same invoices a short time ago."""

    code = "possible_duplicate"
    says = N_(
        "%(number)s is a payment of the same amount for the same invoice, begun a short time ago."
        " Say that you mean to pay it once more."
    )


def check(work: Work, party_id: UUID, amounts: Mapping[UUID, Decimal]) -> None:
    """Refuse what equals a payment of the last minutes that came, or may still come.

    How many minutes is a setting of the organization.

    Raises:
        PossibleDuplicate: there is one.

    """
    minutes = organizations.setting(work, "payment.duplicate_minutes")
    if minutes <= 0:
        return
    recent = (
        select(PaymentIntent.id, PaymentIntent.number)
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .where(
            PaymentIntent.party_id == party_id,
            PaymentIntent.created_at > work.now - timedelta(minutes=minutes),
            PaymentIntent.status.not_in(NOTHING_CAME),
            PaymentIntent.amount == sum(amounts.values(), Decimal(0)),
            Allocation.invoice_id.in_(amounts),
        )
        .order_by(PaymentIntent.id.desc())
    )
    for intent_id, number in work.session.execute(recent).unique():
        parts = select(Allocation.invoice_id, Allocation.amount).where(
            Allocation.intent_id == intent_id
        )
        if {each.invoice_id: each.amount for each in work.session.execute(parts)} == amounts:
            raise PossibleDuplicate(field="again", number=number)
