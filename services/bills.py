"""Bills of estates: what may be said in one, and on which days it is asked for."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from sqlalchemy import inspect, select

from core.errors import BadInput
from core.money import exact
from core.text import N_
from core.work import Work, found
from models.bills import OVER, Basis, Bill, BillingCycle, Every
from models.chart import AccountType, Book, LedgerAccount
from models.estate import Block, Estate, UnitType
from services import formulas
from services.formulas import Formula, Name

MONTHS = {Every.month: 1, Every.quarter: 3, Every.year: 12}
NAMES = {
    "area": Name("c.area"),
    "share": Name("c.share"),
    "bedrooms": Name("c.bedrooms"),
    "floor": Name("c.floor"),
    "type": Name("c.type", frozenset(each.value for each in UnitType)),
}
"""What formulas of bills speak of; `share` is the payer's, in percent."""


def check(work: Work, bill: Bill) -> None:
    """Guard the form of a bill.

    Raises:
        BadInput: the amount, a formula, the block or the line of the chart cannot be.

    """
    _check_days(work, bill)
    bill.title = (bill.title or "").strip()
    place = found(work, Estate, bill.estate_id) if bill.estate_id else None
    if place is None:
        return
    bill.amount = exact(Decimal(bill.amount or 0), place.currency)
    bill.formula, bill.condition = (bill.formula or "").strip(), (bill.condition or "").strip()
    if bill.basis is Basis.formula and not bill.formula:
        raise BadInput(N_("Write a formula of at most 400 characters."), field="formula")
    if bill.basis is not Basis.formula:
        bill.formula = ""
        if bill.amount <= 0:
            raise BadInput(N_("Write an amount above zero."), field="amount")
    gross(bill)
    audience(bill)
    if bill.block_id and found(work, Block, bill.block_id).estate_id != bill.estate_id:
        raise BadInput(N_("The estate has no such block."), field="block")
    _check_code(work, bill)


def gross(bill: Bill) -> Formula | None:
    """Read the formula of a bill, if it has one.

    Raises:
        BadInput: it cannot be read.

    """
    if not bill.formula:
        return None
    return formulas.number(bill.formula, NAMES, "formula")


def audience(bill: Bill) -> Formula | None:
    """Read the condition on units of a bill, if it has one.

    Raises:
        BadInput: it cannot be read.

    """
    if not bill.condition:
        return None
    return formulas.condition(bill.condition, NAMES, "condition")


def periods(bill: Bill, through: date, since: date | None = None) -> Iterator[date]:
    """Give the first day of each period that began by a day: the day on which it is asked for.

    With `since` only those that began on that day or later.
    """
    last = min(through, bill.until) if bill.until else through
    for number in count(_number(bill, since or bill.first_on)):
        day = _begins(bill, number)
        if day is None or day > last:
            return
        if since is None or day >= since:
            yield day


def next_period(bill: Bill, after: date) -> date | None:
    """Give the first day of the next period after a day; None where none follows."""
    days = (_begins(bill, number) for number in count(_number(bill, after)))
    later = next(day for day in days if day is None or day > after)
    return None if later is None or (bill.until and later > bill.until) else later


def _number(bill: Bill, day: date) -> int:
    """Number a period that began by a day, and shortly before it."""
    if bill.every is Every.once or day <= bill.first_on:
        return 0
    if bill.every is Every.week:
        return (day - bill.first_on).days // 7
    months = (day.year - bill.first_on.year) * 12 + day.month - bill.first_on.month
    return max(months // MONTHS[bill.every] - 1, 0)


def _begins(bill: Bill, number: int) -> date | None:
    """Give the first day of a period by its number. The 31st is the last day of a shorter month."""
    if bill.every is Every.once:
        return bill.first_on if number == 0 else None
    if bill.every is Every.week:
        return bill.first_on + timedelta(weeks=number)
    months = bill.first_on.month - 1 + MONTHS[bill.every] * number
    year, month = bill.first_on.year + months // 12, months % 12 + 1
    return date(year, month, min(bill.first_on.day, monthrange(year, month)[1]))


def _check_days(work: Work, bill: Bill) -> None:
    """Say before the database does that the days of a bill stay once it was asked for."""
    said = inspect(bill).attrs
    moved = said.every.history.deleted or said.first_on.history.deleted
    asked = select(BillingCycle.id).where(
        BillingCycle.bill_id == bill.id, BillingCycle.status.not_in(OVER)
    )
    with work.session.no_autoflush:
        if moved and work.session.scalar(asked.limit(1)) is not None:
            raise BadInput(
                N_("It was asked for already: end this bill, and write another."), field="first_on"
            )


def _check_code(work: Work, bill: Bill) -> None:
    bill.code = (bill.code or "").strip()
    query = (
        select(LedgerAccount.id)
        .join(Book, Book.id == LedgerAccount.book_id)
        .where(
            Book.name == "main",
            LedgerAccount.code == bill.code,
            LedgerAccount.type == AccountType.income,
            LedgerAccount.active,
        )
    )
    line = work.session.scalar(query)
    heads = select(LedgerAccount.id).where(LedgerAccount.parent_id == line).limit(1)
    if line is None or work.session.scalar(heads):
        raise BadInput(N_("Write the code of an income account, like 4300."), field="code")
