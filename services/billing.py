"""Invoices: drafting, issuing, closing, and what is paid on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, union_all

from core.errors import Refused
from core.money import decimals, exact, rounded
from core.text import N_
from core.work import Work, locked
from models.billing import INVOICE_FLOW, Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.taxes import Tax
from services import ledger, organizations, postings, taxes
from services.events import Fact, emit
from services.taxes import Levy

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


@dataclass(frozen=True)
class InvoiceReopened(Fact, type="invoice.reopened", table="invoice"):
    """What was paid on it is not there any more, in whole or part: it is asked for again."""

    invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a draft: what for, how much each, how many, and which income it is.

    `discount` is an amount off the whole line, before its tax. `after` is what is asked for of the
    same price before this line, where a price that contains its tax is asked for in parts.
    """

    description: str
    unit_price: Decimal
    code: str
    quantity: Decimal = Decimal(1)
    item_id: UUID | None = None
    discount: Decimal = Decimal(0)
    levy: Levy | None = None
    after: Decimal | None = None

    def price(self, currency: str) -> Decimal:
        """Give the price of all, half up, before discount and tax."""
        return rounded(self.quantity * self.unit_price, currency)

    def tax(self, currency: str) -> Decimal:
        """Give its tax."""
        base = self.price(currency) - self.discount
        return taxes.reckon(self.levy, base, currency, self.after)


def draft(  # noqa: PLR0913  # what an invoice consists of
    work: Work,
    party_id: UUID,
    currency: str,
    subject: str,
    lines: Sequence[Line],
    *,
    unit_id: UUID | None = None,
    lease_id: UUID | None = None,
) -> Invoice:
    """Draft an invoice. It has no number and asks nobody for anything until it is issued."""
    invoice = Invoice(
        organization_id=work.scope.home(),
        party_id=party_id,
        currency=currency,
        subject=subject[:200],
        unit_id=unit_id,
        lease_id=lease_id,
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
            places=decimals(invoice.currency),
            discount=exact(line.discount, invoice.currency),
            tax_id=line.levy.tax_id if line.levy else None,
            tax_percent=line.levy.percent if line.levy else None,
            tax_included=line.levy is not None and line.levy.included,
            tax_amount=line.tax(invoice.currency),
            taxed_after=line.after if line.levy else None,
            code=line.code,
            item_id=line.item_id,
        )
        for position, line in enumerate(lines, 1)
    )
    session.flush()
    session.refresh(invoice, ["total"])


def issue(work: Work, invoice_id: UUID, due_on: date | None = None) -> Invoice:
    """Ask for the money: give the next number, post it, and freeze it.

    Taxes are those of the day on which it is issued.

    Raises:
        NothingToIssue: the total is not more than zero.
        IllegalMove: it is no draft.
        NoRate: a tax has none yet.

    """
    invoice = locked(work, Invoice, invoice_id)
    if invoice.status is InvoiceStatus.draft:
        _tax_of_today(work, invoice)
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
    """Stop asking for what is unpaid: it is a loss, or was not earned yet.

    Who may is for services/write_offs.py, and for the database, to say.

    Raises:
        ReasonNeeded: nobody said why.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    invoice = locked(work, Invoice, invoice_id)
    due = invoice.total - invoice.paid_amount
    INVOICE_FLOW.move(invoice, "write_off")
    invoice.reason, invoice.closed_at = reason[:400], work.now
    work.session.flush()
    ledger.post(work, postings.invoice_written_off(invoice, earned(work, invoice)))
    emit(work, InvoiceWrittenOff(invoice.id, invoice.party_id, due, reason))
    return invoice


def receive(work: Work, invoice_id: UUID, amount: Decimal, method: PaymentMethod | None) -> Invoice:
    """Note that `amount` (in the invoice's currency) was paid. The caller posts the money.

    Without a method it was paid by what the party had to its credit.

    Raises:
        IllegalMove: the invoice is not open.
        The database refuses more than is due (`ck_invoice_paid_within_total`).

    """
    invoice = locked(work, Invoice, invoice_id)
    full = invoice.paid_amount + amount == invoice.total
    INVOICE_FLOW.move(invoice, "pay" if full else "pay_part")
    invoice.paid_amount += amount
    invoice.payment_method = method or invoice.payment_method
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


def take_back(work: Work, invoice_id: UUID, amount: Decimal) -> Invoice:
    """Note that `amount` which was paid on it is not there any more: it is asked for again.

    The caller posts the money.

    Raises:
        IllegalMove: nothing is paid on it.

    """
    invoice = locked(work, Invoice, invoice_id)
    whole = invoice.paid_amount == amount
    INVOICE_FLOW.move(invoice, "reopen" if whole else "take_back_payment")
    invoice.paid_amount -= amount
    invoice.paid_at = None
    work.session.flush()
    said = (invoice.id, invoice.party_id, invoice.number or "", amount, invoice.currency)
    emit(work, InvoiceReopened(*said))
    return invoice


def earned(work: Work, invoice: Invoice) -> dict[str, Decimal]:
    """Sum the lines by what they earn for in the chart, and taxes by where they are owed."""
    mine = InvoiceLine.invoice_id == invoice.id
    net = select(InvoiceLine.code, InvoiceLine.net_amount.label("amount")).where(mine)
    tax = (
        select(Tax.account, InvoiceLine.tax_amount)
        .join(Tax, Tax.id == InvoiceLine.tax_id)
        .where(mine, InvoiceLine.tax_amount != 0)
    )
    both = union_all(net, tax).subquery()
    query = (
        select(both.c.code, func.sum(both.c.amount).label("amount"))
        .group_by(both.c.code)
        .order_by(both.c.code)
    )
    return {row.code: row.amount for row in work.session.execute(query)}


def _tax_of_today(work: Work, invoice: Invoice) -> None:
    """Bring the taxes of a draft up to date with their rates."""
    query = select(InvoiceLine).where(
        InvoiceLine.invoice_id == invoice.id, InvoiceLine.tax_id.is_not(None)
    )
    today = ledger.business_date(work)
    for line in work.session.scalars(query.order_by(InvoiceLine.position)).all():
        assert line.tax_id
        part = line.taxed_after is not None
        levy = (taxes.within_price if part else taxes.in_force)(work, line.tax_id, today)
        line.tax_percent, line.tax_included = levy.percent, levy.included
        base = line.amount - line.discount
        line.tax_amount = taxes.reckon(levy, base, invoice.currency, line.taxed_after)
    work.session.flush()
    work.session.refresh(invoice, ["total"])


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
