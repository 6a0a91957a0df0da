"""Bill runs: who is asked for how much, issued once whatever happens, and taken back."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from core.flow import IllegalMove
from core.work import Work
from models.billing import Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.bills import Basis, Bill, BillingCycle, Charge, CycleStatus, Every, Payer, Problem
from models.chart import ESTATE_DUES, RECEIVABLE
from models.estate import Estate, Occupancy, OccupancyRole, Ownership
from models.events import Event
from models.ledger import Entry
from services import bill_runs, billing, chains, estate, invariants, ledger, payments
from services.payments import Part
from tests import make, stories
from tests.conftest import Elsewhere
from tests.services.test_races import AT_ONCE, race
from workers import bills as jobs

SINCE, DAY = date(2026, 1, 1), date(2026, 3, 31)
pytestmark = pytest.mark.req("S1.46", "S1.51", "S1.52", "S1.05")


def owned(work: Work, place: Estate, *shares: str, **unit: Any) -> list[UUID]:
    """Make a unit with an owner for each share; returns the unit and its owners."""
    made = make.unit(work, place, **unit)
    owners = []
    for share in shares:
        parts, of = map(int, share.split("/"))
        row = Ownership(unit_id=made.id, party_id=make.party(work).id, since=SINCE)
        row.share_parts, row.share_of = parts, of
        owners.append(estate.own(work, row).party_id)
    return [made.id, *owners]


def let(work: Work, unit: UUID) -> UUID:
    row = Occupancy(unit_id=unit, party_id=make.party(work).id, since=SINCE)
    row.role = OccupancyRole.tenant
    return estate.move_in(work, row).party_id


def charges(work: Work, cycle: BillingCycle) -> dict[tuple[UUID | None, Problem], Decimal]:
    rows = work.session.scalars(select(Charge).where(Charge.cycle_id == cycle.id))
    return {(row.party_id, row.problem): row.amount for row in rows}


def planned(work: Work, place: Estate, **given: Any) -> BillingCycle:
    return bill_runs.plan(work, make.bill(work, place, **given).id, DAY)


def whole(work: Work, cycle: BillingCycle) -> BillingCycle:
    """Issue a cycle to its end, within one transaction."""
    bill_runs.issue(work, cycle.id)
    while bill_runs.advance(work, cycle.id):
        pass
    return cycle


@pytest.fixture
def place(work: Work) -> Estate:
    return make.estate(work)


def test_owners_are_asked_by_share_and_the_last_takes_what_is_left(
    work: Work, place: Estate
) -> None:
    _unit, *three = owned(work, place, "1/3", "1/3", "1/3")
    half, one = owned(work, place, "1/2")

    told = charges(work, planned(work, place, amount=Decimal(100)))

    assert sorted(told.pop((each, Problem.none)) for each in three) == [
        Decimal("33.33"),
        Decimal("33.33"),
        Decimal("33.34"),
    ]
    assert told == {(one, Problem.none): 50, (None, Problem.not_all_owned): 0}
    assert half


@pytest.mark.parametrize(
    ("given", "amounts"),
    [
        ({"basis": Basis.area, "amount": Decimal("1.5")}, [120, 30]),
        ({"basis": Basis.divided, "amount": Decimal("0.03")}, [Decimal("0.02"), Decimal("0.01")]),
        ({"basis": Basis.divided_by_area, "amount": Decimal(500)}, [400, 100]),
        ({"basis": Basis.formula, "formula": "area * 2 if type == 'shop' else 9"}, [9, 40]),
        ({"basis": Basis.formula, "formula": "share + bedrooms"}, [103, 100]),
        ({"audience_types": ["shop"]}, [100]),
        ({"condition": "area >= 30 and bedrooms > 2"}, [100]),
        ({"condition": "share < 100"}, []),
        ({"discount_percent": Decimal(10)}, [90, 90]),
    ],
)
def test_amounts_follow_what_a_bill_says(
    work: Work, place: Estate, given: dict[str, Any], amounts: list[Any]
) -> None:
    owned(work, place, "1/1", number="A1", area=Decimal(80), bedrooms=3)
    owned(work, place, "1/1", number="A2", area=Decimal(20), type="shop")

    cycle = planned(work, place, **{"amount": Decimal(100)} | given)
    rows = select(Charge.amount).where(Charge.cycle_id == cycle.id).order_by(Charge.position)

    assert list(work.session.scalars(rows)) == amounts
    assert (cycle.charges, cycle.total) == (len(amounts), sum(amounts))


def test_the_occupant_pays_or_the_owners_while_nobody_has_the_unit(
    work: Work, place: Estate
) -> None:
    taken, _owner = owned(work, place, "1/1")
    _empty, other = owned(work, place, "1/1")
    _orphan = make.unit(work, place)
    tenant = let(work, taken)
    one, both = (
        charges(work, planned(work, place, payer=payer))
        for payer in (Payer.occupant, Payer.occupant_or_owners)
    )

    assert set(one) == {(tenant, Problem.none), (None, Problem.no_payer)}
    assert set(both) == {
        (tenant, Problem.none),
        (other, Problem.none),
        (None, Problem.no_payer),
    }


def test_exceptions_are_named_and_nobody_is_asked_for_them(work: Work, place: Estate) -> None:
    owned(work, place, "1/1", area=None)
    owned(work, place, "1/1", area=Decimal("0.01"))
    cycle = planned(work, place, basis=Basis.area, amount=Decimal("0.01"))

    assert {problem for _party, problem in charges(work, cycle)} == {
        Problem.no_amount,
        Problem.nothing,
    }
    assert (cycle.charges, cycle.exceptions) == (0, 2)
    with pytest.raises(bill_runs.NothingToAsk):
        bill_runs.issue(work, cycle.id)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    amount=st.decimals("0.05", "99999.99", places=2),
    areas=st.lists(st.integers(1, 400), min_size=1, max_size=5),
    owners=st.integers(1, 4),
)
def test_no_cent_is_lost_however_a_sum_is_divided(
    work: Work, amount: Decimal, areas: list[int], owners: int
) -> None:
    place = make.estate(work)
    for area in areas:
        owned(work, place, *[f"1/{owners}"] * owners, area=Decimal(area))
    cycle = planned(work, place, basis=Basis.divided_by_area, amount=amount)
    sums = select(func.sum(Charge.amount)).where(Charge.cycle_id == cycle.id)
    nothing = select(func.count()).where(
        Charge.cycle_id == cycle.id, Charge.problem == Problem.nothing
    )

    if not work.session.scalar(nothing):
        assert work.session.scalar(sums) == amount


def test_a_period_is_asked_for_once(work: Work, place: Estate) -> None:
    owned(work, place, "1/1")
    bill = make.bill(work, place)
    first = bill_runs.plan(work, bill.id)
    with pytest.raises(bill_runs.AskedAlready):
        bill_runs.plan(work, bill.id, first.period_on)
    bill_runs.discard(work, first.id)
    again = bill_runs.plan(work, bill.id, first.period_on)
    following = bill_runs.plan(work, bill.id)

    assert (first.period_on, following.period_on) == (date(2026, 1, 31), date(2026, 2, 28))
    with pytest.raises(IllegalMove):
        bill_runs.issue(work, first.id)
    assert again.name.endswith(", 2026-01")


def test_of_many_who_plan_a_period_at_once_one_does(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        place = make.estate(work)
        owned(work, place, "1/1")
        bill = make.bill(work, place).id

    said = race(app, home, lambda work: bill_runs.plan(work, bill, DAY))

    assert sorted(said) == ["", *["asked_already"] * (AT_ONCE - 1)]


def test_an_issued_cycle_is_invoices_with_numbers_lines_entries_and_facts(
    work: Work, place: Estate
) -> None:
    unit, owner = owned(work, place, "1/1")
    cycle = whole(work, planned(work, place, discount_percent=Decimal("12.5")))

    invoice = work.session.scalars(select(Invoice)).one()
    lines = work.session.execute(
        select(InvoiceLine.code, InvoiceLine.amount, InvoiceLine.discount)
    ).all()
    assert (invoice.number, invoice.status, invoice.total) == (
        "INV-000001",
        InvoiceStatus.issued,
        Decimal("87.50"),
    )
    assert (invoice.unit_id, invoice.party_id, invoice.due_on) == (unit, owner, cycle.due_on)
    assert [tuple(row) for row in lines] == [(ESTATE_DUES, Decimal(100), Decimal("12.50"))]
    assert ledger.balance(work, RECEIVABLE, "KES", owner) == Decimal("87.50")
    assert ledger.balance(work, ESTATE_DUES, "KES") == Decimal("-87.50")
    told = set(work.session.scalars(select(Event.type).where(Event.subject_id == invoice.id)))
    assert told == {"invoice.issued"}
    fact = work.session.scalars(select(Event).where(Event.type == "bill.issued")).one()
    assert (fact.data["invoices"], fact.data["total"]) == (1, "87.5000")
    assert cycle.status is CycleStatus.done
    chains.seal(work)
    work.session.commit()
    assert chains.verify(work.session, "ledger", []) == []


def numbers(session: Session, home: UUID) -> list[str]:
    with stories.unit(session, home) as work:
        return list(work.session.scalars(select(Invoice.number).order_by(Invoice.number)))


@pytest.fixture
def seven(session: Session, home: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A cycle of seven invoices that is being issued, three at a time."""
    monkeypatch.setattr(bill_runs, "CHUNK", 3)
    with stories.unit(session, home) as work:
        place = make.estate(work)
        for _ in range(7):
            owned(work, place, "1/1")
        cycle = planned(work, place)
        bill_runs.issue(work, cycle.id)
        return cycle.id


SEVEN = [f"INV-{number:06d}" for number in range(1, 8)]


def test_a_run_that_is_killed_in_the_middle_of_a_chunk_goes_on_without_doubling(
    session: Session, home: UUID, seven: UUID, elsewhere: Elsewhere, superuser: Engine
) -> None:
    with stories.unit(session, home) as work:
        assert bill_runs.advance(work, seven)
    with (
        elsewhere.session() as killed,
        pytest.raises(Exception, match=r"terminat|closed|lost"),
        stories.unit(killed, home) as work,
    ):
        bill_runs.advance(work, seven)
        backend = work.session.scalar(text("SELECT pg_backend_pid()"))
        with superuser.connect() as door:
            door.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        work.session.execute(text("SELECT 1"))
    assert numbers(session, home) == SEVEN[:3]

    jobs.run(home, str(seven))
    jobs.run(home, str(seven))

    assert numbers(session, home) == SEVEN
    with stories.unit(session, home) as work:
        entries = select(func.count()).select_from(Entry).where(Entry.source_table == "invoice")
        assert work.session.scalar(entries) == 7
        assert work.session.get_one(BillingCycle, seven).issued == 7
    assert invariants.broken(session) == {}


def test_many_workers_at_once_issue_each_invoice_once(
    app: Flask, session: Session, home: UUID, seven: UUID
) -> None:
    said = race(app, home, lambda work: bill_runs.advance(work, seven))

    assert said == [""] * AT_ONCE
    assert numbers(session, home) == SEVEN
    assert invariants.broken(session) == {}


def test_a_run_is_stopped_gone_on_with_and_taken_back_but_for_what_was_paid(
    session: Session, home: UUID, seven: UUID
) -> None:
    with stories.unit(session, home) as work:
        bill_runs.advance(work, seven)
        bill_runs.stop(work, seven)
    jobs.run(home, str(seven))
    assert numbers(session, home) == SEVEN[:3]
    with stories.unit(session, home) as work:
        bill_runs.issue(work, seven)
    jobs.run(home, str(seven))
    with stories.unit(session, home) as work:
        paid, *_rest = work.session.scalars(select(Invoice.id).order_by(Invoice.number))
        payments.record(work, [Part(paid, Decimal(1))], PaymentMethod.cash)
        with pytest.raises(billing.ReasonNeeded):
            bill_runs.take_back(work, seven)
        bill_runs.take_back(work, seven, "the wrong price")
    jobs.run(home, str(seven))
    jobs.run(home, str(seven))

    with stories.unit(session, home) as work:
        cycle = work.session.get_one(BillingCycle, seven)
        kinds = select(Invoice.status, func.count()).group_by(Invoice.status)
        assert (cycle.status, cycle.kept) == (CycleStatus.taken_back, 1)
        assert {row[0]: row[1] for row in work.session.execute(kinds)} == {
            InvoiceStatus.void: 6,
            InvoiceStatus.partly_paid: 1,
        }
        assert ledger.balance(work, ESTATE_DUES, "KES") == -100
        assert cycle.bill_id
        assert bill_runs.plan(work, cycle.bill_id, cycle.period_on).charges == 6
    assert invariants.broken(session) == {}


def test_the_clock_asks_once_for_each_period_and_makes_up_for_those_it_missed(
    app: Flask, session: Session, home: UUID
) -> None:
    app.extensions["ring"] = lambda *_given, **_named: None
    with stories.unit(session, home) as work:
        place = make.estate(work)
        owned(work, place, "1/1")
        today = estate.today(work, place)
        first = today - timedelta(weeks=2)
        work.session.scalars(select(Ownership)).one().since = first
        bill = make.bill(work, place, every=Every.week, first_on=first, automatic=True).id
    jobs.begin_due()
    jobs.begin_due()
    with stories.unit(session, home) as work:
        cycles = list(work.session.scalars(select(BillingCycle).order_by(BillingCycle.period_on)))
        assert [each.period_on for each in cycles] == [first + timedelta(weeks=n) for n in range(3)]
        assert {each.status for each in cycles} == {CycleStatus.running}
        for cycle in cycles:
            while bill_runs.advance(work, cycle.id):
                pass
        assert {row.due_on for row in work.session.scalars(select(Invoice))} == {
            today + timedelta(days=14)
        }
        work.session.get_one(Bill, bill).active = False
        assert bill_runs.due(work) == []
