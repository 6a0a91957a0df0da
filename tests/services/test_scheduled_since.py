"""Bills of one's own: what was missed or not answered to is never paid by itself later."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core.work import Work
from models.scheduled_bills import DueStatus, Mode, ScheduledBill, ScheduledPayment
from models.wallet_orders import Order
from services import ledger, scheduled_bills, wallet_orders, wallet_payouts
from services.wallet_movements import NotActive
from tests.services.test_scheduled_bills import bill, fill, one, passes, wallet

__all__ = ["wallet"]
pytestmark = pytest.mark.req("S1.44", "S1.45")


def aged(work: Work, row: ScheduledBill, days: int) -> None:
    """Let a bill have begun so many days ago."""
    row.first_on -= timedelta(days=days)
    work.session.flush()


def orders(work: Work) -> list[Order]:
    return list(work.session.scalars(select(Order).order_by(Order.id)))


def written(work: Work, day: int) -> ScheduledPayment:
    """Write down that something fell due some days ago, and nobody has answered."""
    row = work.session.scalars(select(ScheduledBill)).one()
    due_on = ledger.business_date(work) - timedelta(days=day)
    made = ScheduledPayment(organization_id=row.organization_id, bill_id=row.id, due_on=due_on)
    work.session.add(made)
    work.session.flush()
    return made


def test_nothing_of_the_time_in_which_it_was_stopped_is_paid_or_asked_about(
    work: Work, wallet: UUID
) -> None:
    fill(work, wallet, 90_000)
    row = bill(work, wallet, mode=Mode.pay, first_on=ledger.business_date(work))
    aged(work, row, 150)
    for active in (False, True):
        scheduled_bills.change(work, row.id, Mode.pay, [], active=active)
    passes(work)

    assert row.since == ledger.business_date(work)
    days = work.session.scalars(select(ScheduledPayment.due_on)).all()
    assert days
    assert min(days) >= row.since
    assert len(orders(work)) == sum(day == row.since for day in days)


def test_what_nobody_agreed_to_is_not_paid_when_others_are_by_themselves(
    work: Work, wallet: UUID
) -> None:
    fill(work, wallet, 90_000)
    row = bill(work, wallet, mode=Mode.ask)
    old, lately = written(work, 60), written(work, 10)
    scheduled_bills.change(work, row.id, Mode.pay, [], active=True)
    passes(work)

    assert orders(work) == []
    assert (old.status, lately.status) == (DueStatus.skipped, DueStatus.waiting)
    scheduled_bills.approve(work, lately.id)
    passes(work)
    assert [lately.order_id] == [each.id for each in orders(work)]


def test_other_terms_do_not_begin_anew(work: Work, wallet: UUID) -> None:
    row = bill(work, wallet, mode=Mode.pay)
    began = row.since
    later = work.at(work.now + timedelta(days=40))
    scheduled_bills.change(later, row.id, Mode.pay, [1], active=True)
    scheduled_bills.change(later, row.id, Mode.ask, [1], active=True)

    assert row.since == began


def test_what_failed_is_ordered_anew_when_its_owner_agrees_again(work: Work, wallet: UUID) -> None:
    fill(work, wallet, 9000)
    bill(work, wallet, mode=Mode.pay)
    passes(work, 5)
    payment = one(work)
    (first,) = orders(work)
    wallet_orders.fail(work, first, NotActive())
    scheduled_bills.ended(work, first.id, "The wallet was frozen.")
    assert payment.status is DueStatus.failed

    scheduled_bills.approve(work, payment.id)
    passes(work, 6)

    _first, second = orders(work)
    assert (payment.order_id, payment.status) == (second.id, DueStatus.ordered)
    wallet_orders.carry_out(work, second.id)
    wallet_payouts.paid_out(work, second.id)
    scheduled_bills.ended(work, second.id)
    assert one(work).status is DueStatus.paid
