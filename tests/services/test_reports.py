"""Figures for the dashboard: each is counted again here, and money by the day of the zone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.work import Work
from models.events import Saga
from models.payments import Refund
from models.sales import Apartment
from services import booking_ends, payments, refunds, reports, sagas
from services.payments import Outcome
from tests import make, stories
from tests.stories import PRICE, Story

HALF = PRICE / 2


@pytest.fixture
def sold(session: Session, home: UUID) -> list[Story]:
    """Four confirmed bookings: half paid, paid and approved, cancelled, and one as it is."""
    told = [stories.confirmed(session, home) for _ in range(4)]
    told[0].pay(HALF)
    told[1].pay()
    told[1].approve()
    with told[2].work() as work:
        booking_ends.cancel(work, told[2].booking_id, "changed their mind")
    return told


@pytest.mark.req("S3.16", "S3.45")
def test_what_is_booked_collected_and_remaining(work: Work, sold: list[Story]) -> None:
    found = reports.totals(work, reports.period(work, 30))

    assert found.confirmed == 4
    assert found.booked == 3 * PRICE
    assert found.collected == HALF + PRICE
    assert found.remaining == 3 * PRICE - HALF - PRICE
    assert found.days_to_approve == Decimal("0.0")


@pytest.mark.req("S3.16")
def test_what_went_back_is_not_collected(work: Work, sold: list[Story]) -> None:
    with sold[0].work() as acting:
        booking_ends.cancel(acting, sold[0].booking_id, "changed their mind")
    while sagas_due(sold[0]):
        pass

    found = reports.totals(work, reports.period(work, 30))

    back = HALF * 90 / 100
    assert (found.collected, found.refunded) == (HALF + PRICE - back, back)
    assert found.remaining == PRICE
    (month,) = reports.months(work, reports.period(work, 30))
    assert month.collected == found.collected


def sagas_due(story: Story) -> bool:
    """Pay what is to go back, and make the next step of the cancellation."""
    with story.work() as acting:
        for refund in acting.session.scalars(select(Refund)).all():
            refunds.settle(acting, refund.id)
        saga = acting.session.scalars(select(Saga)).one()
        sagas.wake(acting, saga.kind, saga.subject_id)
        sagas.advance(acting, saga.id)
        return saga.finished_at is None


def test_who_owes_most_comes_first(work: Work, sold: list[Story]) -> None:
    rows = reports.remaining(work, reports.period(work, None))

    owed = {row.id: row.remaining for row in rows}
    assert owed == {
        sold[3].booking_id: PRICE,
        sold[0].booking_id: HALF,
        sold[1].booking_id: Decimal(0),
    }
    assert [row.remaining for row in rows] == sorted(owed.values(), reverse=True)


def test_bookings_by_status_and_apartments_by_status(work: Work, sold: list[Story]) -> None:
    asked = reports.period(work, 30)

    assert {tuple(row) for row in reports.pipeline(work, asked)} == {
        ("in_progress", 2, 2 * PRICE),
        ("approved", 1, PRICE),
        ("cancelled", 1, PRICE),
    }
    rows = [tuple(row) for row in reports.inventory(work, asked)]
    assert sorted((row[1], row[2]) for row in rows) == [
        ("booked", 1),
        ("for_sale", 1),
        ("in_progress", 1),
        ("in_progress", 1),
    ]


@pytest.mark.req("S2.58")
def test_payments_that_failed_are_counted_by_who_was_to_take_them(
    work: Work, session: Session, sold: list[Story]
) -> None:
    intent_id = sold[3].begin_card(HALF)
    payments.settle(work, intent_id, Outcome("failed", reason="no money"))
    payments.cancel(work, sold[0].begin_card(Decimal(7)))
    everything = reports.period(work, None)
    project = session.get_one(Apartment, sold[3].apartment_id).project_id

    assert {tuple(row) for row in reports.tries(work, everything)} == {
        ("card", 0, 2, HALF + 7),
        ("cash", 2, 0, Decimal(0)),
    }
    alone = reports.tries(work, reports.period(work, 30, project))
    assert [tuple(row) for row in alone] == [("card", 0, 1, HALF)]
    assert reports.tries(work, everything.before()) == []


def test_one_project_is_counted_alone_and_a_foreign_one_does_not_exist(
    work: Work, session: Session, sold: list[Story]
) -> None:
    original = session.get_one(Apartment, sold[0].apartment_id)
    asked = reports.period(work, 30, original.project_id)

    assert reports.totals(work, asked).booked == PRICE
    with pytest.raises(NotFound):
        reports.period(work, 30, UUID(int=7))


@pytest.mark.req("S5.47")
def test_nothing_of_another_organization_is_counted(
    work: Work, session: Session, sold: list[Story]
) -> None:
    stories.confirmed(session, make.organization(session)).pay()

    found = reports.totals(work, reports.period(work, None))

    assert (found.confirmed, found.collected) == (4, HALF + PRICE)


def test_an_instant_belongs_to_the_day_of_the_zone(work: Work, sold: list[Story]) -> None:
    """Nairobi is three hours ahead: 22:30 in London on the 31st is the first of the month there."""
    instant = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
    work.session.execute(
        text("UPDATE booking SET confirmed_at = :at WHERE id = :id"),
        {"at": instant, "id": sold[3].booking_id},
    )
    work.session.execute(
        text("UPDATE payment_intent SET succeeded_at = :at"),
        {"at": instant - timedelta(hours=2)},
    )
    january = reports.Period(date(2026, 1, 1), date(2026, 2, 1), "KES")
    february = reports.Period(date(2026, 2, 1), date(2026, 3, 1), "KES")

    assert reports.totals(work, january).confirmed == 0
    assert reports.totals(work, january).collected == HALF + PRICE
    assert reports.totals(work, february).confirmed == 1
    assert reports.totals(work, february).collected == 0
    both = reports.Period(date(2026, 1, 1), date(2026, 3, 1), "KES")
    rows = reports.months(work, both)
    assert [(row.month, row.confirmed, row.collected) for row in rows] == [
        (date(2026, 1, 1), 0, HALF + PRICE),
        (date(2026, 2, 1), 1, 0),
    ]


def test_the_period_before_is_as_long() -> None:
    asked = reports.Period(date(2026, 3, 1), date(2026, 3, 31), "KES")
    assert asked.before() == reports.Period(date(2026, 1, 30), date(2026, 3, 1), "KES")
