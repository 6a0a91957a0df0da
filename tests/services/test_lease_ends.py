"""How leases end: in time, before it, or by going on; and what was asked beyond goes back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.errors import BadInput
from core.flow import IllegalMove
from core.work import Work
from models.chart import RENTAL_INCOME
from models.estate import Estate, Occupancy, Unit, UnitStatus
from models.events import Event
from models.leasing import Lease, LeaseStatus
from services import activations, lease_ends, leasing, ledger, sagas
from services.billing import ReasonNeeded
from services.lease_checks import UnitLet
from services.lease_ends import TooSoon
from tests import make
from tests.services.test_rent_runs import active

pytestmark = pytest.mark.req("S2.17", "S2.55")


@pytest.fixture
def place(work: Work) -> Estate:
    return make.estate(work)


def lives(work: Work, lease: Lease) -> date | None:
    row = select(Occupancy).where(Occupancy.party_id == lease.party_id)
    return work.session.scalars(row.order_by(Occupancy.since)).all()[0].until


def told(work: Work, kind: str) -> int:
    return len(work.session.scalars(select(Event.id).where(Event.type == kind)).all())


def test_notice_is_given_in_time_and_ends_the_lease_on_its_day(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date().replace(day=1))
    today = work.now.date()

    with pytest.raises(TooSoon):
        lease_ends.give_notice(work, lease.id, today + timedelta(days=9))
    last = today + timedelta(days=45)
    lease_ends.give_notice(work, lease.id, last, "a larger one")
    assert (lease.status, lease.until, lives(work, lease)) == (LeaseStatus.notice, last, last)
    assert lease_ends.over(work.at(work.now + timedelta(days=44))) == []

    later = work.at(work.now + timedelta(days=47))
    assert lease_ends.over(later) == [lease.id]
    for _ in range(2):
        lease_ends.end(later, lease.id)

    assert lease.status is LeaseStatus.ended
    assert work.session.get_one(Unit, lease.unit_id).status is UnitStatus.vacant
    assert (told(work, "lease.notice_given"), told(work, "lease.ended")) == (1, 1)


def test_a_notice_is_withdrawn_while_nobody_else_has_the_unit(work: Work, place: Estate) -> None:
    lease = active(work, place, since=work.now.date().replace(day=1))
    last = work.now.date() + timedelta(days=45)
    lease_ends.give_notice(work, lease.id, last)
    lease_ends.withdraw_notice(work, lease.id)
    assert (lease.status, lease.until, lives(work, lease)) == (LeaseStatus.active, None, None)

    lease_ends.give_notice(work, lease.id, last)
    other = make.lease(work, lease.unit_id, since=last + timedelta(days=1), until=None)
    leasing.send_for_signature(work, other.id)
    with pytest.raises(UnitLet):
        lease_ends.withdraw_notice(work, lease.id)
    assert lease.status is LeaseStatus.notice


def test_terminated_before_its_time_the_rest_of_the_rent_goes_back(
    work: Work, place: Estate
) -> None:
    first = work.now.date().replace(day=1)
    lease = active(work, place, since=first)

    with pytest.raises(ReasonNeeded):
        lease_ends.terminate(work, lease.id, first)
    with pytest.raises(BadInput):
        lease_ends.terminate(work, lease.id, first - timedelta(days=1), "x")
    lease_ends.terminate(work, lease.id, first + timedelta(days=9), "they left")

    days = ((first + timedelta(days=32)).replace(day=1) - first).days
    kept = round(Decimal(25_000) * 10 / days, 2)
    assert ledger.balance(work, RENTAL_INCOME, "KES") == -kept
    assert (lease.status, lives(work, lease)) == (
        LeaseStatus.terminated,
        first + timedelta(days=9),
    )
    assert told(work, "lease.terminated") == 1
    with pytest.raises(IllegalMove):
        lease_ends.terminate(work, lease.id, first, "again")


def test_a_lease_is_renewed_from_the_day_after_its_last(work: Work, place: Estate) -> None:
    first = work.now.date().replace(day=1)
    until = first + timedelta(days=80)
    lease = active(work, place, since=first, until=until)

    fresh = lease_ends.renew(work, lease.id, None, Decimal(27_000))
    leasing.send_for_signature(work, fresh.id)
    leasing.record_signed_on_paper(work, fresh.id, work.now.date())
    saga_id = activations.begin(work, fresh.id)
    while sagas.advance(work, saga_id):
        pass

    assert (fresh.since, fresh.renews_id) == (until + timedelta(days=1), lease.id)
    assert (fresh.status, lease.status) == (LeaseStatus.active, LeaseStatus.active)
    assert told(work, "lease.renewed") == 1
    rows = select(Occupancy.since).where(Occupancy.party_id == lease.party_id)
    assert sorted(work.session.scalars(rows)) == [first, fresh.since]
    with pytest.raises(BadInput):
        lease_ends.renew(work, fresh.id, None, Decimal(28_000))
