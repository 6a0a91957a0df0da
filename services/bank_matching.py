"""Matching: what a bank's line is put to, once, by the one path for money in, and undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.db import refusing, uuid7
from core.errors import BadInput, Refused
from core.money import exact
from core.text import N_
from core.work import Work, found, locked
from models.bank_statements import (
    BankAccount,
    BankLine,
    BankLineStatus,
    BankMatch,
    BankRule,
)
from models.billing import Invoice, PaymentMethod
from models.chart import BANK, FOLLOWS_DOCUMENTS, MAIN, OF_A_PARTY, Book
from models.cheques import Cheque, ChequeStatus
from models.payments import IntentStatus, PaymentIntent
from models.people import Party
from services import billing, cheques, ledger, payments, postings, reversals
from services.events import Fact, emit
from services.payments import Outcome, Part

NOTHING_DUE = N_("Nothing is due on that invoice in this currency, or the money went out.")
AWAITED = (IntentStatus.requires_action, IntentStatus.processing)


class MatchedAlready(Refused):
    """All of the line is matched, or the payment is."""

    code = "bank_line_matched"
    says = N_("That is matched already. Undo it first, if it is wrong.")


class NothingSuggested(Refused):
    """Nothing fits the line well enough."""

    code = "nothing_suggested"
    says = N_("Nothing fits this line. Say yourself what it is.")


class NoSuchPart(Refused):
    """What is named does not fit the line."""

    code = "bank_line_does_not_fit"
    status = 422
    says = N_("%(what)s does not fit this line.")


@dataclass(frozen=True)
class BankLineMatched(Fact, type="bank_line.matched", table="bank_line"):
    """A line, or a part of it, is in the books."""

    line_id: UUID
    match_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class BankMatchUndone(Fact, type="bank_line.match_undone", table="bank_line"):
    """What a line was matched with is not so: it waits again."""

    line_id: UUID
    match_id: UUID
    amount: Decimal
    currency: str


def accept(work: Work, line_id: UUID) -> BankLine:
    """Match a line with what was suggested for it.

    Raises:
        NothingSuggested: nothing was, or it does not hold any more.
        As what it is matched with.

    """
    line = locked(work, BankLine, line_id)
    if line.suggested_intent_id is not None:
        return with_payment(work, line_id, line.suggested_intent_id)
    if line.suggested_invoice_id is not None:
        return with_invoices(work, line_id, [line.suggested_invoice_id])
    rule = line.suggested_rule_id and work.session.get(BankRule, line.suggested_rule_id)
    if not rule:
        raise NothingSuggested
    if rule.party_id is None:
        return with_account(work, line_id, rule.code)
    due = (
        select(Invoice.id)
        .where(
            Invoice.party_id == rule.party_id,
            Invoice.status.in_(billing.OPEN),
            Invoice.currency == line.currency,
        )
        .order_by(Invoice.due_on.asc().nulls_last(), Invoice.id)
    )
    invoices = list(work.session.scalars(due))
    if not invoices:
        raise NothingSuggested
    return with_invoices(work, line_id, invoices)


def with_invoices(work: Work, line_id: UUID, invoice_ids: Sequence[UUID]) -> BankLine:
    """Let what came in pay invoices of one customer, in the order given, as far as it goes.

    What is left of the line waits: it may be credit, or somebody else's.

    Raises:
        MatchedAlready: nothing is left of the line.
        NoSuchPart: it went out, or nothing is due on them.

    """
    line, left = _open(work, line_id)
    if left <= 0 or _book(work, line).name != MAIN:
        raise NoSuchPart(NOTHING_DUE)
    parts = []
    for invoice_id in dict.fromkeys(invoice_ids):
        invoice = found(work, Invoice, invoice_id)
        due = invoice.total - invoice.paid_amount if invoice.status in billing.OPEN else Decimal(0)
        share = min(due, left)
        if share > 0 and invoice.currency == line.currency:
            parts.append(Part(invoice.id, share))
            left -= share
    if not parts:
        raise NoSuchPart(NOTHING_DUE)
    intent = payments.begin(work, parts, PaymentMethod.bank_transfer, note=_note(line), again=True)
    return _settled(work, line, intent)


def with_payment(work: Work, line_id: UUID, intent_id: UUID) -> BankLine:
    """Match a line with a payment: an awaited transfer comes in by it, one in the books is found.

    Raises:
        MatchedAlready: nothing is left of the line, or the payment is another line's.
        NoSuchPart: the payment is of another amount, or nothing came or will come by it.

    """
    line, left = _open(work, line_id)
    intent = locked(work, PaymentIntent, intent_id)
    if (intent.amount, intent.currency) != (left, line.currency):
        raise NoSuchPart(what=intent.number)
    if intent.method is PaymentMethod.bank_transfer and intent.status in AWAITED:
        return _settled(work, line, intent)
    account = found(work, BankAccount, line.bank_account_id)
    if intent.method is PaymentMethod.cheque:
        key = _cleared(work, intent, line)
        here = account.code == BANK
    else:
        key = f"payment:{intent.id}"
        here = postings.MONEY_ACCOUNTS.get(intent.method) == account.code
    if intent.status is not IntentStatus.succeeded or not here:
        raise NoSuchPart(what=intent.number)
    entry_id = ledger.entry_with(work, key)
    _match(work, line, intent.amount, intent_id=intent.id, entry_id=entry_id, booked=False)
    return line


def with_account(
    work: Work,
    line_id: UUID,
    code: str,
    party_id: UUID | None = None,
    amount: Decimal | None = None,
) -> BankLine:
    """Book a line, or `amount` of it (without a sign), on an account of the chart.

    Raises:
        MatchedAlready: nothing is left of the line.
        BadInput: the account is not for hands, or somebody's own and nobody is named.
        The database refuses what the chart has not, and days that are closed.

    """
    line, left = _open(work, line_id)
    account, book = found(work, BankAccount, line.bank_account_id), _book(work, line)
    size = abs(left) if amount is None else exact(amount, line.currency)
    if not 0 < size <= abs(left):
        raise BadInput(N_("Match more than nothing, and at most what is left."), field="amount")
    if code in FOLLOWS_DOCUMENTS or code == account.code:
        raise BadInput(N_("That account is not for this."), field="code")
    if code in OF_A_PARTY and party_id is None:
        raise BadInput(N_("Say whose account %(account)s is."), field="party", account=code)
    if party_id is not None:
        found(work, Party, party_id)
    match = BankMatch(
        id=uuid7(),
        organization_id=line.organization_id,
        line_id=line.id,
        code=code,
        party_id=party_id if code in OF_A_PARTY else None,
        amount=size if left > 0 else -size,
        currency=line.currency,
        booked=True,
        matched_at=work.now,
    )
    recipe = postings.bank_line_booked(match, line, account, book.name)
    match.entry_id = ledger.post(work, recipe)
    return _keep(work, line, match)


def undo(work: Work, match_id: UUID, reason: str) -> BankLine:
    """Undo a match: what it had posted is reversed, and the line waits again.

    Raises:
        MatchedAlready: it is undone.
        As `reversals.take_back`.

    """
    line_id = found(work, BankMatch, match_id).line_id
    line = locked(work, BankLine, line_id)
    match = locked(work, BankMatch, match_id)
    if match.undone_at is not None:
        raise MatchedAlready
    match.undone_at = work.now
    work.session.flush()
    if match.booked and match.intent_id is not None:
        reversals.take_back(work, match.intent_id, reason)
    elif match.booked:
        ledger.reverse(work, match.entry_id, *postings.bank_match_undone(match))
    work.session.refresh(line)
    emit(work, BankMatchUndone(line.id, match.id, match.amount, match.currency))
    return line


def undo_all(work: Work, line_id: UUID, reason: str) -> BankLine:
    """Undo all that a line is matched with.

    Raises:
        NothingSuggested: it is matched with nothing.
        As `undo`.

    """
    query = select(BankMatch.id).where(BankMatch.line_id == line_id, BankMatch.undone_at.is_(None))
    ids = list(work.session.scalars(query.order_by(BankMatch.id)))
    if not ids:
        raise NothingSuggested
    for match_id in ids:
        undo(work, match_id, reason)
    return found(work, BankLine, line_id)


def invoices_named(work: Work, numbers: Sequence[str]) -> list[UUID]:
    """Find invoices by their numbers, in the order given.

    Raises:
        BadInput: there is none with such a number.

    """
    ids = []
    for number in numbers:
        row = work.session.scalar(select(Invoice.id).where(Invoice.number == number.strip()))
        if row is None:
            raise BadInput(
                N_("There is no invoice %(number)s."), field="numbers", number=number[:40]
            )
        ids.append(row)
    return ids


def _open(work: Work, line_id: UUID) -> tuple[BankLine, Decimal]:
    line = locked(work, BankLine, line_id)
    left = line.amount - line.matched_amount
    if line.status is BankLineStatus.matched or not left:
        raise MatchedAlready
    return line, left


def _book(work: Work, line: BankLine) -> Book:
    account = found(work, BankAccount, line.bank_account_id)
    return work.session.get_one(Book, account.book_id)


def _cleared(work: Work, intent: PaymentIntent, line: BankLine) -> str:
    """Let a cheque clear by the bank's line, if it has not; gives the key of its entry."""
    query = select(Cheque).where(Cheque.intent_id == intent.id)
    cheque = work.session.scalar(query)
    if cheque is None:
        raise NoSuchPart(what=intent.number)
    if cheque.status is not ChequeStatus.cleared:
        cheques.clear(work, cheque.id, line.booked_on)
    return postings.cheque_not_cleared(cheque)[0]


def _settled(work: Work, line: BankLine, intent: PaymentIntent) -> BankLine:
    account = found(work, BankAccount, line.bank_account_id)
    if account.code != postings.MONEY_ACCOUNTS[PaymentMethod.bank_transfer]:
        raise NoSuchPart(what=intent.number)
    done = payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))
    entry_id = ledger.entry_with(work, f"payment:{done.id}")
    _match(work, line, done.amount, intent_id=done.id, entry_id=entry_id, booked=True)
    return line


def _match(  # noqa: PLR0913  # what a payment's match is made of
    work: Work,
    line: BankLine,
    amount: Decimal,
    *,
    intent_id: UUID,
    entry_id: UUID,
    booked: bool,
) -> None:
    match = BankMatch(
        id=uuid7(),
        organization_id=line.organization_id,
        line_id=line.id,
        intent_id=intent_id,
        entry_id=entry_id,
        amount=amount,
        currency=line.currency,
        booked=booked,
        matched_at=work.now,
    )
    _keep(work, line, match)


def _keep(work: Work, line: BankLine, match: BankMatch) -> BankLine:
    broken = {
        "ck_bank_line_matched_within_amount": MatchedAlready(),
        "uq_bank_match_intent": MatchedAlready(),
    }
    with refusing(work.session, broken):
        work.session.add(match)
        work.session.flush()
    work.session.refresh(line)
    emit(work, BankLineMatched(line.id, match.id, match.amount, match.currency))
    return line


def _note(line: BankLine) -> str:
    said = (line.payer, line.reference, line.description)
    return " \N{MIDDLE DOT} ".join(each for each in said if each)[:400]
