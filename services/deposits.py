"""Deposits of tenants: theirs, and held apart from one's own money in the book in trust.

What the tenant pays comes in as any money does, and moves to the book in trust at once.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, locked
from models.billing import Invoice, InvoiceStatus
from models.leasing import Lease
from models.rents import ChargeKind, LeaseCharge
from services import ledger, trust_postings
from services.events import Fact, emit


@dataclass(frozen=True)
class DepositHeld(Fact, type="deposit.held", table="lease"):
    """A tenant's deposit is held apart for them."""

    lease_id: UUID
    number: str
    party_id: UUID
    amount: Decimal
    currency: str


def hold(work: Work, invoice_id: UUID) -> None:
    """Move a deposit that is paid in full to the book in trust; any other invoice, or again, no.

    Both sides post at once: what left the main book has come into the one in trust.
    """
    invoice = locked(work, Invoice, invoice_id)
    lease = lease_of(work, invoice.id)
    if lease is None or invoice.status is not InvoiceStatus.paid:
        return
    keys = (trust_postings.deposit_key(invoice.id, side) for side in ("out", "held"))
    out, into = trust_postings.deposit_held(
        lease, invoice, *(ledger.next_key(work, key) for key in keys)
    )
    if ledger.known(work, into.key):
        return
    ledger.post(work, out)
    ledger.post(work, into)
    emit(
        work,
        DepositHeld(lease.id, lease.number, lease.party_id, invoice.total, invoice.currency),
    )


def give_up(work: Work, invoice_id: UUID, reason: str) -> None:
    """Take a deposit out of the book in trust again, where it is; it is then like any money.

    Paid again, it is held again.
    """
    for side in ("held", "out"):
        key = ledger.last_key(work, trust_postings.deposit_key(invoice_id, side))
        entry_id = ledger.known(work, key)
        over = any(ledger.known(work, f"{key}:{word}") for word in ("reversed", "taken_back"))
        if entry_id is not None and not over:
            ledger.reverse(work, entry_id, f"{key}:taken_back", f"Deposit given up: {reason}")


def lease_of(work: Work, invoice_id: UUID) -> Lease | None:
    """Find the lease whose deposit an invoice asks for."""
    query = (
        select(Lease)
        .join(LeaseCharge, LeaseCharge.lease_id == Lease.id)
        .where(
            LeaseCharge.invoice_id == invoice_id,
            LeaseCharge.kind == ChargeKind.deposit,
            LeaseCharge.void.is_(False),
        )
    )
    return work.session.scalar(query)
