"""Bank statements: files taken in once, whose lines add up to the balances that the bank tells."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.errors import BadInput, Refused
from core.money import exact, is_currency, written
from core.text import N_
from core.work import Work, found, locked
from models.bank_statements import BankAccount, BankLine, BankLineStatus, BankStatement
from models.chart import CHEQUES, FOLLOWS_DOCUMENTS, OF_A_PARTY, AccountType, LedgerAccount
from services import ledger
from services.events import Fact, emit

AT_ONCE = 500
NOTHING_SAID = "\N{EN DASH}"


class FileKnown(Refused):
    """The file, or each of its lines, came before."""

    code = "bank_file_known"
    says = N_("This was taken in before: nothing in it is new.")


class LooksKnown(Refused):
    """Lines of the same days and amounts came before, told in another way."""

    code = "bank_lines_look_known"
    says = N_(
        "%(count)s lines have the day and the amount of lines that came before, told otherwise: in"
        " another format, say. Take them in only if they moved beside those."
    )


class BalancesDiffer(Refused):
    """The lines do not lead from the opening to the closing balance."""

    code = "bank_balances_differ"
    status = 422
    says = N_("The lines add up to %(sum)s, but the balances differ by %(balances)s.")


class AnotherAccount(Refused):
    """The file is of another currency, or its days are still to come."""

    code = "bank_file_of_another_account"
    status = 422
    says = N_("The file is not of this account: %(problem)s")


@dataclass(frozen=True)
class StatementTaken(Fact, type="bank_statement.taken", table="bank_statement"):
    """A statement was taken in; `lines` were new."""

    statement_id: UUID
    bank_account_id: UUID
    lines: int
    begins_on: date
    ends_on: date


@dataclass(frozen=True)
class BankMatchUndone(Fact, type="bank_line.match_undone", table="bank_line"):
    """What a line was matched with is not so: it waits again."""

    line_id: UUID
    match_id: UUID
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of a file: money in is positive; `key` tells it from all others of the account."""

    booked_on: date
    amount: Decimal
    payer: str
    reference: str
    description: str
    key: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read: what it says beside its lines, where it does."""

    name: str
    sha256: str
    movements: Sequence[Movement]
    currency: str = ""
    opening: Decimal | None = None
    closing: Decimal | None = None


def check_account(work: Work, row: BankAccount) -> None:
    """Make sure that a bank account stands for an asset of its book.

    Raises:
        BadInput: it does not, or the currency is none.

    """
    row.currency = (row.currency or "").strip().upper()
    row.code = (row.code or "").strip()
    if not is_currency(row.currency):
        raise BadInput(N_("That is no currency: write its code, like KES."), field="currency")
    kind = work.session.scalar(
        select(LedgerAccount.type).where(
            LedgerAccount.book_id == row.book_id,
            LedgerAccount.code == row.code,
            LedgerAccount.active,
        )
    )
    if kind is not AccountType.asset or row.code in {*FOLLOWS_DOCUMENTS, *OF_A_PARTY, CHEQUES}:
        raise BadInput(N_("Write the code of an asset of that book, like 1010."), field="code")


def take_in(work: Work, account_id: UUID, file: File, *, beside: bool = False) -> BankStatement:
    """Take in a statement. Lines that came before, in whichever file, are passed over.

    `beside` says that what looks like lines that came before has moved beside them.

    Raises:
        FileKnown: nothing in it is new.
        LooksKnown: some came before in another format, by their days and amounts.
        AnotherAccount: it is in another currency, or of days that are still to come.
        BalancesDiffer: its lines do not add up to its balances.
        BadInput: an amount has more decimals than the currency.

    """
    account = locked(work, BankAccount, account_id)
    _check(work, account, file)
    same = select(BankStatement.id).where(
        BankStatement.bank_account_id == account.id, BankStatement.sha256 == file.sha256
    )
    if work.session.scalar(same) is not None:
        raise FileKnown
    if not beside and (count := _look_known(work, account.id, file.movements)):
        raise LooksKnown(count=count)
    days = [each.booked_on for each in file.movements]
    statement = BankStatement(
        id=uuid7(),
        organization_id=account.organization_id,
        bank_account_id=account.id,
        file_name=file.name[:200],
        sha256=file.sha256,
        begins_on=min(days),
        ends_on=max(days),
        opening=file.opening,
        closing=file.closing,
        currency=account.currency,
        lines=0,
        known=0,
        created_at=work.now,
    )
    work.session.add(statement)
    work.session.flush()
    statement.lines = _insert(work, statement, file.movements)
    statement.known = len(file.movements) - statement.lines
    if not statement.lines:
        raise FileKnown
    emit(
        work,
        StatementTaken(
            statement.id, account.id, statement.lines, statement.begins_on, statement.ends_on
        ),
    )
    return statement


def account_of(work: Work, account_id: UUID) -> BankAccount:
    """Load a bank account to read."""
    return found(work, BankAccount, account_id)


def remember_columns(work: Work, account_id: UUID, columns: dict[str, str]) -> None:
    """Keep how the CSV files of an account are read."""
    row = locked(work, BankAccount, account_id)
    row.columns = columns
    work.session.flush()


def _check(work: Work, account: BankAccount, file: File) -> None:
    if file.currency and file.currency != account.currency:
        raise AnotherAccount(problem=file.currency)
    today = ledger.business_date(work)
    last = max(each.booked_on for each in file.movements)
    if last > today:
        raise AnotherAccount(problem=str(last))
    total = sum((exact(each.amount, account.currency) for each in file.movements), Decimal(0))
    if file.opening is None or file.closing is None:
        return
    if file.opening + total != file.closing:
        raise BalancesDiffer(
            sum=written(total, account.currency),
            balances=written(file.closing - file.opening, account.currency),
        )


def _look_known(work: Work, account_id: UUID, movements: Sequence[Movement]) -> int:
    """Count new lines that have day and amount of one which the file does not tell by its key."""
    days = [each.booked_on for each in movements]
    query = select(BankLine.key, BankLine.booked_on, BankLine.amount).where(
        BankLine.bank_account_id == account_id, BankLine.booked_on.between(min(days), max(days))
    )
    before = {row.key: (row.booked_on, row.amount) for row in work.session.execute(query)}
    told = {each.key for each in movements}
    missing = Counter(said for key, said in before.items() if key not in told)
    fresh = Counter((each.booked_on, each.amount) for each in movements if each.key not in before)
    return (missing & fresh).total()


def _insert(work: Work, statement: BankStatement, movements: Sequence[Movement]) -> int:
    rows = [
        {
            "id": uuid7(),
            "organization_id": statement.organization_id,
            "bank_account_id": statement.bank_account_id,
            "statement_id": statement.id,
            "key": each.key,
            "booked_on": each.booked_on,
            "amount": each.amount,
            "currency": statement.currency,
            "payer": each.payer,
            "reference": each.reference,
            "description": each.description or each.payer or each.reference or NOTHING_SAID,
            "status": BankLineStatus.unmatched,
        }
        for each in movements
    ]
    new = 0
    for begin in range(0, len(rows), AT_ONCE):
        fresh = insert(BankLine).values(rows[begin : begin + AT_ONCE]).on_conflict_do_nothing()
        new += len(work.session.execute(fresh.returning(BankLine.id)).all())
    return new
