"""Invoices: drafting, issuing, closing, and what is paid on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.errors import Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import INVOICE_FLOW, Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from services import ledger, organizations, postings
from services.events import Fact, emit

OPEN = (InvoiceStatus.issued, InvoiceStatus.partly_paid)


class NothingToIssue(Refused):
    """An invoice asks for more than nothing."""

    code = "nothing_to_issue"
    says = N_("The invoice has no lines, or its total is not more than zero.")


class ReasonNeeded(Refused):
    """Whoever closes an invoice says why."""

    code = "reason_needed"
    status = 422
    says = N_("Say why. The customer may ask.")


class PaidInPart(Refused):
    """Money was paid on it already."""

    code = "paid_in_part"
    says = N_("Something was paid on this invoice. Write off what is left, or refund first.")


@dataclass(frozen=True)
class InvoiceIssued(Fact, type="invoice.issued", table="invoice"):
    """A party was asked for money."""

    invoice_id: UUID
    party_id: UUID
    number: str
    total: Decimal
    currency: str
    due_on: date | None


@dataclass(frozen=True)
class InvoicePaid(Fact, type="invoice.paid", table="invoice"):
    """The invoice is paid in full."""

    invoice_id: UUID
    party_id: UUID
    number: str
    total: Decimal
    currency: str


@dataclass(frozen=True)
class InvoiceRejected(Fact, type="invoice.rejected", table="invoice"):
    """The invoice does not hold; the customer or an accountant said so."""

    invoice_id: UUID
    party_id: UUID
    reason: str


@dataclass(frozen=True)
class InvoiceVoided(Fact, type="invoice.voided", table="invoice"):
    """The invoice was withdrawn before anything was paid on it."""

    invoice_id: UUID
    party_id: UUID
    reason: str


@dataclass(frozen=True)
class InvoiceWrittenOff(Fact, type="invoice.written_off", table="invoice"):
    """What is unpaid is not asked for any more."""

    invoice_id: UUID
    party_id: UUID
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a draft: what for, how much each, how many, and which income it is."""

    description: str
    unit_price: Decimal
    code: str
    quantity: Decimal = Decimal(1)
    item_id: UUID | None = None


def draft(  # noqa: PLR0913  # what an invoice consists of
    work: Work,
    party_id: UUID,
    currency: str,
    subject: str,
    lines: Sequence[Line],
    *,
    unit_id: UUID | None = None,
) -> Invoice:
    """Draft an invoice. It has no number and asks nobody for anything until it is issued."""
    invoice = Invoice(
        organization_id=work.scope.home(),
        party_id=party_id,
        currency=currency,
        subject=subject[:200],
        unit_id=unit_id,
        created_at=work.now,
    )
    work.session.add(invoice)
    work.session.flush()
    write_lines(work, invoice, lines)
    return invoice


def write_lines(work: Work, invoice: Invoice, lines: Sequence[Line]) -> None:
    """Replace the lines of a draft. The database computes the total, and refuses for others."""
    session = work.session
    for old in session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)):
        session.delete(old)
    session.flush()
    session.add_all(
        InvoiceLine(
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            position=position,
            description=line.description[:200],
            quantity=line.quantity,
            unit_price=exact(line.unit_price, invoice.currency),
            code=line.code,
            item_id=line.item_id,
        )
        for position, line in enumerate(lines, 1)
    )
    session.flush()
    session.refresh(invoice, ["total"])


def issue(work: Work, invoice_id: UUID, due_on: date | None = None) -> Invoice:
    """Ask for the money: give the next number, post it, and freeze it.

    Raises:
        NothingToIssue: the total is not more than zero.
        IllegalMove: it is no draft.

    """
    invoice = locked(work, Invoice, invoice_id)
    if INVOICE_FLOW.allows(invoice.status, "issue") and invoice.total <= 0:
        raise NothingToIssue
    with work.session.no_autoflush:  # the database wants state and number together
        INVOICE_FLOW.move(invoice, "issue")
        invoice.number = organizations.next_number(work, "invoice", "INV")
    invoice.issued_at = work.now
    invoice.due_on = due_on or invoice.due_on
    work.session.flush()
    ledger.post(work, postings.invoice_issued(invoice, earned(work, invoice)))
    emit(
        work,
        InvoiceIssued(
            invoice.id,
            invoice.party_id,
            invoice.number,
            invoice.total,
            invoice.currency,
            invoice.due_on,
        ),
    )
    return invoice


def void(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Withdraw an invoice on which nothing was paid. Its number stays used.

    Raises:
        ReasonNeeded: nobody said why.
        PaidInPart: something was paid on it.

    """
    invoice = _closable(work, invoice_id, reason)
    was_draft = invoice.status is InvoiceStatus.draft
    INVOICE_FLOW.move(invoice, "void")
    _close(work, invoice, reason, posted=not was_draft)
    emit(work, InvoiceVoided(invoice.id, invoice.party_id, reason))
    return invoice


def reject(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Mark an invoice as not holding, on which nothing was paid.

    Raises:
        ReasonNeeded: nobody said why.
        PaidInPart: something was paid on it.

    """
    invoice = _closable(work, invoice_id, reason)
    was_draft = invoice.status is InvoiceStatus.draft
    INVOICE_FLOW.move(invoice, "reject")
    _close(work, invoice, reason, posted=not was_draft)
    emit(work, InvoiceRejected(invoice.id, invoice.party_id, reason))
    return invoice


def write_off(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Stop asking for what is unpaid.

    Raises:
        ReasonNeeded: nobody said why.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    invoice = locked(work, Invoice, invoice_id)
    due = invoice.total - invoice.paid_amount
    INVOICE_FLOW.move(invoice, "write_off")
    _close(work, invoice, reason, posted=True)
    emit(work, InvoiceWrittenOff(invoice.id, invoice.party_id, due, reason))
    return invoice


def receive(work: Work, invoice_id: UUID, amount: Decimal, method: PaymentMethod) -> Invoice:
    """Note that `amount` (in the invoice's currency) was paid. The caller has posted the money.

    Raises:
        IllegalMove: the invoice is not open.
        The database refuses more than is due (`ck_invoice_paid_within_total`).

    """
    invoice = locked(work, Invoice, invoice_id)
    full = invoice.paid_amount + amount == invoice.total
    INVOICE_FLOW.move(invoice, "pay" if full else "pay_part")
    invoice.paid_amount += amount
    invoice.payment_method = method
    if full:
        invoice.paid_at = work.now
        emit(
            work,
            InvoicePaid(
                invoice.id,
                invoice.party_id,
                invoice.number or "",
                invoice.total,
                invoice.currency,
            ),
        )
    work.session.flush()
    return invoice


def earned(work: Work, invoice: Invoice) -> dict[str, Decimal]:
    """Sum the lines by the line of the chart that they earn for."""
    query = (
        select(InvoiceLine.code, func.sum(InvoiceLine.amount).label("amount"))
        .where(InvoiceLine.invoice_id == invoice.id)
        .group_by(InvoiceLine.code)
        .order_by(InvoiceLine.code)
    )
    return {row.code: row.amount for row in work.session.execute(query)}


def _closable(work: Work, invoice_id: UUID, reason: str) -> Invoice:
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    invoice = locked(work, Invoice, invoice_id)
    if invoice.paid_amount:
        raise PaidInPart
    return invoice


def _close(work: Work, invoice: Invoice, reason: str, *, posted: bool) -> None:
    invoice.reason, invoice.closed_at = reason[:400], work.now
    work.session.flush()
    if posted:
        recipe = postings.invoice_closed(invoice, earned(work, invoice), invoice.status.value)
        ledger.post(work, recipe)
