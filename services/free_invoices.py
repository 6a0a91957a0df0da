"""Invoices that the staff write by hand: any customer, lines with account, discount and tax."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.errors import BadInput, Refused
from core.money import exact, is_currency, parsed, rounded, split, ungrouped
from core.text import N_
from core.work import Work, found, locked
from models.billing import INVOICE_FLOW, Invoice, InvoiceLine
from models.bookings import BookingInvoice
from models.chart import MAIN, OF_A_PARTY, AccountType, Book, LedgerAccount
from models.people import Party
from services import billing, ledger, taxes
from services.billing import Line
from services.taxes import Levy

MOST = 100
PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,4})?|100) ?%")
EARNING = (AccountType.income, AccountType.expense)
"""What a line may be for: what is earned, or a cost that is charged on."""


class OfABooking(Refused):
    """The lines of a booking's invoice follow what was chosen."""

    code = "invoice_of_booking"
    says = N_("This invoice follows a booking. Change the booking instead.")


@dataclass(frozen=True, slots=True)
class Typed:
    """A line as it was typed. `discount` is an amount, or a percentage like `10 %`."""

    description: str
    quantity: str
    unit_price: str
    code: str
    discount: str = ""
    tax: str = ""

    def __bool__(self) -> bool:
        """Whether anything was typed but what stands there at first."""
        return bool(self.description or self.unit_price or self.discount)


@dataclass(frozen=True, slots=True)
class Head:
    """Whose invoice it is, in which currency, what for, by when, and a discount on the whole."""

    party_id: UUID | None
    currency: str
    subject: str
    due_on: date | None = None
    discount: str = ""


@dataclass(frozen=True, slots=True)
class Sums:
    """What an invoice would ask for."""

    prices: Decimal
    discount: Decimal
    taxes: dict[UUID, Decimal]
    total: Decimal


def accounts(work: Work) -> dict[str, str]:
    """List the accounts that a line may earn for: code and name."""
    heads = select(LedgerAccount.parent_id).where(LedgerAccount.parent_id.is_not(None))
    query = (
        select(LedgerAccount.code, LedgerAccount.name)
        .join(Book, Book.id == LedgerAccount.book_id)
        .where(
            Book.name == MAIN,
            LedgerAccount.active,
            LedgerAccount.type.in_(EARNING),
            LedgerAccount.id.not_in(heads),
            LedgerAccount.code.not_in(OF_A_PARTY),
        )
        .order_by(LedgerAccount.type.desc(), LedgerAccount.code)
    )
    return {row.code: row.name for row in work.session.execute(query)}


def read(work: Work, head: Head, typed: Sequence[Typed]) -> list[Line]:
    """Read the lines that were typed, with the discount on the whole given to each its part.

    Raises:
        BadInput: something is missing or cannot be read; `field` says what.
        NoRate: a tax has no rate yet.

    """
    if not is_currency(head.currency):
        raise BadInput(N_("That is no currency: write its code, like KES."), field="currency")
    asked = [each for each in typed if each]
    if not 1 <= len(asked) <= MOST:
        raise BadInput(N_("An invoice has 1 to 100 lines."), field="lines")
    known, today, levies = accounts(work), ledger.business_date(work), dict[str, Levy | None]()
    lines = []
    for number, each in enumerate(asked, 1):
        if each.tax not in levies:
            levies[each.tax] = taxes.in_force(work, _id(each.tax), today) if each.tax else None
        try:
            lines.append(_line(each, head.currency, known, levies[each.tax]))
        except BadInput as wrong:
            said = N_("Line %(line)s: %(problem)s")
            raise BadInput(said, field="lines", line=number, problem=str(wrong)) from wrong
    return _reduced(lines, head)


def sums(lines: Sequence[Line], currency: str) -> Sums:
    """Reckon what lines would ask for, as the database will."""
    found_taxes: dict[UUID, Decimal] = {}
    total = prices = discount = Decimal(0)
    for line in lines:
        price, tax = line.price(currency), line.tax(currency)
        prices, discount = prices + price, discount + line.discount
        total += price - line.discount
        if line.levy:
            found_taxes[line.levy.tax_id] = found_taxes.get(line.levy.tax_id, Decimal(0)) + tax
            total += Decimal(0) if line.levy.included else tax
    return Sums(prices, discount, found_taxes, total)


def write(work: Work, head: Head, typed: Sequence[Typed]) -> Invoice:
    """Draft an invoice. Nobody is asked for anything until it is issued.

    Raises:
        As `read`.

    """
    _check(work, head)
    assert head.party_id
    lines = read(work, head, typed)
    invoice = billing.draft(work, head.party_id, head.currency, head.subject.strip(), lines)
    invoice.due_on = head.due_on
    work.session.flush()
    return invoice


def change(work: Work, invoice_id: UUID, head: Head, typed: Sequence[Typed]) -> Invoice:
    """Write a draft anew.

    Raises:
        As `read`.
        OfABooking: it follows what a customer chooses.
        IllegalMove: it is issued.

    """
    _check(work, head)
    assert head.party_id
    invoice = editable(work, invoice_id)
    lines = read(work, head, typed)
    billing.write_lines(work, invoice, [])
    invoice.party_id, invoice.currency = head.party_id, head.currency
    invoice.subject, invoice.due_on = head.subject.strip()[:200], head.due_on
    billing.write_lines(work, invoice, lines)
    return invoice


def editable(work: Work, invoice_id: UUID) -> Invoice:
    """Lock a draft that the staff may write anew.

    Raises:
        OfABooking: it follows what a customer chooses.
        IllegalMove: it is issued.

    """
    invoice = locked(work, Invoice, invoice_id)
    INVOICE_FLOW.check(invoice, "issue")
    link = select(BookingInvoice.id).where(BookingInvoice.invoice_id == invoice_id)
    if work.session.scalar(link) is not None:
        raise OfABooking
    return invoice


def typed_of(work: Work, invoice: Invoice) -> list[Typed]:
    """Give the lines of a draft as they would be typed."""
    query = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
    return [
        Typed(
            line.description,
            f"{line.quantity.normalize():f}",
            f"{rounded(line.unit_price, invoice.currency)}",
            line.code,
            f"{rounded(line.discount, invoice.currency)}" if line.discount else "",
            str(line.tax_id or ""),
        )
        for line in work.session.scalars(query.order_by(InvoiceLine.position))
    ]


def _check(work: Work, head: Head) -> None:
    if head.party_id is None:
        raise BadInput(N_("Say who is to pay it."), field="party")
    found(work, Party, head.party_id)
    if not head.subject.strip():
        raise BadInput(N_("Say what it is for."), field="subject")


def _line(each: Typed, currency: str, known: dict[str, str], levy: Levy | None) -> Line:
    if not each.description.strip():
        raise BadInput(N_("Say what it is for."))
    quantity = ungrouped(each.quantity or "1")
    if quantity is None or not re.fullmatch(r"\d{1,9}(\.\d{1,3})?", quantity):
        raise BadInput(N_("A quantity has up to three decimals, like 1.5."))
    if Decimal(quantity) <= 0:
        raise BadInput(N_("A quantity is more than nothing."))
    price = parsed(each.unit_price, currency)
    if price < 0:
        raise BadInput(N_("A price is zero or more; use a discount to take something off."))
    if each.code not in known:
        raise BadInput(N_("Choose an account that it earns for."))
    line = Line(each.description.strip()[:200], price, each.code, Decimal(quantity), levy=levy)
    off = _off(each.discount, line.price(currency), currency)
    return replace(line, discount=off)


def _off(text: str, whole: Decimal, currency: str) -> Decimal:
    """Read a discount on a sum: an amount, or a percentage of it."""
    typed = text.strip()
    if not typed:
        return Decimal(0)
    if percent := PERCENT.fullmatch(typed):
        return rounded(whole * Decimal(percent[1]) / 100, currency)
    amount = exact(parsed(typed, currency), currency)
    if not 0 <= amount <= whole:
        raise BadInput(N_("A discount is at most what it is taken from."))
    return amount


def _reduced(lines: list[Line], head: Head) -> list[Line]:
    """Give each line its part of the discount on the whole; none more than is left of it."""
    left = [line.price(head.currency) - line.discount for line in lines]
    whole = sum(left, Decimal(0))
    try:
        off = _off(head.discount, whole, head.currency)
    except BadInput as wrong:
        raise BadInput(wrong.says, field="discount", **wrong.values) from wrong
    if not off:
        return lines
    parts = iter(split(off, [each for each in left if each], head.currency))
    shares = [next(parts) if each else Decimal(0) for each in left]
    return [
        replace(line, discount=line.discount + share)
        for line, share in zip(lines, shares, strict=True)
    ]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(N_("Choose one of those that are offered."), field="lines") from None
