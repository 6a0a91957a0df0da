"""What rents come to: periods of a lease and parts of them. Arithmetic alone, without a database.

The set-based run writes the same in SQL (migrations/sql/rents/); a test holds both together.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.errors import BadInput
from core.money import parsed, rounded
from core.text import N_
from models.leasing import Proration

MOST_PERIODS = 600
"""Periods that are caught up at most: fifty years."""
DAYS_OF_MONTH, DAYS_OF_YEAR, MONTHS = 30, 365, 12
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a lease that one rent is for, of a whole month of `whole` days."""

    first: date
    last: date
    whole: int

    @property
    def days(self) -> int:
        """Count its days."""
        return (self.last - self.first).days + 1

    @property
    def is_part(self) -> bool:
        """Whether it is less than a month."""
        return self.days < self.whole


def anchored(year: int, month: int, day: int) -> date:
    """Give a day of a month; the 31st is the last day of any."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def anchor_after(day: date, anchor: int) -> date:
    """Give the next day on which rent is asked for."""
    here = anchored(day.year, day.month, anchor)
    if here > day:
        return here
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return anchored(year, month, anchor)


def anchor_before(day: date, anchor: int) -> date:
    """Give the last day on which rent was asked for, the day itself included."""
    here = anchored(day.year, day.month, anchor)
    if here <= day:
        return here
    before = day.replace(day=1) - ONE_DAY
    return anchored(before.year, before.month, anchor)


def periods(since: date, anchor: int, through: date, until: date | None = None) -> Iterator[Period]:
    """Give the periods that begin from `since` and by `through`; the last ends with the lease."""
    first = since
    for _number in range(MOST_PERIODS):
        if first > through or (until is not None and first > until):
            return
        after = anchor_after(first, anchor)
        last = after - ONE_DAY
        whole = (after - anchor_before(first, anchor)).days
        yield Period(first, min(last, until) if until else last, whole)
        first = after


def part_of(amount: Decimal, period: Period, method: Proration, currency: str) -> Decimal:
    """Give what a period costs of a month's amount, half up; a whole one costs all of it."""
    if not period.is_part:
        return amount
    if method is Proration.actual_days:
        part = amount * period.days / period.whole
    elif method is Proration.thirty_days:
        part = amount * min(period.days, DAYS_OF_MONTH) / DAYS_OF_MONTH
    else:
        part = amount * MONTHS * period.days / DAYS_OF_YEAR
    return min(rounded(part, currency), amount)


def grown(amount: Decimal, percent: Decimal, currency: str) -> Decimal:
    """Give a rent that has grown by a percentage."""
    return rounded(amount * (100 + percent) / 100, currency)


def follows(amount: Decimal, before: Decimal, now: Decimal, currency: str) -> Decimal:
    """Give a rent that has moved as an index did; it does not fall."""
    return max(rounded(amount * now / before, currency), amount)


def months_later(day: date, months: int) -> date:
    """Give the same day some months later, the last one of a shorter month."""
    count = day.month - 1 + months
    return anchored(day.year + count // 12, count % 12 + 1, day.day)


def read_steps(text: str, currency: str) -> list[tuple[date, Decimal]]:
    """Read steps as people write them, one a line: `2027-01-01: 28,000`.

    Raises:
        BadInput: a line cannot be read, or the days do not grow.

    """
    steps: list[tuple[date, Decimal]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        said, colon, amount = line.partition(":")
        try:
            day = date.fromisoformat(said.strip())
        except ValueError:
            day = date.min
        if not colon or day == date.min:
            raise BadInput(
                N_("Write a day and a rent, like 2027-01-01: 28,000."), field="increase_steps"
            )
        if steps and day <= steps[-1][0]:
            raise BadInput(N_("Each step is later than the one before."), field="increase_steps")
        steps.append((day, parsed(amount, currency, "increase_steps")))
    return steps
