"""What acts about money held for others mean, beside the recipes of services/postings.py."""

from typing import Any
from uuid import UUID

from models.billing import Invoice
from models.chart import BANK, DEPOSITS_HELD, TRUST
from models.leasing import Lease
from services.ledger import Leg, Recipe


def deposit_key(invoice_id: UUID, side: str) -> str:
    """Name the entry by which a deposit goes `out` of our book, or is `held` in trust."""
    return f"deposit:{invoice_id}:{side}"


def deposit_held(lease: Lease, invoice: Invoice, out: str, held: str) -> tuple[Recipe, Recipe]:
    """What a tenant paid as deposit leaves our own book, and is held in the one in trust.

    Its keys are given: paid again after it was taken back, it is held again.
    """
    both: dict[str, Any] = {"memo": f"Deposit of lease {lease.number}", "table": "invoice"}
    both |= {"source_id": invoice.id, "currency": invoice.currency}
    owed, unit = invoice.total, lease.unit_id
    return (
        Recipe(
            key=out,
            legs=[Leg(DEPOSITS_HELD, owed, lease.party_id, unit), Leg(BANK, -owed, None, unit)],
            **both,
        ),
        Recipe(
            key=held,
            legs=[Leg(BANK, owed, None, unit), Leg(DEPOSITS_HELD, -owed, lease.party_id, unit)],
            book=TRUST,
            **both,
        ),
    )
