"""Cheques: taken as payment, carried to the bank, cleared there, or back without money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.billing import PaymentMethod
from models.chart import OTHER_INCOME
from models.cheques import CHEQUE_FLOW, Cheque, ChequeStatus
from services import billing, ledger, organizations, payments, postings, reversals
from services.billing import Line, ReasonNeeded
from services.events import Fact, emit
from services.payments import Part

STALE = timedelta(days=183)
"""Banks do not take a cheque that is older than six months."""


class ChequeTaken(Refused):
    """The same cheque cannot pay twice."""

    code = "cheque_taken"
    says = N_("This cheque was taken before.")


@dataclass(frozen=True)
class ChequeBounced(Fact, type="cheque.bounced", table="cheque"):
    """The bank did not pay a cheque; its invoices ask for the money again."""

    cheque_id: UUID
    party_id: UUID
    number: str
    amount: Decimal
    currency: str
    reason: str


@dataclass(frozen=True)
class ChequeMoved(Fact, type="cheque.status_changed", table="cheque"):
    """A cheque was carried to the bank, or has cleared."""

    cheque_id: UUID
    party_id: UUID
    number: str
    new: ChequeStatus


def receive(  # noqa: PLR0913, PLR0917  # what stands on a cheque
    work: Work,
    parts: Sequence[Part],
    number: str,
    bank: str,
    written_on: date,
    note: str = "",
) -> Cheque:
    """Take a cheque: it pays the invoices, and is in hand until it is carried to the bank.

    Raises:
        BadInput: its number is none, or its day too long ago for a bank.
        ChequeTaken: it was taken before.
        As `payments.record`.

    """
    number, bank = number.strip(), " ".join(bank.split())
    today = ledger.business_date(work)
    if not (number.isascii() and number.isdigit() and len(number) <= 20):
        raise BadInput(N_("A cheque's number has up to 20 digits."), field="number")
    if not bank:
        raise BadInput(N_("Say whose bank's cheque it is."), field="bank")
    if not today - STALE <= written_on <= today + STALE:
        raise BadInput(N_("A bank takes no cheque of that day."), field="written_on")
    intent = payments.record(work, parts, PaymentMethod.cheque, note, again=True)
    row = Cheque(
        id=uuid7(),
        organization_id=intent.organization_id,
        number=number,
        bank=bank[:120],
        party_id=intent.party_id,
        intent_id=intent.id,
        amount=intent.amount,
        currency=intent.currency,
        written_on=written_on,
        created_at=work.now,
    )
    taken = ChequeTaken(field="number")
    with refusing(work.session, {"uq_cheque_organization_id_party_id_bank_number": taken}):
        work.session.add(row)
        work.session.flush()
    return row


def deposit(work: Work, cheque_id: UUID, on: date | None = None) -> Cheque:
    """Note that a cheque was carried to the bank.

    Raises:
        BadInput: the day is still to come, or before the one on the cheque.

    """
    row = locked(work, Cheque, cheque_id)
    CHEQUE_FLOW.check(row, "deposit")
    day = _day(work, row, on)
    CHEQUE_FLOW.move(row, "deposit")
    row.deposited_on = day
    work.session.flush()
    emit(work, ChequeMoved(row.id, row.party_id, row.number, row.status))
    return row


def clear(work: Work, cheque_id: UUID, on: date | None = None) -> Cheque:
    """Note that the bank has the money: from cheques in hand it goes to the bank.

    Raises:
        BadInput: the day is still to come, or before the one on the cheque.

    """
    row = locked(work, Cheque, cheque_id)
    CHEQUE_FLOW.check(row, "clear")
    day = _day(work, row, on)
    CHEQUE_FLOW.move(row, "clear")
    row.cleared_on, row.deposited_on = day, row.deposited_on or day
    work.session.flush()
    ledger.post(work, postings.cheque_cleared(row))
    emit(work, ChequeMoved(row.id, row.party_id, row.number, row.status))
    return row


def bounce(work: Work, cheque_id: UUID, reason: str, fee: Decimal | None = None) -> Cheque:
    """Note that the bank does not pay: the payment is taken back, and a fee may be asked for.

    Raises:
        ReasonNeeded: nobody said why.
        BadInput: the fee is less than nothing.
        As `reversals.take_back`.

    """
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    row = locked(work, Cheque, cheque_id)
    had_cleared = row.status is ChequeStatus.cleared
    today = ledger.business_date(work)
    CHEQUE_FLOW.move(row, "bounce")
    row.bounced_on, row.reason = today, reason.strip()[:400]
    work.session.flush()
    if had_cleared:
        posted, key, memo = postings.cheque_not_cleared(row)
        ledger.reverse(work, ledger.entry_with(work, posted), key, memo)
    reversals.take_back(work, row.intent_id, row.reason)
    if fee:
        row.fee_invoice_id = _charge(work, row, exact(fee, row.currency, "fee"))
    work.session.flush()
    emit(
        work,
        ChequeBounced(row.id, row.party_id, row.number, row.amount, row.currency, row.reason),
    )
    return row


def _charge(work: Work, row: Cheque, fee: Decimal) -> UUID:
    if fee < 0:
        raise BadInput(N_("A fee is zero or more."), field="fee")
    said = f"Fee for cheque {row.number} that was not paid"
    line = Line(said, fee, OTHER_INCOME)
    asked = billing.draft(work, row.party_id, row.currency, said, [line])
    days = organizations.setting(work, "invoice.due_days")
    due = ledger.business_date(work) + timedelta(days=days)
    return billing.issue(work, asked.id, due).id


def _day(work: Work, row: Cheque, on: date | None) -> date:
    today = ledger.business_date(work)
    day = on or today
    if day > today:
        raise BadInput(N_("That day is still to come."), field="on")
    if day < row.created_at.date() - STALE:
        raise BadInput(N_("A bank takes no cheque of that day."), field="on")
    return day
