"""What rows say of others: figures computed when somebody reads them, and never kept."""

from sqlalchemy import case, func, literal, select
from sqlalchemy.orm import column_property, foreign, relationship

from models.billing import Invoice
from models.bookings import Booking, BookingInvoice, BookingStatus
from models.credit import CreditNote
from models.payments import Allocation, PaymentIntent
from models.sales import Apartment, ApartmentType, Package, Project
from models.scheduled_bills import DueStatus, ScheduledBill, ScheduledPayment
from models.wallets import RecordType, Transaction, TransactionStatus

Invoice.instalment = relationship(
    BookingInvoice,
    primaryjoin=Invoice.id == foreign(BookingInvoice.invoice_id),
    uselist=False,
    viewonly=True,
    lazy="raise_on_sql",
)

Invoice.credited_amount = column_property(
    select(func.coalesce(func.sum(CreditNote.total), 0))
    .where(
        CreditNote.organization_id == Invoice.organization_id, CreditNote.invoice_id == Invoice.id
    )
    .correlate_except(CreditNote)
    .scalar_subquery(),
    deferred=True,
)

_PAID = (
    select(func.coalesce(func.sum(Invoice.paid_amount), 0))
    .where(
        BookingInvoice.organization_id == Booking.organization_id,
        BookingInvoice.booking_id == Booking.id,
        Invoice.id == BookingInvoice.invoice_id,
    )
    .correlate_except(Invoice, BookingInvoice)
    .scalar_subquery()
)
Booking.paid_amount = column_property(_PAID, deferred=True)
_ENDED = (BookingStatus.rejected, BookingStatus.cancelled, BookingStatus.expired)
Booking.remaining_amount = column_property(
    case((Booking.status.in_(_ENDED), literal(0, Booking.total.type)), else_=Booking.total - _PAID),
    deferred=True,
)

_OF_CLONE = (
    Booking.organization_id == Apartment.organization_id,
    Booking.apartment_id == Apartment.id,
)
Apartment.assigned_package_id = column_property(
    select(Booking.package_id).where(*_OF_CLONE).correlate_except(Booking).scalar_subquery(),
    deferred=True,
)
Apartment.assigned_package = column_property(
    select(Package.name)
    .where(*_OF_CLONE, Package.id == Booking.package_id)
    .correlate_except(Booking, Package)
    .scalar_subquery(),
    deferred=True,
)
Apartment.total_price = column_property(
    select(Booking.total).where(*_OF_CLONE).correlate_except(Booking).scalar_subquery(),
    deferred=True,
)

Project.total_units = column_property(
    select(func.count(Apartment.id))
    .where(
        Apartment.organization_id == Project.organization_id,
        Apartment.project_id == Project.id,
        Apartment.type == ApartmentType.project,
        Apartment.source_id.is_(None),
    )
    .correlate_except(Apartment)
    .scalar_subquery(),
    deferred=True,
)

PaymentIntent.unapplied_amount = column_property(
    PaymentIntent.amount
    - select(func.coalesce(func.sum(Allocation.amount), 0))
    .where(
        Allocation.organization_id == PaymentIntent.organization_id,
        Allocation.intent_id == PaymentIntent.id,
    )
    .correlate_except(Allocation)
    .scalar_subquery()
    # What filled a wallet is not left over.
    - select(func.coalesce(func.sum(Transaction.amount), 0))
    .where(
        Transaction.organization_id == PaymentIntent.organization_id,
        Transaction.wallet_id == PaymentIntent.wallet_id,
        Transaction.payment_reference == PaymentIntent.number,
        Transaction.record_type == RecordType.credit,
        Transaction.status == TransactionStatus.success,
    )
    .correlate_except(Transaction)
    .scalar_subquery(),
    deferred=True,
)

_OF_BILL = (
    ScheduledPayment.organization_id == ScheduledBill.organization_id,
    ScheduledPayment.bill_id == ScheduledBill.id,
)
ScheduledBill.next_on = column_property(
    select(func.min(ScheduledPayment.due_on))
    .where(
        *_OF_BILL,
        ScheduledPayment.status.in_((DueStatus.waiting, DueStatus.approved, DueStatus.ordered)),
    )
    .correlate_except(ScheduledPayment)
    .scalar_subquery(),
    deferred=True,
)
ScheduledBill.last_outcome = column_property(
    select(ScheduledPayment.status)
    .where(
        *_OF_BILL,
        ScheduledPayment.status.in_((DueStatus.paid, DueStatus.failed, DueStatus.skipped)),
    )
    .order_by(ScheduledPayment.due_on.desc())
    .limit(1)
    .correlate_except(ScheduledPayment)
    .scalar_subquery(),
    deferred=True,
)
