"""The days of bills: each period is asked for once, however a bill is changed or switched."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint
from core.errors import BadInput
from core.work import Work
from models.billing import Invoice, PaymentMethod
from models.bills import Bill, BillingCycle, Charge, Every, Problem
from models.estate import Estate
from services import bill_runs, bills, estate, payments
from services.payments import Part
from tests import make
from tests.services.test_bill_runs import owned, whole

pytestmark = pytest.mark.req("S1.46", "S1.51")


@pytest.fixture
def place(work: Work) -> Estate:
    return make.estate(work)


def asked(work: Work, place: Estate, back: timedelta, **given: object) -> Bill:
    """Make an automatic bill since some time ago, whose first period was asked for."""
    first = estate.today(work, place) - back
    bill = make.bill(work, place, first_on=first, automatic=True, **given)
    bill_runs.plan(work, bill.id)
    return bill


def test_a_bill_that_was_asked_for_keeps_its_days(work: Work, place: Estate) -> None:
    bill = asked(work, place, timedelta(days=90))
    for column, value in (("first_on", bill.first_on + timedelta(days=4)), ("every", Every.week)):
        with pytest.raises(BadInput):
            setattr(bill, column, value)
            bills.check(work, bill)
        work.session.refresh(bill)
        said = text(f"UPDATE bill SET {column} = :value WHERE id = :id")  # noqa: S608
        with pytest.raises(IntegrityError) as broken, work.session.begin_nested():
            work.session.execute(said, {"value": value, "id": bill.id})
        assert broken_constraint(broken.value) == "bill_keeps_its_days"


def test_what_was_discarded_may_be_moved(work: Work, place: Estate) -> None:
    bill = asked(work, place, timedelta(days=90))
    bill_runs.discard(work, work.session.scalars(select(BillingCycle.id)).one())

    bill.first_on += timedelta(days=4)
    bills.check(work, bill)
    work.session.flush()


@pytest.mark.parametrize("switch", ["active", "automatic"])
def test_what_a_bill_missed_while_it_was_off_is_not_asked_for_by_itself(
    work: Work, place: Estate, switch: str
) -> None:
    bill = asked(work, place, timedelta(weeks=20), every=Every.week)
    setattr(bill, switch, False)
    work.session.flush()
    setattr(bill, switch, True)
    work.session.flush()
    today = estate.today(work, place)

    assert {day for _bill, day in bill_runs.due(work)} <= {today}
    later = work.at(work.now + timedelta(weeks=1))
    assert [day for _bill, day in bill_runs.due(later) if day > today] == [
        today + timedelta(weeks=1)
    ]
    assert bill_runs.plan(work, bill.id).period_on == bill.first_on + timedelta(weeks=1)


def test_a_bill_that_runs_longer_after_its_end_asks_from_that_day(
    work: Work, place: Estate
) -> None:
    bill = asked(
        work,
        place,
        timedelta(weeks=20),
        every=Every.week,
        until=estate.today(work, place) - timedelta(weeks=19),
    )
    bill.until = None
    work.session.flush()

    assert {day for _bill, day in bill_runs.due(work)} <= {estate.today(work, place)}


def test_a_day_on_which_no_period_begins_is_not_planned(work: Work, place: Estate) -> None:
    bill = make.bill(work, place, until=date(2026, 4, 30))
    bill_runs.plan(work, bill.id, date(2026, 3, 31))

    for day in (date(2026, 3, 1), date(2026, 5, 31), date(2025, 12, 31)):
        with pytest.raises(bill_runs.NoPeriod):
            bill_runs.plan(work, bill.id, day)
    assert bill_runs.plan(work, bill.id, date(2026, 2, 28)).period_on == date(2026, 2, 28)


def test_a_weekly_bill_is_asked_for_also_after_many_years(work: Work, place: Estate) -> None:
    bill = make.bill(work, place, every=Every.week, first_on=date(2010, 1, 4))

    assert bills.next_period(bill, date(2026, 11, 1)) == date(2026, 11, 2)
    assert list(bills.periods(bill, date(2026, 11, 9), date(2026, 11, 1))) == [
        date(2026, 11, 2),
        date(2026, 11, 9),
    ]


@pytest.mark.parametrize("every", list(Every))
def test_periods_are_the_same_from_whatever_day_they_are_counted(
    work: Work, place: Estate, every: Every
) -> None:
    bill = make.bill(work, place, every=every, first_on=date(2024, 1, 31))
    through = date(2027, 1, 1)
    all_of_them = list(bills.periods(bill, through))

    for since in (bill.first_on + timedelta(days=each) for each in range(-3, 800, 13)):
        told = [day for day in all_of_them if day >= since]
        assert list(bills.periods(bill, through, since)) == told
        after = bills.next_period(bill, since)
        assert after == next((day for day in all_of_them if day > since), after)


def test_who_has_paid_a_period_that_was_taken_back_is_not_asked_again(
    work: Work, place: Estate
) -> None:
    for number in ("A1", "A2"):
        owned(work, place, "1/1", number=number)
    bill = make.bill(work, place)
    cycle = whole(work, bill_runs.plan(work, bill.id, date(2026, 3, 31)))
    paid = work.session.scalars(select(Invoice).order_by(Invoice.number)).first()
    assert paid
    payments.record(work, [Part(paid.id)], PaymentMethod.cash)
    bill_runs.take_back(work, cycle.id, "the wrong price")
    bill_runs.advance(work, cycle.id)

    anew = bill_runs.plan(work, bill.id, date(2026, 3, 31))

    left_out = select(Charge.party_id, Charge.problem).where(
        Charge.cycle_id == anew.id, Charge.problem != Problem.none
    )
    assert (anew.charges, anew.exceptions) == (1, 1)
    assert work.session.execute(left_out).one() == (paid.party_id, Problem.asked_before)


def test_what_is_issued_later_than_planned_leaves_all_days_to_pay(
    work: Work, place: Estate
) -> None:
    owned(work, place, "1/1")
    bill = make.bill(work, place, first_on=estate.today(work, place), due_days=14)
    cycle = bill_runs.plan(work, bill.id)
    later = work.at(work.now + timedelta(days=10))

    bill_runs.issue(later, cycle.id)

    assert cycle.due_on == estate.today(later, place) + timedelta(days=14)
