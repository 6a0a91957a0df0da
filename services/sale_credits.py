"""Credit notes of bookings that ended: what is not asked for, or goes back, with its tax."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.work import Work
from models.billing import Invoice, InvoiceLine, InvoiceStatus
from models.bookings import Booking, BookingInvoice
from models.chart import CONTRACT_LIABILITY, WRITE_OFFS
from services import credit_notes, ledger, postings, taxes
from services.sale_postings import Ended


def take_back(work: Work, booking: Booking, back: Mapping[UUID, Decimal]) -> Ended:
    """Write the notes of a booking's paid invoices, once, and say what they leave in the books.

    `back` is what goes back of each. What an invoice asks for no longer is taken back beside it;
    what is kept was charged with its tax, and stays so. Without a tax no note is needed.
    """
    liability, losses, sums = Decimal(0), Decimal(0), dict[str, Decimal]()
    query = (
        select(Invoice)
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == booking.id, Invoice.paid_amount > 0)
        .order_by(Invoice.id)
    )
    for invoice in work.session.scalars(query).all():
        liability += _still_owed(work, invoice)
        if taxes.carried(work, invoice.id) is None:
            continue
        losses += ledger.posted(work, postings.written_off_key(invoice), WRITE_OFFS)
        for account, amount in _note(work, booking, invoice, back).items():
            sums[account] = sums.get(account, Decimal(0)) + amount
    return Ended(liability, sums, losses)


def _still_owed(work: Work, invoice: Invoice) -> Decimal:
    """Say what the contract owes of an invoice: what it was issued for, less what was given up."""
    net = select(func.sum(InvoiceLine.net_amount)).where(InvoiceLine.invoice_id == invoice.id)
    given_up = ledger.posted(work, postings.written_off_key(invoice), CONTRACT_LIABILITY)
    return Decimal(work.session.scalar(net) or 0) - given_up


def _note(
    work: Work, booking: Booking, invoice: Invoice, back: Mapping[UUID, Decimal]
) -> dict[str, Decimal]:
    """Take back what goes back and what is not asked for; return its taxes by their accounts."""
    ended = invoice.status is InvoiceStatus.written_off
    rest = invoice.total - invoice.paid_amount if ended else Decimal(0)
    amount = back.get(invoice.id, Decimal(0)) + rest
    if not amount:
        return {}
    reason = f"Booking {booking.number}: {booking.reason}"[:400]
    once = f"cancel:{booking.id}:{invoice.id}"
    note = credit_notes.write_for_ended(work, invoice.id, amount, reason, once[:80])
    sums = credit_notes.taken(work, note)
    return {code: part for code, part in sums.items() if code != CONTRACT_LIABILITY}
