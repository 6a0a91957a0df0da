"""Lines behind the figures: the general ledger of an account, and what a party's account shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.work import Work
from models.chart import (
    CUSTOMER_CREDIT,
    DUE_FROM_OWNERS,
    DUE_TO_OWNERS,
    PAYABLE,
    RECEIVABLE,
    REFUNDS_PAYABLE,
)
from services import balances
from services.balances import Books

OWED = (RECEIVABLE, DUE_FROM_OWNERS, PAYABLE, DUE_TO_OWNERS, REFUNDS_PAYABLE, CUSTOMER_CREDIT)
"""What is owed between a party and the organization. What it holds for them, and what a contract
still has to earn, are no debts of the day: they have statements of their own."""
PAGE = 100
"""Lines of the general ledger on a page."""
MOST = 2_000
"""Lines of a party's statement that are shown at once."""

_COLUMNS = """
    SELECT p.id, e.id AS entry_id, e.booked_on, e.memo, e.source_table, e.source_id,
        party.name AS party, a.code, p.amount
"""
_PARTIES = """
    LEFT JOIN party ON party.organization_id = a.organization_id AND party.id = a.party_id
"""
_ORDER = f"""
    {_PARTIES}
    ORDER BY e.booked_on, e.id, p.id LIMIT :most
"""
# Both ways lead to the same postings: from the entries of some days, or from a line's accounts.
# Which of them is short is counted, not guessed: the planner knows neither the days nor the line.
_BY_DAY = text(
    f"""
    {_COLUMNS} FROM (SELECT * FROM journal_entry AS f WHERE f.organization_id = :home
        AND f.book_id = :book AND f.booked_on = ANY (:days) OFFSET 0) AS e
    CROSS JOIN LATERAL (SELECT * FROM posting WHERE posting.organization_id = :home
        AND posting.entry_id = e.id AND posting.currency = :currency OFFSET 0) AS p
    JOIN account AS a ON a.organization_id = :home AND a.id = p.account_id AND a.code = :code
    {_ORDER}
    """
)
_BY_ACCOUNT = text(
    f"""
    {_COLUMNS} FROM (SELECT * FROM account AS f WHERE f.organization_id = :home
        AND f.book_id = :book AND f.code = :code AND f.currency = :currency OFFSET 0) AS a
    CROSS JOIN LATERAL (SELECT * FROM posting WHERE posting.organization_id = :home
        AND posting.account_id = a.id OFFSET 0) AS p
    CROSS JOIN LATERAL (SELECT * FROM journal_entry AS f WHERE f.organization_id = :home
        AND f.id = p.entry_id AND f.booked_on = ANY (:days) OFFSET 0) AS e
    {_ORDER}
    """
)
_OF_PLACE = """
    p.unit_id IN (SELECT u.id FROM unit AS u WHERE u.organization_id = :home
        AND u.estate_id = :estate AND (CAST(:unit AS uuid) IS NULL OR u.id = :unit))
"""
_BY_PLACE = text(
    f"""
    {_COLUMNS} FROM posting AS p
    JOIN account AS a ON a.organization_id = :home AND a.id = p.account_id AND a.code = :code
    JOIN journal_entry AS e ON e.organization_id = :home AND e.id = p.entry_id
     AND e.book_id = :book AND e.booked_on = ANY (:days)
    {_PARTIES} WHERE p.organization_id = :home AND p.currency = :currency AND {_OF_PLACE}
    ORDER BY e.booked_on, e.id, p.id LIMIT :most
    """
)
_PARTY = """
    WITH mine AS (
        SELECT p.id, p.entry_id, p.amount, a.code
        FROM account AS a
        JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
        WHERE a.organization_id = :home AND a.book_id = :book AND a.party_id = :party
          AND a.currency = :currency AND a.code = ANY (:codes) AND {only})
    SELECT mine.id, e.id AS entry_id, e.booked_on, e.memo, e.source_table, e.source_id,
        '' AS party, mine.code, mine.amount
    FROM mine JOIN entries_told(ARRAY(SELECT entry_id FROM mine)) AS e ON e.id = mine.entry_id
    WHERE e.booked_on <= :until
    ORDER BY e.booked_on, e.id, mine.id
"""
_OF_PARTY = text(_PARTY.format(only="true"))
_OF_PARTY_THERE = text(_PARTY.format(only=_OF_PLACE))


@dataclass(frozen=True, slots=True)
class Line:
    """A posting, with what there was after it: positive is a debit."""

    entry_id: UUID
    booked_on: date
    memo: str
    source_table: str
    source_id: UUID
    party: str
    code: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """An account over some days: what there was, each posting (or a page of them), what there is.

    `debit` and `credit` are of all its postings, of which there are `postings`.
    """

    opening: Decimal
    lines: list[Line]
    debit: Decimal
    credit: Decimal
    closing: Decimal
    postings: int


def general_ledger(  # noqa: PLR0913, PLR0917  # which account, which days, which page
    work: Work, where: Books, code: str, since: date, until: date, page: int = 1, size: int = PAGE
) -> Statement:
    """Read a page of the postings to a line of the chart. Each page begins with its own balance."""
    days = balances.days(work, where, code, since, until)
    before = balances.as_of(work, where, since - timedelta(days=1))
    opening = balances.balances(before, [code])
    first, skip, at = _first_day(days, (page - 1) * size, opening)
    lines = _page(work, where, code, _until_full(days[first:], skip + size), skip + size, at)[skip:]
    debit = sum((day.sums.debit for day in days), Decimal(0))
    credit = sum((day.sums.credit for day in days), Decimal(0))
    count = sum(day.postings for day in days)
    return Statement(opening, lines, debit, credit, opening + debit - credit, count)


def of_party(  # noqa: PLR0913, PLR0917  # whose account, which lines of the chart, which days
    work: Work,
    where: Books,
    party_id: UUID,
    since: date,
    until: date,
    codes: Sequence[str] = OWED,
) -> Statement:
    """Read what a party owes (positive) or is owed: opening, each posting, running, closing."""
    values = {**_values(work, where), "party": party_id, "codes": list(codes), "until": until}
    query = _OF_PARTY_THERE if where.place else _OF_PARTY
    every = list(_running(work.session.execute(query, values), Decimal(0)))
    earlier = [line for line in every if line.booked_on < since]
    lines = every[len(earlier) :]
    opening = earlier[-1].balance if earlier else Decimal(0)
    debit = sum((line.amount for line in lines if line.amount > 0), Decimal(0))
    credit = -sum((line.amount for line in lines if line.amount < 0), Decimal(0))
    return Statement(opening, lines, debit, credit, opening + debit - credit, len(lines))


def currencies_of(work: Work, party_id: UUID) -> list[tuple[str, str]]:
    """List the books and currencies in which a party has an account: (book, currency)."""
    query = text(
        "SELECT DISTINCT b.name, a.currency FROM account AS a JOIN book AS b ON b.id = a.book_id"
        " AND b.organization_id = a.organization_id"
        " WHERE a.organization_id = :home AND a.party_id = :party ORDER BY 1, 2"
    )
    found = work.session.execute(query, {"home": work.scope.home(), "party": party_id})
    return [(book, currency) for book, currency in found]


def _page(  # noqa: PLR0913, PLR0917  # which account, which days, how many, after what
    work: Work, where: Books, code: str, on: list[date], most: int, balance: Decimal
) -> list[Line]:
    if not on:
        return []
    values = {**_values(work, where), "code": code, "days": on, "most": most}
    if where.place:
        return list(_running(work.session.execute(_BY_PLACE, values), balance))
    ever, then = balances.weights(work, where, code, on)
    query = _BY_ACCOUNT if ever <= then else _BY_DAY
    return list(_running(work.session.execute(query, values), balance))


def _until_full(days: Sequence[balances.Day], most: int) -> list[date]:
    """Take as many days as it needs to have so many postings."""
    taken: list[date] = []
    for day in days:
        taken.append(day.on)
        most -= day.postings
        if most <= 0:
            break
    return taken


def _first_day(
    days: Sequence[balances.Day], offset: int, balance: Decimal
) -> tuple[int, int, Decimal]:
    """Find the day in which a page begins, how many of its postings come before, the balance."""
    for number, day in enumerate(days):
        if offset < day.postings:
            return number, offset, balance
        offset -= day.postings
        balance += day.sums.balance
    return len(days), 0, balance


def _running(rows: Any, balance: Decimal) -> Iterator[Line]:
    for row in rows:
        balance += row.amount
        yield Line(
            row.entry_id,
            row.booked_on,
            row.memo,
            row.source_table,
            row.source_id,
            row.party or "",
            row.code,
            row.amount,
            balance,
        )


def _values(work: Work, where: Books) -> dict[str, Any]:
    home = {"home": work.scope.home(), "book": where.book_id, "currency": where.currency}
    return home | balances.of_place(where)
