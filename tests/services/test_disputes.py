"""Disputes that are lost: the invoices that the payment had paid ask for the money again."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import CARD_CLEARING, CUSTOMER_CREDIT, DISPUTED, RECEIVABLE, SALES_REVENUE
from models.disputes import Dispute, DisputePart, DisputeStatus
from models.dunning import ReminderStep
from models.events import Event
from models.ledger import Entry
from models.sales import Apartment, ApartmentStatus
from services import (
    ageing,
    billing,
    booking_ends,
    disputes,
    invariants,
    ledger,
    payments,
    refunds,
    reminders,
    sale_withdrawals,
)
from services.balances import Books
from services.disputes import Said
from services.payments import Outcome, Part
from tests import stories
from tests.services.test_races import AT_ONCE, race
from tests.stories import PRICE, Story
from workers import sagas as saga_jobs

pytestmark = pytest.mark.req("S2.22", "S2.24")


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home, refund_percent=Decimal(90))


def asked(story: Story, *amounts: str) -> list[UUID]:
    """Invoices of the customer beside those of the booking."""
    with story.work() as work:
        return [
            billing.issue(
                work,
                billing.draft(
                    work,
                    story.customer_id,
                    "KES",
                    "Keys",
                    [billing.Line("Keys", Decimal(amount), SALES_REVENUE)],
                ).id,
                ledger.business_date(work),
            ).id
            for amount in amounts
        ]


def paid(story: Story, *ids: UUID) -> UUID:
    """One payment by card for all of them."""
    with story.work() as work:
        parts = [Part(each) for each in ids]
        intent = payments.begin(work, parts, PaymentMethod.card, again=True)
        payments.settle(work, intent.id, Outcome("succeeded"))
        return intent.id


def decided(
    story: Story, intent_id: UUID, state: str, amount: str, reference: str = "dp_1"
) -> None:
    with story.work() as work:
        said = Said(reference, state, Decimal(amount), "KES", "fraudulent")
        assert disputes.take_up(work, intent_id, said)


def stands(story: Story, *ids: UUID) -> list[tuple[InvoiceStatus, Decimal]]:
    return [(row.status, row.paid_amount) for row in (story.read(Invoice, each) for each in ids)]


def balance(story: Story, *codes: str) -> list[Decimal]:
    with story.work() as work:
        return [ledger.balance(work, code, "KES") for code in codes]


def test_a_lost_dispute_reopens_what_its_payment_had_paid(story: Story) -> None:
    ids = asked(story, "300", "200")
    intent_id = paid(story, *ids)
    before = balance(story, RECEIVABLE, CARD_CLEARING)
    decided(story, intent_id, "open", "500")
    assert stands(story, *ids) == [
        (InvoiceStatus.paid, Decimal(300)),
        (InvoiceStatus.paid, Decimal(200)),
    ]

    decided(story, intent_id, "lost", "500")
    decided(story, intent_id, "lost", "500")  # told again

    assert stands(story, *ids) == [(InvoiceStatus.issued, Decimal(0))] * 2
    after = balance(story, RECEIVABLE, CARD_CLEARING)
    assert [b - a for a, b in zip(before, after, strict=True)] == [Decimal(500), Decimal(-500)]
    assert balance(story, DISPUTED) == [0]
    with story.work() as work:
        reopened = select(func.count()).where(Event.type == "invoice.reopened")
        assert work.session.scalar(reopened) == 2
        step = ReminderStep(organization_id=story.home, days=3, name="Third day", active=True)
        work.session.add(step)
        work.session.flush()
        late = {each for each, _step in reminders.due(work.at(work.now + timedelta(days=4)))}
        assert late >= set(ids)
        where = Books(ledger.book_called(work), "main", "KES")
        owed = ageing.receivables(work, where, ledger.business_date(work))
        assert {each.subject_id for each in owed.debts} >= set(ids)
        assert sum(each.amount for each in owed.debts) == owed.in_ledger
    assert invariants.broken(story.session) == {}


def test_a_won_dispute_leaves_all(story: Story) -> None:
    (one,) = asked(story, "300")
    intent_id = paid(story, one)
    before = balance(story, RECEIVABLE, CARD_CLEARING)
    for state in ("open", "won", "lost"):  # what was decided is not decided again
        decided(story, intent_id, state, "300")

    assert stands(story, one) == [(InvoiceStatus.paid, Decimal(300))]
    assert balance(story, RECEIVABLE, CARD_CLEARING) == before
    assert invariants.broken(story.session) == {}


def test_parts_are_taken_back_once_each_and_paid_again(story: Story) -> None:
    ids = sorted(asked(story, "300", "200"))
    intent_id = paid(story, *ids)
    decided(story, intent_id, "lost", "350.50", "dp_1")
    assert stands(story, *ids)[0] == (InvoiceStatus.issued, Decimal(0))
    first = stands(story, *ids)
    decided(story, intent_id, "lost", "149.50", "dp_2")
    assert [status for status, _ in stands(story, *ids)] == [InvoiceStatus.issued] * 2
    assert first != stands(story, *ids)

    paid(story, *ids)
    assert [status for status, _ in stands(story, *ids)] == [InvoiceStatus.paid] * 2
    decided(story, intent_id, "lost", "500", "dp_3")  # nothing of it is left to take back
    assert [status for status, _ in stands(story, *ids)] == [InvoiceStatus.paid] * 2
    assert balance(story, DISPUTED) == [Decimal(500)]
    assert invariants.broken(story.session) == {}


def test_what_had_become_credit_is_none_any_more_and_the_rest_is_owed_apart(story: Story) -> None:
    (one,) = asked(story, "300")
    with story.work() as work:
        intent = payments.begin(work, [Part(one)], PaymentMethod.card)
        payments.record(work, [Part(one, Decimal(120))], PaymentMethod.cash, again=True)
        payments.settle(work, intent.id, Outcome("succeeded"))
        intent_id = intent.id
    assert balance(story, CUSTOMER_CREDIT) == [Decimal(-120)]

    decided(story, intent_id, "lost", "300")

    assert stands(story, one) == [(InvoiceStatus.partly_paid, Decimal(120))]
    assert balance(story, CUSTOMER_CREDIT, DISPUTED) == [0, 0]
    with story.work() as work, pytest.raises(refunds.NotRefundable):
        refunds.request(work, intent_id, Decimal(1), "again", "")
    assert invariants.broken(story.session) == {}


@pytest.mark.req("S3.48")
def test_a_sale_is_taken_back_whose_payment_is_lost(story: Story) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("succeeded"))
    story.approve()
    with story.work() as work:
        assert booking_ends.settle(work, story.booking_id)

    decided(story, intent_id, "lost", str(PRICE))
    with story.work() as work:
        assert sale_withdrawals.doubt(work, story.booking_id)

    original = story.read(Apartment, story.apartment_id)
    assert original.status is ApartmentStatus.booked
    assert invariants.broken(story.session) == {}


@pytest.mark.req("S3.41")
@pytest.mark.parametrize("lost_first", [True, False])
def test_nothing_is_paid_back_that_the_payers_bank_took(story: Story, *, lost_first: bool) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("succeeded"))
    steps: list[Callable[[], None]] = [
        lambda: decided(story, intent_id, "lost", str(PRICE)),
        lambda: cancel(story),
    ]
    for step in steps if lost_first else reversed(steps):
        step()

    with story.work() as work:
        invoice = work.session.scalars(select(Invoice)).one()
        assert invoice.status is (InvoiceStatus.void if lost_first else InvoiceStatus.paid)
        assert bool(work.session.scalar(select(DisputePart.id))) is lost_first
    assert balance(story, DISPUTED) == [Decimal(0) if lost_first else PRICE]
    assert invariants.broken(story.session) == {}


def cancel(story: Story) -> None:
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    saga_jobs.advance_all(story.home)


@pytest.mark.faults
def test_told_to_many_at_once_it_is_lost_once(story: Story, app: Flask) -> None:
    ids = asked(story, "300", "200")
    intent_id = paid(story, *ids)
    said = Said("dp_1", "lost", Decimal(500), "KES", "fraudulent")

    told = race(app, story.home, lambda work: disputes.take_up(work, intent_id, said))

    assert told == [""] * AT_ONCE

    assert stands(story, *ids) == [(InvoiceStatus.issued, Decimal(0))] * 2
    with story.work() as work:
        assert work.session.scalars(select(Dispute.status)).all() == [DisputeStatus.lost]
        lost = select(func.count()).select_from(Entry).where(Entry.key.endswith(":lost"))
        assert work.session.scalar(lost) == 1
    assert invariants.broken(story.session) == {}


def test_a_customer_without_anything_else_owes_it_apart(story: Story) -> None:
    """A payment whose invoice was closed meanwhile: there is nothing that could ask again."""
    (one,) = asked(story, "300")
    with story.work() as work:
        intent = payments.begin(work, [Part(one)], PaymentMethod.card)
        billing.void(work, one, "not needed")
        payments.settle(work, intent.id, Outcome("succeeded"))
        intent_id = intent.id
    with story.work() as work:
        refunds.return_credit(work, intent_id)
    decided(story, intent_id, "lost", "300")

    assert balance(story, DISPUTED) == [Decimal(300)]
    assert invariants.broken(story.session) == {}
