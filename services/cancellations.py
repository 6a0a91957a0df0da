"""The saga of a booking that ended after money was paid: refund, wait for it, release, tell."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.money import rounded
from core.work import Work, found, locked
from models.billing import Invoice
from models.bookings import Booking, BookingInvoice, BookingStatus
from models.events import Saga
from models.payments import Allocation, PaymentIntent, Refund, RefundStatus
from models.sales import APARTMENT_FLOW, Apartment, ApartmentStatus
from services import bookings, ledger, payments, postings, refunds, sagas
from services.events import Fact, emit
from services.sagas import Done, Outcome, Park, Step, Wait
from services.sales import ApartmentStatusChanged

OVER = (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)

LOOK_AGAIN = timedelta(minutes=5)
"""A refund that is settled wakes the saga; this is for the case that nobody did."""


@dataclass(frozen=True)
class BookingRefunded(Fact, type="booking.refunded", table="booking"):
    """What was to go back of a booking has gone back."""

    booking_id: UUID
    customer_id: UUID
    number: str
    refunded: Decimal
    kept: Decimal
    currency: str


@dataclass(frozen=True)
class BookingReleased(Fact, type="booking.released", table="booking"):
    """The apartment is free again."""

    booking_id: UUID
    customer_id: UUID
    number: str
    original_id: UUID


@dataclass(frozen=True, slots=True)
class Share:
    """What one payment paid on the booking, and how much of that goes back."""

    intent_id: UUID
    paid: Decimal
    back: Decimal


def begin(work: Work, booking_id: UUID, percent: Decimal) -> None:
    """Let `percent` of what was paid go back, and then free the apartment."""
    sagas.begin(work, "cancel_booking", booking_id, {"percent": str(percent)})


def release(work: Work, booking_id: UUID) -> Booking:
    """Give up the clone of a booking that is over, and offer the original again. Once."""
    booking, original = bookings.locked_with_apartment(work, booking_id)
    assert booking.status in OVER, booking.status
    if booking.apartment_id is None:
        return booking
    clone = locked(work, Apartment, booking.apartment_id)
    if clone.status is ApartmentStatus.released:
        return booking
    APARTMENT_FLOW.move(clone, "release")
    clone.customer_id = None
    old = original.status
    APARTMENT_FLOW.move(original, "free")
    original.customer_id = None
    emit(work, ApartmentStatusChanged(original.id, old, original.status))
    emit(
        work,
        BookingReleased(booking.id, booking.customer_id, booking.number, booking.original_id),
    )
    return booking


def write_down(work: Work, saga: Saga) -> Outcome:
    """Turn what was paid from a liability of the contract into refunds payable and what is kept."""
    booking = locked(work, Booking, saga.subject_id)
    shares = _shares(work, booking, Decimal(saga.data["percent"]))
    paid = sum((each.paid for each in shares), Decimal(0))
    back = sum((each.back for each in shares), Decimal(0))
    if paid:
        recipe = postings.booking_cancelled(
            booking.id,
            booking.number,
            booking.customer_id,
            booking.currency,
            refunded=back,
            kept=paid - back,
        )
        ledger.post(work, recipe)
    return Done({"refunded": str(back), "kept": str(paid - back)})


def ask_back(work: Work, saga: Saga) -> Outcome:
    """Ask for a refund of each payment; asked again it asks for none."""
    booking = locked(work, Booking, saga.subject_id)
    for share in _shares(work, booking, Decimal(saga.data["percent"])):
        if share.back:
            key = f"{_key(booking.id)}{share.intent_id}"
            refunds.request(work, share.intent_id, share.back, key, booking.reason)
    return Done()


def await_refunds(work: Work, saga: Saga) -> Outcome:
    """Go on when all of it has gone back; a refund that failed needs a person."""
    query = select(Refund.status).where(Refund.key.startswith(_key(saga.subject_id)))
    states = set(work.session.scalars(query))
    if RefundStatus.failed in states:
        return Park("A refund failed. Retry it, and this goes on by itself.")
    if RefundStatus.requested in states:
        return Wait(work.now + LOOK_AGAIN)
    return Done()


def free(work: Work, saga: Saga) -> Outcome:
    """Free the apartment."""
    release(work, saga.subject_id)
    return Done()


def tell(work: Work, saga: Saga) -> Outcome:
    """Say that it is over; whoever hears of it tells the customer."""
    booking = found(work, Booking, saga.subject_id)
    fact = BookingRefunded(
        booking.id,
        booking.customer_id,
        booking.number,
        Decimal(saga.data["refunded"]),
        Decimal(saga.data["kept"]),
        booking.currency,
    )
    emit(work, fact)
    return Done()


sagas.KINDS["cancel_booking"] = (
    Step("write_down", write_down),
    Step("ask_back", ask_back),
    Step("await_refunds", await_refunds),
    Step("free", free),
    Step("tell", tell),
)


def refunds_of(work: Work, booking_id: UUID) -> list[Refund]:
    """List what goes back of a booking that is over, and what has."""
    query = select(Refund).where(Refund.key.startswith(_key(booking_id))).order_by(Refund.id)
    return list(work.session.scalars(query))


def wake(work: Work, refund_id: UUID) -> None:
    """Let the saga that waits for a refund look again."""
    kind, _, rest = found(work, Refund, refund_id).key.partition(":")
    if kind == "cancel":
        sagas.wake(work, "cancel_booking", UUID(rest.partition(":")[0]))


def _key(booking_id: UUID) -> str:
    return f"cancel:{booking_id}:"


def _shares(work: Work, booking: Booking, percent: Decimal) -> list[Share]:
    """List the payments of a booking with what goes back of each, rounded to the currency."""
    query = (
        select(PaymentIntent.id, func.sum(Allocation.amount))
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == booking.id, PaymentIntent.status.in_(payments.OVER))
        .group_by(PaymentIntent.id)
        .order_by(PaymentIntent.id)
    )
    return [
        Share(intent_id, paid, rounded(paid * percent / 100, booking.currency))
        for intent_id, paid in work.session.execute(query)
    ]
