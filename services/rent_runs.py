"""Rent runs: what the leases of an estate owe by a day is planned, seen, and issued like bills.

A run is a billing cycle without a bill (services/bill_runs.py issues it, stops it, takes it back).
Periods that were skipped are caught up; what was charged is not charged again, says the database.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.db import uuid7
from core.money import decimals
from core.work import Work, locked
from models.bills import BillingCycle, Charge, Problem
from models.chart import RENTAL_INCOME
from models.estate import Estate, Unit
from models.leasing import RUNNING, Lease
from services import bill_runs, estate, rent_statements
from services.events import Fact, emit


@dataclass(frozen=True)
class RentsPlanned(Fact, type="rents.planned", table="billing_cycle"):
    """It is settled which leases of an estate would be asked for how much."""

    cycle_id: UUID
    estate_id: UUID
    through: date
    charges: int
    total: Decimal
    currency: str


def plan(work: Work, estate_id: UUID, through: date | None = None) -> BillingCycle:
    """Settle what the leases of an estate owe for periods that begin by a day, today without one.

    Two at once wait for each other, and the second finds nothing left.
    """
    place = locked(work, Estate, estate_id)
    day = through or estate.today(work, place)
    cycle = BillingCycle(
        id=uuid7(),
        organization_id=place.organization_id,
        estate_id=place.id,
        period_on=day,
        due_on=estate.today(work, place),
        name=f"Rent {place.name}, {day.isoformat()}"[:120],
        currency=place.currency,
        created_at=work.now,
    )
    work.session.add(cycle)
    work.session.flush()
    _settle(work, cycle)
    emit(
        work,
        RentsPlanned(cycle.id, place.id, day, cycle.charges, cycle.total, cycle.currency),
    )
    return cycle


def due(work: Work) -> list[UUID]:
    """List the estates in which a lease owes for a period that has begun."""
    late = []
    for place in work.session.scalars(select(Estate).order_by(Estate.id)):
        owes = (
            select(Lease.id)
            .join(Unit, Unit.id == Lease.unit_id)
            .where(
                Unit.estate_id == place.id,
                Lease.status.in_(RUNNING),
                Lease.next_on <= estate.today(work, place),
                (Lease.until.is_(None)) | (Lease.next_on <= Lease.until),
            )
        )
        if work.session.scalar(owes.limit(1)):
            late.append(place.id)
    return late


def run(work: Work, estate_id: UUID, through: date | None = None) -> BillingCycle:
    """Plan, and let a job issue what there is to ask for."""
    cycle = plan(work, estate_id, through)
    return bill_runs.issue(work, cycle.id) if cycle.charges else bill_runs.discard(work, cycle.id)


def _settle(work: Work, cycle: BillingCycle) -> None:
    session, places = work.session, decimals(cycle.currency)
    said: dict[str, Any] = {"home": cycle.organization_id, "estate": cycle.estate_id}
    # What makes a table takes no parameters: ids, a day and a number have nothing to quote.
    for statement in (rent_statements.LIVE, rent_statements.DUE):
        session.execute(text(statement.format(**said, through=cycle.period_on, places=places)))
    values = {"home": cycle.organization_id, "cycle": cycle.id, "places": places}
    values["rent"] = RENTAL_INCOME
    for statement in (rent_statements.ASKED, rent_statements.CHARGED, rent_statements.MOVED_ON):
        session.execute(text(statement), values)
    session.execute(text("DROP TABLE rent_due, live"))
    asked = Charge.problem == Problem.none
    sums = select(
        func.count().filter(asked),
        func.count().filter(~asked),
        func.coalesce(func.sum(Charge.amount).filter(asked), 0),
    ).where(Charge.cycle_id == cycle.id)
    cycle.charges, cycle.exceptions, cycle.total = session.execute(sums).one()
    session.flush()
