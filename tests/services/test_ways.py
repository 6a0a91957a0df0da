"""The ways to pay by a provider, and payments that may be made twice by mistake."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.errors import BadInput
from core.phones import e164, mobile
from models.billing import PaymentMethod
from services import instalments, organizations, paying, payments, ways
from services.duplicates import PossibleDuplicate
from services.payments import Outcome, Part
from services.ways import WAYS, NotOffered
from tests import stories
from tests.stories import Story

ALL = frozenset(WAYS)


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


def first(story: Story) -> UUID:
    with story.work() as work:
        return instalments.links(work, story.booking_id)[0].invoice_id


@pytest.mark.parametrize("typed", ["0712345678", "0712 345 678", "+254 712 345678", "254712345678"])
def test_a_phone_is_read_as_people_write_it(typed: str) -> None:
    assert mobile(typed, "KE") == "+254712345678"


@pytest.mark.parametrize(
    "typed", ["", "12", "0812345678", "phone", "+44 7911 123456", "020 2222222"]
)
def test_what_is_no_mobile_phone_of_the_country_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="0712 123456"):
        mobile(typed, "KE")


def test_a_phone_of_another_country_is_one_too() -> None:
    assert e164("+44 7911 123456", "KE") == "+447911123456"


@pytest.mark.req("S1.41")
def test_what_is_offered_is_set_up_wanted_and_in_the_currency(story: Story) -> None:
    with story.work() as work:
        assert {each.name for each in ways.offered(work, ALL, "KES")} == ALL
        assert "mpesa" not in {each.name for each in ways.offered(work, ALL, "USD")}
        assert [each.name for each in ways.offered(work, {"stripe"}, "KES")] == ["stripe"]
        organizations.change_setting(work, "payment.by_stripe", value=False)
        assert ways.offered(work, {"stripe"}, "KES") == []
        with pytest.raises(NotOffered):
            payments.begin(work, [Part(first(story))], PaymentMethod.card, provider="stripe")


@pytest.mark.parametrize(
    ("amount", "says"),
    [("250001", "at most"), ("100.50", "whole amounts only"), ("100.50", "KES\u00a0100.00")],
)
def test_what_m_pesa_does_not_take_is_refused_kindly(story: Story, amount: str, says: str) -> None:
    with story.work() as work, pytest.raises(BadInput, match=says) as refused:
        payments.begin(
            work,
            [Part(first(story), Decimal(amount))],
            PaymentMethod.mobile_money,
            phone="0712345678",
        )
    assert refused.value.field == "amount"


def test_m_pesa_needs_a_phone_to_ask(story: Story) -> None:
    with story.work() as work, pytest.raises(BadInput) as refused:
        payments.begin(work, [Part(first(story), Decimal(100))], PaymentMethod.mobile_money)
    assert refused.value.field == "phone"


@pytest.mark.req("S2.20")
def test_a_payment_like_the_last_one_is_asked_about_first(story: Story) -> None:
    part = [Part(first(story), Decimal(1000))]
    with story.work() as work:
        payments.record(work, part, PaymentMethod.cash)
    with story.work() as work, pytest.raises(PossibleDuplicate) as refused:
        payments.record(work, part, PaymentMethod.cash)
    assert refused.value.field == "again"
    with story.work() as work:
        payments.record(work, part, PaymentMethod.cash, again=True)
        payments.record(work, [Part(first(story), Decimal(2000))], PaymentMethod.cash)


@pytest.mark.req("S2.20")
def test_what_came_to_nothing_is_no_duplicate_nor_what_is_long_ago(story: Story) -> None:
    part = [Part(first(story))]
    with story.work() as work:
        intent = payments.begin(work, part, PaymentMethod.card)
        payments.settle(work, intent.id, Outcome("failed"))
        second = payments.begin(work, part, PaymentMethod.card, provider="stripe")
        with pytest.raises(PossibleDuplicate):
            payments.begin(work, part, PaymentMethod.card)
        organizations.change_setting(work, "payment.duplicate_minutes", 0)
        payments.begin(work, part, PaymentMethod.card)
        assert second.provider == "stripe"


def test_whoever_presses_twice_is_given_the_payment_that_is_under_way(story: Story) -> None:
    invoice = first(story)
    with story.work() as work:
        one = paying.pay(work, [invoice], PaymentMethod.card, provider="stripe").id
        assert paying.pay(work, [invoice], PaymentMethod.card, provider="stripe").id == one
        with pytest.raises(PossibleDuplicate):
            paying.pay(work, [invoice], PaymentMethod.card, provider="paystack")
        assert paying.pay(work, [invoice], PaymentMethod.card, provider="paystack", again=True)
