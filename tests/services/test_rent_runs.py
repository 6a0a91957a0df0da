"""Rent runs: what leases owe is planned, issued once, caught up, and taken back."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db import broken_constraint, uuid7
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bills import BillingCycle, CycleStatus
from models.chart import RENTAL_INCOME
from models.estate import Estate
from models.leasing import Increase, Lease
from models.rents import ChargeKind, ExtraKind, LeaseCharge, LeaseExtra, LeaseRent, PriceIndex
from services import (
    activations,
    bill_runs,
    estate,
    invariants,
    leasing,
    ledger,
    payments,
    rent_changes,
    rent_runs,
    sagas,
)
from services.payments import Part
from tests import make, stories
from tests.services.test_races import race

pytestmark = pytest.mark.req("S2.14", "S2.20", "S2.25")


def active(work: Work, place: Estate, **given: Any) -> Lease:
    """A lease that is active since its first day, of which its first periods are charged."""
    since = given.get("since") or work.now.date()
    then = work.at(min(work.now, work.now.replace(year=since.year, month=since.month, day=1)))
    lease = make.lease(then, make.unit(work, place).id, **{"until": None, "deposit": 0} | given)
    leasing.send_for_signature(then, lease.id)
    leasing.record_signed_on_paper(then, lease.id, min(since, then.now.date()))
    saga_id = activations.begin(then, lease.id)
    while sagas.advance(then, saga_id):
        pass
    return lease


def whole(work: Work, cycle: BillingCycle) -> BillingCycle:
    bill_runs.issue(work, cycle.id)
    while bill_runs.advance(work, cycle.id):
        pass
    return cycle


def charged(work: Work, lease: Lease) -> list[tuple[date, int | Decimal]]:
    query = select(LeaseCharge.period_on, LeaseCharge.amount).where(
        LeaseCharge.lease_id == lease.id, LeaseCharge.kind == ChargeKind.rent, ~LeaseCharge.void
    )
    return [(row[0], row[1]) for row in work.session.execute(query.order_by(LeaseCharge.period_on))]


@pytest.fixture
def place(work: Work) -> Estate:
    return make.estate(work)


def test_rent_is_asked_for_each_month_and_once(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    lease = active(work, place, since=first)
    through = first + timedelta(days=95)

    cycle = whole(work, rent_runs.plan(work, place.id, through))
    again = rent_runs.plan(work, place.id, through)

    assert (cycle.charges, again.charges) == (3, 0)
    assert cycle.total == 75_000
    assert len(charged(work, lease)) == 4
    assert ledger.balance(work, RENTAL_INCOME, "KES") == -100_000
    due = select(Invoice.due_on).where(Invoice.lease_id == lease.id).order_by(Invoice.due_on)
    assert len(set(work.session.scalars(due))) == 4


def test_the_31st_is_the_last_day_of_a_month(work: Work, place: Estate) -> None:
    lease = active(work, place, since=date(2026, 1, 31), due_day=31)

    whole(work, rent_runs.plan(work, place.id, date(2026, 4, 30)))

    days = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert charged(work, lease)[:4] == [(day, 25_000) for day in days]


def test_the_last_part_of_a_month_ends_with_the_lease(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    until = (first + timedelta(days=32)).replace(day=10)
    lease = active(work, place, since=first, until=until)

    whole(work, rent_runs.plan(work, place.id, until + timedelta(days=90)))

    (_whole, (begins, part)) = charged(work, lease)
    assert begins == until.replace(day=1)
    days = (until.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert part == round(Decimal(25_000) * 10 / days.day, 2)


def test_what_comes_with_the_rent_and_what_is_off_it(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    lease = active(work, place, since=first)
    later = (first + timedelta(days=32)).replace(day=1)
    one = {"organization_id": lease.organization_id, "lease_id": lease.id, "since": later}
    parking = LeaseExtra(**one, title="Parking", amount=Decimal(3_000))
    off = LeaseExtra(**one, title="Welcome", amount=Decimal(5_000), kind=ExtraKind.concession)
    off.until = later
    work.session.add_all([parking, off])
    work.session.flush()

    cycle = whole(work, rent_runs.plan(work, place.id, later + timedelta(days=35)))

    assert [row[1] for row in charged(work, lease)] == [25_000, 20_000, 25_000]
    assert cycle.total == 20_000 + 3_000 + 25_000 + 3_000
    totals = select(Invoice.total).where(Invoice.lease_id == lease.id).order_by(Invoice.id)
    assert sorted(work.session.scalars(totals)) == [23_000, 25_000, 28_000]


def test_a_run_that_is_taken_back_is_asked_for_again_but_for_what_was_paid(
    work: Work, place: Estate
) -> None:
    first = work.now.date().replace(day=1)
    lease = active(work, place, since=first)
    cycle = whole(work, rent_runs.plan(work, place.id, first + timedelta(days=65)))
    asked = select(Invoice).where(Invoice.lease_id == lease.id).order_by(Invoice.due_on)
    paid = work.session.scalars(asked).all()[-1]
    payments.record(work, [Part(paid.id)], PaymentMethod.cash)

    bill_runs.take_back(work, cycle.id, "the wrong month")
    while bill_runs.advance(work, cycle.id):
        pass
    again = whole(work, rent_runs.plan(work, place.id, first + timedelta(days=65)))

    assert (cycle.status, cycle.kept, again.charges) == (CycleStatus.taken_back, 1, 1)
    assert len(charged(work, lease)) == 3
    void = select(Invoice.id).where(Invoice.status == InvoiceStatus.void)
    assert len(work.session.scalars(void).all()) == 1


def test_what_was_planned_and_discarded_is_planned_anew(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    active(work, place, since=first)
    through = first + timedelta(days=40)

    cycle = rent_runs.plan(work, place.id, through)
    bill_runs.discard(work, cycle.id)

    assert rent_runs.plan(work, place.id, through).charges == cycle.charges == 1


def test_two_runs_at_once_charge_once(app: Flask, session: Session, home: UUID) -> None:
    with stories.unit(session, home) as work:
        place = make.estate(work)
        first = work.now.date().replace(day=1)
        lease = active(work, place, since=first)
        place_id, lease_id, through = place.id, lease.id, first + timedelta(days=65)

    assert set(race(app, home, lambda each: rent_runs.run(each, place_id, through))) == {""}

    with stories.unit(session, home) as work:
        for cycle_id in bill_runs.at_work(work):
            while bill_runs.advance(work, cycle_id):
                pass
        assert len(charged(work, work.session.get_one(Lease, lease_id))) == 3
    assert invariants.broken(session) == {}


def test_the_database_takes_a_charge_once(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date().replace(day=1))
    row = work.session.scalars(select(LeaseCharge)).one()
    names = ("lease_id", "organization_id", "period_on", "period_until", "kind", "item_id")
    same = LeaseCharge(id=uuid7(), **{name: getattr(row, name) for name in names})
    same.says, same.code, same.gross = "x", "4200", Decimal(1)

    with pytest.raises(IntegrityError) as refused, work.session.begin_nested():
        work.session.add(same)
        work.session.flush()

    assert broken_constraint(refused.value) == "uq_lease_charge_once"
    assert lease.number


def test_a_rent_that_grows_is_asked_for_from_its_anniversary_on(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    before = first.replace(year=first.year - 1)
    lease = active(
        work, place, since=before, increase=Increase.percent, increase_percent=Decimal(10)
    )
    assert rent_changes.due(work) == [lease.id]
    for _ in range(2):
        rent_changes.grow(work, lease.id)

    whole(work, rent_runs.plan(work, place.id, first))

    assert [row[1] for row in charged(work, lease)][-2:] == [25_000, 27_500]
    rents = select(LeaseRent.amount).where(LeaseRent.lease_id == lease.id)
    assert sorted(work.session.scalars(rents)) == [25_000, 27_500]


def test_a_rent_follows_its_index(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    before = first.replace(year=first.year - 1)
    lease = active(work, place, since=before, increase=Increase.indexed, increase_index="CPI")
    assert rent_changes.grow(work, lease.id) is None, "the index is not known yet"
    for day, value in ((before, 100), (first, 104)):
        home = {"organization_id": lease.organization_id}
        work.session.add(PriceIndex(**home, name="CPI", month_on=day, value=Decimal(value)))
    work.session.flush()

    row = rent_changes.grow(work, lease.id)

    assert row
    assert row.since == first
    assert row.amount == 26_000


def test_an_estate_with_nothing_due_is_left_alone(work: Work, place: Estate) -> None:
    active(work, place, since=estate.today(work, place).replace(day=1))

    assert rent_runs.due(work) == []
    assert rent_runs.run(work, place.id).status is CycleStatus.discarded
