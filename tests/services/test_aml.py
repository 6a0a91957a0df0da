"""Flags on money that moves: just over a limit, and quiet just under and at the window's edge."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from core.db import uuid7
from core.errors import BadInput
from core.flow import IllegalMove
from core.work import Work
from models.aml import AmlCase, AmlLimit, AmlRule, AmlStatus
from models.events import Event
from services import aml
from services.people import WhyNeeded
from tests import make

pytestmark = pytest.mark.req("S5.59")
LIMIT, DAILY = Decimal(1_000_000), 3
NOON = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
HOURS = timedelta(hours=1)
EDGE = timedelta(hours=48)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def party_id(work: Work) -> UUID:
    limit = AmlLimit(currency="KES", single=LIMIT, daily_count=DAILY)
    limit.organization_id = work.scope.home()
    aml.check(work, limit)
    work.session.add(limit)
    work.session.flush()
    return make.party(work).id


def moved(
    work: Work, party_id: UUID, amount: str, at: datetime = NOON, currency: str = "KES"
) -> list[AmlRule]:
    found = aml.moved(work, party_id, uuid7(), Decimal(amount), currency, at)
    return [each.rule for each in found]


@pytest.mark.parametrize(
    ("amount", "flags"),
    [("1000000.01", [AmlRule.single]), ("1000000.00", []), ("999999.99", [])],
)
def test_one_sum_is_flagged_over_the_limit_alone(
    work: Work, party_id: UUID, amount: str, flags: list[AmlRule]
) -> None:
    assert moved(work, party_id, amount) == flags
    assert moved(work, make.party(work).id, amount, currency="USD") == [], "it has no limit"


def test_more_than_so_many_in_a_day_are_flagged_once_that_day(work: Work, party_id: UUID) -> None:
    for number in range(DAILY):
        assert moved(work, party_id, "1", NOON + number * HOURS) == []

    assert moved(work, party_id, "1", NOON + 4 * HOURS) == [AmlRule.frequent]
    assert moved(work, party_id, "1", NOON + 5 * HOURS) == []
    # In Nairobi the day ends at 21:00 UTC.
    assert moved(work, party_id, "1", NOON + 12 * HOURS) == []


def test_so_many_over_midnight_are_quiet(work: Work, party_id: UUID) -> None:
    midnight = datetime(2026, 3, 10, 21, 0, tzinfo=UTC)
    for number in range(DAILY):
        assert moved(work, party_id, "1", midnight - (number + 1) * INSTANT) == []
    assert moved(work, party_id, "1", midnight) == []


@pytest.mark.parametrize(
    ("second", "after", "flags"),
    [
        ("500000.01", EDGE, [AmlRule.parted]),
        ("500000.01", EDGE + INSTANT, []),
        ("500000.00", EDGE, []),
        ("500000.01", HOURS, [AmlRule.parted]),
        ("500000.00", HOURS, []),
    ],
)
def test_small_sums_are_flagged_that_pass_the_limit_within_48_hours(
    work: Work, party_id: UUID, second: str, after: timedelta, flags: list[AmlRule]
) -> None:
    assert moved(work, party_id, "500000.00") == []
    assert moved(work, make.party(work).id, "900000.00") == [], "that is another party"

    assert moved(work, party_id, second, NOON + after) == flags


def test_what_is_told_late_or_twice_is_flagged_once(work: Work, party_id: UUID) -> None:
    subject = uuid7()
    args = (Decimal(600000), "KES", NOON + HOURS)
    assert aml.moved(work, party_id, subject, *args) == []
    assert aml.moved(work, party_id, subject, *args) == []

    (case,) = aml.moved(work, party_id, uuid7(), Decimal(600000), "KES", NOON)

    assert (case.rule, case.movements, case.amount) == (AmlRule.parted, 2, Decimal(1200000))
    assert (case.since, case.until) == (NOON, NOON + HOURS)
    assert moved(work, party_id, "300000", NOON + 2 * HOURS) == [], "those two were flagged"
    (told,) = work.session.scalars(select(Event).where(Event.type == "aml.flagged"))
    assert told.data["rule"] == "parted"


def test_a_case_is_cleared_or_reported_once_and_for_a_reason(work: Work, party_id: UUID) -> None:
    moved(work, party_id, "2000000")
    moved(work, party_id, "3000000", NOON + HOURS)
    one, other = work.session.scalars(select(AmlCase).order_by(AmlCase.id)).all()
    with pytest.raises(WhyNeeded):
        aml.clear(work, one.id, " ")

    aml.clear(work, one.id, "The sale of a house.")
    aml.report(work, other.id, "Nobody knows whose it is.")

    assert (one.status, other.status) == (AmlStatus.cleared, AmlStatus.reported)
    for decide in (aml.clear, aml.report):
        with pytest.raises(IllegalMove):
            decide(work, one.id, "again")


@pytest.mark.parametrize(
    ("currency", "single", "daily", "field"),
    [("KE", 1, 1, "currency"), ("KES", 0, 1, "single"), ("KES", 1, 0, "daily_count")],
)
def test_a_limit_that_is_none_is_refused(
    work: Work, currency: str, single: int, daily: int, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        aml.check(work, AmlLimit(currency=currency, single=Decimal(single), daily_count=daily))
    assert refused.value.field == field
