"""How bookings end: refused, cancelled, run out; and how one ends well, with a sale.

What was paid goes back first, and the apartment is freed afterwards: services/cancellations.py.
Where nothing was paid, all of it is one transaction here.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import uuid7
from core.errors import Refused
from core.text import N_
from core.work import Work, found, locked
from models.billing import INVOICE_FLOW, Invoice, InvoiceStatus
from models.bookings import ApartmentOwner, Booking, BookingInvoice, BookingStatus
from models.payments import INTENT_FLOW, Allocation, PaymentIntent
from models.sales import APARTMENT_FLOW, Apartment, ApartmentStatus, Project
from services import (
    approvals,
    billing,
    bookings,
    cancellations,
    instalments,
    ledger,
    payments,
    people,
    sale_postings,
)
from services.billing import ReasonNeeded
from services.events import Fact, emit
from services.sales import ApartmentStatusChanged

MOST = 200
NOBODY_APPROVED = "not approved in time"
BUYER_CANCELS = (BookingStatus.pending, BookingStatus.in_progress)


class AskTheSeller(Refused):
    """The booking is too far on for its buyer to cancel it alone."""

    code = "ask_the_seller"
    status = 403
    says = N_("Your booking is being worked on. Ask your contact at the seller to cancel it.")


class SoldAlready(Refused):
    """The buyer owns the apartment: there is nothing left to cancel."""

    code = "sold_already"
    says = N_("The apartment is sold and paid for. What is sold is not cancelled but bought back.")


@dataclass(frozen=True)
class BookingRejected(Fact, type="booking.rejected", table="booking"):
    """The seller said no."""

    booking_id: UUID
    customer_id: UUID
    number: str
    reason: str


@dataclass(frozen=True)
class BookingCancelled(Fact, type="booking.cancelled", table="booking"):
    """The booking does not go on. `paid` is what the customer had paid, and may get back."""

    booking_id: UUID
    customer_id: UUID
    number: str
    reason: str
    paid: Decimal
    currency: str


@dataclass(frozen=True)
class BookingExpired(Fact, type="booking.expired", table="booking"):
    """The customer did not confirm in time."""

    booking_id: UUID
    customer_id: UUID
    number: str
    original_id: UUID


@dataclass(frozen=True)
class BookingSettled(Fact, type="booking.settled", table="booking"):
    """Approved and paid in full: the customer owns the apartment."""

    booking_id: UUID
    customer_id: UUID
    number: str
    apartment_id: UUID
    total: Decimal
    currency: str


def reject(work: Work, booking_id: UUID, reason: str = "") -> Booking:
    """Refuse a booking. All that was paid on it goes back, and the apartment is free again.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: it is not under way.

    """
    booking, _original = _ending(work, booking_id, reason)
    bookings.move(work, booking, "reject")
    paid = _end(work, booking, reason)
    emit(work, BookingRejected(booking.id, booking.customer_id, booking.number, booking.reason))
    _free_or_refund(work, booking, paid, Decimal(100))
    return booking


def cancel(work: Work, booking_id: UUID, reason: str = "") -> Booking:
    """Cancel a booking. Of what was paid the project's part goes back, then the apartment is free.

    A buyer may do so until the booking is under review, the staff at any time before it is sold.

    Raises:
        ReasonNeeded: nobody said why.
        AskTheSeller: a buyer cancels what is being worked on.
        SoldAlready: it is sold.
        IllegalMove: it is over.

    """
    booking, original = _ending(work, booking_id, reason)
    if work.scope.parties is not None and booking.status not in (
        *BUYER_CANCELS,
        *cancellations.OVER,
    ):
        raise AskTheSeller
    if original.status is ApartmentStatus.sold:
        raise SoldAlready
    bookings.move(work, booking, "cancel")
    paid = _end(work, booking, reason)
    emit(
        work,
        BookingCancelled(
            booking.id,
            booking.customer_id,
            booking.number,
            booking.reason,
            paid,
            booking.currency,
        ),
    )
    _free_or_refund(work, booking, paid, _refund_percent(work, booking))
    return booking


def expire(work: Work, booking_id: UUID) -> Booking | None:
    """End a hold whose time is over; None if it is not, or was confirmed in the last moment."""
    booking, _original = bookings.locked_with_apartment(work, booking_id)
    if booking.status is not BookingStatus.pending or booking.hold_until is None:
        return None
    if booking.hold_until > work.now:
        return None
    bookings.move(work, booking, "expire")
    _end(work, booking, "not confirmed in time")
    fact = BookingExpired(booking.id, booking.customer_id, booking.number, booking.original_id)
    emit(work, fact)
    cancellations.release(work, booking.id)
    return booking


def due_holds(work: Work, most: int = MOST) -> list[UUID]:
    """List the holds whose time is over."""
    query = (
        select(Booking.id)
        .where(Booking.status == BookingStatus.pending, Booking.hold_until <= work.now)
        .order_by(Booking.hold_until)
        .limit(most)
    )
    return list(work.session.scalars(query))


def settle(work: Work, booking_id: UUID) -> Booking | None:
    """Sell the apartment if the booking is approved and paid in full; else, or again, None.

    The customer owns the original from now on, and what they paid becomes revenue, but for its tax.
    """
    booking, original = bookings.locked_with_apartment(work, booking_id)
    if booking.status is not BookingStatus.approved or booking.apartment_id is None:
        return None
    if instalments.paid(work, booking.id) < booking.total:
        return None
    clone = locked(work, Apartment, booking.apartment_id)
    if original.status is ApartmentStatus.sold:
        return None
    old = original.status
    APARTMENT_FLOW.move(original, "sell")
    APARTMENT_FLOW.move(clone, "sell")
    work.session.add(
        ApartmentOwner(
            id=uuid7(),
            organization_id=booking.organization_id,
            apartment_id=original.id,
            owner_id=booking.customer_id,
            share=Decimal(100),
            booking_id=booking.id,
            created_at=work.now,
            custom={},
        )
    )
    people.give_role(work, booking.customer_id, people.OWNER)
    emit(work, ApartmentStatusChanged(original.id, old, original.status))
    key = ledger.next_key(work, sale_postings.earned_key(booking.id))
    net = booking.total - instalments.tax(work, booking.id)
    ledger.post(work, sale_postings.sale_earned(key, booking, net))
    fact = BookingSettled(
        booking.id,
        booking.customer_id,
        booking.number,
        original.id,
        booking.total,
        booking.currency,
    )
    emit(work, fact)
    return booking


def booking_of(work: Work, invoice_id: UUID) -> UUID | None:
    """Name the booking that an invoice belongs to, if it is one of a booking."""
    query = select(BookingInvoice.booking_id).where(BookingInvoice.invoice_id == invoice_id)
    return work.session.scalar(query)


def _ending(work: Work, booking_id: UUID, reason: str) -> tuple[Booking, Apartment]:
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    return bookings.locked_with_apartment(work, booking_id)


def _end(work: Work, booking: Booking, reason: str) -> Decimal:
    """Close the invoices and the payments under way. Returns what was paid."""
    booking.reason, booking.hold_until = reason[:400], None
    work.session.flush()
    links = instalments.links(work, booking.id)
    for link in sorted(links, key=lambda each: each.invoice_id):
        _give_up_payments(work, link.invoice_id)
        invoice = locked(work, Invoice, link.invoice_id)
        said = f"Booking {booking.number}: {reason}"[:400]
        if invoice.status is InvoiceStatus.partly_paid:
            billing.write_off(work, invoice.id, said)
        elif INVOICE_FLOW.allows(invoice.status, "void"):
            billing.void(work, invoice.id, said)
    return instalments.paid(work, booking.id)


def _give_up_payments(work: Work, invoice_id: UUID) -> None:
    """Cancel what nobody has paid yet. Money that still arrives becomes the customer's credit."""
    query = (
        select(PaymentIntent)
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .where(Allocation.invoice_id == invoice_id)
        .order_by(PaymentIntent.id)
    )
    for intent in work.session.scalars(query).all():
        others = select(Allocation.id).where(
            Allocation.intent_id == intent.id, Allocation.invoice_id != invoice_id
        )
        alone = work.session.scalar(others.limit(1)) is None
        if alone and INTENT_FLOW.allows(intent.status, "cancel"):
            payments.cancel(work, intent.id)


def _free_or_refund(work: Work, booking: Booking, paid: Decimal, percent: Decimal) -> None:
    if paid:
        cancellations.begin(work, booking.id, percent)
    else:
        cancellations.release(work, booking.id)


def _refund_percent(work: Work, booking: Booking) -> Decimal:
    original = found(work, Apartment, booking.original_id)
    if original.project_id is None:
        return Decimal(Project.refund_percent.default.arg)
    return found(work, Project, original.project_id).refund_percent


def _not_approved_in_time(work: Work, booking_id: UUID) -> None:
    reject(work, booking_id, NOBODY_APPROVED)


approvals.ON_LAPSE[bookings.APPROVE] = _not_approved_in_time
