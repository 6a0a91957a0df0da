"""Credit of a party: what came and paid nothing, or was taken back, pays other invoices."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import Invoice
from models.chart import CUSTOMER_CREDIT, MAIN
from models.credit import CreditUse
from services import billing, ledger, postings, statements
from services.events import Fact, emit


class NotSoMuchCredit(Refused):
    """The party has less to its credit."""

    code = "not_so_much_credit"
    says = N_("The customer does not have so much to their credit any more.")


@dataclass(frozen=True)
class CreditUsed(Fact, type="credit.used", table="invoice"):
    """Credit of a party paid an invoice, or a part of it."""

    invoice_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str


def available(work: Work, party_id: UUID, currency: str) -> Decimal:
    """Say how much a party has to its credit."""
    return -ledger.balance(work, CUSTOMER_CREDIT, currency, party_id)


def own(work: Work) -> list[tuple[str, Decimal]]:
    """Say what a member of the portal has to their credit: (currency, amount)."""
    found = [
        (currency, available(work, party_id, currency))
        for party_id in work.scope.parties or ()
        for book, currency in statements.currencies_of(work, party_id)
        if book == MAIN
    ]
    return [each for each in found if each[1] > 0]


def use(work: Work, invoice_id: UUID, amount: Decimal, once: str = "") -> CreditUse:
    """Pay an invoice, or a part of it, by the credit of its party; the same `once` pays once.

    Of two who use the same credit at once the database refuses the second.

    Raises:
        NotSoMuchCredit: the party has less.
        BadInput: it is nothing, or more than is due.

    """
    invoice = locked(work, Invoice, invoice_id)
    known = select(CreditUse).where(CreditUse.once == once)
    if once and (earlier := work.session.scalar(known)) is not None:
        return earlier
    amount = exact(amount, invoice.currency)
    due = invoice.total - invoice.paid_amount
    if amount <= 0 or invoice.status not in billing.OPEN or amount > due:
        raise BadInput(N_("Use more than nothing, and at most what is due."), field="amount")
    if available(work, invoice.party_id, invoice.currency) < amount:
        raise NotSoMuchCredit(field="amount")
    row = CreditUse(
        id=uuid7(),
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        party_id=invoice.party_id,
        once=once or None,
        amount=amount,
        currency=invoice.currency,
        used_at=work.now,
    )
    ledger.guard_credit(work, CUSTOMER_CREDIT, invoice.currency, invoice.party_id)
    with refusing(work.session, {"ck_account_not_overdrawn": NotSoMuchCredit(field="amount")}):
        work.session.add(row)
        work.session.flush()
        ledger.post(work, postings.credit_used(row, invoice))
    billing.receive(work, invoice.id, amount, None)
    said = (invoice.id, invoice.party_id, invoice.number or "", amount, invoice.currency)
    emit(work, CreditUsed(*said))
    return row
