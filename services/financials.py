"""Financial reports as of any date, of one book in one currency: all read from its balances."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.work import Work
from models.chart import (
    BANK,
    CARD_CLEARING,
    CASH,
    CHEQUES,
    MOBILE_MONEY,
    AccountType,
)
from services import balances
from services.balances import NOTHING, Books, ChartLine, Sums

ZERO = Decimal(0)
MONEY = (CASH, BANK, CARD_CLEARING, MOBILE_MONEY, CHEQUES)
"""What the recipes call money; whatever stands under the same heading is money, too."""
FIXED_ASSETS = "15"
WORN = "1590"
"""Accumulated depreciation: no money moves when something wears."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A line of a trial balance: its balance stands on one side alone."""

    line: ChartLine
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a statement, or a heading (`heads`) with the sum of what stands under it."""

    line: ChartLine
    depth: int
    amounts: tuple[Decimal, ...]
    heads: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are summed up: the income, the assets."""

    key: str
    rows: tuple[Row, ...]
    totals: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Spell:
    """Business days from one to another, both included."""

    since: date
    until: date

    def before(self) -> "Spell":
        """Give what to compare with: as many days right before."""
        length = self.until - self.since
        return Spell(self.since - length - timedelta(days=1), self.since - timedelta(days=1))


def trial_balance(work: Work, where: Books, on: date) -> list[Balance]:
    """List each line of the chart that has a balance on a day. Both columns sum up to the same."""
    sums, chart = balances.as_of(work, where, on), balances.chart(work, where.book_id)
    return [
        Balance(line, max(balance, ZERO), max(-balance, ZERO))
        for code, line in chart.items()
        if (balance := sums.get(code, NOTHING).balance)
    ]


def income(work: Work, where: Books, spells: Sequence[Spell]) -> list[Part]:
    """Write what was earned and spent in each spell: income, then expenses, each positive."""
    chart = balances.chart(work, where.book_id)
    moved = [balances.moved(work, where, each.since, each.until) for each in spells]
    return [
        _part("income", chart, moved, lambda line: line.type is AccountType.income, -1),
        _part("expense", chart, moved, lambda line: line.type is AccountType.expense, 1),
    ]


def result(parts: Sequence[Part]) -> tuple[Decimal, ...]:
    """Take expenses from income: what is left over, for each spell."""
    earned, spent = parts
    return tuple(a - b for a, b in zip(earned.totals, spent.totals, strict=True))


def position(work: Work, where: Books, days: Sequence[date]) -> list[Part]:
    """Write what there is and what is owed at the end of each day: assets, liabilities, equity."""
    chart = balances.chart(work, where.book_id)
    sums = [balances.as_of(work, where, day) for day in days]
    return [
        _part("asset", chart, sums, lambda line: line.type is AccountType.asset, 1),
        _part("liability", chart, sums, lambda line: line.type is AccountType.liability, -1),
        _part("equity", chart, sums, lambda line: line.type is AccountType.equity, -1),
    ]


def kept_back(work: Work, where: Books, days: Sequence[date]) -> tuple[Decimal, ...]:
    """Say what was earned and not yet carried to equity, at the end of each day."""
    chart = balances.chart(work, where.book_id)
    codes = [
        c for c, line in chart.items() if line.type in (AccountType.income, AccountType.expense)
    ]
    return tuple(-balances.balances(balances.as_of(work, where, day), codes) for day in days)


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Why money became more or less: from the result, by what changed beside it (indirect)."""

    opening: tuple[Decimal, ...]
    result: tuple[Decimal, ...]
    parts: tuple[Part, ...]
    closing: tuple[Decimal, ...]

    @property
    def change(self) -> tuple[Decimal, ...]:
        """Sum up what the parts explain; it is always closing less opening."""
        return tuple(
            sum((part.totals[n] for part in self.parts), self.result[n])
            for n in range(len(self.result))
        )


def cash_flow(work: Work, where: Books, spells: Sequence[Spell]) -> CashFlow:
    """Write where money came from and went, in each spell."""
    chart = balances.chart(work, where.book_id)
    money = money_codes(chart)
    moved = [balances.moved(work, where, each.since, each.until) for each in spells]
    results = (AccountType.income, AccountType.expense)

    def investing(line: ChartLine) -> bool:
        return _top(chart, line.code) == FIXED_ASSETS and line.code != WORN

    def operating(line: ChartLine) -> bool:
        return (
            line.code not in money
            and line.type not in (*results, AccountType.equity)
            and not investing(line)
        )

    earned = [code for code, line in chart.items() if line.type in results]
    return CashFlow(
        tuple(
            balances.balances(balances.as_of(work, where, each.since - timedelta(days=1)), money)
            for each in spells
        ),
        tuple(-balances.balances(each, earned) for each in moved),
        (
            _part("operating", chart, moved, operating, -1),
            _part("investing", chart, moved, investing, -1),
            _part("financing", chart, moved, lambda line: line.type is AccountType.equity, -1),
        ),
        tuple(balances.balances(balances.as_of(work, where, each.until), money) for each in spells),
    )


def money_codes(chart: dict[str, ChartLine]) -> list[str]:
    """List the lines of a chart that are money: what the recipes use, and their neighbours."""
    heads = {chart[code].parent for code in MONEY if code in chart} - {""}
    return [code for code, line in chart.items() if code in MONEY or line.parent in heads]


def _part(
    key: str,
    chart: dict[str, ChartLine],
    sums: Sequence[dict[str, Sums]],
    belongs: Callable[[ChartLine], bool],
    sign: int,
) -> Part:
    """Put the lines that belong under their headings; those without any amount are left out."""
    amounts = {
        code: tuple(sign * each.get(code, NOTHING).balance for each in sums)
        for code, line in chart.items()
        if belongs(line)
    }
    amounts = {code: each for code, each in amounts.items() if any(each)}
    below = _headings(chart, amounts)
    rows = tuple(_rows(chart, amounts, below, "", 0))
    return Part(key, rows, _added(amounts.values(), len(sums)))


def _headings(chart: dict[str, ChartLine], codes: Iterable[str]) -> dict[str, set[str]]:
    """Say what stands under each heading, those at the top under the empty one."""
    below: dict[str, set[str]] = {}
    for code in codes:
        at = code
        while at:
            above = chart[at].parent
            below.setdefault(above, set()).add(at)
            at = above
    return below


def _rows(
    chart: dict[str, ChartLine],
    amounts: dict[str, tuple[Decimal, ...]],
    below: dict[str, set[str]],
    above: str,
    depth: int,
) -> Iterable[Row]:
    for code in sorted(below.get(above, ())):
        if code in below:
            inner = list(_rows(chart, amounts, below, code, depth + 1))
            own = [row.amounts for row in inner if row.depth == depth + 1]
            yield Row(chart[code], depth, _added(own, len(own[0])), heads=True)
            yield from inner
        else:
            yield Row(chart[code], depth, amounts[code])


def _added(amounts: Iterable[tuple[Decimal, ...]], width: int) -> tuple[Decimal, ...]:
    rows = list(amounts)
    return tuple(sum((row[n] for row in rows), ZERO) for n in range(width))


def _top(chart: dict[str, ChartLine], code: str) -> str:
    while chart[code].parent:
        code = chart[code].parent
    return code


@dataclass(frozen=True, slots=True)
class Held:
    """A line of the chart that is kept for others: what it says, and what accounts add up to."""

    line: ChartLine
    balance: Decimal
    accounts: Decimal
    holders: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether the money that is held for others is there: at the bank, in the book, by holder."""

    money: list[Balance]
    held: list[Held]

    @property
    def in_book(self) -> Decimal:
        """Sum up the money accounts."""
        return sum((each.debit - each.credit for each in self.money), ZERO)

    @property
    def by_holder(self) -> Decimal:
        """Sum up what each holder's own account says."""
        return sum((each.accounts for each in self.held), ZERO)


def trust(work: Work, where: Books, on: date) -> Reconciliation:
    """Compare the money of a book with the accounts of those whom it is held for, on a day."""
    every = trial_balance(work, where, on)
    money = money_codes(balances.chart(work, where.book_id))
    own = balances.holders(work, where, on)
    return Reconciliation(
        [each for each in every if each.line.code in money],
        [
            Held(each.line, each.credit - each.debit, *own.get(each.line.code, (ZERO, 0)))
            for each in every
            if each.line.type is AccountType.liability
        ],
    )
