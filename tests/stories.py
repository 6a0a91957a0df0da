"""Stories that a test begins in the middle of: an apartment held, booked, paid, approved."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import Actor, Work, unit_of_work
from models.billing import PaymentMethod
from models.bookings import Booking
from models.payments import PaymentIntent
from services import bookings, choices, instalments, payments
from services.payments import Part
from tests import make

PRICE = Decimal("1000000.00")


@dataclass
class Story:
    """A booking on its way, told in units of work of their own, as requests would."""

    session: Session
    home: UUID
    booking_id: UUID
    apartment_id: UUID
    customer_id: UUID

    @contextmanager
    def work(self, **given: Any) -> Iterator[Work]:
        """Work in the story's organization, and commit."""
        with unit(self.session, self.home, **given) as work:
            yield work

    def confirm(self) -> None:
        with self.work() as work:
            bookings.confirm(work, self.booking_id)

    def approve(self) -> None:
        with self.work() as work:
            bookings.submit(work, self.booking_id)
            bookings.approve(work, self.booking_id)

    def pay(
        self, amount: Decimal | None = None, method: PaymentMethod = PaymentMethod.cash
    ) -> UUID:
        """Record money in hand for the first invoice."""
        with self.work() as work:
            first = instalments.links(work, self.booking_id)[0].invoice_id
            return payments.record(work, [Part(first, amount)], method).id

    def begin_card(self, amount: Decimal | None = None) -> UUID:
        """Mean to pay the first invoice by card."""
        with self.work() as work:
            first = instalments.links(work, self.booking_id)[0].invoice_id
            return payments.begin(work, [Part(first, amount)], PaymentMethod.card).id

    def booking(self) -> Booking:
        """Read the booking as it is now."""
        with self.work() as work:
            booking: Booking = _detached(work, Booking, self.booking_id)
            return booking

    def intent(self, intent_id: UUID) -> PaymentIntent:
        """Read a payment as it is now."""
        with self.work() as work:
            intent: PaymentIntent = _detached(work, PaymentIntent, intent_id)
            return intent

    def read(self, kind: Any, row_id: UUID) -> Any:
        """Read any row as it is now."""
        with self.work() as work:
            return _detached(work, kind, row_id)


@contextmanager
def unit(session: Session, home: UUID, **given: Any) -> Iterator[Work]:
    """Open a unit of work of a test in an organization."""
    with (
        seeing(session, Scope(home, actor="test:1")),
        unit_of_work(session, Actor("test", "1"), **given) as work,
    ):
        yield work


def held(session: Session, home: UUID, **project: Any) -> Story:
    """An apartment is held and its package chosen."""
    with unit(session, home) as work:
        estate = make.project(work, **project)
        package = make.package(work, estate, price=Decimal(0))
        apartment = make.apartment(work, estate, packages=[package], base_price=PRICE)
        customer = make.party(work)
        booking = bookings.hold(work, apartment.id, customer.id)
        choices.choose_package(work, booking.id, package.id)
        ids = booking.id, apartment.id, customer.id
    return Story(session, home, *ids)


def confirmed(session: Session, home: UUID, **project: Any) -> Story:
    """A booking is confirmed, its invoice issued."""
    story = held(session, home, **project)
    story.confirm()
    return story


def _detached(work: Work, kind: Any, row_id: UUID) -> Any:
    row = work.session.get_one(kind, row_id, populate_existing=True)
    work.session.expunge(row)
    return row
