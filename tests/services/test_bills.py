"""Bills: the days on which they are asked for, and what may be written in one."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from core.errors import BadInput
from core.work import Work
from models.bills import Basis, Bill, Every
from services import bills
from tests import make

pytestmark = pytest.mark.req("S1.46", "S1.51", "S1.52")


@pytest.mark.parametrize(
    ("every", "first", "days"),
    [
        (Every.once, "2026-05-04", ["2026-05-04"]),
        (Every.week, "2026-12-28", ["2026-12-28", "2027-01-04", "2027-01-11"]),
        (Every.month, "2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (Every.month, "2028-01-30", ["2028-01-30", "2028-02-29", "2028-03-30"]),
        (Every.quarter, "2026-11-30", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        (Every.year, "2028-02-29", ["2028-02-29", "2029-02-28", "2030-02-28"]),
    ],
)
def test_periods_begin_on_the_day_of_the_first_or_the_last_of_the_month(
    every: Every, first: str, days: list[str]
) -> None:
    bill = Bill(every=every, first_on=date.fromisoformat(first), until=None)
    told = islice(bills.periods(bill, date(2199, 1, 1)), 4)

    assert [day.isoformat() for day in told][: len(days)] == days


def test_periods_end_with_the_bill_and_with_today() -> None:
    first = date(2026, 1, 15)
    bill = Bill(every=Every.month, first_on=first, until=date(2026, 4, 14))

    assert len(list(bills.periods(bill, first + timedelta(days=31)))) == 2
    assert list(bills.periods(bill, first - timedelta(days=1))) == []
    assert [day.month for day in bills.periods(bill, date(2027, 1, 1))] == [1, 2, 3]
    assert bills.next_period(bill, date(2026, 3, 15)) is None
    assert bills.next_period(bill, date(2026, 2, 15)) == date(2026, 3, 15)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": Decimal("1.005")}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"basis": Basis.formula, "formula": ""}, "formula"),
        ({"basis": Basis.formula, "formula": "area *"}, "formula"),
        ({"basis": Basis.formula, "formula": "area > 5"}, "formula"),
        ({"condition": "area"}, "condition"),
        ({"condition": "pg_sleep(9) > 1"}, "condition"),
        ({"code": "1000"}, "code"),
        ({"code": "42"}, "code"),
        ({"code": "nope"}, "code"),
    ],
)
def test_what_makes_no_sense_is_named(work: Work, given: dict[str, Any], field: str) -> None:
    place = make.estate(work)
    values = {"title": "x", "amount": Decimal(5), "code": "4300", "basis": Basis.each} | given
    bill = Bill(estate_id=place.id, first_on=date(2026, 1, 1), **values)

    with pytest.raises(BadInput) as refused:
        bills.check(work, bill)

    assert refused.value.field == field
