"""The saga of a booking that ended after money was paid: refund, wait for it, release, tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select

from core.money import rounded, split_within
from core.work import Work, found, locked
from models.bookings import Booking, BookingInvoice, BookingStatus
from models.credit import CreditUse
from models.disputes import Dispute, DisputePart
from models.events import Saga
from models.payments import Allocation, PaymentIntent, Refund, RefundStatus
from models.sales import APARTMENT_FLOW, Apartment, ApartmentStatus
from services import bookings, ledger, payments, refunds, sagas, sale_credits, sale_postings
from services.events import Fact, emit
from services.sagas import Done, Outcome, Park, Step, Wait
from services.sales import ApartmentStatusChanged

OVER = (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)

LOOK_AGAIN = timedelta(minutes=5)
"""A refund that is settled wakes the saga; this is for the case that nobody did."""


STILL_PAID = Allocation.amount - (
    select(func.coalesce(func.sum(DisputePart.amount), 0))
    .join(Dispute, Dispute.id == DisputePart.dispute_id)
    .where(
        Dispute.intent_id == Allocation.intent_id, DisputePart.invoice_id == Allocation.invoice_id
    )
    .correlate(Allocation)
    .scalar_subquery()
)
"""What a payment pays of an invoice, less what its payer's bank took back."""


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
    """What a payment, or an invoice's credit, paid on the booking, and how much goes back."""

    of_id: UUID
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
    """Turn what was paid from a liability of the contract into refunds payable and what is kept.

    What goes back goes with its tax, by credit notes; what credit had paid is credit again.
    """
    booking, percent = locked(work, Booking, saga.subject_id), Decimal(saga.data["percent"])
    shares, uses = _shares(work, booking, percent), _credited(work, booking, percent)
    paid = sum((each.paid for each in (*shares, *uses)), Decimal(0))
    refunded = sum((each.back for each in shares), Decimal(0))
    credited = sum((each.back for each in uses), Decimal(0))
    if paid:
        back = _by_invoice(work, booking, shares, uses)
        ended = sale_credits.take_back(work, booking, back)
        ledger.post(work, sale_postings.booking_cancelled(booking, ended, refunded, credited))
    back_in_all = refunded + credited
    return Done({"refunded": str(back_in_all), "kept": str(paid - back_in_all)})


def ask_back(work: Work, saga: Saga) -> Outcome:
    """Ask for a refund of each payment; asked again it asks for none."""
    booking = locked(work, Booking, saga.subject_id)
    for share in _shares(work, booking, Decimal(saga.data["percent"])):
        if share.back:
            key = f"{_key(booking.id)}{share.of_id}"
            refunds.request(work, share.of_id, share.back, key, booking.reason)
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
        _allotted(booking)
        .with_only_columns(PaymentIntent.id, func.sum(STILL_PAID))
        .group_by(PaymentIntent.id)
        .order_by(PaymentIntent.id)
    )
    return [
        Share(intent_id, paid, rounded(paid * percent / 100, booking.currency))
        for intent_id, paid in work.session.execute(query)
        if paid
    ]


def _credited(work: Work, booking: Booking, percent: Decimal) -> list[Share]:
    """List the invoices of a booking that credit paid a part of, with what of it goes back."""
    query = (
        select(CreditUse.invoice_id, func.sum(CreditUse.amount))
        .join(BookingInvoice, BookingInvoice.invoice_id == CreditUse.invoice_id)
        .where(BookingInvoice.booking_id == booking.id)
        .group_by(CreditUse.invoice_id)
        .order_by(CreditUse.invoice_id)
    )
    return [
        Share(invoice_id, paid, rounded(paid * percent / 100, booking.currency))
        for invoice_id, paid in work.session.execute(query)
    ]


def _by_invoice(
    work: Work, booking: Booking, shares: Sequence[Share], uses: Sequence[Share]
) -> dict[UUID, Decimal]:
    """Say what of each invoice goes back: of a payment, as it was allotted."""
    back = {each.of_id: each.back for each in uses}
    for share in shares:
        query = (
            _allotted(booking)
            .with_only_columns(Allocation.invoice_id, STILL_PAID.label("amount"))
            .where(PaymentIntent.id == share.of_id)
            .order_by(Allocation.invoice_id)
        )
        rows = work.session.execute(query).all()
        parts = split_within(share.back, [row.amount for row in rows], booking.currency)
        for row, part in zip(rows, parts, strict=True):
            back[row.invoice_id] = back.get(row.invoice_id, Decimal(0)) + part
    return back


def _allotted(booking: Booking) -> Select[UUID]:
    """Begin to ask what payments that came in are allotted to a booking's invoices."""
    return (
        select(PaymentIntent.id)
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .join(BookingInvoice, BookingInvoice.invoice_id == Allocation.invoice_id)
        .where(BookingInvoice.booking_id == booking.id, PaymentIntent.status.in_(payments.OVER))
    )
