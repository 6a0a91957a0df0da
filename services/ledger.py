"""The only door to the ledger. Nothing else writes entries, postings or balances."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, cast, func, select

from core.db import uuid7
from core.errors import NotFound, Refused
from core.money import exact
from core.prepared import Prepared
from core.text import N_
from core.work import Work, found
from models.chart import CHART, MAIN, Book
from models.ledger import Account, Entry, Posting
from models.organizations import Organization
from services.events import Fact

POST = Prepared(
    "ledger_post",
    "SELECT entry, fresh FROM ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
    " $14, $15, $16, $17, $18, $19)",
)

TYPES = {code: line.type.value for code, line in CHART.items()}
"""What is not among these is looked up in the chart when its account is opened."""

POST_MANY = (
    "SELECT ledger_post_many(%(home)s, %(book)s, %(kind)s, %(booked)s, %(posted)s, %(who)s,"
    " %(correlation)s, %(money)s, %(debit)s, %(debit_type)s, %(credit)s, %(credit_type)s,"
    " %(common)s, %(sources)s, %(keys)s, %(memos)s, %(parties)s, %(amounts)s::numeric[])"
)


class Unbalanced(Refused):
    """The legs of a recipe do not sum to zero, or there are none."""

    code = "unbalanced"
    says = N_("The sides of the entry do not balance.")


class KeyReused(Refused):
    """This key was posted before, for other money."""

    code = "key_reused"
    says = N_("That was posted before with other amounts.")


@dataclass(frozen=True)
class EntryCreated(Fact, type="ledger.entry.created", table="journal_entry"):
    """An entry was posted. `amount` is the sum of its debits. Written by the database itself."""

    entry_id: UUID
    book_id: UUID
    key: str
    source_id: UUID
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a recipe: which line of the chart, whose account, how much; debits positive.

    `unit_id` is the unit of an estate that it is about, if it is about one.
    """

    code: str
    amount: Decimal
    party_id: UUID | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A business fact in money, not yet written. They are all in services/postings.py."""

    key: str
    memo: str
    table: str
    source_id: UUID
    currency: str
    legs: Sequence[Leg]
    booked_on: date | None = None
    book: str = MAIN
    reverses_id: UUID | None = field(default=None)


def post(work: Work, recipe: Recipe) -> UUID:
    """Write an entry with its postings once, and move the balances it touches: one round trip.

    Amounts are in major units of `recipe.currency`, debits positive. Accounts are opened on first
    use. Without `booked_on` the business date is today's in the organization's zone.

    Returns the entry's id; that of the earlier one when the same recipe was already posted.

    Raises:
        Unbalanced: the legs do not sum to zero. Nothing is written.
        KeyReused: `recipe.key` names an earlier entry with other postings.
        BadInput: an amount has more decimals than the currency.
        NotFound: there is no such book.
        The database refuses what no active account of the chart takes (`account_in_chart`), a day
        that is closed (`period_is_open`), and what a guarded account does not have
        (`ck_account_not_overdrawn`) or may not hold (`ck_account_within_cap`).

    """
    legs = [leg for leg in recipe.legs if leg.amount]
    if not legs or sum(leg.amount for leg in legs) != 0:
        raise Unbalanced
    new = uuid7()
    values = (
        str(new),
        str(work.scope.home()),
        str(book_called(work, recipe.book)),
        recipe.key,
        recipe.memo[:200],
        recipe.table,
        str(recipe.source_id),
        str(recipe.booked_on or business_date(work)),
        str(work.now),
        str(recipe.reverses_id) if recipe.reverses_id else None,
        recipe.currency,
        _array([leg.code for leg in legs]),
        _array([TYPES.get(leg.code, "NULL") for leg in legs]),
        _array([str(leg.party_id or "NULL") for leg in legs]),
        _array([str(exact(leg.amount, recipe.currency)) for leg in legs]),
        str(uuid7()),
        str(work.actor),
        str(work.correlation_id),
        _units(legs),
    )
    work.session.flush()  # the statement goes past the ORM, and may need rows it still holds
    entry, fresh = POST.row(work.session, values)
    if fresh is None:
        raise KeyReused
    return new if fresh == "t" else UUID(entry)


def _units(legs: Sequence[Leg]) -> str | None:
    """Name the unit of each leg; nothing at all where none has one, as most entries."""
    if not any(leg.unit_id for leg in legs):
        return None
    return _array([str(leg.unit_id or "NULL") for leg in legs])


def _array(texts: list[str]) -> str:
    """Write an array as Postgres reads it. Codes, ids and amounts have nothing to quote."""
    return f"{{{','.join(texts)}}}"


@dataclass(frozen=True, slots=True)
class Pair:
    """An entry of two legs for `post_many`: debits the first line by `amount`, or credits it."""

    key: str
    memo: str
    source_id: UUID
    party_id: UUID
    amount: Decimal


def post_many(  # noqa: PLR0913, PLR0917  # what all entries of one run share
    work: Work,
    table: str,
    currency: str,
    debit: str,
    credit: str,
    pairs: Sequence[Pair],
    *,
    credit_common: bool = False,
) -> int:
    """Write many entries of two legs by one statement, each once. Returns how many are new.

    Both legs are accounts of the entry's party; with `credit_common` the second is everybody's. A
    negative amount is an entry the other way. The caller writes the same keys always for the same
    money: here a known key is passed over without looking.

    Raises:
        BadInput: an amount has more decimals than the currency.

    """
    pairs = [each for each in pairs if each.amount]
    if not pairs:
        return 0
    values = {
        "home": work.scope.home(),
        "book": book_called(work),
        "kind": table,
        "booked": business_date(work),
        "posted": work.now,
        "who": str(work.actor),
        "correlation": work.correlation_id,
        "money": currency,
        "debit": debit,
        "debit_type": TYPES.get(debit),
        "credit": credit,
        "credit_type": TYPES.get(credit),
        "common": credit_common,
        "sources": [each.source_id for each in pairs],
        "keys": [each.key for each in pairs],
        "memos": [each.memo[:200] for each in pairs],
        "parties": [each.party_id for each in pairs],
        "amounts": [exact(each.amount, currency) for each in pairs],
    }
    work.session.flush()
    written: int = work.session.connection().exec_driver_sql(POST_MANY, values).scalar_one()
    return written


def post_invoices(work: Work, word: str, invoices: Sequence[UUID]) -> int:
    """Post that many invoices were `issued`, or are `void`, as their lines say; each once.

    Returns how many entries are new.
    """
    work.session.flush()
    call = func.post_invoices(
        *(work.scope.home(), book_called(work), word, business_date(work), work.now),
        *(str(work.actor), work.correlation_id),
        cast(list(invoices), ARRAY(Uuid)),
    )
    return work.session.scalar(select(call)) or 0


def reverse(work: Work, entry_id: UUID, key: str, memo: str) -> UUID:
    """Post the opposite of an entry, once. The ledger is corrected by adding, never by changing.

    Raises:
        NotFound: there is no such entry.

    """
    entry = found(work, Entry, entry_id)
    query = (
        select(
            *(Account.code, Account.party_id, Book.name),
            *(Posting.currency, Posting.amount, Posting.unit_id),
        )
        .join(Account, Account.id == Posting.account_id)
        .join(Book, Book.id == Account.book_id)
        .where(Posting.entry_id == entry_id)
    )
    rows = work.session.execute(query).all()
    legs = [Leg(row.code, -row.amount, row.party_id, row.unit_id) for row in rows]
    return post(
        work,
        Recipe(
            key,
            memo,
            entry.source_table,
            entry.source_id,
            rows[0].currency,
            legs,
            book=rows[0].name,
            reverses_id=entry.id,
        ),
    )


def balance(  # noqa: PLR0913  # what names an account, and when
    work: Work,
    code: str,
    currency: str,
    party_id: UUID | None = None,
    on: date | None = None,
    *,
    book: str = MAIN,
) -> Decimal:
    """Sum an account of a book, debits positive; `on` counts only what was booked by then.

    With a party it is that party's account, without one it is the whole line of the chart.
    """
    query = (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(
            Account.book_id == book_called(work, book),
            Account.code == code,
            Account.currency == currency,
        )
    )
    if party_id:
        query = query.where(Account.party_id == party_id)
    if on:
        query = query.join(Entry, Entry.id == Posting.entry_id).where(Entry.booked_on <= on)
    return Decimal(work.session.scalar(query) or 0)


def guard(work: Work, account_id: UUID, cap: Decimal | None = None) -> None:
    """Keep an account's money for its holder: never overdrawn, and at most `cap` in its currency.

    The database refuses what is no party's own account of a liability, and where it is overdrawn.
    """
    work.session.execute(select(func.guard_account(work.scope.home(), account_id, cap)))


def known(work: Work, key: str) -> UUID | None:
    """Find the entry with a key, if it was posted."""
    return work.session.scalar(select(Entry.id).where(Entry.key == key))


def entry_with(work: Work, key: str) -> UUID:
    """Find the entry that was posted under a key.

    Raises:
        NotFound: there is none.

    """
    entry_id = work.session.scalar(select(Entry.id).where(Entry.key == key))
    if entry_id is None:
        raise NotFound
    return entry_id


def posted(work: Work, key: str, code: str) -> Decimal:
    """Sum what the entry of a key has put on a line of the chart, debits positive."""
    query = (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(Account, Account.id == Posting.account_id)
        .join(Entry, Entry.id == Posting.entry_id)
        .where(Entry.key == key, Account.code == code)
    )
    return Decimal(work.session.scalar(query) or 0)


def last_key(work: Work, key: str) -> str:
    """Give the last key that was posted under, of what happens again after it was taken back.

    The first is `key` itself, the second `key:2`. Without any, the first.
    """
    used, number = key, 2
    while _posted(work, f"{key}:{number}"):
        used, number = f"{key}:{number}", number + 1
    return used


def next_key(work: Work, key: str) -> str:
    """Give the key to post under now: the last one, or another where that was taken back."""
    last = last_key(work, key)
    if not _posted(work, f"{last}:taken_back"):
        return last
    head, _colon, number = last.rpartition(":")
    return f"{key}:2" if last == key else f"{head}:{int(number) + 1}"


def _posted(work: Work, key: str) -> bool:
    return work.session.scalar(select(Entry.id).where(Entry.key == key)) is not None


def guard_credit(work: Work, code: str, currency: str, party_id: UUID) -> None:
    """Keep a party's account in the own book from being overdrawn, if it has one."""
    query = select(Account.id).where(
        Account.book_id == book_called(work),
        Account.code == code,
        Account.currency == currency,
        Account.party_id == party_id,
        Account.guarded.is_(False),
    )
    account_id = work.session.scalar(query)
    if account_id is not None:
        guard(work, account_id)


def book_called(work: Work, name: str = MAIN) -> UUID:
    """Find a book of the organization; its own is looked up once a session.

    Raises:
        NotFound: it keeps none of that name.

    """
    known: dict[tuple[UUID, str], UUID] = work.session.info.setdefault("books", {})
    key = (work.scope.home(), name)
    if key not in known:
        found_id = work.session.scalar(select(Book.id).where(Book.name == name))
        if found_id is None:
            raise NotFound
        known[key] = found_id
    return known[key]


def business_date(work: Work) -> date:
    """Give the day that it is in the organization, whose zone is looked up once a session."""
    return work.now.astimezone(zone(work)).date()


def zone(work: Work) -> ZoneInfo:
    """Give the organization's time zone."""
    known: dict[UUID, str] = work.session.info.setdefault("zones", {})
    home = work.scope.home()
    if home not in known:
        known[home] = work.session.scalars(select(Organization.time_zone)).one()
    return ZoneInfo(known[home])
