"""What buyers see of their own: bookings, what is due, payments.

Every function sees the rows of the party at hand only (core/scope.py, and row-level security).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, Select, func, literal, select

from core.errors import NotFound
from core.work import Work
from models.billing import Invoice, InvoiceLine, InvoiceStatus, PaymentMethod
from models.bookings import (
    Booking,
    BookingAddon,
    BookingInvoice,
    BookingStatus,
    InstalmentPlan,
)
from models.payments import Allocation, IntentStatus, PaymentIntent
from models.sales import Addon, Apartment, ApartmentStatus, Package, Project
from services import billing, instalments, ledger

MOST = 200
"""Rows of a list, the newest first."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A booking as its buyer reads it. Money is in `currency`."""

    id: UUID
    number: str
    status: BookingStatus
    status_at: datetime
    created_at: datetime
    hold_until: datetime | None
    confirmed_at: datetime | None
    original_id: UUID
    apartment: str
    project_id: UUID | None
    project: str
    refund_percent: Decimal
    floor: int | None
    block: str
    layout: str
    area: Decimal
    package_id: UUID | None
    package: str
    plan_id: UUID | None
    plan: str
    method: PaymentMethod | None
    currency: str
    base_price: Decimal
    package_price: Decimal
    addons_price: Decimal
    total: Decimal
    paid: Decimal
    reason: str

    @property
    def remaining(self) -> Decimal:
        """What is still to be paid of the total."""
        return self.total - self.paid

    def held(self, now: datetime) -> bool:
        """Whether the buyer may still choose."""
        pending = self.status is BookingStatus.pending
        return pending and self.hold_until is not None and self.hold_until > now

    @property
    def waits(self) -> bool:
        """Whether it is a place on the waiting list."""
        return self.status is BookingStatus.pending and self.hold_until is None


@dataclass(frozen=True, slots=True)
class Choice:
    """An add-on chosen in a booking."""

    addon_id: UUID
    name: str
    units: int
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice as its buyer reads it, with the booking that it is for."""

    id: UUID
    number: str | None
    subject: str
    status: InvoiceStatus
    currency: str
    total: Decimal
    paid: Decimal
    due_on: date | None
    issued_at: datetime | None
    paid_at: datetime | None
    booking_id: UUID | None
    confirmed: bool
    position: int
    milestone: str
    method: PaymentMethod | None

    @property
    def due(self) -> Decimal:
        """What is asked for now."""
        return self.total - self.paid if self.status in billing.OPEN else Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """One step of a plan: its amount, and the day or the milestone it is due at."""

    percent: Decimal
    amount: Decimal
    due_on: date | None
    milestone: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to pay a booking in parts, with the amounts that would be asked for."""

    id: UUID
    name: str
    shares: tuple[Share, ...]


def purchases(work: Work) -> list[Purchase]:
    """List the buyer's bookings, the newest first."""
    rows = work.session.execute(_purchases().order_by(Booking.id.desc()).limit(MOST))
    return [_purchase(row) for row in rows]


def purchase(work: Work, booking_id: UUID) -> Purchase:
    """Find one booking of the buyer.

    Raises:
        NotFound: there is none, or it is somebody else's.

    """
    row = work.session.execute(_purchases().where(Booking.id == booking_id)).one_or_none()
    if row is None:
        raise NotFound
    return _purchase(row)


def purchase_of(work: Work, apartment_id: UUID) -> Purchase | None:
    """Find the buyer's own claim on an apartment that is not over."""
    live = (
        *(BookingStatus.pending, BookingStatus.in_progress),
        *(BookingStatus.under_review, BookingStatus.approved),
    )
    mine = _purchases().where(Booking.original_id == apartment_id, Booking.status.in_(live))
    row = work.session.execute(mine).first()
    return _purchase(row) if row else None


def chosen(work: Work, booking_id: UUID) -> list[Choice]:
    """List the add-ons of a booking."""
    query = (
        select(BookingAddon, Addon.name)
        .join(Addon, Addon.id == BookingAddon.addon_id)
        .where(BookingAddon.booking_id == booking_id)
        .order_by(Addon.name)
    )
    return [
        Choice(row.addon_id, name, row.units, row.price_per_unit, row.amount)
        for row, name in work.session.execute(query)
    ]


def plans(work: Work, bought: Purchase) -> list[Plan]:
    """List the plans of the project, with what each would ask for, and when."""
    query = (
        select(InstalmentPlan)
        .where(InstalmentPlan.project_id == bought.project_id)
        .order_by(InstalmentPlan.standard.desc(), InstalmentPlan.name)
    )
    today = ledger.business_date(work)
    return [
        Plan(
            plan.id,
            plan.name,
            tuple(
                Share(step.percent, amount, instalments.due_on(step, today), step.milestone)
                for step, amount in instalments.parts(
                    work, Booking(plan_id=plan.id, total=bought.total, currency=bought.currency)
                )
                if step is not None
            ),
        )
        for plan in work.session.scalars(query)
    ]


def bills(work: Work, booking_id: UUID | None = None) -> list[Bill]:
    """List the buyer's invoices, or those of one booking; by due date, what has none last.

    What is to be paid comes first, so that no length of history hides it.
    """
    past = Invoice.status.not_in(billing.OPEN) if booking_id is None else literal(value=False)
    query = (
        select(Invoice, BookingInvoice, Booking.confirmed_at, Booking.payment_method)
        .outerjoin(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .outerjoin(Booking, Booking.id == BookingInvoice.booking_id)
        .order_by(past, Invoice.due_on.asc().nulls_last(), BookingInvoice.position, Invoice.id)
        .limit(MOST)
    )
    if booking_id is not None:
        query = query.where(BookingInvoice.booking_id == booking_id)
    return [
        Bill(
            invoice.id,
            invoice.number,
            invoice.subject,
            invoice.status,
            invoice.currency,
            invoice.total,
            invoice.paid_amount,
            invoice.due_on,
            invoice.issued_at,
            invoice.paid_at,
            link.booking_id if link else None,
            confirmed_at is not None,
            link.position if link else 0,
            link.milestone if link else "",
            method,
        )
        for invoice, link, confirmed_at, method in work.session.execute(query)
    ]


def issued(work: Work, most: int = 20) -> list[Invoice]:
    """List the buyer's invoices that were issued, the latest first."""
    query = select(Invoice).where(Invoice.issued_at.is_not(None)).order_by(Invoice.issued_at.desc())
    return list(work.session.scalars(query.limit(most)))


def lines(work: Work, booking_id: UUID) -> list[InvoiceLine]:
    """List the lines of a booking's invoices, but for those that do not hold any more."""
    over = (InvoiceStatus.void, InvoiceStatus.rejected)
    query = (
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == booking_id, Invoice.status.not_in(over))
        .order_by(BookingInvoice.position, InvoiceLine.position)
    )
    return list(work.session.scalars(query))


def owed(bills_: Sequence[Bill]) -> dict[str, Decimal]:
    """Sum what is due, by currency."""
    sums: dict[str, Decimal] = {}
    for bill in bills_:
        if bill.due:
            sums[bill.currency] = sums.get(bill.currency, Decimal(0)) + bill.due
    return sums


def paid(work: Work, booking_id: UUID | None = None) -> list[PaymentIntent]:
    """List the buyer's payments, or those for one booking, the newest first."""
    query = select(PaymentIntent).order_by(PaymentIntent.id.desc()).limit(MOST)
    if booking_id is not None:
        for_it = (
            select(Allocation.intent_id)
            .join(BookingInvoice, BookingInvoice.invoice_id == Allocation.invoice_id)
            .where(BookingInvoice.booking_id == booking_id)
        )
        query = query.where(PaymentIntent.id.in_(for_it))
    return list(work.session.scalars(query))


def announced(work: Work) -> dict[UUID, PaymentIntent]:
    """Find the transfers that the buyer means to send and nobody has seen arrive, by invoice."""
    query = (
        select(Allocation.invoice_id, PaymentIntent)
        .join(PaymentIntent, PaymentIntent.id == Allocation.intent_id)
        .where(
            PaymentIntent.method == PaymentMethod.bank_transfer,
            PaymentIntent.status.in_((IntentStatus.requires_action, IntentStatus.processing)),
        )
        .order_by(PaymentIntent.id)
        .limit(MOST)
    )
    return {row.invoice_id: row.PaymentIntent for row in work.session.execute(query)}


def is_free(work: Work, bought: Purchase) -> bool:
    """Whether the apartment of a booking is for sale now, to whoever comes first."""
    query = select(Apartment.status).where(Apartment.id == bought.original_id)
    return work.session.scalar(query) is ApartmentStatus.for_sale


def paid_for(work: Work, intent_id: UUID) -> list[tuple[Invoice, Decimal]]:
    """List the invoices of a payment, with how much of it is for each."""
    query = (
        select(Invoice, Allocation.amount)
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Allocation.intent_id == intent_id)
        .order_by(Invoice.number)
    )
    return [(invoice, amount) for invoice, amount in work.session.execute(query)]


def _purchases() -> Select[Booking, Apartment, Project, str, str, Decimal]:
    paid_amount = (
        select(func.coalesce(func.sum(Invoice.paid_amount), 0))
        .join(BookingInvoice, BookingInvoice.invoice_id == Invoice.id)
        .where(BookingInvoice.booking_id == Booking.id)
        .correlate(Booking)
        .scalar_subquery()
    )
    return (
        select(
            Booking,
            Apartment,
            Project,
            func.coalesce(Package.name, "").label("package"),
            func.coalesce(InstalmentPlan.name, "").label("plan"),
            paid_amount.label("paid"),
        )
        # The clone, as the original may have been withdrawn meanwhile; a waiting place has none.
        .join(Apartment, Apartment.id == func.coalesce(Booking.apartment_id, Booking.original_id))
        .outerjoin(Project, Project.id == Apartment.project_id)
        .outerjoin(Package, Package.id == Booking.package_id)
        .outerjoin(InstalmentPlan, InstalmentPlan.id == Booking.plan_id)
    )


def _purchase(row: Row[Booking, Apartment, Project, str, str, Decimal]) -> Purchase:
    booking, apartment, project = row.Booking, row.Apartment, row.Project
    return Purchase(
        id=booking.id,
        number=booking.number,
        status=booking.status,
        status_at=booking.status_at,
        created_at=booking.created_at,
        hold_until=booking.hold_until,
        confirmed_at=booking.confirmed_at,
        original_id=booking.original_id,
        apartment=apartment.name,
        project_id=apartment.project_id,
        project=project.name if project else "",
        refund_percent=project.refund_percent if project else Decimal(90),
        floor=apartment.floor,
        block=apartment.block,
        layout=apartment.layout,
        area=apartment.area,
        package_id=booking.package_id,
        package=row.package,
        plan_id=booking.plan_id,
        plan=row.plan,
        method=booking.payment_method,
        currency=booking.currency,
        base_price=booking.base_price,
        package_price=booking.package_price,
        addons_price=booking.addons_price,
        total=booking.total,
        paid=row.paid,
        reason=booking.reason,
    )
