"""A sale whose payment is gone: taken back, or decided about by people; and sold once more."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import ApartmentOwner, Booking
from models.chart import CHEQUES, CONTRACT_LIABILITY, SALES_REVENUE
from models.estate import Estate, Ownership
from models.events import Event
from models.people import Party
from models.sales import Apartment, ApartmentStatus
from services import (
    booking_ends,
    cheques,
    estate,
    handovers,
    instalments,
    invariants,
    ledger,
    people,
    reversals,
    sale_withdrawals,
)
from services.billing import ReasonNeeded
from services.payments import Part
from tests import stories
from tests.stories import PRICE, Story
from workers import relay

pytestmark = pytest.mark.req("S3.16", "S3.48", "S3.45")
LAST = PRICE / 10


def heard() -> None:
    while relay.turn():
        pass


@pytest.fixture
def sold(session: Session, home: UUID) -> tuple[Story, UUID]:
    """An apartment that is sold: its last tenth was paid by cheque. Gives the cheque, too."""
    story = stories.confirmed(session, home)
    story.approve()
    story.pay(PRICE - LAST)
    with story.work() as work:
        invoice = instalments.links(work, story.booking_id)[0].invoice_id
        today = ledger.business_date(work)
        cheque_id = cheques.receive(work, [Part(invoice)], "000123", "Equity", today).id
    heard()
    assert of_original(story) is ApartmentStatus.sold
    return story, cheque_id


def of_original(story: Story) -> ApartmentStatus:
    with story.work() as work:
        return work.session.get_one(Apartment, story.apartment_id).status


def remaining(work: Work, story: Story) -> Decimal:
    query = select(Booking.remaining_amount).where(Booking.id == story.booking_id)  # type: ignore[attr-defined]
    return Decimal(work.session.scalar(query) or 0)


def bounce(story: Story, cheque_id: UUID) -> None:
    with story.work() as work:
        cheques.bounce(work, cheque_id, "No funds")
    heard()


def told(story: Story, kind: str) -> list[dict[str, str]]:
    with story.work() as work:
        return list(work.session.scalars(select(Event.data).where(Event.type == kind)))


def earned(story: Story) -> tuple[Decimal, Decimal]:
    with story.work() as work:
        return tuple(  # type: ignore[return-value]
            ledger.balance(work, code, "KES") for code in (SALES_REVENUE, CONTRACT_LIABILITY)
        )


def test_a_cheque_that_bounces_after_the_sale_takes_the_sale_back(
    sold: tuple[Story, UUID],
) -> None:
    story, cheque_id = sold
    assert earned(story) == (-PRICE, Decimal(0))

    bounce(story, cheque_id)

    with story.work() as work:
        booking = work.session.get_one(Booking, story.booking_id)
        assert remaining(work, story) == LAST
        original = work.session.get_one(Apartment, booking.original_id)
        clone = work.session.get_one(Apartment, booking.apartment_id)
        assert original.status is clone.status is ApartmentStatus.booked
        assert work.session.scalars(select(ApartmentOwner)).all() == []
        customer = work.session.get_one(Party, story.customer_id)
        assert people.OWNER not in customer.roles
        (link,) = instalments.links(work, booking.id)
        invoice = work.session.get_one(Invoice, link.invoice_id)
        assert invoice.status is InvoiceStatus.partly_paid
        assert ledger.balance(work, CHEQUES, "KES") == 0
    assert earned(story) == (Decimal(0), -PRICE)
    (fact,) = told(story, "booking.sale_withdrawn")
    assert Decimal(fact["remaining"]) == LAST
    assert invariants.broken(story.session) == {}


def test_paid_again_it_is_sold_again_and_each_time_taken_back_once(
    sold: tuple[Story, UUID],
) -> None:
    story, cheque_id = sold
    bounce(story, cheque_id)
    for number in ("000124", "000125"):
        with story.work() as work:
            invoice = instalments.links(work, story.booking_id)[0].invoice_id
            today = ledger.business_date(work)
            again = cheques.receive(work, [Part(invoice)], number, "Equity", today).id
        heard()
        assert of_original(story) is ApartmentStatus.sold
        assert earned(story) == (-PRICE, Decimal(0))
        bounce(story, again)
        assert of_original(story) is ApartmentStatus.booked
        assert earned(story) == (Decimal(0), -PRICE)
        with story.work() as work:
            assert sale_withdrawals.doubt(work, story.booking_id) is None

    story.pay(method=PaymentMethod.cash)
    heard()
    assert earned(story) == (-PRICE, Decimal(0))
    assert len(told(story, "booking.sale_withdrawn")) == 3
    assert invariants.broken(story.session) == {}


def test_a_booking_whose_sale_was_taken_back_may_be_cancelled(sold: tuple[Story, UUID]) -> None:
    story, cheque_id = sold
    bounce(story, cheque_id)

    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "They cannot pay.")

    assert earned(story)[0] == 0


def test_what_was_handed_over_stays_until_people_have_decided(sold: tuple[Story, UUID]) -> None:
    story, cheque_id = sold
    with story.work() as work:
        place = Estate(organization_id=story.home, name="Acacia Court", currency="KES")
        place.time_zone = "Africa/Nairobi"
        work.session.add(place)
        work.session.flush()
        today = ledger.business_date(work)
        since = today - timedelta(days=9)
        handovers.hand_over(work, story.booking_id, place.id, "", since, lives=False)
        with pytest.raises(sale_withdrawals.PaidInFull):
            sale_withdrawals.ask_to_take_back(work, story.booking_id, "x")

    bounce(story, cheque_id)

    assert of_original(story) is ApartmentStatus.sold
    assert earned(story) == (-PRICE, Decimal(0))
    assert len(told(story, "booking.sale_in_doubt")) == 1
    assert told(story, "booking.sale_withdrawn") == []
    with story.work() as work:
        assert remaining(work, story) == LAST
        with pytest.raises(ReasonNeeded):
            sale_withdrawals.ask_to_take_back(work, story.booking_id, " ")
        with pytest.raises(sale_withdrawals.StillOwns):
            sale_withdrawals.ask_to_take_back(work, story.booking_id, "The cheque bounced.")
        own = work.session.scalars(select(Ownership)).one()
        estate.end_ownership(work, own.id, today - timedelta(days=1))
        sale_withdrawals.ask_to_take_back(work, story.booking_id, "The cheque bounced.")
        sale_withdrawals.ask_to_take_back(work, story.booking_id, "And once more.")
    heard()
    assert len(told(story, "booking.sale_withdrawn")) == 1
    assert of_original(story) is ApartmentStatus.booked
    assert earned(story) == (Decimal(0), -PRICE)
    assert invariants.broken(story.session) == {}


def test_a_payment_taken_back_before_the_sale_changes_nothing_else(
    session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    intent_id = story.pay()
    with story.work() as work:
        reversals.take_back(work, intent_id, "It was another's.")
    heard()

    assert told(story, "booking.sale_withdrawn") == told(story, "booking.sale_in_doubt") == []
