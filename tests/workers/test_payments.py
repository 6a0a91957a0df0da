import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from adapters import card as adapter
from adapters.card import CardProvider
from adapters.payments import RefundRequest
from models.chart import CARD_CLEARING, CUSTOMER_CREDIT
from models.events import Saga, SagaStatus
from models.payments import IntentStatus, ProviderEvent, Refund, RefundStatus
from services import asking, booking_ends, invariants, ledger
from tests import stories
from tests.doubles.cards import DECLINED, KEY, QUICK, SECRET, SETTLES_LATER, card_provider
from tests.stories import PRICE, Story
from tests.workers.providers import Till, till
from workers import payments as money
from workers import refunds, relay, sagas

pytestmark = pytest.mark.req("S3.41", "S3.17")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on a slow provider sooner than in earnest."""

    def configured(settings: Any) -> CardProvider:
        return CardProvider(settings["CARD_PROVIDER_URL"], KEY, [SECRET], QUICK)

    monkeypatch.setattr(adapter, "configured", configured)


@pytest.fixture
def desk(app: Flask, session: Session, superuser: Engine, tmp_path: Path) -> Iterator[Till]:
    with till(app, superuser, tmp_path) as both:
        yield both


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


def opened(desk: Till, story: Story) -> UUID:
    """A payment whose page is open."""
    intent_id = story.begin_card()
    money.ask(story.home, str(intent_id))
    return intent_id


def status(story: Story, intent_id: UUID) -> IntentStatus:
    return story.intent(intent_id).status


def until(story: Story, intent_id: UUID, wanted: IntentStatus, seconds: float = 60) -> None:
    """Let webhooks come, and do what a worker does when they ring."""
    end = time.monotonic() + seconds
    while status(story, intent_id) is not wanted and time.monotonic() < end:
        money.ask(story.home, str(intent_id))
        time.sleep(0.1)
    assert status(story, intent_id) is wanted


def all_is_well(desk: Till, story: Story) -> None:
    desk.agrees(story)
    assert invariants.broken(story.session) == {}


def balance(story: Story, code: str) -> Decimal:
    with story.work() as work:
        return ledger.balance(work, code, "KES")


def test_a_card_payment_goes_from_the_button_to_the_ledger_by_the_notice_alone(
    desk: Till, story: Story
) -> None:
    intent_id = opened(desk, story)
    assert status(story, intent_id) is IntentStatus.requires_action

    desk.card.pay(desk.page(story, intent_id))
    until(story, intent_id, IntentStatus.succeeded)

    assert balance(story, CARD_CLEARING) == PRICE
    with story.work() as work:
        events = work.session.scalars(select(ProviderEvent)).all()
        assert [each.handled_at is not None for each in events] == [True]
    all_is_well(desk, story)


def test_a_declined_card_is_told_and_another_try_is_a_new_payment(desk: Till, story: Story) -> None:
    first = opened(desk, story)
    desk.card.pay(desk.page(story, first), DECLINED)
    until(story, first, IntentStatus.failed)
    assert story.intent(first).failure == "The bank declined the card."

    second = opened(desk, story)
    desk.card.pay(desk.page(story, second))
    until(story, second, IntentStatus.succeeded)
    all_is_well(desk, story)


SPOILT = [
    {"slow_seconds": 2.0, "calls": 2},
    {"error_rate": 1.0, "calls": 2},
    {"garbage": True, "calls": 2},
    {"huge": True, "calls": 2},
    {"cut": True, "calls": 2},
    {"error_in_200": True, "calls": 2},
    {"redirect": "http://127.0.0.1:1/", "calls": 2},
]


@pytest.mark.faults
@pytest.mark.parametrize("fault", SPOILT, ids=lambda each: next(iter(each)))
def test_whatever_answer_is_spoilt_nothing_is_lost_or_doubled(
    desk: Till, story: Story, fault: dict[str, Any]
) -> None:
    intent_id = story.begin_card()
    desk.card.faults(**fault, notice_copies=0)
    desk.turn(2)
    assert status(story, intent_id) is IntentStatus.pending
    desk.turn()
    assert status(story, intent_id) is IntentStatus.requires_action
    desk.card.pay(desk.page(story, intent_id))
    desk.card.faults(**fault, notice_copies=0)
    desk.turn(3)
    assert status(story, intent_id) is IntentStatus.succeeded

    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    sagas.advance_all(story.home)
    desk.card.faults(**fault, notice_copies=0)
    desk.turn(3)
    with story.work() as work:
        assert work.session.scalars(select(Refund.status)).all() == [RefundStatus.succeeded]
    assert len(desk.card.books()["checkouts"]) == 1
    all_is_well(desk, story)


@pytest.mark.faults
@pytest.mark.parametrize(
    "fault",
    [
        {"notice_copies": 5},
        {"notice_copies": 0},
        {"notice_late_seconds": 1.0},
        {"notice_late_seconds": 0.5, "notice_reversed": True},
        {"notice_forged": True},
        {"notice_age_seconds": 3600},
    ],
    ids=["many times", "never", "late", "reversed", "forged", "stale"],
)
def test_however_notices_come_the_payment_is_taken_up_once(
    desk: Till, story: Story, fault: dict[str, Any]
) -> None:
    desk.card.faults(**fault)
    intent_id = opened(desk, story)
    desk.card.pay(desk.page(story, intent_id), SETTLES_LATER)
    end = time.monotonic() + 60
    while status(story, intent_id) is not IntentStatus.succeeded and time.monotonic() < end:
        desk.turn()
        time.sleep(0.2)

    assert balance(story, CARD_CLEARING) == PRICE
    with story.work() as work:
        kept = work.session.scalar(select(func.count()).select_from(ProviderEvent))
    if (
        "notice_forged" in fault
        or "notice_age_seconds" in fault
        or not fault.get("notice_copies", 1)
    ):
        assert kept == 0
    all_is_well(desk, story)


@pytest.mark.faults
@pytest.mark.parametrize("moment", ["checkout", "capture", "refund"])
def test_a_provider_that_dies_between_doing_and_saying_is_asked_again(
    app: Flask, story: Story, superuser: Engine, tmp_path: Path, moment: str
) -> None:
    nowhere = "http://127.0.0.1:1"
    with till(app, superuser, tmp_path, nowhere) as desk:
        desk.card.faults(notice_copies=0)
        intent_id = story.begin_card()
        if moment == "checkout":
            desk.card.faults(notice_copies=0, die_after="checkout")
            desk.turn()
        else:
            desk.turn()
            page = desk.page(story, intent_id)
        if moment == "capture":
            desk.card.faults(notice_copies=0, die_after="capture")
            with pytest.raises(Exception):  # noqa: B017, PT011  # the line is cut in some way
                desk.card.pay(page)
        if moment == "refund":
            desk.card.pay(page)
            desk.turn()
            with story.work() as work:
                booking_ends.cancel(work, story.booking_id, "moved away")
            sagas.advance_all(story.home)
            desk.card.faults(notice_copies=0, die_after="refund")
            desk.turn()
    with till(app, superuser, tmp_path, nowhere) as desk:  # its books outlive it
        desk.turn()
        if moment == "checkout":
            reference = story.intent(intent_id).reference
            found = story.intent(intent_id).pay_url.rpartition("/")[2]
            assert reference == found
        else:
            desk.turn()
            assert story.intent(intent_id).succeeded_at
        if moment == "refund":
            with story.work() as work:
                assert work.session.scalars(select(Refund.status)).all() == [RefundStatus.succeeded]
        assert sum(desk.card.books()["checkouts"].values()) == 1
        all_is_well(desk, story)


@pytest.mark.faults
def test_a_worker_that_dies_after_the_provider_said_yes_asks_again_with_the_same_key(
    desk: Till, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent_id = story.begin_card()
    real = asking.asked

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "asked", dies)
    with pytest.raises(KeyboardInterrupt):
        money.ask(story.home, str(intent_id))
    monkeypatch.setattr(asking, "asked", real)
    desk.turn()

    assert status(story, intent_id) is IntentStatus.requires_action
    assert sum(desk.card.books()["checkouts"].values()) == 1


def test_money_that_comes_after_the_booking_was_cancelled_is_the_customers_credit(
    desk: Till, story: Story
) -> None:
    intent_id = opened(desk, story)
    page = desk.page(story, intent_id)
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    desk.card.pay(page)
    desk.turn(2)

    assert status(story, intent_id) is IntentStatus.succeeded
    assert balance(story, CUSTOMER_CREDIT) == -PRICE
    all_is_well(desk, story)


@pytest.mark.req("S2.04", "S3.47")
def test_cancelling_a_paid_booking_goes_through_by_itself(desk: Till, story: Story) -> None:
    """Relay, provider and sweep together: nobody calls a step by hand."""
    intent_id = opened(desk, story)
    desk.card.pay(desk.page(story, intent_id))
    until(story, intent_id, IntentStatus.succeeded)
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    for _ in range(3):
        relay.turn()
        sagas.advance_due()
        refunds.send_back_due()

    with story.work() as work:
        assert work.session.scalars(select(Saga.status)).all() == [SagaStatus.done]
    assert status(story, intent_id) is IntentStatus.partly_refunded
    assert balance(story, CARD_CLEARING) == Decimal("100000.00")
    all_is_well(desk, story)


def test_a_refund_that_the_provider_refuses_parks_the_saga_until_somebody_retries(
    desk: Till, story: Story
) -> None:
    intent_id = opened(desk, story)
    desk.card.pay(desk.page(story, intent_id))
    until(story, intent_id, IntentStatus.succeeded)
    reference = story.intent(intent_id).reference
    assert reference
    desk.card.provider.refund(RefundRequest(reference, PRICE, "KES", "somebody else"))
    with story.work() as work:
        booking_ends.cancel(work, story.booking_id, "moved away")
    for _ in range(2):
        sagas.advance_due()
        refunds.send_back_due()
        relay.turn()
    with story.work() as work:
        assert work.session.scalars(select(Refund.status)).all() == [RefundStatus.failed]
    sagas.advance_due()
    with story.work() as work:
        assert work.session.scalars(select(Saga.status)).all() == [SagaStatus.parked]


def test_without_a_provider_payments_wait(app: Flask, story: Story, tmp_path: Path) -> None:
    intent_id = story.begin_card()
    with card_provider(tmp_path) as card:
        dead = card.address
    app.config["CARD_PROVIDER_URL"] = dead
    money.ask(story.home, str(intent_id))
    assert status(story, intent_id) is IntentStatus.pending
