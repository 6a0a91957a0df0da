"""Withdrawals to phones, sent by a provider: once, whatever gets lost on the way, and counted."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from adapters import mpesa
from core.scope import Scope, seeing
from models.events import Event
from models.payments import ProviderEvent
from models.wallet_orders import Channel, Order, OrderStatus
from models.wallets import TransactionStatus
from services import (
    invariants,
    organizations,
    wallet_orders,
    wallet_payouts,
    wallet_sendings,
    wallets,
)
from services.payments import Outcome
from services.wallet_payouts import ByProvider, Destination
from tests import stories
from tests.doubles.kits import KINDS
from tests.purses import Owner, an_owner, in_it, rows, told
from tests.stories import unit
from tests.workers.counters import Counter, serving
from workers import payouts
from workers.payments import secret_of

pytestmark = [pytest.mark.req("S1.61", "S1.42", "S5.56"), pytest.mark.faults]
PHONE = "0712 345 678"
DUE = "UPDATE wallet_order SET check_at = now() WHERE check_at IS NOT NULL"
BROKE = "0712 340 000"
"""A phone to which the double sends nothing."""


@dataclass
class Desk:
    """An owner, the provider's double, and the clock."""

    at: Counter
    owner: Owner
    session: Session

    def ask(self, amount: str = "400", number: str = PHONE) -> UUID:
        """Have a job set a withdrawal aside, as the owner wishes."""
        where = Destination(Channel.mobile_money, number, "Wanjiku Kamau")
        with unit(self.session, self.owner.home) as work:
            order = wallet_orders.withdraw(work, self.owner.ask(pin=None), Decimal(amount), where)
            wallet_orders.carry_out(work, order.id)
            return order.id

    def send(self, order_id: UUID) -> None:
        payouts.send(self.owner.home, str(order_id))

    def order(self, order_id: UUID) -> Order:
        with unit(self.session, self.owner.home) as work:
            self.session.expire_all()
            row = work.session.get_one(Order, order_id)
            work.session.expunge(row)
            return row

    def turn(self) -> None:
        """Let the time pass until it is asked again, and do what the schedule does."""
        with self.at.superuser.connect() as door:
            door.execute(
                text("UPDATE wallet_order SET check_at = now() WHERE check_at IS NOT NULL")
            )
        payouts.send_due()

    def until(self, order_id: UUID, wanted: OrderStatus) -> None:
        end = time.monotonic() + 40
        while self.order(order_id).status is not wanted and time.monotonic() < end:
            self.turn()
            time.sleep(0.1)
        assert self.order(order_id).status is wanted

    def balances(self) -> tuple[Decimal, Decimal]:
        """Give what is in the wallet, and what of it may be spent."""
        with unit(self.session, self.owner.home) as work:
            available = wallets.available(work, self.owner.wallet_id)
            return in_it(work, self.owner.wallet_id), available

    def sent(self) -> list[Decimal]:
        """Give what the provider's own books say has gone out."""
        books = self.at.kit.books()
        return [
            Decimal(each["amount"]) / 100
            for each in books["refunds"]
            if each["state"] == "succeeded"
        ]


@pytest.fixture
def desk(
    app: Flask, session: Session, home: UUID, superuser: Engine, tmp_path: Path
) -> Iterator[Desk]:
    story = stories.confirmed(session, home)
    owner = an_owner(session, home)
    with serving(app, superuser, tmp_path, KINDS["mpesa"], story) as at:
        yield Desk(at, owner, session)


def wallet(balance: int, available: int) -> tuple[Decimal, Decimal]:
    return Decimal(balance), Decimal(available)


def events(desk: Desk, kind: str) -> list[Event]:
    with unit(desk.session, desk.owner.home) as work:
        return told(work, kind)


def test_a_withdrawal_is_sent_by_the_provider_and_then_taken_from_the_wallet(desk: Desk) -> None:
    order_id = desk.ask()
    assert desk.order(order_id).provider == "mpesa"
    assert desk.balances() == wallet(1000, 600)
    assert events(desk, "wallet.payout_asked") == []
    assert len(events(desk, "wallet.payout_begun")) == 1

    desk.send(order_id)
    assert desk.order(order_id).status is OrderStatus.set_aside
    desk.until(order_id, OrderStatus.done)

    assert desk.balances() == wallet(600, 600)
    assert desk.sent() == [400]
    order = desk.order(order_id)
    assert order.reference.startswith("TEST")
    with unit(desk.session, desk.owner.home) as work:
        row = rows(work, desk.owner.wallet_id)[-1]
        assert (row.processor, row.payment_reference) == ("mpesa", order.reference)
        assert "345678" not in row.credit_account_number
        kept = work.session.scalars(select(ProviderEvent)).all()
        assert {(each.order_id, each.topic, each.intent_id) for each in kept} == {
            (order_id, "payout", None)
        }
    assert len(events(desk, "wallet.withdrawn")) == 1
    assert invariants.broken(desk.session) == {}


def test_what_the_provider_could_not_send_is_in_the_wallet_again(desk: Desk) -> None:
    order_id = desk.ask(number=BROKE)
    desk.until(order_id, OrderStatus.failed)

    assert desk.balances() == wallet(1000, 1000)
    assert desk.sent() == []
    assert desk.order(order_id).failure
    assert len(events(desk, "wallet.payout_failed")) == 1
    with unit(desk.session, desk.owner.home) as work:
        assert rows(work, desk.owner.wallet_id)[-1].status is TransactionStatus.failed
    assert invariants.broken(desk.session) == {}


FULL = {"errors", "garbage", "callbacks late"}
FAULTS: dict[str, dict[str, Any]] = {
    "callbacks twice": {"notice_copies": 2},
    "callbacks late": {"notice_late_seconds": 0.6},
    "forged": {"notice_forged": True, "calls": 1},
    "answers cut": {"cut": True, "calls": 2},
    "errors": {"error_rate": 1.0, "calls": 2},
    "garbage": {"garbage": True, "calls": 2},
    "slow": {"slow_seconds": 2.0, "calls": 1},
}


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=pytest.mark.full if each in FULL else ()) for each in FAULTS]
)
def test_whatever_goes_wrong_on_the_way_it_is_sent_once(desk: Desk, fault: str) -> None:
    desk.at.kit.faults(**FAULTS[fault])
    order_id = desk.ask()
    desk.send(order_id)
    if fault == "forged":
        desk.at.kit.faults()
    desk.until(order_id, OrderStatus.done)
    desk.turn()

    assert desk.sent() == [400]
    assert desk.balances() == wallet(600, 600)
    assert invariants.broken(desk.session) == {}


def test_without_any_word_the_money_stays_set_aside(desk: Desk) -> None:
    desk.at.kit.faults(notice_copies=0)
    order_id = desk.ask()
    for _ in range(4):
        desk.turn()
        time.sleep(0.1)

    assert desk.order(order_id).status is OrderStatus.set_aside
    assert desk.balances() == wallet(1000, 600)
    assert len(desk.at.kit.books()["refunds"]) == 1

    desk.at.kit.faults()
    desk.until(order_id, OrderStatus.done)
    assert desk.sent() == [400]


def dies(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def after(real: Callable[..., Any]) -> Callable[..., Any]:
    def acts(*given: Any, **more: Any) -> Any:
        real(*given, **more)
        raise KeyboardInterrupt

    return acts


STEPS: dict[str, tuple[Any, str, bool]] = {
    "before the claim": (wallet_sendings, "claim", False),
    "before the call": (mpesa.MpesaProvider, "pay_out", False),
    "after the call": (mpesa.MpesaProvider, "pay_out", True),
    "before its answer is kept": (wallet_sendings, "asked", False),
    "after its answer is kept": (wallet_sendings, "asked", True),
    "before it is asked how it stands": (mpesa.MpesaProvider, "payout_status", False),
    "before the outcome is kept": (wallet_sendings, "settled", False),
    "in the middle of the outcome": (wallet_payouts, "sent", True),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_any_step_sends_nothing_twice_and_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    place, name, done = STEPS[step]
    order_id = desk.ask()
    real = getattr(place, name)
    monkeypatch.setattr(place, name, after(real) if done else dies)
    end, died = time.monotonic() + 20, False
    while not died and time.monotonic() < end:
        try:
            desk.turn()
        except KeyboardInterrupt:
            died = True
        time.sleep(0.05)
    assert died
    monkeypatch.setattr(place, name, real)
    desk.until(order_id, OrderStatus.done)

    assert desk.sent() == [400]
    assert len(desk.at.kit.books()["refunds"]) == 1
    assert desk.balances() == wallet(600, 600)
    assert len(events(desk, "wallet.withdrawn")) == 1
    assert invariants.broken(desk.session) == {}


def test_two_workers_at_once_ask_for_it_once(desk: Desk, app: Flask) -> None:
    order_id = desk.ask()

    def works() -> None:
        with app.app_context():
            desk.send(order_id)

    threads = [Thread(target=works) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    desk.until(order_id, OrderStatus.done)

    assert desk.order(order_id).attempts <= 1 + len(desk.at.kit.books()["refunds"]) * 40
    assert len(desk.at.kit.books()["refunds"]) == 1


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"amount": "400.50"}, None),
        ({"number": "+254201234567"}, None),
        ({"number": "+447400123456"}, None),
        ({}, ("wallet.payouts_by_mpesa", False)),
    ],
    ids=["cents", "no mobile phone", "another country", "switched off"],
)
def test_what_the_provider_does_not_send_people_do(
    desk: Desk, given: dict[str, str], changed: tuple[str, bool] | None
) -> None:
    if changed:
        with unit(desk.session, desk.owner.home) as work:
            organizations.change_setting(work, *changed)
    order_id = desk.ask(**given)

    assert desk.order(order_id).provider == ""
    assert len(events(desk, "wallet.payout_asked")) == 1
    with unit(desk.session, desk.owner.home) as work:
        wallet_payouts.paid_out(work, order_id, "by hand")
    assert desk.sent() == []


def test_where_no_provider_is_set_up_people_are_asked_after_all(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mpesa, "configured", lambda _settings: None)
    order_id = desk.ask()
    assert events(desk, "wallet.payout_asked") == []
    desk.send(order_id)

    assert desk.order(order_id).provider == ""
    assert len(events(desk, "wallet.payout_asked")) == 1
    desk.turn()
    with unit(desk.session, desk.owner.home) as work:
        wallet_payouts.not_paid(work, order_id, "A slip.")
    assert desk.balances() == wallet(1000, 1000)


def test_nobody_settles_what_may_be_on_its_way_before_a_day_is_over(desk: Desk) -> None:
    desk.at.kit.faults(notice_copies=0)
    order_id = desk.ask()
    desk.send(order_id)
    with unit(desk.session, desk.owner.home) as work:
        with pytest.raises(ByProvider):
            wallet_payouts.paid_out(work, order_id, "x")
        with pytest.raises(ByProvider):
            wallet_payouts.not_paid(work, order_id, "x")
    with desk.at.superuser.connect() as door:
        door.execute(text("UPDATE wallet_order SET called_at = now() - interval '25 hours'"))
    with unit(desk.session, desk.owner.home) as work:
        wallet_payouts.not_paid(work, order_id, "It is not on the provider's statement.")
    assert desk.balances() == wallet(1000, 1000)

    with unit(desk.session, desk.owner.home) as work:
        wallet_sendings.settled(work, order_id, Outcome("succeeded", receipt="LATE"))
        wallet_sendings.settled(work, order_id, Outcome("failed", reason="no"))
    assert len(events(desk, "wallet.payout_unclear")) == 1
    assert desk.balances() == wallet(1000, 1000)


def test_word_about_a_payout_reaches_it_by_its_own_address_alone(desk: Desk, app: Flask) -> None:
    order_id = desk.ask()
    desk.at.kit.faults(notice_copies=0)
    desk.send(order_id)
    client = app.test_client()
    body = {"Result": {"ConversationID": "AG_1", "ResultCode": 0, "ResultParameters": {}}}

    assert client.post(f"/webhooks/mpesa/{'0' * 64}", json=body).status_code == 404
    token, _hash = secret_of(order_id)
    for _ in range(2):
        assert client.post(f"/webhooks/mpesa/{token}", json=body).status_code == 204

    with seeing(desk.session, Scope(desk.owner.home, actor="test:1")):
        kept = desk.session.scalars(select(ProviderEvent)).all()
        assert [(each.order_id, each.event_id) for each in kept] == [(order_id, "result:AG_1")]
    assert desk.order(order_id).status is OrderStatus.set_aside
