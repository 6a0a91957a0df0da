"""Bill runs: a period of a bill is planned, seen, issued in chunks, and can be taken back.

What is asked of whom is settled when it is planned: rows, which people can look at before. A job
issues them chunk by chunk, each in a transaction of its own with numbers, entries and events; so a
run that is cut off goes on where it stood, and nothing is asked for twice.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.db import refusing, uuid7
from core.errors import Refused
from core.money import decimals
from core.text import N_
from core.work import Work, found, locked
from models.bills import (
    CYCLE_FLOW,
    Bill,
    BillingCycle,
    Charge,
    CycleStatus,
    Every,
    Payer,
    Problem,
)
from models.estate import Estate
from services import bill_statements, bills, estate
from services.billing import ReasonNeeded
from services.events import Fact, emit

CHUNK = 2_000
"""Invoices that one transaction issues or takes back: the series of numbers is held as long."""


class AskedAlready(Refused):
    """The period was asked for, or is planned."""

    code = "asked_already"
    says = N_("The bill was asked for in this period already.")


class NoPeriod(Refused):
    """No period of the bill begins on that day: another would be asked for twice."""

    code = "no_period"
    status = 422
    says = N_("No period of this bill begins on that day.")


class NothingToAsk(Refused):
    """Nobody would be asked for anything."""

    code = "nothing_to_ask"
    says = N_("Nobody would be asked for anything: look at its exceptions.")


@dataclass(frozen=True)
class CycleStatusChanged(Fact, type="billing_cycle.status_changed", table="billing_cycle"):
    """A period of a bill is being issued, has stopped, or is being taken back."""

    cycle_id: UUID
    bill_id: UUID | None
    old: CycleStatus
    new: CycleStatus


@dataclass(frozen=True)
class BillPlanned(Fact, type="bill.planned", table="billing_cycle"):
    """It is settled who would be asked for how much in a period of a bill."""

    cycle_id: UUID
    bill_id: UUID
    period_on: date
    charges: int
    exceptions: int
    total: Decimal
    currency: str


@dataclass(frozen=True)
class BillIssued(Fact, type="bill.issued", table="billing_cycle"):
    """All invoices of a period of a bill are issued."""

    cycle_id: UUID
    bill_id: UUID
    estate_id: UUID
    title: str
    period_on: date
    due_on: date
    invoices: int
    exceptions: int
    total: Decimal
    currency: str


@dataclass(frozen=True)
class BillTakenBack(Fact, type="bill.taken_back", table="billing_cycle"):
    """The unpaid invoices of a period of a bill are void; `kept` were paid, at least in part."""

    cycle_id: UUID
    bill_id: UUID
    voided: int
    kept: int
    reason: str


@dataclass(frozen=True)
class RentsIssued(Fact, type="rents.issued", table="billing_cycle"):
    """All invoices of a run of rents are issued."""

    cycle_id: UUID
    estate_id: UUID
    title: str
    through: date
    invoices: int
    total: Decimal
    currency: str


@dataclass(frozen=True)
class RentsTakenBack(Fact, type="rents.taken_back", table="billing_cycle"):
    """The unpaid invoices of a run of rents are void; `kept` were paid, at least in part."""

    cycle_id: UUID
    estate_id: UUID
    voided: int
    kept: int
    reason: str


def plan(work: Work, bill_id: UUID, period_on: date | None = None) -> BillingCycle:
    """Settle who is asked for how much in a period; without one in the next that was not asked for.

    Raises:
        AskedAlready: that period was asked for, or none is left.
        NoPeriod: none begins on that day.
        BadInput: its formula cannot be read any more.

    """
    bill = locked(work, Bill, bill_id)
    place = found(work, Estate, bill.estate_id)
    day = period_on or _next(work, bill)
    if day is None:
        raise AskedAlready
    if day not in bills.periods(bill, day, day):
        raise NoPeriod(field="period_on")
    cycle = BillingCycle(
        id=uuid7(),
        organization_id=bill.organization_id,
        bill_id=bill.id,
        period_on=day,
        due_on=max(day, estate.today(work, place)) + timedelta(days=bill.due_days),
        name=f"{bill.title}, {_named(bill, day)}"[:120],
        currency=place.currency,
        created_at=work.now,
    )
    with refusing(work.session, {"uq_billing_cycle_period": AskedAlready()}):
        work.session.add(cycle)
        work.session.flush()
    _settle(work, bill, cycle)
    emit(
        work,
        BillPlanned(
            cycle.id,
            bill.id,
            day,
            cycle.charges,
            cycle.exceptions,
            cycle.total,
            cycle.currency,
        ),
    )
    return cycle


def issue(work: Work, cycle_id: UUID) -> BillingCycle:
    """Let a planned or stopped cycle be issued. A job does it, chunk by chunk.

    Raises:
        NothingToAsk: it has no charges.
        IllegalMove: it is being issued, or was.

    """
    cycle = locked(work, BillingCycle, cycle_id)
    if not cycle.charges:
        raise NothingToAsk
    if cycle.started_at is None:
        cycle.due_on = due_on(work, cycle)
    _move(work, cycle, "issue")
    cycle.cancel_asked = False
    cycle.started_at = cycle.started_at or work.now
    return cycle


def due_on(work: Work, cycle: BillingCycle) -> date:
    """Say when a cycle is due if it is issued today: those who are asked have all their days."""
    if cycle.bill_id is None:  # each lease has its own days
        return cycle.due_on
    bill = found(work, Bill, cycle.bill_id)
    today = estate.today(work, found(work, Estate, bill.estate_id))
    return max(cycle.due_on, today + timedelta(days=bill.due_days))


def stop(work: Work, cycle_id: UUID) -> BillingCycle:
    """Stop before the next chunk. What is issued stays, and the rest can be issued later.

    Raises:
        IllegalMove: it is not being issued.

    """
    cycle = locked(work, BillingCycle, cycle_id)
    CYCLE_FLOW.check(cycle, "stop")
    cycle.cancel_asked = True
    return cycle


def discard(work: Work, cycle_id: UUID) -> BillingCycle:
    """Give up what was planned: the period can be planned anew.

    Raises:
        IllegalMove: it is more than planned.

    """
    cycle = locked(work, BillingCycle, cycle_id)
    _move(work, cycle, "discard")
    if cycle.bill_id is None:
        bill_statements.discard_rents(work, cycle)
    return cycle


def take_back(work: Work, cycle_id: UUID, reason: str = "") -> BillingCycle:
    """Void all invoices of a cycle on which nothing was paid. A job does it, chunk by chunk.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: it is not issued, or is taken back already.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    cycle = locked(work, BillingCycle, cycle_id)
    _move(work, cycle, "take_back")
    cycle.reason = reason.strip()[:400]
    return cycle


def advance(work: Work, cycle_id: UUID) -> bool:
    """Issue, or take back, the next chunk; say whether there is more. Killed, it is done anew."""
    cycle = locked(work, BillingCycle, cycle_id)
    if cycle.status is CycleStatus.taking_back:
        return _take_back(work, cycle)
    if cycle.status is not CycleStatus.running:
        return False
    if cycle.cancel_asked:
        cycle.cancel_asked = False
        _move(work, cycle, "stop")
        return False
    bill = found(work, Bill, cycle.bill_id) if cycle.bill_id else None
    cycle.issued += bill_statements.issue(work, bill, cycle, CHUNK)
    if cycle.issued < cycle.charges:
        return True
    cycle.finished_at = work.now
    _move(work, cycle, "finish")
    emit(work, _issued(bill, cycle))
    return False


def at_work(work: Work) -> list[UUID]:
    """List the cycles that a job has to go on with."""
    busy = (CycleStatus.running, CycleStatus.taking_back)
    query = select(BillingCycle.id).where(BillingCycle.status.in_(busy))
    return list(work.session.scalars(query.order_by(BillingCycle.id)))


def due(work: Work) -> list[tuple[UUID, date]]:
    """List the periods of automatic bills that began and were never planned, also long ago.

    What a bill missed while it was switched off waits for somebody to plan it.
    """
    late = []
    query = (
        select(Bill, Estate)
        .join(Estate, Estate.id == Bill.estate_id)
        .where(Bill.active, Bill.automatic)
        .order_by(Bill.id)
    )
    for bill, place in work.session.execute(query):
        known = set(
            work.session.scalars(
                select(BillingCycle.period_on).where(BillingCycle.bill_id == bill.id)
            )
        )
        began = bills.periods(bill, estate.today(work, place), bill.automatic_from)
        late += [(bill.id, day) for day in began if day not in known]
    return late


def _next(work: Work, bill: Bill) -> date | None:
    query = select(func.max(BillingCycle.period_on)).where(
        BillingCycle.bill_id == bill.id,
        BillingCycle.status.not_in((CycleStatus.discarded, CycleStatus.taken_back)),
    )
    last = work.session.scalar(query)
    before = bill.first_on - timedelta(days=1)
    return bills.next_period(bill, last or before)


def _settle(work: Work, bill: Bill, cycle: BillingCycle) -> None:
    """Write the charges of a cycle, and what they come to."""
    by, condition = bills.gross(bill), bills.audience(bill)
    statement = bill_statements.charges(
        by.sql if by else "NULL::numeric", condition.sql if condition else "true"
    )
    values: dict[str, Any] = {
        "home": bill.organization_id,
        "cycle": cycle.id,
        "estate": bill.estate_id,
        "types": list(bill.audience_types),
        "block": bill.block_id,
        "day": cycle.period_on,
        "basis": bill.basis.value,
        "amount": bill.amount,
        "places": decimals(cycle.currency),
        "discount": bill.discount_percent,
        "by_payer": by is not None and "share" in by.names,
        "occupants": bill.payer is not Payer.owners,
        "owners": bill.payer is not Payer.occupant,
    }
    work.session.execute(text(statement), values)
    asked = Charge.problem == Problem.none
    sums = select(
        func.count().filter(asked),
        func.count().filter(~asked),
        func.coalesce(func.sum(Charge.amount).filter(asked), 0),
    ).where(Charge.cycle_id == cycle.id)
    cycle.charges, cycle.exceptions, cycle.total = work.session.execute(sums).one()
    work.session.flush()


def _take_back(work: Work, cycle: BillingCycle) -> bool:
    taken, voided = bill_statements.take_back(work, cycle, CHUNK)
    cycle.taken_back += taken
    cycle.kept += taken - voided
    if cycle.taken_back < cycle.issued:
        return True
    _move(work, cycle, "end")
    told = (cycle.issued - cycle.kept, cycle.kept, cycle.reason)
    if cycle.bill_id:
        emit(work, BillTakenBack(cycle.id, cycle.bill_id, *told))
    else:
        assert cycle.estate_id
        emit(work, RentsTakenBack(cycle.id, cycle.estate_id, *told))
    return False


def _issued(bill: Bill | None, cycle: BillingCycle) -> Fact:
    if bill is None:
        assert cycle.estate_id
        return RentsIssued(
            cycle.id,
            cycle.estate_id,
            cycle.name,
            cycle.period_on,
            cycle.issued,
            cycle.total,
            cycle.currency,
        )
    return BillIssued(
        cycle.id,
        bill.id,
        bill.estate_id,
        bill.title,
        cycle.period_on,
        cycle.due_on,
        cycle.issued,
        cycle.exceptions,
        cycle.total,
        cycle.currency,
    )


def _move(work: Work, cycle: BillingCycle, name: str) -> None:
    old = cycle.status
    CYCLE_FLOW.move(cycle, name)
    emit(work, CycleStatusChanged(cycle.id, cycle.bill_id, old, cycle.status))


def _named(bill: Bill, day: date) -> str:
    """Name a period as its invoices do: 2026, 2026-03, or its first day."""
    if bill.every is Every.year:
        return f"{day.year}"
    return f"{day:%Y-%m}" if bill.every in (Every.month, Every.quarter) else day.isoformat()
