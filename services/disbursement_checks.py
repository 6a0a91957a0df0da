"""Whether owners are due something of what was paid: looked at with each payment under a lease."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.work import Work, found
from models.billing import Invoice, InvoiceLine
from models.chart import DEPOSITS_HELD
from models.estate import Ownership
from models.events import Event
from models.leasing import Lease
from models.payments import Allocation, PaymentIntent
from services import estate, ledger
from services.events import Fact, emit


@dataclass(frozen=True)
class DisbursementChecked(Fact, type="disbursement.checked", table="lease"):
    """Rent was paid, and it was looked whether its owners are due a part of it.

    `collected` is what the payment brought of what they earn; a deposit is the tenant's own.
    """

    lease_id: UUID
    intent_id: UUID
    unit_id: UUID
    owners: tuple[UUID, ...]
    collected: Decimal
    currency: str
    due: bool


def check(work: Work, intent_id: UUID) -> list[DisbursementChecked]:
    """Look at what a payment brought under leases, and state it; once a payment and lease."""
    intent = found(work, PaymentIntent, intent_id)
    deposits = select(InvoiceLine.id).where(
        InvoiceLine.invoice_id == Invoice.id, InvoiceLine.code == DEPOSITS_HELD
    )
    query = (
        select(Invoice.lease_id, func.sum(Allocation.amount).filter(~deposits.exists()))
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Allocation.intent_id == intent.id, Invoice.lease_id.is_not(None))
        .group_by(Invoice.lease_id)
        .order_by(Invoice.lease_id)
    )
    made = []
    for lease_id, amount in work.session.execute(query).all():
        if lease_id is None or _stated(work, lease_id, intent.id):
            continue
        lease, collected = found(work, Lease, lease_id), amount or Decimal(0)
        who = _owners(work, lease.unit_id)
        fact = DisbursementChecked(
            lease.id,
            intent.id,
            lease.unit_id,
            who,
            collected,
            intent.currency,
            bool(who) and collected > 0,
        )
        emit(work, fact)
        made.append(fact)
    return made


def _stated(work: Work, lease_id: UUID, intent_id: UUID) -> bool:
    query = select(Event.id).where(
        Event.type == DisbursementChecked.type,
        Event.subject_id == lease_id,
        Event.data["intent_id"].astext == str(intent_id),
    )
    return work.session.scalar(query.limit(1)) is not None


def _owners(work: Work, unit_id: UUID) -> tuple[UUID, ...]:
    day = ledger.business_date(work)
    query = select(Ownership.party_id).where(
        Ownership.unit_id == unit_id, *estate.on(Ownership, day)
    )
    return tuple(work.session.scalars(query.order_by(Ownership.id)))
