from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.flow import IllegalMove
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import ApartmentOwner, BookingStatus
from models.chart import CASH, CONTRACT_LIABILITY, FORFEITED, REFUNDS_PAYABLE, SALES_REVENUE
from models.events import Event, Saga, SagaStatus
from models.payments import IntentStatus, PaymentIntent, Refund
from models.sales import Apartment, ApartmentStatus
from services import (
    assignments,
    billing,
    booking_ends,
    bookings,
    instalments,
    invariants,
    ledger,
    payments,
    refunds,
    sagas,
)
from tests import make, stories
from tests.stories import PRICE, Story
from workers import sagas as saga_jobs

pytestmark = pytest.mark.req("S3.47", "S3.48")


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home, refund_percent=Decimal(90))


def apartments(story: Story) -> tuple[Apartment, Apartment]:
    booking = story.booking()
    assert booking.apartment_id
    original: Apartment = story.read(Apartment, booking.original_id)
    return original, story.read(Apartment, booking.apartment_id)


def statuses(story: Story) -> list[InvoiceStatus]:
    with story.work() as work:
        ids = [link.invoice_id for link in instalments.links(work, story.booking_id)]
        query = select(Invoice.status).where(Invoice.id.in_(ids)).order_by(Invoice.id)
        return list(work.session.scalars(query))


def told(story: Story) -> list[str]:
    with story.work() as work:
        about = Event.subject_id == story.booking_id
        return list(work.session.scalars(select(Event.type).where(about).order_by(Event.sequence)))


def settle_refunds(story: Story) -> None:
    with story.work() as work:
        for refund_id in work.session.scalars(select(Refund.id)).all():
            refunds.settle(work, refund_id)


def is_free(story: Story) -> bool:
    original, clone = apartments(story)
    return (original.status, clone.status) == (
        ApartmentStatus.for_sale,
        ApartmentStatus.released,
    ) and original.customer_id is clone.customer_id is None


@pytest.mark.parametrize(
    ("end", "status", "fact"),
    [
        (booking_ends.cancel, BookingStatus.cancelled, "booking.cancelled"),
        (booking_ends.reject, BookingStatus.rejected, "booking.rejected"),
    ],
)
def test_ending_an_unpaid_booking_frees_the_apartment_and_voids_its_invoices(
    story: Story, end: object, status: BookingStatus, fact: str
) -> None:
    with story.work() as work:
        end(work, story.booking_id, "changed their mind")  # type: ignore[operator]

    assert story.booking().status is status
    assert is_free(story)
    assert statuses(story) == [InvoiceStatus.void]
    assert told(story)[-3:] == ["booking.status_changed", fact, "booking.released"]
    assert invariants.broken(story.session) == {}


def test_somebody_else_may_book_what_was_released(story: Story) -> None:
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
        again = bookings.hold(work, story.apartment_id, make.party(work).id)
        assert again.status is BookingStatus.pending


@pytest.mark.parametrize("end", [booking_ends.cancel, booking_ends.reject])
def test_whoever_ends_a_booking_says_why(story: Story, end: object) -> None:
    with pytest.raises(billing.ReasonNeeded), story.work() as work:
        end(work, story.booking_id, "  ")  # type: ignore[operator]
    assert story.booking().status is BookingStatus.in_progress


def test_a_buyer_cancels_until_the_booking_is_under_review(story: Story) -> None:
    with story.work() as work:
        bookings.submit(work, story.booking_id)
    scope = Scope(story.home, parties=frozenset({story.customer_id}), actor="user:x")
    with seeing(story.session, scope), pytest.raises(booking_ends.AskTheSeller):
        booking_ends.cancel(Work(story.session, Actor("user", "x")), story.booking_id, "no more")
    story.session.rollback()


def test_what_is_over_is_not_ended_again(story: Story) -> None:
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "changed their mind")
    with pytest.raises(IllegalMove), story.work() as work:
        booking_ends.cancel(work, story.booking_id, "again")


def test_a_place_on_the_waiting_list_is_given_up_without_touching_the_apartment(
    story: Story,
) -> None:
    with story.work() as work:
        place = bookings.join_waiting_list(work, story.apartment_id, make.party(work).id)
        booking_ends.cancel(work, place.id, "found another")
    original, clone = apartments(story)
    assert (original.status, clone.status) == (ApartmentStatus.in_progress, ApartmentStatus.booked)


@pytest.mark.req("S3.40")
def test_a_hold_that_runs_out_is_freed_and_a_confirmed_one_is_not(
    session: Session, home: UUID
) -> None:
    held, kept = stories.held(session, home), stories.confirmed(session, home)
    with held.work() as work:
        assert booking_ends.due_holds(work) == []
        later = work.at(work.now + timedelta(hours=2))
        assert booking_ends.due_holds(later) == [held.booking_id]
        assert booking_ends.expire(work, held.booking_id) is None
        assert booking_ends.expire(later, held.booking_id)
        assert booking_ends.expire(later, held.booking_id) is None
        assert booking_ends.expire(later, kept.booking_id) is None

    assert held.booking().status is BookingStatus.expired
    assert kept.booking().status is BookingStatus.in_progress
    assert is_free(held)
    assert invariants.broken(session) == {}


def test_a_card_payment_under_way_is_given_up_with_the_booking(story: Story) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "changed their mind")
    assert story.intent(intent_id).status is IntentStatus.cancelled


@pytest.mark.req("S3.41", "S2.04")
@pytest.mark.parametrize(
    ("paid", "back", "after"),
    [
        (PRICE, "900000.00", InvoiceStatus.paid),
        (Decimal("333333.33"), "300000.00", InvoiceStatus.written_off),
    ],
)
def test_cancelling_with_money_paid_pays_back_the_part_of_the_rule_and_then_frees(
    story: Story, paid: Decimal, back: str, after: InvoiceStatus
) -> None:
    story.pay(paid)
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    saga_jobs.advance_all(story.home)

    assert not is_free(story)
    with story.work() as work:
        refund = work.session.scalars(select(Refund)).one()
        assert refund.amount == Decimal(back)
        assert -ledger.balance(work, REFUNDS_PAYABLE, "KES") == Decimal(back)
        assert -ledger.balance(work, FORFEITED, "KES") == paid - Decimal(back)
        assert ledger.balance(work, CONTRACT_LIABILITY, "KES") == 0
    settle_refunds(story)
    with story.work() as work:
        sagas.wake(work, "cancel_booking", story.booking_id)
    saga_jobs.advance_all(story.home)

    assert is_free(story)
    assert statuses(story) == [after]
    assert told(story)[-2:] == ["booking.released", "booking.refunded"]
    with story.work() as work:
        assert work.session.scalars(select(Saga.status)).all() == [SagaStatus.done]
        assert ledger.balance(work, REFUNDS_PAYABLE, "KES") == 0
        assert ledger.balance(work, CASH, "KES") == paid - Decimal(back)
    assert invariants.broken(story.session) == {}


def test_a_rejected_customer_gets_everything_back(story: Story) -> None:
    story.pay(Decimal("250000.01"))
    with story.work() as work:
        booking_ends.reject(work, story.booking_id, "papers are missing")
    saga_jobs.advance_all(story.home)
    with story.work() as work:
        assert work.session.scalars(select(Refund.amount)).all() == [Decimal("250000.01")]


@pytest.mark.req("S2.04")
@pytest.mark.faults
@pytest.mark.parametrize("dies_after", range(6))
def test_killed_between_any_two_steps_it_ends_right(story: Story, dies_after: int) -> None:
    """Each step in a session of its own, and one of them rolled back as if the process had died."""
    story.pay(PRICE)
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
        saga_id = work.session.scalars(select(Saga.id)).one()
    settled = False
    for step in range(20):
        if step == dies_after:
            with pytest.raises(ZeroDivisionError), story.work() as work:
                sagas.advance(work, saga_id)
                raise ZeroDivisionError
        with story.work() as work:
            sagas.wake(work, "cancel_booking", story.booking_id)
        saga_jobs.advance(story.home, saga_id)
        with story.work() as work:
            waiting = work.session.scalars(select(Refund.id)).all()
        if waiting and not settled and step > 2:
            settle_refunds(story)
            settled = True

    assert is_free(story)
    with story.work() as work:
        assert work.session.scalars(select(Saga.status)).all() == [SagaStatus.done]
        assert len(work.session.scalars(select(Refund.id)).all()) == 1
        assert ledger.balance(work, CASH, "KES") == Decimal("100000.00")
    assert invariants.broken(story.session) == {}


@pytest.mark.req("S3.48", "S3.25", "S3.41")
@pytest.mark.parametrize("paid_first", [True, False])
def test_approved_and_paid_in_full_the_customer_owns_and_revenue_is_earned(
    story: Story, *, paid_first: bool
) -> None:
    steps: list[Callable[[], object]] = [story.approve, story.pay]
    for step in reversed(steps) if paid_first else steps:
        with story.work() as work:
            assert booking_ends.settle(work, story.booking_id) is None
        step()
    with story.work() as work:
        assert booking_ends.settle(work, story.booking_id)
        assert booking_ends.settle(work, story.booking_id) is None

    original, clone = apartments(story)
    assert original.status is clone.status is ApartmentStatus.sold
    assert original.customer_id == story.customer_id
    with story.work() as work:
        owner = work.session.scalars(select(ApartmentOwner)).one()
        assert (owner.apartment_id, owner.owner_id) == (original.id, story.customer_id)
        assert ledger.balance(work, SALES_REVENUE, "KES") == -PRICE
        assert ledger.balance(work, CONTRACT_LIABILITY, "KES") == 0
        with pytest.raises(booking_ends.SoldAlready):
            booking_ends.cancel(work, story.booking_id, "too late")
    assert invariants.broken(story.session) == {}


def test_more_is_not_paid_back_than_came_in(story: Story) -> None:
    intent_id = story.pay(PRICE)
    with story.work() as work:
        first = refunds.request(work, intent_id, Decimal(600000), "a", "")
        assert refunds.request(work, intent_id, Decimal(600000), "a", "").id == first.id
        with pytest.raises(refunds.NotRefundable):
            refunds.request(work, intent_id, Decimal(400001), "b", "")
        assert work.session.get_one(PaymentIntent, intent_id).method is PaymentMethod.cash
        assert payments.OVER


@pytest.mark.req("S3.13")
def test_bookings_go_round_the_active_sales_staff(session: Session, home: UUID) -> None:
    from core import db  # noqa: PLC0415

    people = [make.user(db.door()) for _ in range(3)]
    with stories.unit(session, home) as work:
        for each in people:
            make.member(work, each, "Sales")
        make.member(work, make.user(db.door()), "Manager")
    given = []
    for _ in range(6):
        story = stories.held(session, home)
        with story.work() as work:
            given.append(assignments.assign(work, story.booking_id).assigned_to_id)
            assignments.assign(work, story.booking_id)

    assert given[:3] == given[3:]
    assert set(given) == set(people)
    with stories.unit(session, home) as work:
        later = work.at(work.now + timedelta(days=4))
        assert assignments.reassign_stale(work) == 0
        assert assignments.reassign_stale(later) == 6
        assert assignments.reassign_stale(later) == 0
        assert story.read is not None
    assert story.booking().assigned_to_id != given[-1]
