"""What follows from a signed lease: all of it or nothing, wherever a process dies."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.chart import DEPOSITS_HELD, RECEIVABLE, RENTAL_INCOME, TRUST
from models.estate import Occupancy, OccupancyRole, Ownership, Unit, UnitStatus
from models.events import Event, Saga, SagaStatus
from models.leasing import Lease, LeaseStatus, LesseeRole
from models.ledger import Account, Posting
from models.rents import LeaseCharge
from services import (
    activations,
    deposits,
    disbursement_checks,
    estate,
    invariants,
    leasing,
    ledger,
    payments,
    reversals,
    sagas,
)
from services.payments import Part
from tests import make
from tests.stories import unit
from workers import sagas as jobs

pytestmark = pytest.mark.req("S2.03", "S2.14")
STEPS = len(sagas.KINDS[activations.KIND])


def signed(session: Session, home: UUID, **given: Any) -> UUID:
    """A lease that all have signed; what follows is not begun by a step yet."""
    with unit(session, home) as work:
        lease = make.lease(work, **given)
        leasing.send_for_signature(work, lease.id)
        leasing.record_signed_on_paper(work, lease.id, work.now.date())
        activations.begin(work, lease.id)
        return lease.id


def saga_of(work: Work, lease_id: UUID) -> Saga:
    return work.session.scalars(select(Saga).where(Saga.subject_id == lease_id)).one()


def step(session: Session, home: UUID, lease_id: UUID) -> None:
    """Make one step, in a unit of work of its own."""
    with unit(session, home) as work:
        saga = saga_of(work, lease_id)
        saga.due_at = work.now
        assert sagas.claim(work, saga.id)
    with unit(session, home) as work:
        sagas.advance(work, saga_of(work, lease_id).id)


def through(session: Session, home: UUID, lease_id: UUID) -> SagaStatus:
    for _ in range(2 * STEPS + 2):
        with unit(session, home) as work:
            status = saga_of(work, lease_id).status
        if status not in sagas.AT_WORK:
            return status
        step(session, home, lease_id)
    raise AssertionError("it does not end")


def balance(work: Work, code: str, book: str = "main") -> Decimal:
    query = (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == code, Account.book_id == ledger.book_called(work, book))
    )
    return Decimal(work.session.scalar(query) or 0)


def facts(work: Work) -> list[str]:
    kinds = ("lease.activated", "occupancy.started", "unit.status_changed", "lease.cancelled")
    return list(work.session.scalars(select(Event.type).where(Event.type.in_(kinds))))


def is_active(work: Work, lease_id: UUID) -> None:
    lease = work.session.get_one(Lease, lease_id)
    home = work.session.get_one(Unit, lease.unit_id)
    lives = work.session.scalars(select(Occupancy).where(Occupancy.unit_id == home.id)).one()
    assert (lease.status, home.status) == (LeaseStatus.active, UnitStatus.occupied)
    assert (lives.party_id, lives.role) == (lease.party_id, OccupancyRole.tenant)
    charges = work.session.scalars(select(LeaseCharge.amount)).all()
    assert sorted(charges) == [25_000, 50_000]
    assert balance(work, RENTAL_INCOME) == -25_000
    assert balance(work, DEPOSITS_HELD) == -50_000
    assert balance(work, RECEIVABLE) == 75_000
    assert facts(work).count("lease.activated") == 1


def is_undone(work: Work, lease_id: UUID) -> None:
    lease = work.session.get_one(Lease, lease_id)
    assert lease.status is LeaseStatus.cancelled
    assert work.session.get_one(Unit, lease.unit_id).status is not UnitStatus.occupied
    mine = select(Occupancy.id).where(Occupancy.party_id == lease.party_id)
    assert work.session.scalars(mine).all() == []
    open_ = (InvoiceStatus.issued, InvoiceStatus.partly_paid, InvoiceStatus.draft)
    asked = select(Invoice.id).where(Invoice.lease_id == lease_id, Invoice.status.in_(open_))
    assert work.session.scalars(asked).all() == []
    for code in (RENTAL_INCOME, DEPOSITS_HELD, RECEIVABLE):
        assert balance(work, code) == 0
    assert facts(work).count("lease.activated") == 0


@pytest.mark.req("S2.15", "S2.18", "S2.25", "S2.54")
def test_a_signed_lease_becomes_active_with_all_that_belongs_to_it(
    session: Session, home: UUID
) -> None:
    lease_id = signed(session, home)

    assert through(session, home, lease_id) is SagaStatus.done
    with unit(session, home) as work:
        is_active(work, lease_id)
    assert invariants.broken(session) == {}


class Killed(BaseException):
    """The process is gone, in the middle of a step."""


@pytest.mark.parametrize("killed_at", range(STEPS))
def test_killed_at_any_step_it_goes_on_and_does_nothing_twice(
    session: Session, home: UUID, killed_at: int
) -> None:
    lease_id = signed(session, home)
    for _ in range(killed_at):
        step(session, home, lease_id)
    with pytest.raises(Killed), unit(session, home) as work:
        sagas.advance(work, saga_of(work, lease_id).id)
        raise Killed

    jobs.advance_all(home)

    with unit(session, home) as work:
        assert saga_of(work, lease_id).status is SagaStatus.done
        is_active(work, lease_id)


@pytest.mark.parametrize("fails_at", range(1, STEPS))
def test_failing_at_any_step_all_is_undone_in_reverse(
    session: Session, home: UUID, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    steps = list(sagas.KINDS[activations.KIND])
    turned: list[str] = []

    def noted(name: str, undo: Callable[[Work, Saga], None]) -> Callable[[Work, Saga], None]:
        def do(work: Work, saga: Saga) -> None:
            turned.append(name)
            undo(work, saga)

        return do

    for number, each in enumerate(steps):
        do = (lambda _w, _s: sagas.TurnBack("no")) if number == fails_at else each.do
        undo = noted(each.name, each.undo) if each.undo else None
        steps[number] = sagas.Step(each.name, do, undo)
    monkeypatch.setitem(sagas.KINDS, activations.KIND, tuple(steps))
    lease_id = signed(session, home)

    assert through(session, home, lease_id) is SagaStatus.undone
    with unit(session, home) as work:
        is_undone(work, lease_id)
    assert turned == [each.name for each in steps[:fails_at] if each.undo][::-1]
    assert invariants.broken(session) == {}


@pytest.mark.parametrize("killed_at", range(4))
def test_killed_while_it_is_undone_it_ends_undone(
    session: Session, home: UUID, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    steps = list(sagas.KINDS[activations.KIND])
    steps[-1] = sagas.Step("activate", lambda _w, _s: sagas.TurnBack("no"))
    monkeypatch.setitem(sagas.KINDS, activations.KIND, tuple(steps))
    lease_id = signed(session, home)
    for _ in range(STEPS + killed_at):
        step(session, home, lease_id)
    with pytest.raises(Killed), unit(session, home) as work:
        sagas.advance(work, saga_of(work, lease_id).id)
        raise Killed

    jobs.advance_all(home)

    with unit(session, home) as work:
        assert saga_of(work, lease_id).status is SagaStatus.undone
        is_undone(work, lease_id)


def test_somebody_who_moved_in_meanwhile_turns_it_back(session: Session, home: UUID) -> None:
    lease_id = signed(session, home)
    with unit(session, home) as work:
        lease = work.session.get_one(Lease, lease_id)
        row = Occupancy(unit_id=lease.unit_id, party_id=make.party(work).id, since=lease.since)
        row.role = OccupancyRole.owner_occupier
        estate.move_in(work, row)

    assert through(session, home, lease_id) is SagaStatus.undone
    with unit(session, home) as work:
        lease = work.session.get_one(Lease, lease_id)
        assert lease.status is LeaseStatus.cancelled
        assert "unit" in lease.reason


def test_a_deposit_that_was_paid_is_held_in_trust_once(session: Session, home: UUID) -> None:
    lease_id = signed(session, home)
    through(session, home, lease_id)
    with unit(session, home) as work:
        asked = work.session.scalars(select(Invoice).where(Invoice.total == 50_000)).one()
        payments.record(work, [Part(asked.id)], PaymentMethod.cash)
        for _ in range(2):
            deposits.hold(work, asked.id)

        assert balance(work, DEPOSITS_HELD) == 0
        assert balance(work, DEPOSITS_HELD, TRUST) == -50_000


def test_a_deposit_whose_payment_is_gone_is_held_no_longer_and_again_when_paid_again(
    session: Session, home: UUID
) -> None:
    lease_id = signed(session, home)
    through(session, home, lease_id)
    with unit(session, home) as work:
        asked = work.session.scalars(select(Invoice).where(Invoice.total == 50_000)).one()
        for _ in range(3):
            paid = payments.record(work, [Part(asked.id)], PaymentMethod.cash, again=True)
            deposits.hold(work, asked.id)
            assert balance(work, DEPOSITS_HELD, TRUST) == -50_000
            reversals.take_back(work, paid.id, "False notes")
            for _ in range(2):
                deposits.give_up(work, asked.id, "its payment was taken back")

            assert balance(work, DEPOSITS_HELD, TRUST) == 0
            assert balance(work, DEPOSITS_HELD) == -50_000
    assert invariants.broken(session) == {}


@pytest.mark.req("S2.23")
def test_rent_that_was_paid_states_once_whether_its_owner_is_due_a_part(
    session: Session, home: UUID
) -> None:
    lease_id = signed(session, home)
    through(session, home, lease_id)
    with unit(session, home) as work:
        lease = work.session.get_one(Lease, lease_id)
        row = Ownership(unit_id=lease.unit_id, party_id=make.party(work).id, since=lease.since)
        row.share_parts, row.share_of = 1, 1
        owner = estate.own(work, row).party_id
        said = []
        for total in (25_000, 50_000):
            asked = work.session.scalars(select(Invoice).where(Invoice.total == total)).one()
            paid = payments.record(work, [Part(asked.id)], PaymentMethod.cash)
            said += disbursement_checks.check(work, paid.id)
            assert disbursement_checks.check(work, paid.id) == []
        stated = select(func.count()).where(Event.type == "disbursement.checked")

        assert [each.owners for each in said] == [(owner,), (owner,)]
        assert [(each.collected, each.due) for each in said] == [
            (Decimal(25_000), True),
            (Decimal(0), False),
        ]
        assert work.session.scalar(stated) == 2


def test_money_that_was_paid_is_owed_back_when_it_is_undone(
    session: Session, home: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = list(sagas.KINDS[activations.KIND])
    steps[-1] = sagas.Step("activate", lambda _w, _s: sagas.TurnBack("no"))
    monkeypatch.setitem(sagas.KINDS, activations.KIND, tuple(steps))
    lease_id = signed(session, home)
    for _ in range(STEPS - 1):
        step(session, home, lease_id)
    with unit(session, home) as work:
        for each in work.session.scalars(select(Invoice).order_by(Invoice.total)).all():
            payments.record(work, [Part(each.id)], PaymentMethod.bank_transfer)
            deposits.hold(work, each.id)

    assert through(session, home, lease_id) is SagaStatus.undone
    with unit(session, home) as work:
        for code in (RENTAL_INCOME, DEPOSITS_HELD, RECEIVABLE):
            assert balance(work, code) == 0
        assert balance(work, DEPOSITS_HELD, TRUST) == 0
        assert balance(work, "2300") == -75_000
    assert invariants.broken(session) == {}


def test_others_live_there_and_guarantors_do_not(session: Session, home: UUID) -> None:
    with unit(session, home) as work:
        other, stands_by = make.party(work).id, make.party(work).id
    others = [(other, LesseeRole.lessee), (stands_by, LesseeRole.guarantor)]
    lease_id = signed(session, home, others=others)

    through(session, home, lease_id)

    with unit(session, home) as work:
        lease = work.session.get_one(Lease, lease_id)
        rows = work.session.scalars(select(Occupancy)).all()
        assert {each.party_id: each.role for each in rows} == {
            lease.party_id: OccupancyRole.tenant,
            other: OccupancyRole.resident,
        }


def test_a_lease_to_come_keeps_its_unit_until_its_first_day(session: Session, home: UUID) -> None:
    with unit(session, home) as work:
        first = work.now.date() + timedelta(days=40)
    lease_id = signed(session, home, since=first, until=None)

    through(session, home, lease_id)

    with unit(session, home) as work:
        lease = work.session.get_one(Lease, lease_id)
        assert work.session.get_one(Unit, lease.unit_id).status is UnitStatus.reserved
        later = work.at(work.now + timedelta(days=41))
        assert estate.refresh(later, lease.unit_id).status is UnitStatus.occupied


def test_the_first_rent_is_for_its_part_of_the_month(session: Session, home: UUID) -> None:
    with unit(session, home) as work:
        since = work.now.date().replace(day=15)
    lease_id = signed(session, home, since=since, until=None, deposit=Decimal(0))

    through(session, home, lease_id)

    with unit(session, home) as work:
        first = select(LeaseCharge).order_by(LeaseCharge.period_on)
        row = work.session.scalars(first).first()
        assert row
        assert (row.period_on, row.period_until.month) == (since, since.month)
        assert row.amount < 25_000
        assert date.fromordinal(row.period_until.toordinal() + 1).day == 1
