"""The journal as others read it: every posting of a book, in the order it was booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from core.errors import Refused
from core.money import rounded
from core.text import N_
from core.work import Work
from models.chart import AccountType, Book, LedgerAccount
from models.ledger import Account, Entry, Posting
from models.people import Party

IN_CHART = and_(
    LedgerAccount.organization_id == Account.organization_id,
    LedgerAccount.book_id == Account.book_id,
    LedgerAccount.code == Account.code,
)
AT_ONCE = 1_000
"""Rows that are read from the server at a time."""


class NoSuchBook(Refused):
    """The organization keeps no book of that name."""

    code = "no_such_book"
    status = 404
    says = N_("There is no book “%(name)s”. There are: %(names)s.")


@dataclass(frozen=True, slots=True)
class Holder:
    """An account as others name it: a line of the chart, and of some the party it is kept for."""

    code: str
    name: str
    type: AccountType
    currency: str
    party_id: UUID | None
    party: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A posting: positive is a debit, in the currency of its account."""

    holder: Holder
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry with its postings, which sum to zero in each currency."""

    id: UUID
    booked_on: date
    key: str
    memo: str
    actor: str
    legs: tuple[Leg, ...]


def book_named(work: Work, name: str) -> Book:
    """Find a book of the organization.

    Raises:
        NoSuchBook: it keeps none of that name.

    """
    books = {each.name: each for each in work.session.scalars(select(Book).order_by(Book.name))}
    if name not in books:
        raise NoSuchBook(name=name, names=", ".join(books))
    return books[name]


def holders(work: Work, book_id: UUID) -> list[Holder]:
    """List the accounts of a book in the order of the chart."""
    query = (
        select(Account, LedgerAccount.name, Party.name)
        .join(LedgerAccount, IN_CHART)
        .outerjoin(Party, Party.id == Account.party_id)
        .where(Account.book_id == book_id)
        .order_by(Account.code, Account.currency, Party.name, Account.id)
    )
    return [_holder(*row) for row in work.session.execute(query)]


def begins_on(work: Work, book_id: UUID) -> date | None:
    """Tell the day of the first entry, if there is one."""
    return work.session.scalar(select(func.min(Entry.booked_on)).where(Entry.book_id == book_id))


def entries(work: Work, book_id: UUID) -> Iterator[Entered]:
    """Read the entries of a book, the oldest first, without holding them all."""
    query = (
        select(Entry, Posting.amount, Account, LedgerAccount.name, Party.name)
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Account, Account.id == Posting.account_id)
        .join(LedgerAccount, IN_CHART)
        .outerjoin(Party, Party.id == Account.party_id)
        .where(Entry.book_id == book_id)
        .order_by(Entry.booked_on, Entry.posted_at, Entry.id, Account.code, Account.id)
    )
    rows = work.session.execute(query, execution_options={"yield_per": AT_ONCE})
    for _entry_id, together in groupby(rows, key=lambda row: row[0].id):
        legs = list(together)
        entry: Entry = legs[0][0]
        yield Entered(
            entry.id,
            entry.booked_on,
            entry.key,
            entry.memo,
            entry.actor,
            tuple(_leg(*row[1:]) for row in legs),
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """What an entry moved on a line of the chart: positive where more came than went."""

    entry_id: UUID
    source_table: str
    source_id: UUID
    booked_on: date
    memo: str
    amount: Decimal


def moved_on(  # noqa: PLR0913, PLR0917  # what names a line of the chart, and the days
    work: Work, book_id: UUID, code: str, currency: str, since: date, until: date, most: int
) -> list[Moved]:
    """List what moved on a line of the chart between two days, but for what was taken back."""
    back = aliased(Entry)
    taken_back = select(back.id).where(
        back.organization_id == Entry.organization_id, back.reverses_id == Entry.id
    )
    query = (
        select(
            *(Entry.id, Entry.source_table, Entry.source_id, Entry.booked_on, Entry.memo),
            func.sum(Posting.amount),
        )
        .join(Posting, Posting.entry_id == Entry.id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            *(Entry.book_id == book_id, Entry.booked_on.between(since, until)),
            *(Account.book_id == book_id, Account.code == code, Account.currency == currency),
            *(Entry.reverses_id.is_(None), ~taken_back.exists()),
        )
        .group_by(Entry.id)
        .having(func.sum(Posting.amount) != 0)
        .order_by(Entry.booked_on.desc(), Entry.id.desc())
        .limit(most)
    )
    return [Moved(*row) for row in work.session.execute(query)]


def _leg(amount: Decimal, account: Account, name: str, party: str | None) -> Leg:
    return Leg(_holder(account, name, party), rounded(amount, account.currency))


def _holder(account: Account, name: str, party: str | None) -> Holder:
    return Holder(account.code, name, account.type, account.currency, account.party_id, party or "")
