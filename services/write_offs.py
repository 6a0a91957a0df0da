"""Writing off what nobody will pay: whoever the rule names agrees to it first."""

from uuid import UUID

from sqlalchemy import func, select

from core.work import Work, found, locked
from models.billing import INVOICE_FLOW, Invoice
from models.people import Party
from services import approvals, billing
from services.approvals import Subject
from services.billing import ReasonNeeded

WRITE_OFF = "invoice.write_off"


def write_off(work: Work, invoice_id: UUID, reason: str = "") -> Invoice:
    """Agree to stop asking for what is unpaid; with the last approval that is needed it is so.

    Raises:
        ReasonNeeded: nobody said why.
        IllegalMove: nothing is asked for.
        As `approvals.give`.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    invoice = locked(work, Invoice, invoice_id)
    INVOICE_FLOW.check(invoice, "write_off")
    if approvals.give(work, WRITE_OFF, _subject(work, invoice), reason.strip()) == 0:
        billing.write_off(work, invoice.id, reason.strip())
    return invoice


def _subject(work: Work, invoice: Invoice) -> Subject:
    version = work.session.scalar(select(func.rules_version(invoice.organization_id, "invoice")))
    party = found(work, Party, invoice.party_id)
    return Subject(
        "invoice",
        invoice.id,
        invoice.number or invoice.subject,
        f"{party.name} \N{MIDDLE DOT} {invoice.subject}"[:200],
        version or 1,
        invoice.total - invoice.paid_amount,
        invoice.currency,
    )


def _nothing(work: Work, invoice_id: UUID) -> None:
    """Leave an invoice as it is that nobody agreed to write off."""


approvals.ON_LAPSE[WRITE_OFF] = _nothing
