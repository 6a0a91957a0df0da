"""The rent roll: who has which unit on a day, for how much, with what deposit, and what is late."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.estate import Estate
from models.rents import ChargeKind, LeaseCharge
from services import balances, deposits, lease_ends, payments, rent_changes, rent_roll
from services.balances import Place
from services.payments import Part
from tests import make
from tests.services.test_rent_runs import active

pytestmark = pytest.mark.req("S1.05")


@pytest.fixture
def place(work: Work) -> Estate:
    return make.estate(work)


def roll(work: Work, days: int = 0, of: Place | None = None) -> list[rent_roll.Let]:
    where = balances.Books(balances.books(work).book_id, "main", "KES", of)
    return rent_roll.on(work, where, work.now.date() + timedelta(days=days)).units


def test_each_unit_is_there_with_the_lease_of_the_day(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date())
    empty = make.unit(work, place, number="Z-99")
    make.lease(work, empty.id, since=work.now.date())  # a draft lets nothing

    let, free = roll(work)
    assert (let.lease, let.party_id, let.rent) == (lease.number, lease.party_id, lease.rent)
    assert (free.unit, free.lease_id, free.rent) == ("Z-99", None, Decimal(0))
    assert [each.lease_id for each in roll(work, days=-1)] == [None, None]
    assert [each.unit for each in roll(work, of=Place(place.id, "x", empty.id, "y"))] == ["Z-99"]
    told = rent_roll.RentRoll([let, free])
    assert (told.occupancy, rent_roll.RentRoll([]).occupancy) == (Decimal("50.0"), Decimal(0))


def test_a_lease_that_has_ended_stays_on_its_days(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date().replace(day=1))
    last = work.now.date() + timedelta(days=45)
    lease_ends.give_notice(work, lease.id, last)
    lease_ends.end(work.at(work.now + timedelta(days=47)), lease.id)

    assert [each.lease for each in roll(work, days=45)] == [lease.number]
    assert [each.lease for each in roll(work, days=46)] == [""]


def test_the_rent_is_that_of_the_day(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date().replace(day=1))
    since = work.now.date() + timedelta(days=40)
    rent_changes.change(work, lease.id, since, Decimal(27_500))

    assert [roll(work, days)[0].rent for days in (39, 40)] == [lease.rent, Decimal(27_500)]


def test_what_is_held_and_what_is_late_is_that_of_the_day(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date(), deposit=Decimal(50_000), due_days=5)
    asked = select(Invoice).join(LeaseCharge, LeaseCharge.invoice_id == Invoice.id)
    deposit = work.session.scalars(asked.where(LeaseCharge.kind == ChargeKind.deposit)).one()
    rent = work.session.scalars(asked.where(LeaseCharge.kind == ChargeKind.rent)).first()
    assert rent is not None
    assert (roll(work)[0].deposit, roll(work)[0].owed) == (Decimal(0), Decimal(0))

    payments.record(work, [Part(deposit.id)], PaymentMethod.cash)
    deposits.hold(work, deposit.id)
    assert deposit.status is InvoiceStatus.paid
    assert rent.due_on is not None
    late = (rent.due_on - work.now.date()).days
    held = roll(work)[0]
    assert (held.lease_id, held.deposit, held.owed) == (lease.id, Decimal(50_000), Decimal(0))
    assert roll(work, days=late)[0].owed == rent.total

    payments.record(work, [Part(rent.id)], PaymentMethod.cash)
    assert roll(work, days=late)[0].owed == 0
