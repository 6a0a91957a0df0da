"""Payments: one path for all money in, whoever takes it. The way back is in services/refunds.py.

A provider is never called from here: an intent is written as what is wanted, a worker calls the
provider outside any transaction, and hands the outcome to `asked` or `settle`. Each of these may be
called twice with the same outcome and then changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import Invoice, PaymentMethod
from models.payments import (
    INTENT_FLOW,
    Allocation,
    IntentStatus,
    PaymentIntent,
)
from services import billing, ledger, organizations, postings
from services.events import Fact, emit

AGAIN = (timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5))
"""How long until a provider is asked again, by the number of tries; the last for all later ones."""
ASKED = (IntentStatus.pending, IntentStatus.requires_action, IntentStatus.processing)
OVER = (
    IntentStatus.succeeded,
    IntentStatus.partly_refunded,
    IntentStatus.refunded,
)


class NotDue(Refused):
    """An invoice does not ask for (so much) money now."""

    code = "not_due"
    says = N_("That is not due any more. Load the page again to see what is.")


@dataclass(frozen=True)
class PaymentInitiated(Fact, type="payment.initiated", table="payment_intent"):
    """Somebody means to pay."""

    intent_id: UUID
    party_id: UUID
    method: PaymentMethod
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class PaymentStatusChanged(Fact, type="payment.status_changed", table="payment_intent"):
    """A payment waits for its payer, or is being made."""

    intent_id: UUID
    party_id: UUID
    new: IntentStatus


@dataclass(frozen=True)
class PaymentSucceeded(Fact, type="payment.succeeded", table="payment_intent"):
    """Money came in."""

    intent_id: UUID
    party_id: UUID
    number: str
    method: PaymentMethod
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class PaymentFailed(Fact, type="payment.failed", table="payment_intent"):
    """A payment did not come about; `reason` is what the provider said."""

    intent_id: UUID
    party_id: UUID
    reason: str


@dataclass(frozen=True)
class PaymentUnclear(Fact, type="payment.unclear", table="payment_intent"):
    """The provider took another sum than was asked for. Nothing is posted; somebody has to look."""

    intent_id: UUID
    party_id: UUID
    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a payment is for which invoice; without an amount all that is due on it."""

    invoice_id: UUID
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says of a payment or refund."""

    state: str
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""


def begin(
    work: Work,
    parts: Sequence[Part],
    method: PaymentMethod,
    *,
    return_url: str = "",
    note: str = "",
) -> PaymentIntent:
    """Write down that the party of these invoices means to pay them.

    By card, a worker asks the provider for a page to send the payer to; a bank transfer waits until
    somebody confirms that it arrived.

    Raises:
        NotDue: an invoice is not open, or asks for less.
        BadInput: nothing is named, the invoices are not of one party and currency, or the method
            moves no money.

    """
    if method not in postings.MONEY_ACCOUNTS or not parts:
        raise BadInput(N_("Choose what to pay and how."), field="method")
    invoices = _locked_invoices(work, [part.invoice_id for part in parts])
    if len({(each.party_id, each.currency) for each in invoices.values()}) != 1:
        raise BadInput(N_("One payment is for invoices of one customer in one currency."))
    amounts = {part.invoice_id: _amount(part, invoices[part.invoice_id]) for part in parts}
    intent = _new_intent(work, next(iter(invoices.values())), sum(amounts.values()), method)
    intent.return_url, intent.note = return_url, note
    work.session.add(intent)
    work.session.flush()
    for invoice_id, amount in amounts.items():
        work.session.add(
            Allocation(
                organization_id=intent.organization_id,
                intent_id=intent.id,
                invoice_id=invoice_id,
                amount=amount,
            )
        )
    emit(
        work,
        PaymentInitiated(intent.id, intent.party_id, method, intent.amount, intent.currency),
    )
    if method is PaymentMethod.bank_transfer:
        INTENT_FLOW.move(intent, "ask_payer")
    work.session.flush()
    return intent


def _new_intent(
    work: Work, first: Invoice, amount: Decimal | int, method: PaymentMethod
) -> PaymentIntent:
    expires = timedelta(minutes=organizations.setting(work, "payment.expire_minutes"))
    card = method is PaymentMethod.card
    return PaymentIntent(
        organization_id=work.scope.home(),
        number=organizations.next_number(work, "payment", "PAY"),
        party_id=first.party_id,
        method=method,
        provider="card" if card else method.value,
        amount=Decimal(amount),
        refunded_amount=Decimal(0),
        currency=first.currency,
        check_at=work.now if card else None,
        expires_at=work.now + expires if card else None,
        recorded_by_id=work.scope.profile_id,
        created_at=work.now,
    )


def record(
    work: Work, parts: Sequence[Part], method: PaymentMethod, note: str = ""
) -> PaymentIntent:
    """Record money that somebody of the staff holds in their hands, or saw on the bank's statement.

    Raises:
        As `begin`; BadInput for a card, which only the provider can say was paid.

    """
    if method is PaymentMethod.card:
        raise BadInput(N_("A card payment is made by the payer."), field="method")
    intent = begin(work, parts, method, note=note)
    return settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


def confirm_transfer(work: Work, intent_id: UUID) -> PaymentIntent:
    """Confirm that a bank transfer has arrived."""
    intent = locked(work, PaymentIntent, intent_id)
    if intent.method is not PaymentMethod.bank_transfer:
        raise BadInput(N_("Only a bank transfer is confirmed by hand."))
    return settle(work, intent_id, Outcome("succeeded", intent.amount, intent.currency))


def claim(work: Work, intent_id: UUID) -> PaymentIntent | None:
    """Take a payment whose provider should be asked now; None if somebody else has, or need not.

    The caller commits before it calls the provider. If it dies, the payment falls due again.
    """
    intent = locked(work, PaymentIntent, intent_id)
    if intent.check_at is None or intent.check_at > work.now:
        return None
    intent.attempts += 1
    intent.check_at = work.now + AGAIN[min(intent.attempts, len(AGAIN)) - 1]
    return intent


def asked(
    work: Work, intent_id: UUID, reference: str, pay_url: str, expires_at: datetime | None
) -> PaymentIntent:
    """Note the provider's page that the payer is sent to."""
    intent = locked(work, PaymentIntent, intent_id)
    if intent.reference is None:
        intent.reference, intent.pay_url = reference, pay_url
        intent.expires_at = expires_at or intent.expires_at
    if INTENT_FLOW.allows(intent.status, "ask_payer"):
        INTENT_FLOW.move(intent, "ask_payer")
        emit(work, PaymentStatusChanged(intent.id, intent.party_id, intent.status))
    return intent


def settle(work: Work, intent_id: UUID, outcome: Outcome) -> PaymentIntent:
    """Take up what the provider says of a payment; what is said again changes nothing.

    Money that came for invoices which are not open any more becomes the party's credit.
    """
    intent = locked(work, PaymentIntent, intent_id)
    if intent.status in OVER:
        intent.check_at = None
        return intent
    if outcome.state == "succeeded":
        _succeed(work, intent, outcome)
    elif outcome.state in {"failed", "expired", "cancelled"}:
        _fail(work, intent, outcome)
    elif outcome.state == "processing" and INTENT_FLOW.allows(intent.status, "process"):
        INTENT_FLOW.move(intent, "process")
        emit(work, PaymentStatusChanged(intent.id, intent.party_id, intent.status))
    return intent


def cancel(work: Work, intent_id: UUID) -> PaymentIntent:
    """Give up a payment that nobody has made yet. If the provider took money, that still counts."""
    intent = locked(work, PaymentIntent, intent_id)
    INTENT_FLOW.move(intent, "cancel")
    emit(work, PaymentFailed(intent.id, intent.party_id, "cancelled"))
    return intent


def _succeed(work: Work, intent: PaymentIntent, outcome: Outcome) -> None:
    said = (outcome.amount, outcome.currency)
    if said != (intent.amount, intent.currency):
        # Somebody has to look: posting either amount could be wrong.
        intent.failure = f"the provider says {outcome.currency} {outcome.amount}"
        intent.check_at = None
        emit(work, PaymentUnclear(intent.id, intent.party_id, intent.number, intent.failure))
        if INTENT_FLOW.allows(intent.status, "process"):
            INTENT_FLOW.move(intent, "process")
        return
    INTENT_FLOW.move(intent, "succeed")
    intent.succeeded_at, intent.check_at, intent.failure = work.now, None, ""
    work.session.flush()
    applied = sum((_apply(work, each, intent.method) for each in _parts(work, intent)), Decimal(0))
    ledger.post(work, postings.payment_succeeded(intent, applied))
    emit(
        work,
        PaymentSucceeded(
            intent.id,
            intent.party_id,
            intent.number,
            intent.method,
            intent.amount,
            intent.currency,
        ),
    )


def _apply(work: Work, part: Allocation, method: PaymentMethod) -> Decimal:
    """Pay what the invoice, or the one that took its place, asks for. What is left is credit."""
    invoice = _standing(work, locked(work, Invoice, part.invoice_id))
    due = invoice.total - invoice.paid_amount if invoice.status in billing.OPEN else Decimal(0)
    applied = min(part.amount, due)
    if applied:
        billing.receive(work, invoice.id, applied, method)
    if not applied:
        work.session.delete(part)
    else:
        part.invoice_id, part.amount = invoice.id, applied
    return applied


def _standing(work: Work, invoice: Invoice) -> Invoice:
    """Find the invoice that took the place of one, while its payer was at the provider's page."""
    if invoice.status in billing.OPEN:
        return invoice
    newer = work.session.scalar(select(Invoice.id).where(Invoice.replaces_id == invoice.id))
    return _standing(work, locked(work, Invoice, newer)) if newer else invoice


def _fail(work: Work, intent: PaymentIntent, outcome: Outcome) -> None:
    move = {"failed": "fail", "expired": "expire", "cancelled": "cancel"}[outcome.state]
    if not INTENT_FLOW.allows(intent.status, move):
        intent.check_at = None
        return
    INTENT_FLOW.move(intent, move)
    intent.failure, intent.check_at = outcome.reason[:400], None
    emit(work, PaymentFailed(intent.id, intent.party_id, outcome.reason[:400]))


def _parts(work: Work, intent: PaymentIntent) -> list[Allocation]:
    query = (
        select(Allocation).where(Allocation.intent_id == intent.id).order_by(Allocation.invoice_id)
    )
    return list(work.session.scalars(query))


def _locked_invoices(work: Work, ids: Sequence[UUID]) -> dict[UUID, Invoice]:
    """Lock in the order of ids, so that two payments do not wait for each other in a ring."""
    return {each: locked(work, Invoice, each) for each in sorted(set(ids))}


def _amount(part: Part, invoice: Invoice) -> Decimal:
    due = invoice.total - invoice.paid_amount
    amount = due if part.amount is None else exact(part.amount, invoice.currency)
    if invoice.status not in billing.OPEN or amount > due:
        raise NotDue
    if amount <= 0:
        raise BadInput(N_("A payment must be more than zero."), field="amount")
    return amount
