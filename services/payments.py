"""Payments: one path for all money in, whoever takes it. The way back is in services/refunds.py.

A provider is never called from here: an intent is written as what is wanted, a worker calls the
provider outside any transaction (services/asking.py), and hands the outcome to `settle`, which may
be called twice with the same outcome and then changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import Invoice, PaymentMethod
from models.payments import INTENT_FLOW, ONLINE, Allocation, IntentStatus, PaymentIntent
from services import billing, duplicates, ledger, organizations, postings, wallet_movements, ways
from services.events import Fact, emit

LEASE = timedelta(seconds=60)
"""How long whoever claimed a payment has for a call to the provider; then it falls due again."""
AGAIN = (timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5))
"""How long until a provider is asked again, by the number of tries; the last for all later ones."""
GRACE = timedelta(minutes=2)
"""How long after its end a payment may still be under way with the provider."""
LATE = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
"""When to look once more at what we have given up, after its end: not every page closes with us."""
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
    """What the provider took is not what was asked for. Nothing is posted; somebody has to look."""

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
    """What a provider says of a payment or refund.

    Without an amount it speaks of the sum that was asked for. `phone` is who it says has paid, with
    a `*` for each digit that it keeps to itself; `receipt` is what it calls the money,
    and `code` why there is none.
    """

    state: str
    amount: Decimal | None = None
    currency: str = ""
    reason: str = ""
    receipt: str = ""
    phone: str = ""
    code: str = ""


def begin(  # noqa: PLR0913  # the facts of one payment
    work: Work,
    parts: Sequence[Part],
    method: PaymentMethod,
    *,
    provider: str = "",
    phone: str = "",
    return_url: str = "",
    note: str = "",
    again: bool = False,
    saves: bool = False,
    saved_way_id: UUID | None = None,
) -> PaymentIntent:
    """Write down that the party of these invoices means to pay them.

    By card or mobile money, a worker asks the `provider` (or the method's usual one) to take it; a
    bank transfer waits until somebody confirms that it arrived. `again` means that one like it may
    have been made just now; `saves`, that the payer agrees to their card being saved, where the
    provider can. With a `saved_way_id` that card of theirs is charged, and nobody is shown a page.

    Raises:
        NotDue: an invoice is not open, or asks for less.
        BadInput: nothing is named, the invoices are not of one party and currency, the method moves
            no money, or the provider does not take such a sum.
        NotOffered: the organization does not take payments this way.
        PossibleDuplicate: one like it was begun or made a short time ago, and not `again`.

    """
    if method not in postings.MONEY_ACCOUNTS or not parts:
        raise BadInput(N_("Choose what to pay and how."), field="method")
    invoices = _locked_invoices(work, [part.invoice_id for part in parts])
    if len({(each.party_id, each.currency) for each in invoices.values()}) != 1:
        raise BadInput(N_("One payment is for invoices of one customer in one currency."))
    amounts = {part.invoice_id: _amount(part, invoices[part.invoice_id]) for part in parts}
    first, total = next(iter(invoices.values())), sum(amounts.values(), Decimal(0))
    if method in ONLINE:
        way = ways.chosen(work, method, provider)
        provider, phone = way.name, ways.fitting(way, total, first.currency, phone)
        saves = saves and way.saves
    if not again:
        duplicates.check(work, first.party_id, amounts)
    intent = new_intent(
        work, first.party_id, first.currency, total, method, provider or method.value
    )
    intent.return_url, intent.note, intent.phone = return_url, note, phone
    intent.saves, intent.saved_way_id = saves and method in ONLINE, saved_way_id
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


def new_intent(  # noqa: PLR0913, PLR0917  # what a payment consists of
    work: Work, party_id: UUID, currency: str, amount: Decimal, method: PaymentMethod, provider: str
) -> PaymentIntent:
    """Make a payment that somebody means, not yet written. `amount` is in `currency`."""
    expires = timedelta(minutes=organizations.setting(work, "payment.expire_minutes"))
    online = method in ONLINE
    return PaymentIntent(
        organization_id=work.scope.home(),
        number=organizations.next_number(work, "payment", "PAY"),
        party_id=party_id,
        method=method,
        provider=provider,
        amount=amount,
        refunded_amount=Decimal(0),
        currency=currency,
        attempts=0,
        check_at=work.now if online else None,
        expires_at=work.now + expires if online else None,
        recorded_by_id=work.scope.profile_id,
        created_at=work.now,
    )


def record(
    work: Work,
    parts: Sequence[Part],
    method: PaymentMethod,
    note: str = "",
    *,
    again: bool = False,
) -> PaymentIntent:
    """Record money that somebody of the staff holds in their hands, or saw on the bank's statement.

    Raises:
        As `begin`; BadInput for a method of which only the provider can say that it was paid.

    """
    if method in ONLINE:
        raise BadInput(N_("Such a payment is made by the payer."), field="method")
    if method is PaymentMethod.wallet:
        raise BadInput(N_("From a wallet only its owner pays."), field="method")
    intent = begin(work, parts, method, note=note, again=again)
    return settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


def confirm_transfer(work: Work, intent_id: UUID) -> PaymentIntent:
    """Confirm that a bank transfer has arrived."""
    intent = locked(work, PaymentIntent, intent_id)
    if intent.method is not PaymentMethod.bank_transfer:
        raise BadInput(N_("Only a bank transfer is confirmed by hand."))
    return settle(work, intent_id, Outcome("succeeded", intent.amount, intent.currency))


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
        intent.check_at = work.now + pause(intent)
    else:
        _wait(work, intent)
    return intent


def _wait(work: Work, intent: PaymentIntent) -> None:
    """Ask again later; after its end give it up, and look a few times more whether it was paid."""
    end = intent.expires_at
    if end is None or work.now < end + GRACE:
        intent.check_at = work.now + pause(intent)
        return
    if intent.status is not IntentStatus.processing:
        _fail(work, intent, Outcome("expired"))
    intent.check_at = next((end + each for each in LATE if end + each > work.now), None)


def pause(intent: PaymentIntent) -> timedelta:
    """Say how long until the provider is asked again."""
    return AGAIN[min(max(intent.attempts, 1), len(AGAIN)) - 1]


def cancel(work: Work, intent_id: UUID) -> PaymentIntent:
    """Give up a payment that nobody has made yet. If the provider took money, that still counts."""
    intent = locked(work, PaymentIntent, intent_id)
    INTENT_FLOW.move(intent, "cancel")
    emit(work, PaymentFailed(intent.id, intent.party_id, "cancelled"))
    return intent


def _succeed(work: Work, intent: PaymentIntent, outcome: Outcome) -> None:
    intent.receipt = outcome.receipt[:120] or intent.receipt
    if differs := _difference(intent, outcome):
        # Somebody has to look: posting either could be wrong.
        intent.failure = differs
        intent.check_at = None
        emit(work, PaymentUnclear(intent.id, intent.party_id, intent.number, intent.failure))
        if INTENT_FLOW.allows(intent.status, "process"):
            INTENT_FLOW.move(intent, "process")
        return
    INTENT_FLOW.move(intent, "succeed")
    intent.succeeded_at, intent.check_at, intent.failure = work.now, None, ""
    work.session.flush()
    applied: dict[UUID | None, Decimal] = {}
    for part in _parts(work, intent):
        unit_id, amount = _apply(work, part, intent.method)
        applied[unit_id] = applied.get(unit_id, Decimal(0)) + amount
    if intent.wallet_id is not None:
        wallet_movements.receive_intent(work, intent, applied)
    else:
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


def _difference(intent: PaymentIntent, outcome: Outcome) -> str:
    """Say what the provider took otherwise than it was asked to; nothing where all agrees."""
    said = (outcome.amount, outcome.currency)
    if outcome.amount is not None and said != (intent.amount, intent.currency):
        return f"the provider says {outcome.currency} {outcome.amount}"
    theirs, ours = outcome.phone.lstrip("+"), intent.phone.lstrip("+")
    same = len(theirs) == len(ours) and all(
        a in ("*", b) for a, b in zip(theirs, ours, strict=True)
    )
    if theirs and ours and not same:
        return "the provider says that another phone has paid"
    return ""


def _apply(work: Work, part: Allocation, method: PaymentMethod) -> tuple[UUID | None, Decimal]:
    """Pay what the invoice, or the one that took its place, asks for. What is left is credit.

    Returns the unit that the invoice is about, and how much of it is paid.
    """
    invoice = _standing(work, locked(work, Invoice, part.invoice_id))
    due = invoice.total - invoice.paid_amount if invoice.status in billing.OPEN else Decimal(0)
    applied = min(part.amount, due)
    if applied:
        billing.receive(work, invoice.id, applied, method)
    if not applied:
        work.session.delete(part)
    else:
        part.invoice_id, part.amount = invoice.id, applied
    return invoice.unit_id, applied


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
    intent.failure, intent.failure_code = outcome.reason[:400], outcome.code[:60]
    intent.check_at = None
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
