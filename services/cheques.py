"""Cheques: taken as payment, carried to the bank, cleared there, or back without money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, locked
from models.bank_statements import BankMatch
from models.billing import PaymentMethod
from models.chart import OTHER_INCOME
from models.cheques import CHEQUE_FLOW, Cheque, ChequeStatus
from services import billing, ledger, organizations, payments, postings, reversals
from services.bank_statements import BankMatchUndone
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
        BadInput: the day is still to come, or before the one on the cheque or its receipt.

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
        BadInput: the day is still to come, or before the one on the cheque or its receipt.

    """
    row = locked(work, Cheque, cheque_id)
    CHEQUE_FLOW.check(row, "clear")
    day = _day(work, row, on)
    CHEQUE_FLOW.move(row, "clear")
    row.cleared_on, row.deposited_on = day, row.deposited_on or day
    row.clearings += 1
    work.session.flush()
    ledger.post(work, postings.cheque_cleared(row))
    emit(work, ChequeMoved(row.id, row.party_id, row.number, row.status))
    return row


def unclear(work: Work, intent_id: UUID) -> Cheque | None:
    """Note that a cheque has not cleared after all: it is at the bank still; None if it bounced."""
    query = select(Cheque.id).where(Cheque.intent_id == intent_id)
    row = locked(work, Cheque, work.session.scalars(query).one())
    if row.status is not ChequeStatus.cleared:
        return None
    CHEQUE_FLOW.move(row, "unclear")
    row.cleared_on = None
    work.session.flush()
    posted, key, memo = postings.cheque_not_cleared(row)
    ledger.reverse(work, ledger.entry_with(work, posted), key, memo)
    emit(work, ChequeMoved(row.id, row.party_id, row.number, row.status))
    return row


def taken_on(work: Work, row: Cheque) -> date:
    """Give the day on which a cheque was taken."""
    return row.created_at.astimezone(ledger.zone(work)).date()


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
    _unmatch(work, row)
    reversals.take_back(work, row.intent_id, row.reason)
    if fee:
        row.fee_invoice_id = _charge(work, row, exact(fee, row.currency, "fee"))
    work.session.flush()
    emit(
        work,
        ChequeBounced(row.id, row.party_id, row.number, row.amount, row.currency, row.reason),
    )
    return row


def _unmatch(work: Work, row: Cheque) -> None:
    """Let the bank's line that a cheque had been wait again: its money is not there."""
    live = select(BankMatch).where(
        BankMatch.intent_id == row.intent_id, BankMatch.undone_at.is_(None)
    )
    for match in work.session.scalars(live).all():
        match.undone_at = work.now
        work.session.flush()
        emit(work, BankMatchUndone(match.line_id, match.id, match.amount, match.currency))


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
    if day < max(row.written_on, taken_on(work, row)):
        said = N_("That is before the day on the cheque, or the one on which it was taken.")
        raise BadInput(said, field="on")
    return day
