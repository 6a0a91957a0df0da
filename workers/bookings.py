"""Bookings in the background: who looks after them, holds that run out, and sales."""

import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.text import N_
from core.work import Work, found
from models.bookings import Booking, BookingStatus
from models.events import Event
from models.notices import Priority
from models.sales import Apartment
from services import (
    assignments,
    booking_ends,
    cancellations,
    ledger,
    notices,
    organizations,
    sale_withdrawals,
)
from services.notices import Notice
from workers.jobs import Desk, each, homes

log = logging.getLogger(__name__)


def assign(work: Work, event: Event) -> None:
    """Give a new booking to somebody of the sales staff."""
    assignments.assign(work, event.subject_id)


def settle(work: Work, event: Event) -> None:
    """Sell the apartment of a booking that is approved, if it is paid."""
    booking_ends.settle(work, event.subject_id)


def settle_invoice(work: Work, event: Event) -> None:
    """Sell the apartment of a booking that is paid, if it is approved."""
    if booking_id := booking_ends.booking_of(work, event.subject_id):
        booking_ends.settle(work, booking_id)


def doubt_sale(work: Work, event: Event) -> None:
    """Take the sale of an apartment back whose invoice asks for money again."""
    if booking_id := booking_ends.booking_of(work, event.subject_id):
        sale_withdrawals.doubt(work, booking_id)


def take_back_sale(work: Work, event: Event) -> None:
    """Take back the sale of what was handed over, as somebody has decided."""
    with suppress(sale_withdrawals.PaidInFull, sale_withdrawals.StillOwns):  # it is as it should be
        sale_withdrawals.take_back(work, event.subject_id, event.data["reason"])


def go_on(work: Work, event: Event) -> None:
    """Let the cancellation that waits for a refund look again."""
    cancellations.wake(work, event.subject_id)


def tell_first_waiting(work: Work, event: Event) -> None:
    """Tell whoever stands first on the waiting list that the apartment is free."""
    if event.data["new"] != "for_sale":
        return
    first = (
        select(Booking)
        .where(
            Booking.original_id == event.subject_id,
            Booking.status == BookingStatus.pending,
            Booking.hold_until.is_(None),
        )
        .order_by(Booking.created_at, Booking.id)
        .limit(1)
    )
    booking = work.session.scalar(first)
    if booking is None:
        return
    apartment = found(work, Apartment, booking.original_id)
    notice = Notice(
        N_("%(apartment)s is free again, and you are first on its waiting list. Book it now."),
        once=f"free:{event.id}",
        values={"apartment": apartment.name},
        link=f"/portal/bookings/{booking.id}/",
        priority=Priority.high,
    )
    notices.notify_party(work, booking.customer_id, notice)


def expire_holds() -> None:
    """End the holds whose time is over, each in a transaction of its own."""
    each("holds", _expire_in)


def remind() -> None:
    """Tell buyers whose hold ends soon, once."""
    for home in homes():
        with Desk(home, "bookings.remind").work() as work:
            _remind(work)


def reassign_stale() -> None:
    """Give bookings on which nothing moves to somebody else."""
    for home in homes():
        with Desk(home, "bookings.reassign_stale").work() as work:
            assignments.reassign_stale(work)


def _expire_in(home: UUID) -> None:
    desk = Desk(home, "bookings.expire_holds")
    with desk.work() as work:
        due = booking_ends.due_holds(work)
    for booking_id in due:
        try:
            with desk.work() as work:
                booking_ends.expire(work, booking_id)
        except Exception:
            log.exception("the hold of booking %s", booking_id)


def _remind(work: Work) -> None:
    soon = work.now + timedelta(minutes=organizations.setting(work, "booking.remind_minutes"))
    query = select(Booking).where(
        Booking.status == BookingStatus.pending,
        Booking.hold_until > work.now,
        Booking.hold_until <= soon,
    )
    for booking in work.session.scalars(query.limit(500)).all():
        assert booking.hold_until
        until = booking.hold_until.astimezone(ledger.zone(work))
        notice = Notice(
            N_("Your hold on %(apartment)s ends at %(time)s. Confirm your booking before then."),
            once=f"hold:{booking.id}:{booking.hold_until.timestamp():.0f}",
            values={
                "apartment": found(work, Apartment, booking.original_id).name,
                "time": f"{until:%H:%M}",
            },
            link=f"/portal/bookings/{booking.id}/",
            priority=Priority.high,
        )
        notices.notify_party(work, booking.customer_id, notice)
