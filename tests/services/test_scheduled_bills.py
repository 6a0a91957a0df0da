"""Bills of one's own: reminded of, agreed to, paid from the wallet, tried again, given up."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import db
from core.errors import BadInput
from core.flow import IllegalMove
from core.scope import Scope, seeing
from core.work import Work
from models.billing import PaymentMethod
from models.bills import Every
from models.events import Event
from models.scheduled_bills import DueStatus, Mode, ScheduledBill, ScheduledPayment
from models.wallet_orders import Channel, Order, OrderKind, OrderStatus
from services import (
    ledger,
    payments,
    scheduled_bills,
    top_ups,
    wallet_orders,
    wallet_payouts,
    wallets,
)
from services.payments import Outcome
from services.scheduled_bills import AGAIN, Wish
from tests import make
from tests.conftest import Elsewhere

pytestmark = pytest.mark.req("S1.44", "S1.45", "S1.47")


@pytest.fixture
def wallet(work: Work) -> UUID:
    return wallets.open_for(work, make.party(work).id).id


def fill(work: Work, wallet_id: UUID, amount: int) -> None:
    intent = top_ups.begin(work, wallet_id, Decimal(amount), PaymentMethod.bank_transfer)
    payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))


def bill(work: Work, wallet_id: UUID, **given: Any) -> ScheduledBill:
    values: dict[str, Any] = {
        "title": "Electricity",
        "amount": Decimal(2500),
        "biller": "Power Company",
        "customer_number": "4471",
        "channel": Channel.mobile_money,
        "bank_name": "",
        "number": "+254 700 555 123",
        "every": Every.month,
        "first_on": ledger.business_date(work) + timedelta(days=5),
        "mode": Mode.ask,
        "remind_days": [3, 1],
    }
    return scheduled_bills.add(work, wallet_id, Wish(**values | given))


def passes(work: Work, days: int = 0, hours: int = 0) -> None:
    """Let the clock's job run so many days from now."""
    later = work.at(work.now + timedelta(days=days, hours=hours))
    scheduled_bills.write_down(later)
    for payment_id in scheduled_bills.due(later):
        scheduled_bills.look_after(later, payment_id)
    work.session.flush()


def one(work: Work) -> ScheduledPayment:
    return work.session.scalars(
        select(ScheduledPayment).order_by(ScheduledPayment.due_on).limit(1)
    ).one()


def told(work: Work, kind: str) -> list[dict[str, Any]]:
    query = select(Event.data).where(Event.type == kind).order_by(Event.id)
    return list(work.session.scalars(query))


def test_reminders_come_on_the_days_that_were_chosen_each_once(work: Work, wallet: UUID) -> None:
    bill(work, wallet, mode=Mode.remind, remind_days=[3, 1, 0])
    for day in (0, 1, 2, 2, 3, 4, 4, 5, 6):
        passes(work, day)

    assert [each["days"] for each in told(work, "scheduled_bill.reminded")] == [3, 1, 0]
    assert one(work).status is DueStatus.waiting
    assert work.session.scalars(select(Order)).all() == []


def test_after_an_outage_the_last_reminder_is_sent_alone(work: Work, wallet: UUID) -> None:
    bill(work, wallet, remind_days=[3, 2, 1])
    passes(work, 4)
    passes(work, 4)

    assert [each["days"] for each in told(work, "scheduled_bill.reminded")] == [1]


def test_one_that_is_asked_about_waits_for_its_owner(work: Work, wallet: UUID) -> None:
    fill(work, wallet, 9000)
    bill(work, wallet)
    passes(work, 5)
    payment = one(work)
    assert payment.status is DueStatus.waiting
    scheduled_bills.approve(work, payment.id)
    passes(work, 5)
    passes(work, 6)

    order = work.session.scalars(select(Order)).one()
    assert (order.kind, order.amount, order.item_name) == (
        OrderKind.bill,
        Decimal(2500),
        "Electricity",
    )
    assert (order.account_number, wallet_payouts.account_of(order)) == ("••••5123", "+254700555123")
    wallet_orders.carry_out(work, order.id)
    assert order.status is OrderStatus.set_aside
    wallet_payouts.paid_out(work, order.id, "T-1")
    scheduled_bills.ended(work, order.id)
    assert payment.status.value == "paid"
    assert wallets.available(work, wallet) == 6500


def test_one_that_pays_itself_does_so_on_its_day_once_and_each_month(
    work: Work, wallet: UUID
) -> None:
    fill(work, wallet, 9000)
    first = ledger.business_date(work) + timedelta(days=5)
    bill(work, wallet, mode=Mode.pay, first_on=first)
    passes(work, 4)
    assert work.session.scalars(select(Order)).all() == []
    passes(work, 5)
    passes(work, 5)
    assert len(work.session.scalars(select(Order)).all()) == 1
    passes(work, 37)

    dues = work.session.scalars(
        select(ScheduledPayment.status).order_by(ScheduledPayment.due_on)
    ).all()
    assert dues[:2] == [DueStatus.ordered, DueStatus.ordered]


def test_without_enough_money_it_is_tried_again_and_given_up_at_last(
    work: Work, wallet: UUID
) -> None:
    bill(work, wallet, mode=Mode.pay)
    passes(work, 5)
    payment = one(work)
    tries = [(payment.tries, payment.status)]
    passes(work, 5, hours=23)
    tries.append((payment.tries, payment.status))
    for day in (6, 8, 12):
        passes(work, day, hours=1)
        tries.append((payment.tries, payment.status))

    assert tries == [
        (1, DueStatus.waiting),
        (1, DueStatus.waiting),
        (2, DueStatus.waiting),
        (3, DueStatus.waiting),
        (3, DueStatus.failed),
    ]
    facts = told(work, "scheduled_bill.failed")
    assert [bool(each["again_on"]) for each in facts] == [True] * len(AGAIN) + [False]
    fill(work, wallet, 9000)
    scheduled_bills.approve(work, payment.id)
    passes(work, 13)
    assert payment.status.value == "ordered"


def test_what_could_not_be_sent_is_told_and_may_be_left_out(work: Work, wallet: UUID) -> None:
    fill(work, wallet, 9000)
    bill(work, wallet, mode=Mode.pay)
    passes(work, 5)
    order = work.session.scalars(select(Order)).one()
    wallet_orders.carry_out(work, order.id)
    wallet_payouts.not_paid(work, order.id, "The number is wrong.")
    scheduled_bills.ended(work, order.id, "The number is wrong.")
    payment = one(work)

    assert (payment.status, payment.failure) == (DueStatus.failed, "The number is wrong.")
    scheduled_bills.skip(work, payment.id)
    with pytest.raises(IllegalMove):
        scheduled_bills.approve(work, payment.id)


def test_a_bill_that_is_stopped_asks_for_nothing(work: Work, wallet: UUID) -> None:
    kept = bill(work, wallet, mode=Mode.pay)
    scheduled_bills.change(work, kept.id, Mode.pay, [1], active=False)
    passes(work, 5)

    assert work.session.scalars(select(ScheduledPayment)).all() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": " "}, "title"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"biller": ""}, "biller"),
        ({"number": "12"}, "number"),
        ({"number": "12; x"}, "number"),
        ({"first_on": date(2020, 1, 1)}, "first_on"),
        ({"remind_days": [4]}, "remind_days"),
    ],
)
def test_what_makes_no_sense_is_named(
    work: Work, wallet: UUID, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        bill(work, wallet, **given)

    assert refused.value.field == field


ATTEMPTS = {
    "paid by itself from now on": "UPDATE scheduled_bill SET mode = 'pay'",
    "a larger sum": "UPDATE scheduled_bill SET amount = 9",
    "another account": "UPDATE scheduled_bill SET account_locked = 'x'",
    "agreed to without a PIN": "UPDATE scheduled_payment SET status = 'approved'",
    "given up": "UPDATE scheduled_payment SET status = 'failed'",
    "a due time": "INSERT INTO scheduled_payment (id, organization_id, bill_id, due_on, status)"
    " SELECT gen_random_uuid(), organization_id, id, current_date, 'approved' FROM scheduled_bill",
}


@pytest.mark.parametrize("role", ["Resident", "Accountant"])
def test_nobody_agrees_for_an_owner_whatever_sql_runs_with_their_secret(
    work: Work, wallet: UUID, elsewhere: Elsewhere, role: str
) -> None:
    kept = bill(work, wallet)
    scheduled_bills.write_down(work)
    work.session.commit()
    profile = make.user(db.door())
    party = kept.party_id if role == "Resident" else None
    make.member(work, profile, role, party_id=party)
    home, key = work.scope.home(), make.key(db.door(), profile)
    done = []
    for name, statement in ATTEMPTS.items():
        with elsewhere.session("web") as session, seeing(session, Scope(home, key=key)):
            try:
                _run(session, statement)
            except DBAPIError as error:
                assert getattr(error.orig, "sqlstate", "") == "42501", (name, error)  # noqa: PT017
            else:
                done.append(name)

    assert done == []


def _run(session: Session, statement: str) -> None:
    met = session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
    session.rollback()
    assert met
