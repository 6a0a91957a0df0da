"""Estates: shares within the whole, one who has a unit at a time, and postings that know it."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.errors import BadInput, Refused
from core.work import Work
from models.billing import PaymentMethod
from models.chart import BANK, ESTATE_DUES, RECEIVABLE
from models.estate import Estate, Occupancy, OccupancyRole, Ownership, Unit, UnitStatus
from models.events import Event
from models.ledger import Posting
from models.people import Party
from services import (
    balances,
    billing,
    booking_ends,
    chains,
    estate,
    handovers,
    ledger,
    payments,
    statements,
)
from services.balances import Place
from services.ledger import Leg, Recipe
from services.payments import Part
from tests import make, stories
from tests.services.test_races import AT_ONCE, race

DAY = date(2026, 3, 1)
TENANT, RESIDENT = OccupancyRole.tenant, OccupancyRole.resident


def owns(work: Work, unit: UUID, party: UUID, share: str = "1/1", since: date = DAY) -> Ownership:
    row = Ownership(unit_id=unit, party_id=party, since=since)
    row.share_parts, row.share_of = map(int, share.split("/"))
    return estate.own(work, row)


def lives(
    work: Work, unit: UUID, party: UUID, role: OccupancyRole = TENANT, since: date = DAY
) -> Occupancy:
    row = Occupancy(unit_id=unit, party_id=party, role=role, since=since)
    return estate.move_in(work, row)


@pytest.mark.req("S1.05", "S1.07")
def test_owners_hold_at_most_all_of_a_unit_on_each_day(work: Work) -> None:
    unit = make.unit(work).id
    first, second, third, fourth = (make.party(work).id for _ in range(4))

    thirds = [owns(work, unit, each, "1/3") for each in (first, second, third)]
    with pytest.raises(estate.MoreThanWhole):
        owns(work, unit, fourth, "1/1000000", DAY + timedelta(days=400))
    with pytest.raises(estate.OwnedAlready):
        owns(work, unit, first, "1/9")
    new = estate.pass_on(work, thirds[0].id, fourth, DAY + timedelta(days=10))

    assert [each.share for each in thirds] == [Decimal("33.3333")] * 3
    assert (thirds[0].until, new.since) == (DAY + timedelta(days=9), DAY + timedelta(days=10))
    assert "owner" in work.session.get_one(Party, fourth).roles
    with pytest.raises(estate.Ended):
        estate.end_ownership(work, thirds[0].id, DAY + timedelta(days=20))
    with pytest.raises(BadInput):
        estate.end_ownership(work, new.id, DAY)


def test_of_many_who_are_written_down_at_once_no_more_than_all_hold_it(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        unit = make.unit(work).id
        parties = iter([make.party(work).id for _ in range(AT_ONCE)])

    said = race(app, home, lambda work: owns(work, unit, next(parties), "2/5"))

    assert sorted(said) == ["", "", *["more_than_whole"] * (AT_ONCE - 2)]


def test_one_has_a_unit_at_a_time_and_others_may_live_with_them(
    app: Flask, session: Session, home: UUID
) -> None:
    with stories.unit(session, home) as work:
        unit = make.unit(work).id
        parties = iter([make.party(work).id for _ in range(AT_ONCE)])

    said = race(app, home, lambda work: lives(work, unit, next(parties)))

    assert sorted(said) == ["", *["unit_taken"] * (AT_ONCE - 1)]
    with stories.unit(session, home) as work:
        head = work.session.scalars(select(Occupancy)).one()
        lives(work, unit, make.party(work).id, RESIDENT)
        with pytest.raises(estate.LivesThere):
            lives(work, unit, head.party_id, RESIDENT)
        assert estate.head_of(work, unit, DAY) == head.party_id
        assert work.session.get_one(Unit, unit).status is UnitStatus.occupied


@pytest.mark.req("S2.18")
def test_a_unit_is_what_its_occupancies_say_on_the_day(work: Work) -> None:
    unit = make.unit(work)
    today = estate.today(work, work.session.get_one(Estate, unit.estate_id))
    soon = lives(work, unit.id, make.party(work).id, since=today + timedelta(days=2))
    before = unit.status

    later = work.at(work.now + timedelta(days=2))
    late = list(estate.stale(later))
    estate.refresh(later, unit.id)
    during = unit.status
    estate.move_out(later, soon.id, today + timedelta(days=2))
    assert (before, late, during) == (UnitStatus.vacant, [unit.id], UnitStatus.occupied)
    on_the_last = unit.status
    estate.refresh(work.at(work.now + timedelta(days=3)), unit.id)

    told = select(Event.type).where(Event.type.in_(("unit.status_changed", "occupancy.ended")))
    assert on_the_last is UnitStatus.occupied, "its last day counts"
    assert unit.status == UnitStatus.vacant
    assert sorted(work.session.scalars(told)) == [
        "occupancy.ended",
        *["unit.status_changed"] * 2,
    ]


def asked(work: Work, party: UUID, unit: UUID | None, amount: int) -> UUID:
    lines = [billing.Line("Dues", Decimal(amount), ESTATE_DUES)]
    invoice = billing.draft(work, party, "KES", "Dues", lines, unit_id=unit)
    return billing.issue(work, invoice.id).id


@pytest.mark.req("S1.05")
def test_what_is_asked_and_paid_about_a_unit_is_found_by_it(work: Work) -> None:
    place, party = make.estate(work), make.party(work).id
    one, two = make.unit(work, place).id, make.unit(work, place).id
    ids = [asked(work, party, unit, amount) for unit, amount in ((one, 100), (two, 40), (None, 7))]
    payments.record(work, [Part(each) for each in ids], PaymentMethod.cash)
    taken_back = asked(work, party, one, 30)
    billing.void(work, taken_back, "a mistake")
    legs = [Leg("5000", Decimal(9), None, one), Leg(BANK, Decimal(-9))]
    repair = ledger.post(work, Recipe("repair", "A tap", "unit", one, "KES", legs))
    back = ledger.reverse(work, repair, "once", "a mistake")
    assert set(work.session.scalars(select(Posting.unit_id).where(Posting.entry_id == back))) == {
        one,
        None,
    }

    day = ledger.business_date(work)
    main = balances.books(work)
    all_of = balances.Books(main.book_id, "main", "KES", Place(place.id, place.name))
    only = balances.Books(main.book_id, "main", "KES", Place(place.id, place.name, one))
    income = {where: balances.as_of(work, where, day)[ESTATE_DUES] for where in (all_of, only)}
    told = statements.general_ledger(work, only, ESTATE_DUES, day, day)
    mine = statements.of_party(work, only, party, day, day, [RECEIVABLE])

    assert (income[all_of].balance, income[only].balance) == (Decimal(-140), Decimal(-100))
    assert balances.as_of(work, main, day)[ESTATE_DUES].balance == -147
    assert [line.amount for line in told.lines] == [-100, -30, 30]
    assert [line.amount for line in mine.lines] == [100, -100, 30, -30]
    assert mine.closing == 0
    chains.seal(work)
    work.session.commit()
    assert chains.verify(work.session, "ledger", []) == []


@pytest.mark.req("S3.48", "S1.05")
def test_a_sold_apartment_is_handed_over_as_a_unit_of_its_buyer(
    session: Session, home: UUID
) -> None:
    story = stories.confirmed(session, home)
    with story.work() as work:
        place = make.estate(work).id
        with pytest.raises(handovers.NotSold):
            handovers.hand_over(work, story.booking_id, place, "", DAY, lives=True)
    story.pay()
    story.approve()
    with story.work() as work:
        booking_ends.settle(work, story.booking_id)
        unit = handovers.hand_over(work, story.booking_id, place, "", DAY, lives=True)
        owner = work.session.scalars(select(Ownership).where(Ownership.unit_id == unit.id)).one()
        assert (owner.party_id, owner.share) == (story.customer_id, Decimal(100))
        assert estate.head_of(work, unit.id, DAY) == story.customer_id
        (shown,) = estate.homes(work, story.customer_id)
        assert (shown.unit.id, shown.unit.apartment_id) == (unit.id, story.apartment_id)
    with story.work() as work, pytest.raises(Refused, match="handed over already"):
        handovers.hand_over(work, story.booking_id, place, "", DAY, lives=True)


def test_a_unit_stands_in_a_block_of_its_own_estate(work: Work) -> None:
    broken = text("INSERT INTO block (id, organization_id, estate_id, name, custom) VALUES"
                  " (gen_random_uuid(), :home, :estate, 'B', '{}') RETURNING id")  # fmt: skip
    other = make.estate(work)
    block = work.session.scalar(broken, {"home": work.scope.home(), "estate": other.id})
    unit = make.unit(work)
    with work.session.no_autoflush, pytest.raises(BadInput, match="no such block"):
        unit.block_id = block
        estate.check_unit(work, unit)
    work.session.expire(unit)
