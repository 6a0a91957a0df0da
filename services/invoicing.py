"""What accountants do with the invoices of bookings, one by one.

While a customer is still choosing, drafts are theirs: they are written anew with every choice, and
issued when the customer confirms. Afterwards an invoice that was rejected or voided can be asked
for again, or the booking could never be paid in full.
"""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from core.db import uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import Invoice, InvoiceStatus
from models.bookings import LIVE, Booking, BookingInvoice, BookingStatus
from services import billing, instalments, ledger, organizations, taxes

NO_LONGER = (InvoiceStatus.rejected, InvoiceStatus.void)


class StillChoosing(Refused):
    """The customer has not confirmed what the draft asks for."""

    code = "still_choosing"
    says = N_("Booking %(number)s is not confirmed yet. Its invoices follow what is chosen.")


class NotAskedAgain(Refused):
    """There is nothing that could be asked for again."""

    code = "not_asked_again"
    says = N_(
        "Only a rejected or void invoice of a booking that goes on is asked for again, and once."
    )


def issue(work: Work, invoice_id: UUID, due_on: date | None = None) -> Invoice:
    """Ask for what a draft says, before its milestone if it has one.

    Without a day it is due when the draft says, else after the organization's usual days.

    Raises:
        StillChoosing: its booking is not confirmed.
        As `billing.issue`.

    """
    _check_confirmed(work, invoice_id)
    meant = found(work, Invoice, invoice_id).due_on
    return billing.issue(work, invoice_id, due_on or meant or _standard_due(work))


def void(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Withdraw an invoice on which nothing was paid.

    Raises:
        StillChoosing: its booking is not confirmed.
        As `billing.void`.

    """
    _check_confirmed(work, invoice_id)
    return billing.void(work, invoice_id, reason)


def reject(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Mark an invoice as not holding, on which nothing was paid.

    Raises:
        StillChoosing: its booking is not confirmed.
        As `billing.reject`.

    """
    _check_confirmed(work, invoice_id)
    return billing.reject(work, invoice_id, reason)


def ask_again(work: Work, invoice_id: UUID) -> Invoice:
    """Issue anew what a rejected or void invoice asked for, at the booking's price of now.

    Raises:
        NotAskedAgain: it holds, was replaced already, or its booking is over.

    """
    link = _link(work, invoice_id)
    if link is None:
        raise NotAskedAgain
    booking = locked(work, Booking, link.booking_id)
    old = locked(work, Invoice, invoice_id)
    replaced = work.session.scalar(select(Invoice.id).where(Invoice.replaces_id == old.id))
    if old.status not in NO_LONGER or replaced or booking.status not in LIVE:
        raise NotAskedAgain
    tax_id, today = taxes.carried(work, old.id), ledger.business_date(work)
    levy = taxes.within_price(work, tax_id, today) if tax_id else None
    lines = instalments.lines_at(work, booking, link.position, levy)
    new = billing.draft(work, old.party_id, old.currency, old.subject, lines)
    new.replaces_id, new.payment_method = old.id, old.payment_method
    work.session.add(
        BookingInvoice(
            id=uuid7(),
            organization_id=new.organization_id,
            booking_id=booking.id,
            invoice_id=new.id,
            position=link.position,
            milestone=link.milestone,
        )
    )
    work.session.flush()
    due = _standard_due(work)
    return billing.issue(work, new.id, max(old.due_on, due) if old.due_on else due)


def _check_confirmed(work: Work, invoice_id: UUID) -> None:
    link = _link(work, invoice_id)
    if link is None:
        return
    booking = found(work, Booking, link.booking_id)
    if booking.status is BookingStatus.pending:
        raise StillChoosing(number=booking.number)


def _link(work: Work, invoice_id: UUID) -> BookingInvoice | None:
    query = select(BookingInvoice).where(BookingInvoice.invoice_id == invoice_id)
    return work.session.scalar(query)


def _standard_due(work: Work) -> date:
    days = organizations.setting(work, "invoice.due_days")
    return ledger.business_date(work) + timedelta(days=days)
