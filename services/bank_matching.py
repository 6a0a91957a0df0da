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
from models.payments import Allocation, IntentStatus, PaymentIntent
from models.people import Party
from services import billing, cheques, ledger, payments, postings
from services.events import Fact, emit
from services.payments import Outcome, Part

NOTHING_DUE = N_("Nothing is due on that invoice in this currency, or the money went out.")
MOST = 5000
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


class EntryDoesNotFit(Refused):
    """It is not what moved, or it was taken back."""

    code = "bank_entry_does_not_fit"
    status = 422
    says = N_("This entry does not move what is left of the line on this account, or is reversed.")


@dataclass(frozen=True)
class BankLineMatched(Fact, type="bank_line.matched", table="bank_line"):
    """A line, or a part of it, is in the books."""

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
    if line.suggested_entry_id is not None:
        return with_entry(work, line_id, line.suggested_entry_id)
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


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many lines were matched with what was suggested, and how many could not be."""

    matched: int
    left: int


def accept_sure(work: Work, account_id: UUID, least: int) -> Accepted:
    """Match all lines of an account whose suggestion has at least so many points.

    One that holds no more stays as it is, and keeps nobody else from being matched.
    """
    account = found(work, BankAccount, account_id)
    query = (
        select(BankLine.id)
        .where(
            *(BankLine.bank_account_id == account.id, BankLine.suggestion != ""),
            *(BankLine.status == BankLineStatus.unmatched, BankLine.score >= least),
        )
        .order_by(BankLine.booked_on, BankLine.id)
        .limit(MOST)
    )
    matched, left = 0, 0
    for line_id in work.session.scalars(query).all():
        try:
            with work.session.begin_nested():
                accept(work, line_id)
            matched += 1
        except Refused:
            left += 1
    return Accepted(matched, left)


def with_invoices(work: Work, line_id: UUID, invoice_ids: Sequence[UUID]) -> BankLine:
    """Let what came in pay invoices of one customer, in the order given, as far as it goes.

    What is left of the line waits: it may be credit, or somebody else's. A transfer that was
    announced for just this comes in by it.

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
    intent = _announced(work, parts) or payments.begin(
        work, parts, PaymentMethod.bank_transfer, note=_note(line), again=True
    )
    return _settled(work, line, intent)


def with_payment(work: Work, line_id: UUID, intent_id: UUID) -> BankLine:
    """Match a line with a payment: an awaited transfer comes in by it, one in the books is found.

    Raises:
        MatchedAlready: nothing is left of the line, or the payment is another line's.
        NoSuchPart: the payment is of another amount, or nothing came or will come by it.

    """
    line, left = _open(work, line_id)
    intent = locked(work, PaymentIntent, intent_id)
    right = (intent.amount, intent.currency) == (left, line.currency)
    if not right or _book(work, line).name != MAIN:
        raise NoSuchPart(what=intent.number)
    if intent.method is PaymentMethod.bank_transfer and intent.status in AWAITED:
        return _settled(work, line, intent)
    account = found(work, BankAccount, line.bank_account_id)
    cleared = False
    if intent.method is PaymentMethod.cheque:
        here = account.code == BANK
        if not here:
            raise NoSuchPart(what=intent.number)
        key, cleared = _cleared(work, intent, line)
    else:
        key = f"payment:{intent.id}"
        here = postings.MONEY_ACCOUNTS.get(intent.method) == account.code
    if intent.status not in payments.OVER or not here:
        raise NoSuchPart(what=intent.number)
    entry_id = ledger.entry_with(work, key)
    match = _new(work, line, intent.amount, entry_id)
    match.intent_id, match.cleared = intent.id, cleared
    return _keep(work, line, match)


def with_entry(work: Work, line_id: UUID, entry_id: UUID) -> BankLine:
    """Match a line with an entry that the books have already: a payout, say, or one by hand.

    Raises:
        MatchedAlready: nothing is left of the line, or the entry is another line's.
        EntryDoesNotFit: it moves something else on this account of the bank, or is reversed.

    """
    line, left = _open(work, line_id)
    return _keep(work, line, _new(work, line, left, entry_id))


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
        cleared=False,
        matched_at=work.now,
    )
    recipe = postings.bank_line_booked(match, line, account, book.name)
    match.entry_id = ledger.post(work, recipe)
    return _keep(work, line, match)


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


def _announced(work: Work, parts: Sequence[Part]) -> PaymentIntent | None:
    """Find the one transfer that was announced for just these parts."""
    wanted = {part.invoice_id: part.amount for part in parts}
    query = (
        select(PaymentIntent.id)
        .join(Allocation, Allocation.intent_id == PaymentIntent.id)
        .where(
            PaymentIntent.method == PaymentMethod.bank_transfer,
            PaymentIntent.status.in_(AWAITED),
            PaymentIntent.amount == sum((part.amount or 0 for part in parts), Decimal(0)),
            Allocation.invoice_id.in_(wanted),
        )
        .distinct()
    )
    for intent_id in work.session.scalars(query.order_by(PaymentIntent.id).limit(20)).all():
        rows = select(Allocation).where(Allocation.intent_id == intent_id)
        said = {row.invoice_id: row.amount for row in work.session.scalars(rows)}
        intent = locked(work, PaymentIntent, intent_id)
        if said == wanted and intent.status in AWAITED:
            return intent
    return None


def _cleared(work: Work, intent: PaymentIntent, line: BankLine) -> tuple[str, bool]:
    """Let a cheque clear by the bank's line, if it has not; gives the key of its entry.

    One that was written down later than the bank has paid it clears on that later day.
    """
    query = select(Cheque).where(Cheque.intent_id == intent.id)
    cheque = work.session.scalar(query)
    if cheque is None:
        raise NoSuchPart(what=intent.number)
    fresh = cheque.status is not ChequeStatus.cleared
    if fresh:
        cheques.clear(work, cheque.id, max(line.booked_on, cheques.taken_on(work, cheque)))
    return postings.cheque_not_cleared(cheque)[0], fresh


def _settled(work: Work, line: BankLine, intent: PaymentIntent) -> BankLine:
    account = found(work, BankAccount, line.bank_account_id)
    here = account.code == postings.MONEY_ACCOUNTS[PaymentMethod.bank_transfer]
    if not here or _book(work, line).name != MAIN:
        raise NoSuchPart(what=intent.number)
    done = payments.settle(work, intent.id, Outcome("succeeded", intent.amount, intent.currency))
    entry_id = ledger.entry_with(work, f"payment:{done.id}")
    match = _new(work, line, done.amount, entry_id)
    match.intent_id, match.booked = done.id, True
    return _keep(work, line, match)


def _new(work: Work, line: BankLine, amount: Decimal, entry_id: UUID) -> BankMatch:
    """Make a match with what the books have, not yet written."""
    return BankMatch(
        id=uuid7(),
        organization_id=line.organization_id,
        line_id=line.id,
        entry_id=entry_id,
        amount=amount,
        currency=line.currency,
        booked=False,
        cleared=False,
        matched_at=work.now,
    )


def _keep(work: Work, line: BankLine, match: BankMatch) -> BankLine:
    broken = {
        "ck_bank_line_matched_within_amount": MatchedAlready(),
        "uq_bank_match_intent": MatchedAlready(),
        "bank_match_once": MatchedAlready(),
        "bank_match_fits": EntryDoesNotFit(field="entry"),
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
