"""Two or many at once over the same thing: one wins, the others are refused, nobody deadlocks."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.errors import Refused
from core.work import Work, locked
from models.billing import Invoice, PaymentMethod
from models.chart import CARD_CLEARING, CASH
from models.payments import PaymentIntent, Refund
from models.sales import Apartment
from services import booking_ends, bookings, instalments, invariants, ledger, payments, refunds
from services.payments import Outcome, Part
from tests import stories
from tests.stories import PRICE

AT_ONCE = 8


def race(app: Flask, home: UUID, do: Callable[[Work], object]) -> list[str]:
    """Do it in as many transactions at once; gives the refusals' codes, and '' for each success."""
    engine = create_engine(app.config["WORKER_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(AT_ONCE)

    def run(_number: int) -> str:
        try:
            with Session(engine) as session:
                together.wait()
                with stories.unit(session, home) as work:
                    do(work)
        except Refused as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


@pytest.mark.req("S3.46", "S3.15")
def test_one_approval_of_many_at_once_counts(app: Flask, session: Session, home: UUID) -> None:
    story = stories.confirmed(session, home)
    with story.work() as work:
        bookings.submit(work, story.booking_id)

    said = race(app, home, lambda work: bookings.approve(work, story.booking_id))

    assert sorted(said) == ["", *["illegal_move"] * (AT_ONCE - 1)]
    assert invariants.broken(session) == {}


@pytest.mark.req("S3.41", "S3.45")
def test_one_invoice_paid_in_full_by_many_at_once_is_paid_once(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    with story.work() as work:
        invoice_id = instalments.links(work, story.booking_id)[0].invoice_id

    said = race(
        app, home, lambda work: payments.record(work, [Part(invoice_id)], PaymentMethod.cash)
    )

    assert said.count("") == 1
    invoice = story.read(Invoice, invoice_id)
    assert invoice.paid_amount == invoice.total == PRICE
    with story.work() as work:
        assert ledger.balance(work, CASH, "KES") == PRICE
        assert work.session.scalar(select(func.count()).select_from(PaymentIntent)) == 1
    assert invariants.broken(session) == {}


@pytest.mark.req("S3.17", "S3.41")
def test_what_the_provider_says_many_times_at_once_is_taken_up_once(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    intent_id = story.begin_card()
    yes = Outcome("succeeded", PRICE, "KES")

    said = race(app, home, lambda work: payments.settle(work, intent_id, yes))

    assert said == [""] * AT_ONCE
    with story.work() as work:
        assert ledger.balance(work, CARD_CLEARING, "KES") == PRICE
    assert invariants.broken(session) == {}


def test_refunds_raced_never_give_back_more_than_came_in(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    intent_id = story.pay()
    numbers = iter(range(AT_ONCE))
    part = PRICE / 4

    said = race(
        app,
        home,
        lambda work: refunds.request(work, intent_id, part, f"race:{next(numbers)}", "Too much"),
    )

    assert said.count("") == 4
    with story.work() as work:
        asked = work.session.scalar(select(func.sum(Refund.amount)))
    assert asked == PRICE
    assert invariants.broken(session) == {}


def test_one_refund_settled_by_many_at_once_is_posted_once(
    app: Flask, session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    intent_id = story.pay()
    with story.work() as work:
        refund_id = refunds.request(work, intent_id, PRICE, "one", "Changed their mind").id

    said = race(app, home, lambda work: refunds.settle(work, refund_id))

    assert said == [""] * AT_ONCE
    with story.work() as work:
        assert ledger.balance(work, CASH, "KES") == Decimal(0)
    assert invariants.broken(session) == {}


def waiting(session: Session) -> bool:
    """Whether somebody waits for a lock now; asked anew each time."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(session.scalar(query))


@pytest.mark.req("S3.46", "S3.47")
@pytest.mark.parametrize(
    ("verb", "ready"),
    [
        (booking_ends.cancel, stories.held),
        (booking_ends.cancel, stories.confirmed),
        (booking_ends.reject, stories.confirmed),
        (bookings.approve, stories.confirmed),
        (booking_ends.settle, stories.confirmed),
        (booking_ends.expire, stories.held),
    ],
)
def test_who_ends_a_booking_and_who_holds_its_apartment_do_not_wait_in_a_ring(
    app: Flask,
    session: Session,
    home: UUID,
    verb: Callable[..., object],
    ready: Callable[[Session, UUID], stories.Story],
) -> None:
    """Holding locks the apartment and then the customer's claim; all others in the same order."""
    story = ready(session, home)
    with story.work() as work:
        if verb is bookings.approve:
            bookings.submit(work, story.booking_id)
    engine = create_engine(app.config["WORKER_DATABASE_URI"], poolclass=NullPool)
    reasons = ["no papers"] if verb in (booking_ends.cancel, booking_ends.reject) else []

    def end() -> object:
        with Session(engine) as other, stories.unit(other, home) as work:
            return verb(work, story.booking_id, *reasons)

    with Session(engine) as watch, ThreadPoolExecutor(1) as pool:
        with stories.unit(session, home) as work:
            locked(work, Apartment, story.apartment_id)
            ended = pool.submit(end)
            while not waiting(watch) and not ended.done():
                watch.rollback()
            with pytest.raises(bookings.AlreadyBooked):
                bookings.hold(work, story.apartment_id, story.customer_id)
        ended.result()
    assert invariants.broken(session) == {}
