"""What happens in the demo: customers book, pay, are approved, think better of it, or wait."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.db import uuid7
from core.work import Work
from models.billing import Invoice, InvoiceStatus, PaymentMethod
from models.bookings import Booking, BookingInvoice, InstalmentPlan, InstalmentStep
from models.events import Saga
from models.payments import Refund, RefundStatus
from models.people import PartyKind
from models.sales import (
    Addon,
    Apartment,
    ApartmentAddon,
    ApartmentPackage,
    ApartmentStatus,
    Package,
    Project,
)
from services import (
    assignments,
    booking_ends,
    bookings,
    choices,
    payments,
    people,
    refunds,
    sagas,
)
from services.payments import Part
from workers import demo_cast as cast

At = Callable[[datetime], AbstractContextManager[Work]]
ENDS = (
    ("sold", 24),
    ("approved", 18),
    ("under_review", 14),
    ("in_progress", 16),
    ("rejected", 8),
    ("cancelled", 8),
    ("cancelled_paid", 5),
    ("expired", 7),
)
"""How bookings end or stand, and how many of a hundred do."""
LATE = {"under_review", "in_progress", "approved"}
METHODS = (PaymentMethod.bank_transfer, PaymentMethod.bank_transfer, PaymentMethod.cash)


@dataclass
class Story:
    """One organization's eighteen months."""

    at: At
    random: random.Random
    buyer_id: UUID
    profiles: dict[str, UUID]
    free: list[UUID] = field(default_factory=list)

    @staticmethod
    def plans(work: Work, project: Project) -> None:
        """Offer to pay in four parts, by dates and at a milestone, or half and half."""
        offers = {
            "Four steps": ((10, 0, ""), (30, 30, ""), (30, 120, ""), (30, None, "Handover")),
            "Half and half": ((50, 7, ""), (50, 60, "")),
        }
        for name, steps in offers.items():
            plan = InstalmentPlan(id=uuid7(), project_id=project.id, name=name)
            plan.organization_id = work.scope.home()
            work.session.add(plan)
            work.session.flush()
            for position, (percent, days, milestone) in enumerate(steps, 1):
                work.session.add(
                    InstalmentStep(
                        id=uuid7(),
                        organization_id=plan.organization_id,
                        plan_id=plan.id,
                        position=position,
                        percent=Decimal(percent),
                        days=days,
                        milestone=milestone,
                    )
                )
        work.session.flush()

    def play(self, company: cast.Company, began: datetime) -> None:
        """Let everything happen in the order of time."""
        with self.at(began) as work:
            customers = [self._customer(work, number) for number in range(company.bookings // 2)]
            query = select(Apartment.id).where(Apartment.status == ApartmentStatus.for_sale)
            self.free = list(work.session.scalars(query.order_by(func.md5(Apartment.name))))
        end = began + timedelta(days=545)
        starts = sorted(
            began + timedelta(days=10 + 505 * self.random.random() ** 0.8)
            for _ in range(company.bookings - 6)
        )
        kinds = [kind for kind, share in ENDS for _ in range(share)]
        for start in starts:
            recent = start > end - timedelta(days=60)
            kind = self.random.choice(sorted(LATE) if recent else kinds)
            self._booking(start, self.random.choice(customers), kind, end)
        self._present(end + timedelta(days=3), customers)

    def _customer(self, work: Work, number: int) -> UUID:
        if number < len(cast.FIRMS):
            name, kind = cast.FIRMS[number], PartyKind.company
        else:
            first, last = self.random.choice(cast.FIRST), self.random.choice(cast.LAST)
            name, kind = f"{first} {last}", PartyKind.person
        email = f"{name.split()[0].lower()}.{number}@mail.example"
        phone = f"+254 7{self.random.randint(10, 99)} 555 {self.random.randint(100, 999)}"
        return people.add(work, name, kind=kind, email=email, phone=phone).id

    def _booking(self, start: datetime, customer_id: UUID, kind: str, end: datetime) -> UUID:
        with self.at(start) as work:
            booking_id = bookings.hold(work, self.free.pop(), customer_id).id
            assignments.assign(work, booking_id)
        if kind == "expired":
            with self.at(start + timedelta(hours=2)) as work:
                booking_ends.expire(work, booking_id)
            return booking_id
        with self.at(start + timedelta(minutes=20)) as work:
            self.choose(work, booking_id)
            bookings.confirm(work, booking_id)
        if kind == "cancelled":
            with self.at(start + timedelta(days=4)) as work:
                booking_ends.cancel(work, booking_id, self.random.choice(cast.REASONS))
            return booking_id
        first = min(start + timedelta(days=self.random.randint(2, 9)), end)
        self._pay(first, booking_id, parts=1 if kind != "sold" else 9)
        self._go_on(first, booking_id, kind, end)
        return booking_id

    def _go_on(self, paid_at: datetime, booking_id: UUID, kind: str, end: datetime) -> None:
        days = self.random.randint(1, 6)
        if kind == "cancelled_paid":
            self._end(paid_at + timedelta(days=days), booking_id, booking_ends.cancel)
            return
        if kind == "in_progress":
            return
        with self.at(min(paid_at + timedelta(days=days), end)) as work:
            bookings.submit(work, booking_id)
        if kind == "rejected":
            self._end(paid_at + timedelta(days=days + 3), booking_id, booking_ends.reject)
        elif kind in {"approved", "sold"}:
            with self.at(min(paid_at + timedelta(days=days + 4), end)) as work:
                bookings.approve(work, booking_id)
                booking_ends.settle(work, booking_id)

    def choose(self, work: Work, booking_id: UUID) -> None:
        """Choose a package, some add-ons and a way to pay."""
        booking = work.session.get_one(Booking, booking_id)
        packages = (
            select(Package.id)
            .join(ApartmentPackage, ApartmentPackage.package_id == Package.id)
            .where(ApartmentPackage.apartment_id == booking.original_id)
            .order_by(Package.price)
        )
        chosen = self.random.choices(work.session.scalars(packages).all(), [3, 5, 2])[0]
        choices.choose_package(work, booking_id, chosen)
        addons = (
            select(Addon)
            .join(ApartmentAddon, ApartmentAddon.addon_id == Addon.id)
            .where(ApartmentAddon.apartment_id == booking.original_id)
            .order_by(Addon.name)
        )
        some = self.random.sample(work.session.scalars(addons).all(), self.random.randint(0, 3))
        units = {each.id: self.random.randint(1, min(each.max_units, 2)) for each in some}
        choices.choose_addons(work, booking_id, units)
        plans = (
            select(InstalmentPlan.id)
            .join(Apartment, Apartment.project_id == InstalmentPlan.project_id)
            .where(Apartment.id == booking.original_id)
            .order_by(InstalmentPlan.name)
        )
        plan = self.random.choice([*work.session.scalars(plans), None])
        choices.choose_payment(work, booking_id, self.random.choice(METHODS), plan)

    def _pay(self, instant: datetime, booking_id: UUID, parts: int) -> None:
        """Pay the next invoices; whoever pays all gets their milestones invoiced too."""
        with self.at(instant) as work:
            for invoice_id in self._open(work, booking_id)[:parts]:
                method = self.random.choice(METHODS)
                payments.record(work, [Part(invoice_id)], method, note="Paid at the office")

    def _open(self, work: Work, booking_id: UUID) -> list[UUID]:
        query = (
            select(Invoice.id)
            .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
            .where(BookingInvoice.booking_id == booking_id, Invoice.status == InvoiceStatus.issued)
            .order_by(BookingInvoice.position)
        )
        return list(work.session.scalars(query))

    def _end(
        self, instant: datetime, booking_id: UUID, act: Callable[[Work, UUID, str], Booking]
    ) -> None:
        """End a booking on which money was paid, and pay it back by hand."""
        with self.at(instant) as work:
            act(work, booking_id, self.random.choice(cast.REASONS))
        for day in range(1, 12):
            with self.at(instant + timedelta(days=day)) as work:
                due = select(Refund.id).where(Refund.status == RefundStatus.requested)
                for refund_id in work.session.scalars(due).all():
                    refunds.settle(work, refund_id)
                saga = work.session.scalar(select(Saga.id).where(Saga.subject_id == booking_id))
                if saga is None or not sagas.advance(work, saga):
                    state = select(Saga.finished_at).where(Saga.subject_id == booking_id)
                    if saga is None or work.session.scalar(state):
                        return

    def _present(self, now: datetime, customers: list[UUID]) -> None:
        """Leave something to do: holds that run, a waiting list, and the buyer's own bookings."""
        with self.at(now - timedelta(days=20)) as work:
            mine = bookings.hold(work, self.free.pop(), self.buyer_id).id
            assignments.assign(work, mine)
        with self.at(now - timedelta(days=20) + timedelta(minutes=15)) as work:
            self.choose(work, mine)
            bookings.confirm(work, mine)
        with self.at(now - timedelta(days=15)) as work:
            for invoice_id in self._open(work, mine)[:1]:
                payments.record(work, [Part(invoice_id)], PaymentMethod.bank_transfer)
        for number in range(4):
            with self.at(now - timedelta(minutes=5)) as work:
                owner = self.buyer_id if number == 3 else customers[number]
                apartment_id = self.free.pop()
                held = bookings.hold(work, apartment_id, owner)
                held.hold_until = now + timedelta(hours=6 + 12 * number)
                assignments.assign(work, held.id)
                if number < 2:
                    self.choose(work, held.id)
        with self.at(now) as work:
            bookings.join_waiting_list(work, apartment_id, customers[5])
            people.set_aside(work, customers[6], "Moved abroad")
            people.blacklist(work, customers[7], "Papers of another person were handed in")
