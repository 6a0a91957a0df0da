"""Rents: what months and parts of them come to, and that the run in the database says the same."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import BadInput
from core.work import Work
from models.leasing import Proration
from services import rents
from services.rents import Period

pytestmark = pytest.mark.req("S2.11", "S2.14", "S2.25")
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
ANCHORS = st.integers(1, 31)


def test_the_31st_is_the_last_day_of_any_month() -> None:
    firsts = [each.first for each in rents.periods(date(2027, 1, 31), 31, date(2027, 4, 30))]

    assert firsts == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    assert rents.anchored(2028, 2, 31) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("method", "amount"),
    [
        (Proration.actual_days, Decimal("13709.68")),
        (Proration.thirty_days, Decimal("14166.67")),
        (Proration.annual, Decimal("13972.60")),
    ],
)
def test_a_part_of_a_month_costs_as_was_agreed(method: Proration, amount: Decimal) -> None:
    period = next(rents.periods(date(2026, 3, 15), 1, date(2026, 3, 31)))

    assert (period.days, period.whole) == (17, 31)
    assert rents.part_of(Decimal(25_000), period, method, "KES") == amount


@given(since=DAYS, anchor=ANCHORS, months=st.integers(0, 30), length=st.integers(0, 900))
def test_periods_cover_each_day_of_a_lease_once(
    since: date, anchor: int, months: int, length: int
) -> None:
    until = since + timedelta(days=length)
    there = list(rents.periods(since, anchor, until, until))

    days = [each.first + timedelta(days=n) for each in there for n in range(each.days)]
    assert days == [since + timedelta(days=n) for n in range(length + 1)]
    assert all(each.days <= each.whole and 28 <= each.whole <= 31 for each in there)
    assert all(not each.is_part for each in there[1:-1])
    assert months >= 0


@given(
    amount=st.decimals(Decimal("0.01"), Decimal(10_000_000), places=2),
    days=st.integers(1, 31),
    whole=st.integers(28, 31),
    method=st.sampled_from(Proration),
)
def test_a_part_is_never_more_than_the_whole(
    amount: Decimal, days: int, whole: int, method: Proration
) -> None:
    first = date(2026, 1, 1)
    period = Period(first, first + timedelta(days=min(days, whole) - 1), whole)
    part = rents.part_of(amount, period, method, "KES")

    assert 0 <= part <= amount
    assert part == amount or period.is_part


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    since=DAYS,
    anchor=ANCHORS,
    length=st.integers(0, 400),
    open_=st.booleans(),
    amount=st.decimals(Decimal("0.01"), Decimal(1_000_000), places=2),
    method=st.sampled_from(Proration),
)
def test_the_database_reckons_as_we_do(  # noqa: PLR0913, PLR0917
    work: Work,
    since: date,
    anchor: int,
    length: int,
    open_: bool,  # noqa: FBT001
    amount: Decimal,
    method: Proration,
) -> None:
    through = since + timedelta(days=length)
    until = None if open_ else through - timedelta(days=length // 3)
    query = text(
        "SELECT first_on, last_on, whole,"
        " part_of_rent(:amount, last_on - first_on + 1, whole, :method, 2) AS part"
        " FROM rent_periods(:since, :anchor, :through, :until) ORDER BY 1"
    )
    values = {"since": since, "anchor": anchor, "through": through, "until": until}
    rows = work.session.execute(query, values | {"amount": amount, "method": method.value})

    theirs = [(Period(*row[:3]), row.part) for row in rows]

    ours = list(rents.periods(since, anchor, through, until))
    assert theirs == [(each, rents.part_of(amount, each, method, "KES")) for each in ours]


def test_steps_are_read_as_people_write_them() -> None:
    steps = rents.read_steps("2027-01-01: 28,000\n\n2028-01-01: KES 30,000.50", "KES")

    assert steps == [(date(2027, 1, 1), 28_000), (date(2028, 1, 1), Decimal("30000.50"))]
    for wrong in ("next year: 5", "2027-01-01 5", "2028-01-01: 5\n2027-01-01: 6"):
        with pytest.raises(BadInput):
            rents.read_steps(wrong, "KES")


def test_a_rent_grows_by_percent_or_with_an_index_and_never_falls() -> None:
    assert rents.grown(Decimal(25_000), Decimal("7.5"), "KES") == 26_875
    assert rents.follows(Decimal(25_000), Decimal(100), Decimal(104), "KES") == 26_000
    assert rents.follows(Decimal(25_000), Decimal(104), Decimal(100), "KES") == 25_000
    assert rents.months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)
