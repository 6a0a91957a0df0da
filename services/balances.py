"""What stands in a book on a day: rolled-up totals, and the postings that are not yet in them.

An entry is in the totals exactly when it is sealed, and one statement sees both, so that what is
read here is the sum of the postings at any moment, back-dated ones included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core.errors import BadInput
from core.text import N_
from core.work import Work
from models.chart import AccountType, Book, LedgerAccount
from models.ledger import Account
from services import ledger, organizations

BEGINNING = date(1900, 1, 1)
"""Nothing was booked before."""
# By the index of what is unsealed, then entry by entry, whatever the planner thinks of their
# number: a plan that is made for any book and any day would read all entries of the book.
_UNSEALED = """
    FROM (SELECT f.id, f.book_id, f.booked_on FROM journal_entry AS f
          WHERE f.seal_id IS NULL OFFSET 0) AS e
    CROSS JOIN LATERAL (
        SELECT a.code, p.amount FROM posting AS p
        JOIN account AS a ON a.organization_id = p.organization_id AND a.id = p.account_id
        WHERE p.organization_id = :home AND p.entry_id = e.id AND p.currency = :currency OFFSET 0
    ) AS leg
    WHERE e.book_id = :book AND e.booked_on BETWEEN :since AND :until
"""
_TOTALS = """
    FROM ledger_total AS t WHERE t.organization_id = :home AND t.book_id = :book
      AND t.currency = :currency
"""
_AS_OF = text(
    "SELECT code, sum(debit), sum(credit) FROM ("
    f" SELECT t.code, t.debit, t.credit {_TOTALS}"
    " AND t.span = 'month' AND t.begins_on < :month"
    f" UNION ALL SELECT t.code, t.debit, t.credit {_TOTALS} AND t.span = 'day'"
    " AND t.begins_on BETWEEN :month AND :until"
    f" UNION ALL SELECT leg.code, greatest(leg.amount, 0), greatest(-leg.amount, 0) {_UNSEALED}"
    ") AS moved GROUP BY code"
)
_DAYS = text(
    "SELECT day, sum(debit) AS debit, sum(credit) AS credit, sum(postings) AS postings FROM ("
    f" SELECT t.begins_on AS day, t.debit, t.credit, t.postings {_TOTALS} AND t.span = 'day'"
    " AND t.code = :code AND t.begins_on BETWEEN :since AND :until"
    " UNION ALL SELECT e.booked_on, greatest(leg.amount, 0), greatest(-leg.amount, 0), 1"
    f" {_UNSEALED} AND leg.code = :code"
    ") AS moved GROUP BY day ORDER BY day"
)
_WEIGHTS = text(
    f"SELECT coalesce((SELECT sum(t.postings) {_TOTALS} AND t.span = 'month'"
    " AND t.code = :code), 0),"
    f" coalesce((SELECT sum(t.postings) {_TOTALS} AND t.span = 'day'"
    " AND t.begins_on = ANY (:days)), 0)"
)
_OF_PLACE = """
    FROM unit AS u
    JOIN posting AS p ON p.organization_id = u.organization_id AND p.unit_id = u.id
    JOIN journal_entry AS e ON e.organization_id = p.organization_id AND e.id = p.entry_id
    JOIN account AS a ON a.organization_id = p.organization_id AND a.id = p.account_id
    WHERE u.organization_id = :home AND u.estate_id = :estate
      AND (CAST(:unit AS uuid) IS NULL OR u.id = :unit)
      AND e.book_id = :book AND p.currency = :currency AND e.booked_on BETWEEN :since AND :until
"""
_OF_PLACE_AS_OF = text(
    "SELECT a.code, sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0))"
    f"{_OF_PLACE} GROUP BY a.code"
)
_OF_PLACE_DAYS = text(
    "SELECT e.booked_on AS day, sum(greatest(p.amount, 0)) AS debit,"
    " sum(greatest(-p.amount, 0)) AS credit, count(*) AS postings"
    f"{_OF_PLACE} AND a.code = :code GROUP BY e.booked_on ORDER BY e.booked_on"
)
_HOLDERS = text(
    """
    SELECT code, -sum(balance), count(*) FILTER (WHERE balance <> 0) FROM (
        SELECT a.code, a.id, sum(p.amount) AS balance FROM account AS a
        JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
        JOIN journal_entry AS e ON e.organization_id = p.organization_id AND e.id = p.entry_id
        WHERE a.organization_id = :home AND a.book_id = :book AND a.currency = :currency
          AND a.party_id IS NOT NULL AND a.type = 'liability' AND e.booked_on <= :until
        GROUP BY a.code, a.id) AS own
    GROUP BY code
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """An estate, or one unit of it, whose postings alone are read."""

    estate_id: UUID
    estate: str
    unit_id: UUID | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """Which book is read, and in which currency: amounts of two are never added.

    With a `place` only what was posted about its units is read, one by one: totals do not know
    them.
    """

    book_id: UUID
    name: str
    currency: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What was debited and credited. Both are positive, in the currency that was asked for."""

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)

    @property
    def balance(self) -> Decimal:
        """Give what is left: positive is a debit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Day:
    """What was posted to a line of the chart on one business day."""

    on: date
    sums: Sums
    postings: int


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line of a book's chart; `parent` is the code of the heading that it stands under."""

    code: str
    name: str
    type: AccountType
    parent: str


NOTHING = Sums()


def books(work: Work, book: str = "", currency: str = "") -> Books:
    """Choose what is read: the organization's own book and currency, unless others are named.

    Raises:
        NotFound: it keeps no book of that name.
        BadInput: nothing was ever posted there in that currency, which is not its own either.

    """
    name = book or "main"
    book_id = ledger.book_called(work, name)
    own = organizations.home(work).currency
    if currency and currency != own and currency not in currencies(work, book_id):
        raise BadInput(N_("This book has nothing in that currency."), field="currency")
    return Books(book_id, name, currency or own)


def names(work: Work) -> list[str]:
    """List the books, the organization's own first."""
    query = select(Book.name).order_by(Book.kind != "own", Book.id)
    return list(work.session.scalars(query))


def currencies(work: Work, book_id: UUID) -> list[str]:
    """List the currencies that a book has accounts in, with the organization's own."""
    found = work.session.scalars(
        select(Account.currency).where(Account.book_id == book_id).distinct()
    )
    return sorted({*found, organizations.home(work).currency})


def chart(work: Work, book_id: UUID) -> dict[str, ChartLine]:
    """Read a book's chart, in the order of its codes."""
    line = LedgerAccount
    query = select(line.id, line.code, line.name, line.type, line.parent_id)
    rows = work.session.execute(query.where(line.book_id == book_id).order_by(line.code)).all()
    codes: dict[UUID | None, str] = {row.id: row.code for row in rows}
    return {
        row.code: ChartLine(row.code, row.name, row.type, codes.get(row.parent_id, ""))
        for row in rows
    }


def as_of(work: Work, where: Books, until: date) -> dict[str, Sums]:
    """Sum each line of the chart, of all that was booked up to and including a day."""
    query = _OF_PLACE_AS_OF if where.place else _AS_OF
    rows = work.session.execute(query, _values(work, where, BEGINNING, until))
    return {code: Sums(debit, credit) for code, debit, credit in rows}


def moved(work: Work, where: Books, since: date, until: date) -> dict[str, Sums]:
    """Sum each line of the chart, of what was booked from one day to another, both included."""
    before, after = as_of(work, where, since - timedelta(days=1)), as_of(work, where, until)
    found = {
        code: Sums(
            sums.debit - before.get(code, NOTHING).debit,
            sums.credit - before.get(code, NOTHING).credit,
        )
        for code, sums in after.items()
    }
    return {code: sums for code, sums in found.items() if sums != NOTHING}


def days(work: Work, where: Books, code: str, since: date, until: date) -> list[Day]:
    """Sum a line of the chart day by day; days without a posting are left out."""
    values = _values(work, where, since, until) | {"code": code}
    query = _OF_PLACE_DAYS if where.place else _DAYS
    return [
        Day(row.day, Sums(row.debit, row.credit), int(row.postings))
        for row in work.session.execute(query, values)
    ]


def weights(work: Work, where: Books, code: str, on: Sequence[date]) -> tuple[int, int]:
    """Count the postings to a line of the chart, ever, and those to all lines on some days."""
    home = {"home": work.scope.home(), "book": where.book_id, "currency": where.currency}
    ever, then = work.session.execute(_WEIGHTS, {**home, "code": code, "days": list(on)}).one()
    return int(ever), int(then)


def holders(work: Work, where: Books, until: date) -> dict[str, tuple[Decimal, int]]:
    """Add up the accounts of parties under each liability: what is theirs, how many have any."""
    rows = work.session.execute(_HOLDERS, _values(work, where, BEGINNING, until))
    return {code: (owed, count) for code, owed, count in rows}


def balances(sums: dict[str, Sums], codes: Sequence[str]) -> Decimal:
    """Add up some lines of the chart: positive is a debit."""
    return sum((sums.get(code, NOTHING).balance for code in codes), Decimal(0))


def of_place(where: Books) -> dict[str, UUID | None]:
    """Give the values that say which units are read; none where all postings are."""
    if where.place is None:
        return {}
    return {"estate": where.place.estate_id, "unit": where.place.unit_id}


def _values(work: Work, where: Books, since: date, until: date) -> dict[str, Any]:
    return of_place(where) | {
        "home": work.scope.home(),
        "book": where.book_id,
        "currency": where.currency,
        "since": since,
        "until": until,
        "month": until.replace(day=1),
    }
