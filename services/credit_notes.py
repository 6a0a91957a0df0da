"""Credit notes: what an issued invoice asked for is taken back, in whole or part, with its tax."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import decimals, exact, rounded, split_within
from core.text import N_
from core.work import Work, found, locked
from models.billing import Invoice, InvoiceLine, InvoiceStatus
from models.bookings import BookingInvoice
from models.credit import CreditNote, CreditNoteLine, CreditUse
from models.taxes import Tax
from services import billing, ledger, organizations, postings
from services.billing import ReasonNeeded
from services.events import Fact, emit

CREDITED = (InvoiceStatus.issued, InvoiceStatus.partly_paid, InvoiceStatus.paid)


class MoreThanInvoiced(Refused):
    """More would be taken back than the invoice asked for, less what was taken back before."""

    code = "more_than_invoiced"
    says = N_("That is more than the invoice asked for and no credit note has taken back.")


class NotCredited(Refused):
    """There is nothing that a note could take back."""

    code = "not_credited"
    says = N_("Only what was issued, and holds, is credited.")


class OfABooking(Refused):
    """The price of a booking is changed at the booking."""

    code = "credit_of_booking"
    says = N_(
        "This is an instalment of a booking. Void it and ask again, or cancel the booking instead."
    )


@dataclass(frozen=True)
class CreditNoteIssued(Fact, type="credit_note.issued", table="credit_note"):
    """An invoice was taken back in whole or part; `applied` is what it asks for less."""

    credit_note_id: UUID
    invoice_id: UUID
    party_id: UUID
    number: str
    invoice_number: str
    total: Decimal
    applied: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Left:
    """What of an invoice's line can still be taken back, without its tax and with it."""

    line_id: UUID
    description: str
    net: Decimal
    tax: Decimal
    quantity: Decimal
    whole: Decimal
    """What all of the line asked for with its tax, for so much of what was sold."""

    @property
    def gross(self) -> Decimal:
        """Give what it asks for with its tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Share:
    """What is taken back of one line: so many of what was sold, or an amount, tax included."""

    quantity: Decimal | None = None
    amount: Decimal | None = None


def left(work: Work, invoice_id: UUID) -> list[Left]:
    """List what can still be taken back of each line of an invoice."""
    gone = (
        select(
            CreditNoteLine.invoice_line_id,
            func.sum(CreditNoteLine.net_amount).label("net"),
            func.sum(CreditNoteLine.tax_amount).label("tax"),
        )
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .where(InvoiceLine.invoice_id == invoice_id)
        .group_by(CreditNoteLine.invoice_line_id)
    )
    taken = {row.invoice_line_id: row for row in work.session.execute(gone)}
    lines = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice_id)
    return [
        Left(
            line.id,
            line.description,
            line.net_amount - (taken[line.id].net if line.id in taken else 0),
            line.tax_amount - (taken[line.id].tax if line.id in taken else 0),
            line.quantity,
            line.net_amount + line.tax_amount,
        )
        for line in work.session.scalars(lines.order_by(InvoiceLine.position))
    ]


def latest(work: Work, most: int = 20) -> list[CreditNote]:
    """List the credit notes that whoever asks may see, the latest first."""
    query = select(CreditNote).order_by(CreditNote.id.desc()).limit(most)
    return list(work.session.scalars(query))


def write(work: Work, invoice_id: UUID, amount: Decimal, reason: str, once: str = "") -> CreditNote:
    """Take back `amount` of an invoice, tax included, from its lines as what is left of them.

    Raises:
        As `write_lines`.

    """
    invoice = locked(work, Invoice, invoice_id)
    amount = exact(amount, invoice.currency)
    rows = [each for each in left(work, invoice_id) if each.gross > 0]
    if amount > sum((each.gross for each in rows), Decimal(0)):
        raise MoreThanInvoiced(field="amount")
    most = [each.gross for each in rows]
    shares = split_within(amount, most, invoice.currency) if rows else []
    parts = {row.line_id: share for row, share in zip(rows, shares, strict=True)}
    return write_lines(work, invoice_id, parts, reason, once)


def write_shares(
    work: Work, invoice_id: UUID, shares: Mapping[UUID, Share], reason: str, once: str = ""
) -> CreditNote:
    """Take back shares of chosen lines.

    Raises:
        As `reckon` and `write_lines`.

    """
    locked(work, Invoice, invoice_id)
    return write_lines(work, invoice_id, reckon(work, invoice_id, shares), reason, once)


def reckon(work: Work, invoice_id: UUID, shares: Mapping[UUID, Share]) -> dict[UUID, Decimal]:
    """Say what shares of lines come to, tax included, by line.

    Raises:
        BadInput: a line is none of this invoice's, or both a quantity and an amount are given.
        MoreThanInvoiced: more of a line would be taken back than is left of it.

    """
    rows = {each.line_id: each for each in left(work, invoice_id)}
    if set(shares) - set(rows):
        raise BadInput(N_("Choose lines of this invoice."), field="lines")
    currency = found(work, Invoice, invoice_id).currency
    return {line: _amount(rows[line], share, currency) for line, share in shares.items()}


def write_lines(
    work: Work, invoice_id: UUID, amounts: Mapping[UUID, Decimal], reason: str, once: str = ""
) -> CreditNote:
    """Take back amounts (tax included) by line; the same `once` (or none) takes back once.

    What the invoice still asks for becomes less; the rest is the party's credit.

    Raises:
        ReasonNeeded: nobody said why.
        NotCredited: the invoice was not issued, or does not hold.
        OfABooking: it is an instalment.
        MoreThanInvoiced: so much was not asked for, or is taken back already.
        BadInput: nothing is taken back.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    invoice = locked(work, Invoice, invoice_id)
    known = select(CreditNote).where(CreditNote.once == once)
    if once and (earlier := work.session.scalar(known)) is not None:
        return earlier
    if invoice.status not in CREDITED:
        raise NotCredited
    if work.session.scalar(_booking_of(invoice_id)) is not None:
        raise OfABooking
    lines = _lines(left(work, invoice_id), amounts, invoice.currency)
    broken = {"credit_note_within_invoice": MoreThanInvoiced(field="amount")}
    with refusing(work.session, broken):
        note = _put(work, invoice, reason.strip(), once, lines)
    return _post(work, invoice, note)


def write_for_ended(
    work: Work, invoice_id: UUID, amount: Decimal, reason: str, once: str
) -> CreditNote:
    """Take back `amount` (tax included) of an instalment whose booking has ended, once.

    Whoever ends the booking posts it: the money goes back as the project's rule says.
    """
    invoice = locked(work, Invoice, invoice_id)
    earlier = work.session.scalar(select(CreditNote).where(CreditNote.once == once))
    if earlier is not None:
        return earlier
    rows = [each for each in left(work, invoice_id) if each.gross > 0]
    shares = split_within(amount, [each.gross for each in rows], invoice.currency)
    parts = {row.line_id: share for row, share in zip(rows, shares, strict=True)}
    note = _put(work, invoice, reason, once, _lines(rows, parts, invoice.currency))
    _tell(work, invoice, note, Decimal(0))
    return note


def _booking_of(invoice_id: UUID) -> Select[UUID]:
    return select(BookingInvoice.booking_id).where(BookingInvoice.invoice_id == invoice_id)


def _amount(row: Left, share: Share, currency: str) -> Decimal:
    """Give what a share of a line comes to; parts that were rounded up leave the last less."""
    if share.quantity is None or share.amount is not None:
        if share.quantity is not None:
            raise BadInput(N_("Write how many, or an amount: not both."), field="lines")
        amount = exact(share.amount or Decimal(0), currency)
        if amount > row.gross:
            raise MoreThanInvoiced(field="lines")
        return amount
    amount = rounded(row.whole * share.quantity / row.quantity, currency)
    unit = Decimal(1).scaleb(-decimals(currency))
    if share.quantity > row.quantity or amount - row.gross > unit:
        raise MoreThanInvoiced(field="lines")
    return min(amount, row.gross)


def _lines(
    rows: Sequence[Left], amounts: Mapping[UUID, Decimal], currency: str
) -> list[CreditNoteLine]:
    made = []
    for row in rows:
        gross = exact(amounts.get(row.line_id, Decimal(0)), currency)
        if gross < 0 or gross > row.gross:
            raise MoreThanInvoiced(field="amount")
        if gross:
            whole = gross == row.gross
            tax = row.tax if whole else rounded(gross * row.tax / row.gross, currency)
            made.append(
                CreditNoteLine(invoice_line_id=row.line_id, net_amount=gross - tax, tax_amount=tax)
            )
    if not made:
        raise BadInput(N_("Take back more than nothing."), field="amount")
    return made


def _put(
    work: Work, invoice: Invoice, reason: str, once: str, lines: Sequence[CreditNoteLine]
) -> CreditNote:
    session, new = work.session, uuid7()
    note = CreditNote(
        id=new,
        organization_id=invoice.organization_id,
        number=organizations.next_number(work, "credit_note", "CN"),
        invoice_id=invoice.id,
        party_id=invoice.party_id,
        currency=invoice.currency,
        reason=reason[:400],
        once=once or str(new),
        issued_at=work.now,
        created_at=work.now,
    )
    session.add(note)
    session.flush()
    for line in lines:
        line.organization_id, line.credit_note_id = note.organization_id, note.id
    session.add_all(lines)
    session.flush()
    session.refresh(note, ["total"])
    return note


def _post(work: Work, invoice: Invoice, note: CreditNote) -> CreditNote:
    due = invoice.total - invoice.paid_amount
    applied = min(note.total, due)
    if applied:
        work.session.add(
            CreditUse(
                organization_id=note.organization_id,
                invoice_id=invoice.id,
                party_id=note.party_id,
                credit_note_id=note.id,
                amount=applied,
                currency=note.currency,
                used_at=work.now,
            )
        )
        billing.receive(work, invoice.id, applied, None)
    ledger.post(work, postings.credit_noted(note, invoice.unit_id, taken(work, note), applied))
    _tell(work, invoice, note, applied)
    return note


def _tell(work: Work, invoice: Invoice, note: CreditNote, applied: Decimal) -> None:
    emit(
        work,
        CreditNoteIssued(
            note.id,
            invoice.id,
            note.party_id,
            note.number,
            invoice.number or "",
            note.total,
            applied,
            note.currency,
        ),
    )


def taken(work: Work, note: CreditNote) -> dict[str, Decimal]:
    """Sum the lines by what they had earned for, and taxes by where they are owed."""
    query = (
        select(InvoiceLine.code, Tax.account, CreditNoteLine.net_amount, CreditNoteLine.tax_amount)
        .join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id)
        .outerjoin(Tax, Tax.id == InvoiceLine.tax_id)
        .where(CreditNoteLine.credit_note_id == note.id)
    )
    sums: dict[str, Decimal] = {}
    for code, account, net, tax in work.session.execute(query):
        for at, amount in ((code, net), (account, tax)):
            if at and amount:
                sums[at] = sums.get(at, Decimal(0)) + amount
    return dict(sorted(sums.items()))
