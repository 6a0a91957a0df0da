"""Invoices that saved cards pay by themselves, at Stripe's and Paystack's doubles: once, always."""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from adapters.payments import Checkout
from core import db
from models.autopay import AutopayRun
from models.billing import Invoice, PaymentMethod
from models.events import Event
from models.payments import IntentStatus, PaymentIntent
from models.saved_ways import SavedWay
from services import autopay, payments, saved_ways
from services.payments import Part
from tests import make, stories
from tests.doubles.kits import KINDS
from tests.saved import agreed, owed
from tests.stories import Story
from tests.workers.counters import Counter, serving
from workers import autopay as clock
from workers import payments as money
from workers import saved_ways as cards

pytestmark = [pytest.mark.req("S2.19", "S2.20", "S2.22", "S2.23"), pytest.mark.faults]


@pytest.fixture
def story(session: Session, home: UUID) -> Story:
    return stories.confirmed(session, home)


@pytest.fixture(params=["stripe", "paystack"])
def at(
    app: Flask,
    story: Story,
    superuser: Engine,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Counter]:
    with serving(app, superuser, tmp_path, KINDS[request.param], story) as counter:
        yield counter


def saved(at: Counter, amount: str = "7") -> UUID:
    """Pay by card, agreeing to it being saved; gives the card."""
    with at.story.work() as work:
        asked = owed(work, at.story.customer_id, amount, -9).id
        intent = payments.begin(
            work, [Part(asked)], PaymentMethod.card, provider=at.name, saves=True, again=True
        )
        intent.recorded_by_id = make.user(db.door())
        intent_id = intent.id
    at.turn_until(lambda: at.intent(intent_id).reference is not None)
    at.pay(intent_id)
    at.until(intent_id, IntentStatus.succeeded)
    with at.story.work() as work:
        return work.session.scalars(select(SavedWay.id).where(SavedWay.revoked_at.is_(None))).one()


def due(at: Counter, most: str = "", total: str = "100") -> UUID:
    """Save a card, let it pay by itself, and owe something; gives the invoice."""
    way_id = saved(at)
    with at.story.work() as work:
        way = work.session.get_one(SavedWay, way_id)
        agreed(work, way, most)
        return owed(work, way.party_id, total).id


def charge(at: Counter) -> PaymentIntent:
    """Give the latest payment by a saved card."""
    with at.story.work() as work:
        query = select(PaymentIntent.id).where(PaymentIntent.saved_way_id.is_not(None))
        latest = work.session.scalars(query.order_by(PaymentIntent.id.desc())).first()
    assert latest
    return at.intent(latest)


def paid(at: Counter, invoice_id: UUID) -> Decimal:
    amount: Decimal = at.story.read(Invoice, invoice_id).paid_amount
    return amount


def told(at: Counter, kind: str) -> list[Any]:
    with at.story.work() as work:
        return list(work.session.scalars(select(Event.data).where(Event.type == kind)))


def test_a_saved_card_pays_what_is_due_by_itself_and_once(at: Counter) -> None:
    invoice_id = due(at, most="60")
    assert len(told(at, "saved_way.kept")) == 1

    clock.run()
    clock.run()
    money.ask(at.story.home, str(charge(at).id))
    at.turn(2)
    clock.run()

    assert charge(at).status is IntentStatus.succeeded
    assert paid(at, invoice_id) == 60
    assert [each["amount"] for each in at.kit.books()["captures"]] == [700, 6000]
    with at.story.work() as work:
        assert len(work.session.scalars(select(AutopayRun)).all()) == 1
    at.all_is_well()


def test_a_notice_alone_settles_a_charge_that_takes_a_while(at: Counter) -> None:
    invoice_id = due(at)
    at.kit.faults(charge="later", notice_copies=3)
    clock.run()
    money.ask(at.story.home, str(charge(at).id))
    assert charge(at).status in {IntentStatus.processing, IntentStatus.succeeded}
    end = time.monotonic() + 40
    while charge(at).status is not IntentStatus.succeeded and time.monotonic() < end:
        money.ask(at.story.home, str(charge(at).id))
        time.sleep(0.2)

    assert paid(at, invoice_id) == 100
    at.all_is_well()


@pytest.mark.parametrize("switch", ["decline", "authenticate"])
def test_a_bank_that_says_no_takes_nothing_and_the_payer_is_told(at: Counter, switch: str) -> None:
    invoice_id = due(at)
    at.kit.faults(charge=switch)
    clock.run()
    money.ask(at.story.home, str(charge(at).id))
    with at.story.work() as work:
        autopay.charge_ended(work, charge(at).id)

    assert charge(at).status is IntentStatus.failed
    assert paid(at, invoice_id) == 0
    wanted = "autopay.payer_wanted" if switch == "authenticate" else "autopay.failed"
    assert [each["card"][:4] for each in told(at, wanted)] == ["Visa"]
    at.all_is_well()


@pytest.mark.parametrize(
    "fault", [{"cut": True}, {"error_rate": 1.0}, {"garbage": True}, {"slow_seconds": 2.0}]
)
def test_whatever_answer_is_lost_the_card_is_charged_once(
    at: Counter, fault: dict[str, Any]
) -> None:
    invoice_id = due(at)
    clock.run()
    at.kit.faults(**fault, calls=1, notice_copies=0)
    money.ask(at.story.home, str(charge(at).id))
    assert charge(at).reference is None
    assert charge(at).status is IntentStatus.processing
    at.turn(3)

    assert charge(at).status is IntentStatus.succeeded
    assert paid(at, invoice_id) == 100
    at.all_is_well()


class Killed(BaseException):
    """What ends a worker like kill -9: nothing catches it."""


@pytest.mark.parametrize("when", ["before the call", "after the call"])
def test_a_worker_killed_around_the_call_charges_once(
    at: Counter, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = due(at)
    clock.run()
    real = type(at.kit.provider).charge  # type: ignore[attr-defined]

    def dies(provider: Any, request: Any) -> Any:
        if when == "after the call":
            real(provider, request)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(type(at.kit.provider), "charge", dies)
        with pytest.raises(Killed):
            money.ask(at.story.home, str(charge(at).id))
    at.turn(3)

    assert charge(at).status is IntentStatus.succeeded
    assert paid(at, invoice_id) == 100
    assert len(at.kit.books()["captures"]) == 2
    at.all_is_well()


def test_a_card_that_is_removed_before_it_was_charged_is_not(at: Counter) -> None:
    invoice_id = due(at)
    clock.run()
    with at.story.work() as work:
        way = saved_ways.own(work)[0]
        saved_ways.remove(work, way.id)
    money.ask(at.story.home, str(charge(at).id))
    at.kit.faults(error_rate=1.0, calls=1)
    cards.forget_due()
    assert told(at, "saved_way.removed") == []
    with at.story.work() as work:
        way = work.session.get_one(SavedWay, way.id)
        assert way.forget_at is not None
        way.forget_at = work.now
    cards.forget_due()

    assert charge(at).status is IntentStatus.cancelled
    assert paid(at, invoice_id) == 0
    assert 1 not in at.kit.books()["saved"].values()
    assert len(told(at, "saved_way.removed")) == 1
    at.all_is_well()


def test_a_payment_by_hand_after_the_bank_wanted_its_payer(at: Counter) -> None:
    invoice_id = due(at)
    at.kit.faults(charge="authenticate")
    clock.run()
    money.ask(at.story.home, str(charge(at).id))
    with at.story.work() as work:
        by_hand = payments.begin(
            work, [Part(invoice_id)], PaymentMethod.card, provider=at.name, again=True
        ).id
    at.turn_until(lambda: at.intent(by_hand).reference is not None)
    intent = at.intent(by_hand)
    assert intent.reference
    answer: httpx.Response = at.kit.act(Checkout(intent.reference, intent.pay_url, None), "ask")
    assert answer.status_code < 400
    at.pay(by_hand, "confirm")
    at.until(by_hand, IntentStatus.succeeded)

    assert paid(at, invoice_id) == 100
    at.all_is_well()
