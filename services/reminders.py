"""Reminders: the ladder by which parties are told of what is due, before and after the day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.db import uuid7
from core.work import Work, locked
from models.billing import Invoice
from models.dunning import Reminder, ReminderStep
from services import billing, ledger
from services.events import Fact, emit

MOST = 500


@dataclass(frozen=True)
class InvoiceReminded(Fact, type="invoice.reminded", table="invoice"):
    """A party was reminded of what is due; `days` after the due date, negative before."""

    invoice_id: UUID
    party_id: UUID
    number: str
    due_amount: Decimal
    currency: str
    due_on: date
    days: int
    note: str


def due(work: Work, most: int = MOST) -> list[tuple[UUID, UUID]]:
    """List the invoices whose party is to be reminded today, each with the step that is reached.

    After an outage the last step that is reached is sent, and the ones before it are passed over.
    """
    today = ledger.business_date(work)
    sent = (
        select(func.max(ReminderStep.days))
        .join(Reminder, Reminder.step_id == ReminderStep.id)
        .where(Reminder.invoice_id == Invoice.id)
        .scalar_subquery()
    )
    late = cast(today, Date) - Invoice.due_on
    query = (
        select(Invoice.id, ReminderStep.id)
        .join(
            ReminderStep,
            (ReminderStep.organization_id == Invoice.organization_id) & (ReminderStep.days <= late),
        )
        .where(
            ReminderStep.active,
            Invoice.status.in_(billing.OPEN),
            Invoice.due_on.is_not(None),
            ReminderStep.days > func.coalesce(sent, -1_000),
        )
        .ext(distinct_on(Invoice.id))
        .order_by(Invoice.id, ReminderStep.days.desc())
        .limit(most)
    )
    return [(invoice_id, step_id) for invoice_id, step_id in work.session.execute(query)]


def remind(work: Work, invoice_id: UUID, step_id: UUID) -> bool:
    """Remind the party of an invoice, once a step; False where it is paid, or they were told."""
    invoice = locked(work, Invoice, invoice_id)
    step = work.session.get_one(ReminderStep, step_id)
    told = select(Reminder.id).where(Reminder.invoice_id == invoice_id, Reminder.step_id == step_id)
    if invoice.status not in billing.OPEN or work.session.scalar(told) or not invoice.due_on:
        return False
    open_amount = invoice.total - invoice.paid_amount
    work.session.add(
        Reminder(
            id=uuid7(),
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            step_id=step.id,
            due_amount=open_amount,
            sent_at=work.now,
        )
    )
    emit(
        work,
        InvoiceReminded(
            invoice.id,
            invoice.party_id,
            invoice.number or "",
            open_amount,
            invoice.currency,
            invoice.due_on,
            step.days,
            step.note,
        ),
    )
    return True
