"""What a payment sets in motion, whether it comes about or not: who hears of it, and where."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db
from models.billing import PaymentMethod
from models.notices import Notification
from models.payments import PaymentIntent
from services import balances, ledger, payments, postings, reports, statements
from services.payments import Outcome
from tests import make, stories
from tests.stories import PRICE, Story
from workers import relay


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    """A confirmed booking whose buyer signs in."""
    told = stories.confirmed(session, home)
    with told.work() as work:
        make.member(work, make.user(db.door(), "buyer"), "Buyer", party_id=told.customer_id)
    heard(told)
    return told


def heard(story: Story) -> list[str]:
    """Let the relay tell everybody; gives what people were told, in words."""
    while relay.turn():
        pass
    with story.work() as work:
        rows = work.session.scalars(select(Notification).order_by(Notification.id))
        return [row.message % row.values for row in rows]


def streamed(redis: Redis, story: Story, kind: str) -> list[dict[str, Any]]:
    """Read what analytics hear: the organization's stream."""
    entries: Any = redis.xrange(f"makao:events:{story.home}")
    told = [json.loads(fields[b"event"]) for _, fields in entries]
    return [each["data"] for each in told if each["type"] == kind]


def tries(story: Story) -> list[tuple[Any, ...]]:
    with story.work() as work:
        return [tuple(row) for row in reports.tries(work, reports.period(work, 30))]


@pytest.mark.req("S2.24", "S2.58")
def test_a_payment_that_fails_is_told_to_the_payer_and_to_analytics_and_posts_nothing(
    redis: Redis, story: Story
) -> None:
    intent_id = story.begin_card(Decimal(5000))
    with story.work() as work:
        before = ledger.balance(work, postings.MONEY_ACCOUNTS[PaymentMethod.card], "KES")
        payments.settle(work, intent_id, Outcome("failed", reason="The card has expired."))
        number = work.session.get_one(PaymentIntent, intent_id).number

    assert heard(story)[-1] == (
        f"Payment {number} did not go through: The card has expired. Nothing was taken; try again."
    )
    (data,) = streamed(redis, story, "payment.failed")
    assert (data["intent_id"], data["reason"]) == (str(intent_id), "The card has expired.")
    assert tries(story) == [("card", 0, 1, Decimal(5000))]
    with story.work() as work:
        assert ledger.balance(work, postings.MONEY_ACCOUNTS[PaymentMethod.card], "KES") == before


@pytest.mark.req("S2.57", "S2.62")
def test_a_payment_that_comes_in_is_in_the_ledger_the_statement_and_analytics_and_told(
    redis: Redis, story: Story
) -> None:
    intent_id = story.begin_card(Decimal(5000))
    with story.work() as work:
        payments.settle(work, intent_id, Outcome("succeeded", Decimal(5000), "KES"))

    assert any("We received your payment" in each for each in heard(story))
    (data,) = streamed(redis, story, "payment.succeeded")
    assert Decimal(data["amount"]) == 5000
    assert any(
        each["source_id"] == str(intent_id)
        for each in streamed(redis, story, "ledger.entry.created")
    )
    assert tries(story) == [("card", 1, 0, Decimal(0))]
    with story.work() as work:
        totals = reports.totals(work, reports.period(work, 30))
        assert (totals.collected, totals.remaining) == (Decimal(5000), PRICE - 5000)
        card = postings.MONEY_ACCOUNTS[PaymentMethod.card]
        assert ledger.balance(work, card, "KES") == 5000
        today = ledger.business_date(work)
        where = balances.books(work)
        said = statements.of_party(work, where, story.customer_id, today, today)
        assert said.lines[-1].amount == -5000
