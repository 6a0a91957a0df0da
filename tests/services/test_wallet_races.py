"""Many at once over wallets, with connections of their own; and any sequence of acts on one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.errors import Refused
from core.flow import IllegalMove
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.billing import PaymentMethod
from models.chart import CUSTOMER_CREDIT
from models.wallet_orders import Channel, Order, OrderStatus
from models.wallets import Transaction, Wallet
from services import (
    invariants,
    ledger,
    organizations,
    payments,
    top_ups,
    wallet_orders,
    wallet_payouts,
    wallet_pins,
    wallets,
)
from services.payments import Outcome
from services.wallet_orders import Ask
from services.wallet_payouts import Destination
from tests import make, stories
from tests.purses import BANKED, Owner, Portal, an_owner, fill, in_it

CAP = Decimal(500_000)


def at_once(app: Flask, home: UUID, acts: list[Callable[[Work], object]]) -> list[str]:
    """Do each in a transaction of its own, all at once; gives the refusals' codes."""
    engine = create_engine(app.config["WORKER_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(len(acts))

    def run(act: Callable[[Work], object]) -> str:
        try:
            with Session(engine) as session:
                together.wait()
                with stories.unit(session, home) as work:
                    act(work)
        except Refused as refusal:
            return refusal.code
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def wallet_of(work: Work, amount: str) -> UUID:
    wallet_id = wallets.open_for(work, make.party(work).id).id
    work.session.commit()
    if Decimal(amount):
        fill(work, wallet_id, amount)
        work.session.commit()
    return wallet_id


def asks(work: Work, wallet_id: UUID, number: int, amount: str) -> list[UUID]:
    """Let the owner ask for so many withdrawals while each of them could be."""
    made = [
        wallet_orders.withdraw(work, Ask(wallet_id, None, f"k{n}"), Decimal(amount), BANKED).id
        for n in range(number)
    ]
    work.session.commit()
    return made


def carrying_out(order_id: UUID) -> Callable[[Work], object]:
    return lambda work: wallet_orders.carry_out(work, order_id)


def settling(intent_id: UUID, amount: Decimal) -> Callable[[Work], object]:
    return lambda work: payments.settle(work, intent_id, Outcome("succeeded", amount, "KES"))


@pytest.mark.req("S1.50")
def test_no_wallet_is_overdrawn_by_many_at_once(app: Flask, work: Work) -> None:
    wallet_id = wallet_of(work, "1000")
    orders = asks(work, wallet_id, 8, "300")
    acts = [carrying_out(each) for each in orders * 2]

    assert at_once(app, work.scope.home(), acts) == [""] * 16

    states = work.session.scalars(select(Order.status)).all()
    assert sorted(states) == ["failed"] * 5 + ["set_aside"] * 3
    assert wallets.available(work, wallet_id) == 100


@pytest.mark.req("S1.61")
def test_transfers_in_a_ring_end_and_lose_nothing(app: Flask, work: Work) -> None:
    ring = [wallet_of(work, "100") for _ in range(4)]
    names = [work.session.get_one(Wallet, each).name for each in ring]
    orders = []
    for turn in range(2):
        for place, wallet_id in enumerate(ring):
            ask = Ask(wallet_id, None, f"turn {turn}")
            to = names[(place + 1 + turn) % 4]
            orders.append(wallet_orders.transfer(work, ask, to, Decimal(40)).id)
    work.session.commit()
    acts = [carrying_out(each) for each in orders]

    assert at_once(app, work.scope.home(), acts) == [""] * 8

    assert [in_it(work, each) for each in ring] == [100] * 4
    assert [wallets.flaw(work, each) for each in ring] == [""] * 4


@pytest.mark.req("S1.50")
def test_top_ups_at_once_never_exceed_the_cap_and_none_is_lost(app: Flask, work: Work) -> None:
    wallet_id = wallet_of(work, "0")
    amount = Decimal(120_000)
    intents = [
        top_ups.begin(work, wallet_id, amount, PaymentMethod.bank_transfer).id for _ in range(8)
    ]
    work.session.commit()
    acts = [settling(each, amount) for each in intents]

    assert at_once(app, work.scope.home(), acts) == [""] * 8

    assert in_it(work, wallet_id) == 4 * amount <= CAP
    party_id = work.session.get_one(Wallet, wallet_id).party_id
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", party_id) == -4 * amount


@pytest.mark.req("S1.78")
def test_pins_tried_at_once_are_all_counted(
    app: Flask, session: Session, work: Work, superuser: Engine
) -> None:
    owner = an_owner(session, work.scope.home(), "0")
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    together = Barrier(8)

    def attempt(_number: int) -> str:
        with Session(engine) as web, seeing(web, Portal(web, owner).scope):
            together.wait()
            try:
                _prove(web, owner)
            except Refused as refusal:
                web.commit()
                return refusal.code
            return "right"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(attempt, range(8)))

    assert said == ["pin_locked"] * 4 + ["wrong_pin"] * 4
    with superuser.connect() as connection:
        query = text("SELECT locked_until > now() FROM wallet_pin")
        assert connection.execute(query).scalar_one()


def _prove(web: Session, owner: Owner) -> None:
    work = Work(web, Actor("user", str(owner.profile_id)))
    wallet_pins.prove(work, owner.wallet_id, "9999")


def test_a_form_sent_twice_at_once_is_one_order(app: Flask, work: Work) -> None:
    wallet_id = wallet_of(work, "1000")

    def ask(work: Work) -> object:
        return wallet_orders.withdraw(work, Ask(wallet_id, None, "same"), Decimal(200), BANKED)

    assert at_once(app, work.scope.home(), [ask] * 6) == [""] * 6
    assert work.session.scalar(select(func.count()).select_from(Order)) == 1


def test_a_payout_is_paid_or_not_but_never_both(app: Flask, work: Work) -> None:
    wallet_id = wallet_of(work, "1000")
    (order_id,) = asks(work, wallet_id, 1, "400")
    wallet_orders.carry_out(work, order_id)
    work.session.commit()
    acts: list[Callable[[Work], object]] = [
        lambda work: wallet_payouts.paid_out(work, order_id, "x"),
        lambda work: wallet_payouts.not_paid(work, order_id, "x"),
    ] * 3

    said = at_once(app, work.scope.home(), acts)

    assert sorted(said) == ["", *["illegal_move"] * 5]
    status = work.session.scalar(select(Order.status))
    left = 600 if status is OrderStatus.done else 1000
    assert wallets.available(work, wallet_id) == in_it(work, wallet_id) == left


AMOUNTS = st.integers(100, 400_000).map(Decimal)
WHERE = Destination(Channel.mobile_money, "+254700555111", "Somebody")


class Purse(RuleBasedStateMachine):
    """Two wallets and a model of them that is nothing but numbers."""

    made: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.work: Work = type(self).made
        self.ids = [wallet_of(self.work, "0") for _ in range(2)]
        rows = [self.work.session.get_one(Wallet, each) for each in self.ids]
        self.names, self.parties = [r.name for r in rows], [r.party_id for r in rows]
        self.money = [Decimal(0), Decimal(0)]
        self.credit = [Decimal(0), Decimal(0)]
        self.frozen = [False, False]
        self.out: list[tuple[int, UUID, Decimal]] = []
        self.count = 0

    def held(self, which: int) -> Decimal:
        return sum((amount for each, _id, amount in self.out if each == which), Decimal(0))

    def free(self, which: int) -> Decimal:
        return self.money[which] - self.held(which)

    def ask(self, which: int) -> Ask:
        self.count += 1
        return Ask(self.ids[which], None, str(self.count))

    def may(self, which: int, amount: Decimal) -> bool:
        return not self.frozen[which] and amount <= self.free(which)

    @rule(which=st.integers(0, 1), amount=AMOUNTS)
    def top_up(self, which: int, amount: Decimal) -> None:
        if self.frozen[which]:
            return
        fill(self.work, self.ids[which], str(amount))
        fits = self.money[which] + amount <= CAP
        kept = self.money if fits else self.credit
        kept[which] += amount

    @rule(which=st.integers(0, 1), amount=AMOUNTS)
    def transfer(self, which: int, amount: Decimal) -> None:
        other = 1 - which
        try:
            order = wallet_orders.transfer(self.work, self.ask(which), self.names[other], amount)
        except Refused:
            assert not self.may(which, amount)
            return
        done = wallet_orders.carry_out(self.work, order.id)
        fits = self.money[other] + amount <= CAP
        assert (done.status is OrderStatus.done) == (self.may(which, amount) and fits)
        if done.status is OrderStatus.done:
            self.money[which] -= amount
            self.money[other] += amount

    @rule(which=st.integers(0, 1), amount=AMOUNTS)
    def withdraw(self, which: int, amount: Decimal) -> None:
        try:
            order = wallet_orders.withdraw(self.work, self.ask(which), amount, WHERE)
        except Refused:
            assert not self.may(which, amount)
            return
        done = wallet_orders.carry_out(self.work, order.id)
        assert done.status is OrderStatus.set_aside
        self.out.append((which, order.id, amount))

    @rule(paid=st.booleans())
    def settle(self, paid: bool) -> None:  # noqa: FBT001  # hypothesis gives it by name
        if not self.out:
            return
        which, order_id, amount = self.out.pop(0)
        if paid:
            wallet_payouts.paid_out(self.work, order_id, "x")
            self.money[which] -= amount
        else:
            wallet_payouts.not_paid(self.work, order_id, "x")
        with pytest.raises(IllegalMove):
            wallet_payouts.paid_out(self.work, order_id, "again")

    @rule(which=st.integers(0, 1))
    def freeze(self, which: int) -> None:
        act = wallets.unfreeze if self.frozen[which] else wallets.freeze
        act(self.work, self.ids[which], "because")
        self.frozen[which] = not self.frozen[which]

    @invariant()
    def it_adds_up(self) -> None:
        for which, wallet_id in enumerate(self.ids):
            assert in_it(self.work, wallet_id) == self.money[which]
            assert wallets.available(self.work, wallet_id) == self.free(which) >= 0
            assert self.money[which] <= CAP
            owed = ledger.balance(self.work, CUSTOMER_CREDIT, "KES", self.parties[which])
            assert owed == -self.credit[which]
            assert wallets.flaw(self.work, wallet_id) == ""


@pytest.mark.req("S1.48", "S1.49", "S1.50")
def test_any_sequence_of_acts_keeps_every_cent(session: Session, home: UUID) -> None:
    with seeing(session, Scope(home, actor="test:1")):
        Purse.made = Work(session, Actor("test", "1"))
        # Whoever settles by hand is refused for a day where a provider was asked.
        organizations.change_setting(Purse.made, "wallet.payouts_by_mpesa", value=False)
        run_state_machine_as_test(
            Purse,
            settings=settings(
                max_examples=8,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        session.commit()
        rows = session.scalar(select(func.count()).select_from(Transaction))
    assert rows
    assert invariants.broken(session) == {}
