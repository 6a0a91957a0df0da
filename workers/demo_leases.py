"""Leases of the demo: some that run, one late, one under notice, one over, and one to be signed."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.work import Work, clock
from models.billing import Invoice, PaymentMethod
from models.estate import Estate, Occupancy, OccupancyRole, Unit, UnitStatus
from models.leasing import Guideline, Increase, Lease
from models.rents import LeaseExtra, PriceIndex
from services import (
    activations,
    bill_runs,
    billing,
    deposits,
    lease_ends,
    leasing,
    payments,
    people,
    rent_runs,
    sagas,
)
from services.payments import Part
from workers.demo_estate import At

MANY, MONTHS = 6, 12
EARLY = time(7, tzinfo=UTC)
RATES = {"KES": Decimal(650), "TZS": Decimal(9_000)}
ENDED, LEAVING, LATE = 1, 2, 3
"""Places among the leases: of one that is over, one under notice, and one that is late."""


@dataclass
class Letting:
    """The leases of an organization's estate, from a year ago to now."""

    at: At
    random: random.Random
    currency: str

    def play(self) -> None:
        """Sign leases with those who live there, and ask them for rent month by month."""
        today = clock().date()
        first = (today - timedelta(days=30 * MONTHS)).replace(day=1)
        ends = (today.replace(day=1) - timedelta(days=70)).replace(day=1) - timedelta(days=1)
        with self.at(_morning(first)) as work:
            place_id = self._bounds(work)
            leases = [
                self._sign(work, row, first, ends if number == ENDED else None)
                for number, row in enumerate(self._tenants(work, place_id, first))
            ]
        late = leases[LATE] if len(leases) > LATE else None
        for day in _months(first, today):
            if day > ends and len(leases) > ENDED:
                with self.at(_morning(day)) as work:
                    lease_ends.end(work, leases[ENDED])
            self._ask(place_id, day)
            with self.at(_morning(min(day + timedelta(days=3), today))) as work:
                self._pay(work, late if day > today - timedelta(days=70) else None)
        if len(leases) > LEAVING:
            with self.at(clock() - timedelta(days=3)) as work:
                until = today + timedelta(days=40)
                lease_ends.give_notice(work, leases[LEAVING], until, "A larger home")
        with self.at(clock() - timedelta(days=1)) as work:
            self._leave_one_to_sign(work, place_id, today)
            self._index(work, today)

    def _bounds(self, work: Work) -> UUID:
        place = work.session.scalars(select(Estate).order_by(Estate.id).limit(1)).one()
        rate = RATES.get(self.currency, Decimal(10))
        bounds = Guideline(organization_id=place.organization_id, estate_id=place.id)
        bounds.min_rent, bounds.max_rent = rate * 20, rate * 200
        bounds.min_months = 6
        work.session.add(bounds)
        work.session.flush()
        return place.id

    def _tenants(self, work: Work, place_id: UUID, first: date) -> list[tuple[Unit, UUID]]:
        query = (
            select(Unit, Occupancy.party_id)
            .join(Occupancy, Occupancy.unit_id == Unit.id)
            .where(
                Unit.estate_id == place_id,
                Occupancy.role == OccupancyRole.tenant,
                Occupancy.since <= first,
            )
            .order_by(Unit.number)
            .limit(MANY)
        )
        return [(unit, party_id) for unit, party_id in work.session.execute(query)]

    def _sign(self, work: Work, row: tuple[Unit, UUID], since: date, until: date | None) -> UUID:
        lease = self._draft(work, row[0], row[1], since=since, until=until)
        leasing.send_for_signature(work, lease.id)
        leasing.record_signed_on_paper(work, lease.id, since)
        saga_id = activations.begin(work, lease.id)
        while sagas.advance(work, saga_id):
            pass
        return lease.id

    def _draft(self, work: Work, unit: Unit, party_id: UUID, **given: Any) -> Lease:
        rate = RATES.get(self.currency, Decimal(10))
        rent = (rate * (unit.area or Decimal(50))).quantize(Decimal(1))
        lease = Lease(unit_id=unit.id, party_id=party_id, rent=rent, deposit=rent * 2, **given)
        lease.increase, lease.increase_percent = Increase.percent, Decimal(5)
        return leasing.draft(work, lease)

    def _ask(self, place_id: UUID, day: date) -> None:
        with self.at(_morning(day)) as work:
            cycle = rent_runs.run(work, place_id, day)
            while bill_runs.advance(work, cycle.id):
                pass

    def _pay(self, work: Work, late: UUID | None) -> None:
        """Let all pay what they owe under leases, but one who is late."""
        query = select(Invoice.id).where(
            Invoice.lease_id.is_not(None),
            Invoice.lease_id.is_distinct_from(late),
            Invoice.status.in_(billing.OPEN),
        )
        for invoice_id in work.session.scalars(query.order_by(Invoice.number)).all():
            method = self.random.choice((PaymentMethod.bank_transfer, PaymentMethod.cash))
            payments.record(work, [Part(invoice_id)], method, again=True)
            deposits.hold(work, invoice_id)

    def _leave_one_to_sign(self, work: Work, place_id: UUID, today: date) -> None:
        vacant = select(Unit).where(Unit.estate_id == place_id, Unit.status == UnitStatus.vacant)
        unit = work.session.scalars(vacant.order_by(Unit.number).limit(1)).first()
        if unit is None:
            return
        party_id = people.add(work, "Zawadi Mumo", email="zawadi.mumo@mail.example").id
        since = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        lease = self._draft(work, unit, party_id, since=since)
        self._beside(work, lease, "Parking space")
        leasing.send_for_signature(work, lease.id)

    def _beside(self, work: Work, lease: Lease, title: str) -> None:
        rate = RATES.get(self.currency, Decimal(10))
        extra = LeaseExtra(organization_id=lease.organization_id, lease_id=lease.id, title=title)
        extra.amount, extra.since = rate * 4, lease.since
        work.session.add(extra)
        work.session.flush()

    def _index(self, work: Work, today: date) -> None:
        """Write down what consumer prices stood at in the months that rents follow."""
        home = work.scope.home()
        month = today.replace(day=1)
        for back in range(MONTHS):
            row = PriceIndex(organization_id=home, name="Consumer prices", month_on=month)
            row.value = Decimal(142) - Decimal("0.55") * back
            work.session.add(row)
            month = (month - timedelta(days=1)).replace(day=1)
        work.session.flush()


def _months(first: date, today: date) -> list[date]:
    """Give the first day of each month after the first one, up to today."""
    days, day = [], first
    while (day := (day + timedelta(days=32)).replace(day=1)) <= today:
        days.append(day)
    return days


def _morning(day: date) -> datetime:
    return datetime.combine(day, EARLY)
