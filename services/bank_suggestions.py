"""What a bank's line may be: found by rules, by what it names, by amount, payer and day.

What the books have already is looked for among the entries that moved just this on the account:
what was paid out or in by hand, transfers, payouts, fees. An entry is suggested for one line.
"""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from core.work import Work, found
from models.bank_statements import (
    BankAccount,
    BankLine,
    BankLineStatus,
    BankMatch,
    BankRule,
    RuleTest,
)
from models.billing import Invoice, PaymentMethod
from models.chart import MAIN, Book
from models.payments import Allocation, IntentStatus, PaymentIntent
from models.people import Party
from services import billing, journal

ENOUGH = 45
"""Points from which a suggestion is made."""
NAMED, EXACT, PART, PAYER, KNOWN, AFTER = 60, 30, 5, 20, 10, 5
"""Points for the number, the whole amount, a part, the payer's name or most of it, the day."""
NEAR = ((0, 25), (3, 20), (7, 15), (14, 5))
"""Points for an entry of the same day, or of one so many days away."""
AWAY = timedelta(days=14)
MOST = 5000
NUMBER = re.compile(r"\b(INV|PAY)[\s-]?0*(\d{1,9})\b", re.IGNORECASE)
AWAITED = (IntentStatus.requires_action, IntentStatus.processing)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open invoice, an awaited transfer, or an entry that the books have already."""

    number: str
    name: str
    amount: Decimal
    since: date
    invoice_id: UUID | None = None
    intent_id: UUID | None = None
    entry_id: UUID | None = None


@dataclass
class Known:
    """Candidates by their numbers and by their amounts."""

    by_number: dict[str, Candidate] = field(default_factory=dict)
    by_amount: dict[Decimal, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def add(self, each: Candidate) -> None:
        """Take up a candidate."""
        self.by_number[_plain(each.number)] = each
        self.by_amount[each.amount].append(each)

    def settle(self, work: Work, announced: set[UUID]) -> None:
        """Leave out invoices that a transfer is announced for, where the amount alone is told.

        Two candidates for one money would be as good as each other, and neither be suggested.
        """
        query = select(Allocation.invoice_id, Allocation.amount).where(
            Allocation.intent_id.in_(announced)
        )
        promised = {(invoice_id, amount) for invoice_id, amount in work.session.execute(query)}
        for amount, rows in self.by_amount.items():
            rows[:] = [each for each in rows if (each.invoice_id, amount) not in promised]


def suggest(work: Work, account_id: UUID, currency: str) -> int:
    """Look for what the unmatched lines of an account may be. Returns for how many it was found.

    Payments come in on the own book's accounts; on others only rules are looked at.
    """
    account = found(work, BankAccount, account_id)
    own = work.session.get_one(Book, account.book_id).name == MAIN
    query = (
        select(BankLine)
        .where(BankLine.bank_account_id == account_id, BankLine.status == BankLineStatus.unmatched)
        .order_by(BankLine.booked_on, BankLine.id)
        .limit(MOST)
    )
    rules = work.session.scalars(
        select(BankRule).where(BankRule.active).order_by(BankRule.position, BankRule.id)
    ).all()
    lines = work.session.scalars(query).all()
    known, fitting = _known(work, currency) if own else Known(), 0
    _add_entries(work, account, known, lines)
    for line in lines:
        rule = next((each for each in rules if fits(each, line)), None)
        best = None if rule else _best(line, known)
        if best and best[0].entry_id:
            known.by_amount[line.amount].remove(best[0])  # no other line is the same entry
        line.suggested_rule_id = rule.id if rule else None
        line.suggested_invoice_id = best[0].invoice_id if best else None
        line.suggested_intent_id = best[0].intent_id if best else None
        line.suggested_entry_id = best[0].entry_id if best and not best[0].intent_id else None
        line.suggestion = rule.name if rule else (best[0].number if best else "")
        line.score = 100 if rule else min(best[1], 100) if best else 0
        fitting += bool(line.suggestion)
    work.session.flush()
    return fitting


def look_again(work: Work, account_id: UUID) -> int:
    """Look anew for what an account's unmatched lines may be: the books know more by now.

    Returns for how many it was found.
    """
    return suggest(work, account_id, found(work, BankAccount, account_id).currency)


def fits(rule: BankRule, line: BankLine) -> bool:
    """Whether a rule is for a line. Amounts of rules are without a sign."""
    size = abs(line.amount)
    if (rule.least is not None and size < rule.least) or (
        rule.most is not None and size > rule.most
    ):
        return False
    if rule.party_id is not None and line.amount < 0:
        return False
    wanted = rule.pattern.strip().casefold()
    texts = [each.casefold() for each in (line.payer, line.reference, line.description)]
    if rule.test is RuleTest.contains:
        return any(wanted in each for each in texts)
    if rule.test is RuleTest.equals:
        return wanted in texts
    # Its stars never look back, however long the text: fnmatch takes each of them atomically.
    plain = re.sub(r"([\[\]?])", r"[\1]", wanted)
    return any(fnmatch.fnmatchcase(each, plain) for each in texts)


def _known(work: Work, currency: str) -> Known:
    known = Known()
    invoices = (
        select(Invoice, Party.name)
        .join(Party, Party.id == Invoice.party_id)
        .where(Invoice.status.in_(billing.OPEN), Invoice.currency == currency)
        .order_by(Invoice.id.desc())
        .limit(MOST)
    )
    for invoice, name in work.session.execute(invoices):
        due = invoice.total - invoice.paid_amount
        since = (invoice.issued_at or invoice.created_at).date()
        known.add(Candidate(invoice.number or "", name, due, since, invoice_id=invoice.id))
    awaited = (
        select(PaymentIntent, Party.name)
        .join(Party, Party.id == PaymentIntent.party_id)
        .where(
            PaymentIntent.method == PaymentMethod.bank_transfer,
            PaymentIntent.status.in_(AWAITED),
            PaymentIntent.currency == currency,
        )
        .order_by(PaymentIntent.id.desc())
        .limit(MOST)
    )
    announced: set[UUID] = set()
    for intent, name in work.session.execute(awaited):
        since = intent.created_at.date()
        known.add(Candidate(intent.number, name, intent.amount, since, intent_id=intent.id))
        announced.add(intent.id)
    known.settle(work, announced)
    return known


def _add_entries(work: Work, account: BankAccount, known: Known, lines: Sequence[BankLine]) -> None:
    """Take up what the books have on the account, and no line of it was found to be yet.

    What a payment has brought is matched with the payment.
    """
    if not lines:
        return
    where = (account.book_id, account.code, account.currency)
    since, until = lines[0].booked_on - AWAY, lines[-1].booked_on + AWAY
    matched = (
        select(BankMatch.entry_id)
        .join(BankLine, BankLine.id == BankMatch.line_id)
        .where(BankLine.bank_account_id == account.id, BankMatch.undone_at.is_(None))
    )
    taken = set(work.session.scalars(matched))
    for each in journal.moved_on(work, *where, since, until, MOST):
        if each.entry_id not in taken:
            paid = each.source_id if each.source_table == "payment_intent" else None
            entry = Candidate(
                *(each.memo[:200], "", each.amount, each.booked_on),
                intent_id=paid,
                entry_id=each.entry_id,
            )
            known.by_amount[each.amount].append(entry)


def _best(line: BankLine, known: Known) -> tuple[Candidate, int] | None:
    """Give the candidate with most points, if they are enough and no other has as many.

    Of entries that are alike, as fees are, the first is as good as the next.
    """
    text = f"{line.reference} {line.description} {line.payer}"
    named = {f"{kind}{number}".upper() for kind, number in NUMBER.findall(text)}
    found = [known.by_number[each] for each in named if each in known.by_number]
    found = found if line.amount > 0 else []
    found += [each for each in known.by_amount.get(line.amount, ()) if each not in found]
    scored = sorted(
        ((_points(line, each, named), each) for each in found), key=lambda scored: scored[0]
    )
    if not scored or scored[-1][0] < ENOUGH:
        return None
    points, best = scored[-1]
    alike = [each for score, each in scored if score == points]
    if any(each.entry_id is None or each.number != best.number for each in alike[:-1]):
        return None
    # A transfer of another amount than it was announced with pays no invoice by itself.
    return (best, points) if best.intent_id is None or best.amount == line.amount else None


def _points(line: BankLine, each: Candidate, named: Iterable[str]) -> int:
    if each.entry_id is not None:
        return _nearness(line, each, named)
    points = NAMED if _plain(each.number) in named else 0
    points += EXACT if each.amount == line.amount else PART if each.amount > line.amount else 0
    points += _likeness(line.payer, each.name)
    return points + (AFTER if each.since <= line.booked_on else 0)


def _nearness(line: BankLine, entry: Candidate, named: Iterable[str]) -> int:
    """Give the points of an entry of just this amount: its day, and what its memo says."""
    days = abs((line.booked_on - entry.since).days)
    near = next((points for most, points in NEAR if days <= most), None)
    if near is None:
        return 0
    theirs = {f"{kind}{number}".upper() for kind, number in NUMBER.findall(entry.number)}
    said = _words(f"{line.reference} {line.description} {line.payer}") & _words(entry.number)
    return EXACT + near + (NAMED if theirs & set(named) else KNOWN if said else 0)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.casefold()))


def _likeness(payer: str, name: str) -> int:
    theirs, ours = (set(re.findall(r"\w{2,}", each.casefold())) for each in (payer, name))
    if not theirs or not ours:
        return 0
    if theirs == ours:
        return PAYER
    return KNOWN if len(theirs & ours) * 2 >= max(len(ours), 2) else 0


def _plain(number: str) -> str:
    """Write a number as lines are compared with it: INV12."""
    found = NUMBER.fullmatch(number.strip())
    return f"{found[1]}{found[2]}".upper() if found else number
