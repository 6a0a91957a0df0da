"""Whether bank and book say the same on a day, and what explains the difference."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core.work import Work, found
from models.bank_statements import BankAccount, BankStatement
from models.chart import Book
from services import balances, ledger
from services.balances import Books

# What of a line was not in the books at the end of the day: it counts as matched from the day on
# which it was, as the books do.
_LINES = text(
    """
    SELECT l.id, l.booked_on, coalesce(nullif(l.payer, ''), nullif(l.description, ''), l.reference)
        AS said, l.amount - coalesce((SELECT sum(m.amount) FROM bank_match AS m
            JOIN journal_entry AS e ON e.organization_id = m.organization_id AND e.id = m.entry_id
            WHERE m.organization_id = l.organization_id AND m.line_id = l.id
              AND e.booked_on <= :until
              AND (m.undone_at IS NULL OR (m.undone_at AT TIME ZONE :zone)::date > :until)), 0)
        AS amount
    FROM bank_line AS l
    WHERE l.organization_id = :home AND l.bank_account_id = :account AND l.booked_on <= :until
    ORDER BY l.booked_on, l.id
    """
)
# What the book has since the first statement, and no line of the bank up to that day.
_BOOKED = text(
    """
    SELECT e.id, e.booked_on, e.memo AS said, sum(p.amount) AS amount
    FROM account AS a
    JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
    JOIN journal_entry AS e ON e.organization_id = p.organization_id AND e.id = p.entry_id
    WHERE a.organization_id = :home AND a.book_id = :book AND a.code = :code
      AND a.currency = :currency AND e.booked_on BETWEEN :since AND :until
      AND NOT EXISTS (SELECT FROM bank_match AS m
          JOIN bank_line AS l ON l.organization_id = m.organization_id AND l.id = m.line_id
          WHERE m.organization_id = e.organization_id AND m.entry_id = e.id
            AND l.booked_on <= :until
            AND (m.undone_at IS NULL OR (m.undone_at AT TIME ZONE :zone)::date > :until))
      AND NOT EXISTS (SELECT FROM journal_entry AS r
          WHERE r.organization_id = e.organization_id AND r.booked_on BETWEEN :since AND :until
            AND (r.reverses_id = e.id OR r.id = e.reverses_id))
    GROUP BY e.id, e.booked_on, e.memo ORDER BY e.booked_on, e.id
    """
)

# The closing balance of the last statement that had ended, or the opening one of one under way,
# with the lines that came after it.
_SAID = text(
    """
    SELECT s.balance + coalesce((SELECT sum(l.amount) FROM bank_line AS l
        WHERE l.organization_id = :home AND l.bank_account_id = :account
          AND l.booked_on >= s.since AND l.booked_on <= :until), 0) AS said
    FROM (
        SELECT closing AS balance, ends_on + 1 AS since FROM bank_statement
        WHERE organization_id = :home AND bank_account_id = :account AND closing IS NOT NULL
          AND ends_on <= :until
        UNION ALL
        SELECT opening, begins_on FROM bank_statement
        WHERE organization_id = :home AND bank_account_id = :account AND opening IS NOT NULL
          AND :until BETWEEN begins_on AND ends_on) AS s
    ORDER BY s.since DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the one side has and the other has not."""

    id: UUID
    on: date
    said: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both balances on a day, and what stands between them; `before` was so at the start."""

    bank: Decimal | None
    book: Decimal
    not_in_book: list[Item]
    not_at_bank: list[Item]
    before: Decimal

    @property
    def explained(self) -> Decimal:
        """Give the bank's balance as the book and the open items say it must be."""
        missing = sum((each.amount for each in self.not_in_book), Decimal(0))
        early = sum((each.amount for each in self.not_at_bank), Decimal(0))
        return self.book + self.before + missing - early

    @property
    def unexplained(self) -> Decimal:
        """Give what nothing explains; nothing where the bank has not told its balance."""
        return Decimal(0) if self.bank is None else self.bank - self.explained


def on(work: Work, account_id: UUID, until: date) -> Reconciliation:
    """Compare an account at a bank with the book at the end of a day."""
    account = found(work, BankAccount, account_id)
    book = found(work, Book, account.book_id)
    where = Books(book.id, book.name, account.currency)
    first = _first(work, account.id)
    since = first.begins_on if first else until
    in_book = balances.balances(balances.as_of(work, where, until), [account.code])
    values: dict[str, Any] = {
        "home": work.scope.home(),
        "account": account.id,
        "until": until,
        "zone": str(ledger.zone(work)),
    }
    lines = [Item(*row) for row in work.session.execute(_LINES, values) if row.amount]
    del values["account"]
    values |= {"book": book.id, "code": account.code, "currency": account.currency, "since": since}
    booked = [Item(*row) for row in work.session.execute(_BOOKED, values) if row.amount]
    before = Decimal(0)
    if first is not None and first.opening is not None and since <= until:
        earlier = balances.as_of(work, where, since - timedelta(days=1))
        before = first.opening - balances.balances(earlier, [account.code])
    return Reconciliation(_at_bank(work, account.id, until), in_book, lines, booked, before)


def at_bank(work: Work, where: Books, until: date) -> Decimal | None:
    """Sum what the banks say of a book's accounts in a currency; None where one has not said."""
    query = select(BankAccount.id).where(
        BankAccount.book_id == where.book_id, BankAccount.currency == where.currency
    )
    said = [_at_bank(work, each, until) for each in work.session.scalars(query)]
    known = [each for each in said if each is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(said) else None


def accounts(work: Work) -> list[BankAccount]:
    """List the accounts at banks."""
    return list(work.session.scalars(select(BankAccount).order_by(BankAccount.name)))


def _first(work: Work, account_id: UUID) -> BankStatement | None:
    query = (
        select(BankStatement)
        .where(BankStatement.bank_account_id == account_id)
        .order_by(BankStatement.begins_on, BankStatement.id)
    )
    return work.session.scalars(query.limit(1)).one_or_none()


def _at_bank(work: Work, account_id: UUID, until: date) -> Decimal | None:
    """Say what the bank had: the last balance that it told by then, and its lines since."""
    values = {"home": work.scope.home(), "account": account_id, "until": until}
    row = work.session.execute(_SAID, values).first()
    return row.said if row else None
