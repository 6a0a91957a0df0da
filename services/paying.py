"""Paying what is due, all of it or a part, once: the buyer's side of services/payments.py."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput
from core.money import parsed
from core.text import N_
from core.work import Work, locked
from models.billing import Invoice, PaymentMethod
from models.payments import Allocation, PaymentIntent
from services import billing, buying, payments, ways
from services.payments import Part


def pay(  # noqa: PLR0913  # what a payer chooses
    work: Work,
    invoice_ids: Sequence[UUID],
    method: PaymentMethod,
    return_url: str = "",
    amount: str = "",
    *,
    provider: str = "",
    phone: str = "",
    again: bool = False,
    saves: bool = False,
) -> PaymentIntent:
    """Begin to pay what is due on these invoices, or `amount` of it (as typed), once.

    A part goes to what is due first. `{id}` in `return_url` becomes the id of the payment.

    Whoever asks again while such a payment is under way is given that one: two presses of a
    button, or two open pages, never charge twice. Asking at the same instant waits here. Another
    one like it within some minutes is begun only if `again` says so. `saves`: as `payments.begin`.

    Raises:
        As `payments.begin`; BadInput: the amount cannot be read.
        NotDue: the amount is more than is due.

    """
    wanted = sorted(set(invoice_ids))
    invoices = [locked(work, Invoice, each) for each in wanted]
    due = _shared(invoices, amount) if amount else {each.id: _due(each) for each in invoices}
    wanted = sorted(due)
    open_intents = (
        select(PaymentIntent)
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .where(
            Allocation.invoice_id.in_(wanted),
            PaymentIntent.status.in_(payments.ASKED),
            PaymentIntent.method == method,
            PaymentIntent.provider == _provider(method, provider),
        )
        .order_by(PaymentIntent.id.desc())
    )
    for intent in work.session.scalars(open_intents).unique():
        over = intent.expires_at is not None and intent.expires_at <= work.now
        same = {invoice.id: amount for invoice, amount in buying.paid_for(work, intent.id)}
        if same == due and not over and (not saves or intent.saves):
            return intent
    parts = [Part(each, due[each]) for each in wanted]
    intent = payments.begin(
        work, parts, method, provider=provider, phone=phone, again=again, saves=saves
    )
    intent.return_url = return_url.replace("{id}", str(intent.id))
    return intent


def _provider(method: PaymentMethod, provider: str) -> str:
    return provider or ways.DEFAULTS.get(method, method.value)


def _shared(invoices: Sequence[Invoice], typed: str) -> dict[UUID, Decimal]:
    """Give an amount to the invoices in the order in which they are due."""
    if len({each.currency for each in invoices}) != 1:
        raise BadInput(N_("One payment is for invoices of one customer in one currency."))
    left = parsed(typed, invoices[0].currency)
    if left <= 0:
        raise BadInput(N_("A payment must be more than zero."), field="amount")
    shares = {}
    for each in sorted(invoices, key=lambda each: (each.due_on or date.max, each.id)):
        share = min(left, _due(each)) if each.status in billing.OPEN else Decimal(0)
        if share:
            shares[each.id] = share
            left -= share
    if left:
        raise payments.NotDue(N_("That is more than is due on what you ticked."), field="amount")
    return shares


def _due(invoice: Invoice) -> Decimal:
    return invoice.total - invoice.paid_amount
