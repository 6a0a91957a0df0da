"""Invoices of bookings, one by one: not before the customer confirms, and never a dead end."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.work import Work, found
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import InstalmentPlan
from models.chart import CUSTOMER_CREDIT, RECEIVABLE, REFUNDS_PAYABLE
from models.payments import Allocation, PaymentIntent
from models.sales import Apartment
from services import (
    billing,
    booking_ends,
    bookings,
    choices,
    instalments,
    invariants,
    invoicing,
    ledger,
    payments,
    prices,
    refunds,
)
from services.payments import Outcome, Part
from services.prices import Item
from tests import make, stories
from tests.stories import PRICE, Story
from views.payments import INTENT


@pytest.fixture
def held(session: Session, home: UUID) -> Story:
    return stories.held(session, home)


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


def invoices(work: Work, story: Story) -> list[Invoice]:
    links = instalments.links(work, story.booking_id)
    return [work.session.get_one(Invoice, link.invoice_id) for link in links]


ENDS: list[Callable[[Work, UUID], Any]] = [
    lambda work, invoice_id: invoicing.void(work, invoice_id, "a slip"),
    lambda work, invoice_id: invoicing.reject(work, invoice_id, "not agreed"),
]


@pytest.mark.req("S3.38", "S3.39")
@pytest.mark.parametrize("do", [invoicing.issue, *ENDS])
def test_a_draft_is_the_customers_until_they_confirm(held: Story, do: Any) -> None:
    with held.work() as work:
        (draft,) = invoices(work, held)
        with pytest.raises(invoicing.StillChoosing):
            do(work, draft.id)
    held.confirm()
    with held.work() as work:
        assert [each.status for each in invoices(work, held)] == [InvoiceStatus.issued]


@pytest.mark.req("S3.16", "S3.19", "S3.45")
@pytest.mark.parametrize("end", ENDS)
def test_what_was_rejected_or_voided_is_asked_for_again_once(story: Story, end: Any) -> None:
    with story.work() as work:
        (old,) = invoices(work, story)
        with pytest.raises(invoicing.NotAskedAgain):
            invoicing.ask_again(work, old.id)
        end(work, old.id)

        new = invoicing.ask_again(work, old.id)

        assert (new.status, new.total, new.replaces_id) == (InvoiceStatus.issued, PRICE, old.id)
        assert new.due_on is not None
        with pytest.raises(invoicing.NotAskedAgain):
            invoicing.ask_again(work, old.id)
        payments.record(work, [Part(new.id)], PaymentMethod.cash)
    story.approve()
    with story.work() as work:
        assert booking_ends.settle(work, story.booking_id)
        assert instalments.paid(work, story.booking_id) == PRICE
        assert invariants.broken(work.session) == {}


def test_what_is_over_is_not_asked_for_again(story: Story) -> None:
    with story.work() as work:
        (old,) = invoices(work, story)
        booking_ends.cancel(work, story.booking_id, "another house")
        with pytest.raises(invoicing.NotAskedAgain):
            invoicing.ask_again(work, old.id)
        alone = billing.draft(
            work, story.customer_id, "KES", "A key", [billing.Line("Key", Decimal(5), "2200")]
        )
        billing.void(work, alone.id, "a slip")
        with pytest.raises(invoicing.NotAskedAgain):
            invoicing.ask_again(work, alone.id)


@pytest.mark.req("S3.32", "S3.41")
def test_money_for_an_invoice_that_was_replaced_pays_the_one_in_its_place(story: Story) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        prices.change(work, Item.apartment, story.apartment_id, PRICE + 500)
    with story.work() as work:
        intent = payments.settle(work, intent_id, Outcome("succeeded", PRICE, "KES"))
        assert intent.amount == PRICE

    with story.work() as work:
        old, new = invoices(work, story)
        assert (old.status, old.paid_amount) == (InvoiceStatus.void, Decimal(0))
        assert (new.status, new.paid_amount) == (InvoiceStatus.partly_paid, PRICE)
        assert list(work.session.scalars(select(Allocation.invoice_id))) == [new.id]
        assert invariants.broken(work.session) == {}


def plan(work: Work, story: Story, steps: str) -> InstalmentPlan:
    apartment = work.session.get_one(Apartment, story.apartment_id)
    row = InstalmentPlan(
        organization_id=work.scope.home(), project_id=apartment.project_id, name="Steps"
    )
    work.session.add(row)
    work.session.flush()
    instalments.set_steps(work, row.id, instalments.read_steps(steps))
    return row


def test_a_plan_stays_as_those_agreed_to_it_who_chose_it(held: Story) -> None:
    with held.work() as work:
        mine = plan(work, held, "40 now\n60 at Handover")
        instalments.set_steps(work, mine.id, instalments.read_steps("50 now\n50 at Handover"))
        choices.choose_payment(work, held.booking_id, PaymentMethod.cash, mine.id)
        with pytest.raises(instalments.PlanInUse):
            instalments.set_steps(work, mine.id, instalments.read_steps("100 now"))
        booking_ends.cancel(work, held.booking_id, "another house")
        instalments.set_steps(work, mine.id, instalments.read_steps("100 now"))


@pytest.mark.parametrize("position", [1, 3])
def test_a_step_without_a_milestone_is_not_reached(held: Story, position: int) -> None:
    with held.work() as work:
        mine = plan(work, held, "40 now\n60 at Handover")
        with pytest.raises(BadInput):
            instalments.reach_milestone(work, mine.id, position)


@pytest.mark.parametrize(
    ("currency", "price", "parts"),
    [
        ("JPY", "1000001", ["333300", "333300", "333401"]),
        ("KES", "100.01", ["33.33", "33.33", "33.35"]),
        ("KWD", "100.001", ["33.330", "33.330", "33.341"]),
    ],
)
@pytest.mark.req("S3.13", "S3.27")
def test_odd_totals_are_divided_in_the_decimals_of_their_currency(
    work: Work, currency: str, price: str, parts: list[str]
) -> None:
    estate = make.project(work, currency=currency)
    package = make.package(work, estate, price=Decimal(0))
    apartment = make.apartment(
        work, estate, packages=[package], base_price=Decimal(price), currency=currency
    )
    story = Story(work.session, work.scope.home(), apartment.id, apartment.id, package.id)
    mine = plan(work, story, "33.33 now\n33.33 on 2001-01-31\n33.34 at Handover")
    booking = bookings.hold(work, apartment.id, make.party(work).id)
    choices.choose_package(work, booking.id, package.id)
    choices.choose_payment(work, booking.id, PaymentMethod.card, mine.id)
    bookings.confirm(work, booking.id)

    story.booking_id = booking.id
    asked = invoices(work, story)
    assert [each.total for each in asked] == [Decimal(each) for each in parts]
    assert sum(each.total for each in asked) == booking.total
    # A day that is past asks for the money today.
    today = ledger.business_date(work)
    assert [each.due_on for each in asked] == [today, today, None]


@pytest.mark.req("S3.41", "S3.45")
def test_what_of_a_payment_paid_nothing_is_paid_back_once(story: Story) -> None:
    intent_id = story.begin_card()
    with story.work() as work:
        prices.change(work, Item.apartment, story.apartment_id, PRICE - 500)
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("succeeded", PRICE, "KES"))
        assert nothing_over(work, intent_id) == ""
        refund = refunds.return_credit(work, intent_id)
        assert (refund.amount, refund.check_at) == (Decimal(500), work.now)
        with pytest.raises(refunds.NoCredit):
            refunds.return_credit(work, intent_id)

    with story.work() as work:
        refunds.settled(work, refund.id, Outcome("succeeded"))
        balances = {
            code: ledger.balance(work, code, "KES", story.customer_id)
            for code in (CUSTOMER_CREDIT, REFUNDS_PAYABLE, RECEIVABLE)
        }
        assert set(balances.values()) == {Decimal(0)}
        assert instalments.paid(work, story.booking_id) == PRICE - 500
        assert invariants.broken(work.session) == {}


def test_what_paid_invoices_is_not_left_over(story: Story) -> None:
    intent_id = story.pay()
    with story.work() as work:
        assert "paid invoices" in nothing_over(work, intent_id)
        with pytest.raises(refunds.NoCredit):
            refunds.return_credit(work, intent_id)


def nothing_over(work: Work, intent_id: UUID) -> str:
    """Say why the page does not offer to pay anything back."""
    (act,) = [each for each in INTENT.acts if each.name == "return_credit"]
    assert act.unless
    return act.unless(found(work, PaymentIntent, intent_id))


FRENCH = {
    "Late fee on invoice %(number)s": "Frais de retard sur la facture %(number)s",
    "Fee for cheque %(number)s that was not paid": "Frais pour le chèque %(number)s impayé",
    "Instalment %(position)s (%(percent)s %%)": "Échéance %(position)s (%(percent)s %%)",
    "Instalment %(position)s (%(percent)s %%): %(milestone)s": (
        "Échéance %(position)s (%(percent)s %%) : %(milestone)s"
    ),
    "Apartment %(name)s": "Appartement %(name)s",
    "Package %(name)s": "Finition %(name)s",
}


@pytest.mark.parametrize(
    ("written", "position", "read"),
    [
        ("Instalment 2 (33.5 %)", 1, "Échéance 2 (33.5 %)"),
        ("Instalment 3 (30 %): Handover", 1, "Échéance 3 (30 %) : Handover"),
        ("Apartment A0703", 1, "Appartement A0703"),
        ("Package Golden", 2, "Finition Golden"),
        ("Late fee on invoice INV-000012", 1, "Frais de retard sur la facture INV-000012"),
        ("Fee for cheque 00123 that was not paid", 1, "Frais pour le chèque 00123 impayé"),
        ("Package delivery box", 3, "Package delivery box"),  # an add-on of that name
    ],
)
def test_lines_are_read_in_the_language_of_who_reads(
    written: str, position: int, read: str
) -> None:
    assert instalments.in_words(written, position, FRENCH.__getitem__) == read
