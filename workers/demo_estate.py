"""An estate of the demo: its units, who owns them and lives there, and what they were asked for."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, clock
from models.billing import Invoice, PaymentMethod
from models.bills import Basis, Bill, Charge, Every, Payer
from models.bookings import Booking, BookingStatus
from models.chart import ESTATE_DUES
from models.estate import Block, Estate, Occupancy, OccupancyRole, Ownership, Unit, UnitType
from models.sales import Apartment, ApartmentStatus
from services import bill_runs, billing, bills, estate, handovers, payments, people
from services.payments import Part
from workers import demo_cast as cast

At = Callable[[datetime], AbstractContextManager[Work]]
BLOCKS = ("Acacia", "Baobab", "Cedar")
FLOORS, DOORS = 4, 3
SIZES = ((Decimal(52), 1), (Decimal(78), 2), (Decimal(124), 3))
SHOPS = 4
MOVING_DAYS = 80
STOOD, BILLED = 15, 9
"""Months since the first people moved in, and since charges are asked for."""
EARLY = time(6, tzinfo=UTC)
METHODS = (PaymentMethod.bank_transfer, PaymentMethod.bank_transfer, PaymentMethod.cash)


@dataclass
class Court:
    """The estate of one organization, from its first day to now."""

    at: At
    random: random.Random
    currency: str
    owner_id: UUID
    resident_id: UUID
    place_id: UUID = field(init=False)
    since: date = field(init=False)

    def play(self) -> None:
        """Build it, let people move in, and ask them for its charges, month by month."""
        today = clock().date()
        this = today.replace(day=1)
        first = (this - timedelta(days=30 * BILLED)).replace(day=1)
        self.since = (this - timedelta(days=30 * STOOD)).replace(day=1) - timedelta(days=90)
        with self.at(_morning(self.since)) as work:
            self._build(work)
        with self.at(_morning(self.since + timedelta(days=MOVING_DAYS + 1))) as work:
            for unit_id in estate.stale(work):
                estate.refresh(work, unit_id)
        with self.at(clock() - timedelta(hours=5)) as work:
            self._hand_over(work)
        rate = Decimal(45) if self.currency == "KES" else Decimal(350)
        charge = self._bill(
            "Service charge",
            basis=Basis.area,
            amount=rate,
            every=Every.month,
            first_on=first,
            payer=Payer.owners,
        )
        guards = self._bill(
            "Security of the shops",
            basis=Basis.formula,
            formula="area * 60 if type == 'shop' else 0",
            audience_types=["shop"],
            every=Every.quarter,
            first_on=first,
            payer=Payer.occupant_or_owners,
            discount_percent=Decimal(5),
        )
        for bill_id in (charge, guards):
            self._ask(bill_id, today)
        self._leave_something(today)

    def _build(self, work: Work) -> None:
        home = work.scope.home()
        place = Estate(organization_id=home, name="Jacaranda Court", address="Riverside Lane 14")
        place.currency, place.time_zone = self.currency, "Africa/Nairobi"
        place.created_at = work.now
        estate.check_estate(work, place)
        work.session.add(place)
        work.session.flush()
        self.place_id = place.id
        for name in BLOCKS:
            block = Block(organization_id=home, estate_id=place.id, name=name)
            work.session.add(block)
            work.session.flush()
            for floor in range(1, FLOORS + 1):
                for door in range(1, DOORS + 1):
                    area, bedrooms = SIZES[door - 1]
                    unit = Unit(floor=floor, area=area, bedrooms=bedrooms, block_id=block.id)
                    self._settle(work, unit, f"{name[0]}-{floor}{door:02d}")
        for number in range(1, SHOPS + 1):
            unit = Unit(floor=0, area=Decimal(30 + 12 * number), type=UnitType.shop)
            self._settle(work, unit, f"S-{number}")

    def _settle(self, work: Work, unit: Unit, number: str) -> None:
        """Give a unit its owner or two, and somebody who lives there, mostly."""
        unit.organization_id, unit.estate_id = work.scope.home(), self.place_id
        unit.number, unit.created_at = number, work.now
        work.session.add(unit)
        work.session.flush()
        owners = [self.owner_id] if number in ("A-101", "B-203") else [self._somebody(work)]
        if number in ("B-203", "C-303"):
            owners.append(self._somebody(work))
        for party_id in owners:
            row = Ownership(unit_id=unit.id, party_id=party_id, since=self.since)
            row.share_parts, row.share_of = 1, len(owners)
            estate.own(work, row)
        kind = self.random.choices(("tenant", "owner", "nobody"), (50, 35, 15))[0]
        if number == "A-101":
            self._move_in(work, unit.id, self.resident_id, OccupancyRole.tenant)
        elif kind == "tenant":
            tenant = self._somebody(work)
            self._move_in(work, unit.id, tenant, OccupancyRole.tenant)
        elif kind == "owner" and self.owner_id not in owners:
            self._move_in(work, unit.id, owners[0], OccupancyRole.owner_occupier)

    def _move_in(self, work: Work, unit_id: UUID, party_id: UUID, role: OccupancyRole) -> None:
        since = self.since + timedelta(days=self.random.randint(1, MOVING_DAYS))
        row = Occupancy(unit_id=unit_id, party_id=party_id, role=role, since=since)
        estate.move_in(work, row)

    def _somebody(self, work: Work) -> UUID:
        name = f"{self.random.choice(cast.FIRST)} {self.random.choice(cast.LAST)}"
        number = self.random.randint(1000, 9999)
        email = f"{name.split()[1].lower()}.{number}@mail.example"
        phone = f"+254 7{self.random.randint(10, 99)} 555 {self.random.randint(100, 999)}"
        return people.add(work, name, email=email, phone=phone, roles=()).id

    def _hand_over(self, work: Work) -> None:
        """Let two apartments that were sold become units of their buyers."""
        sold = (
            select(Booking.id)
            .join(Apartment, Apartment.id == Booking.original_id)
            .where(
                Booking.status == BookingStatus.approved, Apartment.status == ApartmentStatus.sold
            )
            .order_by(Booking.id)
            .limit(2)
        )
        for number, booking_id in enumerate(work.session.scalars(sold).all(), 1):
            since = work.now.date()
            handovers.hand_over(
                work, booking_id, self.place_id, f"N-{number}", since, lives=number == 1
            )

    def _bill(self, title: str, **given: object) -> UUID:
        with self.at(_morning(self.since)) as work:
            bill = Bill(organization_id=work.scope.home(), estate_id=self.place_id, title=title)
            for name, value in given.items():
                setattr(bill, name, value)
            bill.code, bill.created_at = ESTATE_DUES, work.now
            bills.check(work, bill)
            work.session.add(bill)
            work.session.flush()
            return bill.id

    def _ask(self, bill_id: UUID, today: date) -> None:
        """Issue each period on its day; most pay within the month, some late, a few not at all."""
        with self.at(_morning(today)) as work:
            days = list(bills.periods(work.session.get_one(Bill, bill_id), today))
        for day in days:
            with self.at(_morning(day)) as work:
                cycle = bill_runs.plan(work, bill_id, day)
                bill_runs.issue(work, cycle.id)
                while bill_runs.advance(work, cycle.id):
                    pass
                cycle_id = cycle.id
            later = day + timedelta(days=self.random.randint(6, 12))
            if later < today:
                self._pay(cycle_id, _morning(later), today - day)

    def _pay(self, cycle_id: UUID, instant: datetime, age: timedelta) -> None:
        likely = 0.97 if age > timedelta(days=75) else 0.8
        with self.at(instant) as work:
            open_ones = (
                select(Invoice.id, Invoice.total, Invoice.party_id)
                .join(Charge, Charge.id == Invoice.id)
                .where(Charge.cycle_id == cycle_id, Invoice.status.in_(billing.OPEN))
                .order_by(Invoice.number)
            )
            for row in work.session.execute(open_ones).all():
                owes = row.party_id == self.owner_id and age < timedelta(days=75)
                if owes or self.random.random() > likely:
                    continue
                part = row.total / 2 if self.random.random() < 0.04 else row.total
                amount = part.quantize(Decimal(1))
                payments.record(
                    work,
                    [Part(row.id, min(amount, row.total))],
                    self.random.choice(METHODS),
                    again=True,
                )

    def _leave_something(self, today: date) -> None:
        """Leave a bill that is planned and waits to be looked at."""
        repair = self._bill(
            "Repair of the gate road",
            basis=Basis.divided_by_area,
            amount=Decimal(480_000) if self.currency == "KES" else Decimal(3_600_000),
            every=Every.once,
            first_on=today,
            payer=Payer.owners,
            automatic=False,
        )
        with self.at(clock() - timedelta(hours=2)) as work:
            bill_runs.plan(work, repair, today)


def _morning(day: date) -> datetime:
    return datetime.combine(day, EARLY)
