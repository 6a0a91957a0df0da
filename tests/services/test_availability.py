"""What stands on each day of a unit: leases as they stand, who lives there, blocks, and nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.errors import Mistakes
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.estate import Block, Estate, Occupancy, OccupancyRole, Unit, UnitType
from models.leasing import Lease, LeaseStatus
from services import availability, estate, lease_ends, leasing
from services.availability import Kind, Row, Sheet, Wish
from tests import make

pytestmark = pytest.mark.req("S2.09", "S2.10")
MONTH = date(2026, 1, 1)
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = date(2026, 3, 10)
Days = list[tuple[str, str, str]]


@pytest.fixture
def then(work: Work) -> Work:
    """The same work on a day in March."""
    return work.at(NOW)


def look(work: Work, place: Estate, **given: Any) -> Sheet:
    return availability.look(work, place, replace(Wish(place.id, MONTH), **given))


def days(row: Row) -> Days:
    return [
        (
            each.held.state if each.held else each.kind.value,
            f"{each.first:%m-%d}",
            f"{each.last:%m-%d}",
        )
        for each in row.spans
    ]


def of(work: Work, unit: Unit, place: Estate, **given: Any) -> Row:
    return next(row for row in look(work, place, **given).rows if row.id == unit.id)


def sent(work: Work, unit: UUID, since: date, until: date | None, **given: Any) -> Lease:
    lease = make.lease(work, unit, since=since, until=until, **given)
    return leasing.send_for_signature(work, lease.id)


def active(work: Work, unit: UUID, since: date, until: date | None) -> Lease:
    lease = sent(work, unit, since, until)
    lease.status = LeaseStatus.active
    work.session.flush()
    return lease


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    yield said
    event.remove(connection, "before_cursor_execute", hear)


def test_the_days_of_a_unit_follow_one_another_without_a_gap(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    active(then, unit.id, date(2026, 2, 1), date(2026, 3, 31))
    sent(then, unit.id, date(2026, 4, 10), date(2026, 4, 10))

    row = of(then, unit, place)

    assert days(row) == [
        ("free", "01-01", "01-31"),
        ("active", "02-01", "03-31"),
        ("free", "04-01", "04-09"),
        ("pending_signature", "04-10", "04-10"),
        ("free", "04-11", "12-31"),
    ]


def test_a_lease_is_shown_from_edge_to_edge_and_says_its_own_days(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    lease = active(then, unit.id, date(2025, 6, 1), None)

    (span,) = of(then, unit, place).spans

    assert (span.first, span.last) == (MONTH, date(2026, 12, 31))
    assert span.held
    assert (span.held.since, span.held.until, span.held.number) == (lease.since, None, lease.number)


def test_what_ends_before_or_begins_after_these_months_is_not_there(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    active(then, unit.id, date(2025, 1, 1), date(2025, 12, 31))
    active(then, unit.id, date(2027, 1, 1), None)

    assert days(of(then, unit, place)) == [("free", "01-01", "12-31")]
    assert days(of(then, unit, place, month=date(2026, 2, 1)))[-1] == ("active", "01-01", "01-31")


@pytest.mark.req("S2.17")
def test_every_state_of_a_lease_that_kept_its_unit_is_shown(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    first = active(then, unit.id, date(2026, 1, 1), None)
    lease_ends.give_notice(then, first.id, date(2026, 6, 30), "moves")
    sent(then, unit.id, date(2026, 7, 1), None)
    gone = make.unit(then, place)
    over = active(then, gone.id, date(2026, 1, 1), date(2026, 2, 28))
    over.status = LeaseStatus.ended
    then.session.flush()

    assert days(of(then, unit, place)) == [
        ("notice", "01-01", "06-30"),
        ("pending_signature", "07-01", "12-31"),
    ]
    assert days(of(then, gone, place))[0] == ("ended", "01-01", "02-28")


@pytest.mark.req("S2.11")
def test_drafts_keep_nothing_and_lie_beside_the_days(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    numbers = [
        make.lease(then, unit.id, since=since, until=until).number
        for since, until in (
            (date(2026, 2, 1), date(2026, 6, 30)),
            (date(2026, 5, 1), date(2026, 8, 31)),
            (date(2026, 7, 1), date(2026, 9, 30)),
        )
    ]

    row = of(then, unit, place)

    assert days(row) == [("free", "01-01", "12-31")]
    lanes = [[each.held.number for each in lane if each.held] for lane in row.drafts]
    assert lanes == [[numbers[0], numbers[2]], [numbers[1]]]


def test_a_cancelled_lease_stands_nowhere(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    leasing.cancel(then, sent(then, unit.id, MONTH, None).id, "no")

    row = of(then, unit, place)

    assert (days(row), row.drafts) == ([("free", "01-01", "12-31")], [])


def test_who_lives_there_without_a_lease_fills_what_leases_leave(then: Work) -> None:
    place, lives = make.estate(then), make.party(then, name="Wanjiru").id
    unit = make.unit(then, place)
    sent(then, unit.id, date(2026, 2, 1), date(2026, 2, 28), party_id=lives)
    who = Occupancy(unit_id=unit.id, party_id=lives, role=OccupancyRole.owner_occupier)
    who.since = date(2026, 2, 10)
    estate.move_in(then, who)
    guest = Occupancy(unit_id=unit.id, party_id=make.party(then).id, role=OccupancyRole.resident)
    guest.since = date(2025, 2, 10)
    estate.move_in(then, guest)

    row = of(then, unit, place)

    assert days(row) == [
        ("free", "01-01", "01-31"),
        ("pending_signature", "02-01", "02-28"),
        ("owner_occupier", "03-01", "12-31"),
    ]
    assert row.spans[2].held
    assert (row.spans[2].kind, row.spans[2].held.who) == (Kind.occupancy, "Wanjiru")


def test_a_unit_out_of_use_is_blocked_from_today_on(then: Work) -> None:
    place = make.estate(then)
    unit = make.unit(then, place)
    estate.take_out_of_use(then, unit.id)

    assert days(of(then, unit, place)) == [
        ("free", "01-01", "03-09"),
        ("blocked", "03-10", "12-31"),
    ]
    assert days(of(then, unit, place, month=date(2027, 1, 1))) == [("blocked", "01-01", "12-31")]
    assert days(of(then, unit, place, month=date(2025, 1, 1))) == [("free", "01-01", "12-31")]


def numbers(sheet: Sheet) -> list[str]:
    return [row.number for row in sheet.rows]


def test_only_units_like_those_asked_for_are_shown(then: Work) -> None:
    place = make.estate(then)
    block = Block(estate_id=place.id, name="North", organization_id=then.scope.home())
    then.session.add(block)
    then.session.flush()
    make.unit(then, place, number="A1", block_id=block.id, bedrooms=2)
    make.unit(then, place, number="A2", type=UnitType.shop)
    make.unit(then, place, number="A3", bedrooms=2)
    make.unit(then, number="elsewhere")

    assert numbers(look(then, place)) == ["A2", "A3", "A1"]
    assert numbers(look(then, place, block_id=block.id)) == ["A1"]
    assert numbers(look(then, place, type=UnitType.shop)) == ["A2"]
    assert numbers(look(then, place, bedrooms=2)) == ["A3", "A1"]
    assert numbers(look(then, place, bedrooms=0, type=UnitType.house)) == []


def test_only_free_leaves_out_what_has_no_free_day_to_come(then: Work) -> None:
    place = make.estate(then)
    full, gap, was, out, shared = (make.unit(then, place, number=f"A{n}") for n in range(1, 6))
    active(then, full.id, date(2025, 1, 1), date(2026, 6, 30))
    active(then, full.id, date(2026, 7, 1), None)
    active(then, gap.id, date(2025, 1, 1), date(2026, 6, 29))
    active(then, gap.id, date(2026, 7, 1), None)
    active(then, was.id, TODAY, None)
    estate.take_out_of_use(then, out.id)
    lives = Occupancy(unit_id=shared.id, party_id=make.party(then).id, role=OccupancyRole.tenant)
    lives.since = date(2026, 7, 1)
    estate.move_in(then, lives)
    sent(then, shared.id, MONTH, date(2026, 6, 30))
    make.lease(then, make.unit(then, place, number="A6").id, since=MONTH, until=None)

    assert numbers(look(then, place, only_free=True)) == ["A2", "A6"]
    # Of months that are over, days that were free count.
    assert numbers(look(then, place, only_free=True, month=date(2025, 1, 1))) == [
        *("A3", "A5", "A6"),
    ]


def test_pages_hold_so_many_units_and_one_that_is_not_there_is_the_first(then: Work) -> None:
    place = make.estate(then)
    for each in range(5):
        make.unit(then, place, number=f"A{each}")

    second = look(then, place, page=2, size=2)

    assert (numbers(second), second.total, second.page) == (["A2", "A3"], 5, 2)
    beyond = look(then, place, page=9, size=2)
    assert (numbers(beyond), beyond.total, beyond.page) == (["A0", "A1"], 5, 1)


def test_two_statements_read_any_number_of_units(then: Work) -> None:
    place = make.estate(then)
    for each in range(8):
        active(then, make.unit(then, place, number=f"A{each}").id, MONTH, None)

    with counted(then.session) as said:
        look(then, place, only_free=False)

    assert len(said) == 2


def test_units_of_another_organization_are_none(then: Work, session: Session) -> None:
    place = make.estate(then)
    make.unit(then, place)
    session.refresh(place)
    session.expunge(place)

    with seeing(session, Scope(make.organization(session), actor="test:1")):
        sheet = look(Work(session, Actor("test", "1")), place)

    assert (sheet.rows, sheet.total) == ([], 0)


ASKED = [
    (date(2026, 1, 1), date(2026, 3, 31), True),
    (date(2026, 1, 1), date(2026, 4, 1), False),
    (date(2026, 4, 1), date(2026, 4, 30), False),
    (date(2026, 5, 1), date(2026, 6, 30), True),
    (date(2026, 5, 1), None, False),
    (date(2026, 8, 1), None, False),
]


@pytest.mark.parametrize(("since", "until", "free"), ASKED)
def test_it_answers_as_a_draft_is_judged(
    then: Work, since: date, until: date | None, *, free: bool
) -> None:
    unit = make.unit(then).id
    sent(then, unit, date(2026, 4, 1), date(2026, 4, 30))
    lives = Occupancy(unit_id=unit, party_id=make.party(then).id, role=OccupancyRole.tenant)
    lives.since = date(2026, 7, 1)
    estate.move_in(then, lives)

    answer = availability.asked(then, unit, since, until)

    assert answer
    assert answer.free is free
    if free:
        make.lease(then, unit, since=since, until=until)
    else:
        with pytest.raises(Mistakes):
            make.lease(then, unit, since=since, until=until)


def test_it_says_how_long_a_unit_is_free_and_who_hopes_for_it(then: Work) -> None:
    unit = make.unit(then).id
    next_one = sent(then, unit, date(2026, 9, 1), None)
    hope = make.lease(then, unit, since=MONTH, until=date(2026, 2, 28))

    answer = availability.asked(then, unit, date(2026, 2, 1), None)

    assert answer
    assert [each.number for each in answer.taken] == [next_one.number]
    assert [each.number for each in answer.hopes] == [hope.number]
    assert (answer.until, answer.opens) == (date(2026, 8, 31), True)
    taken = availability.asked(then, unit, date(2026, 9, 1), None)
    assert taken
    assert not taken.opens


def test_a_draft_and_its_own_tenant_are_in_nobodys_way(then: Work) -> None:
    unit, lives = make.unit(then).id, make.party(then).id
    row = Occupancy(unit_id=unit, party_id=lives, role=OccupancyRole.tenant, since=MONTH)
    estate.move_in(then, row)
    draft = make.lease(then, unit, since=MONTH, until=None, party_id=lives)

    own = availability.asked(then, unit, MONTH, None, lease_id=draft.id)
    theirs = availability.asked(then, unit, MONTH, None)

    assert own
    assert (own.free, own.hopes) == (True, [])
    assert theirs
    assert (theirs.free, len(theirs.hopes)) == (False, 1)


def test_a_unit_out_of_use_or_out_of_sight_is_not_free(then: Work) -> None:
    unit = make.unit(then)
    estate.take_out_of_use(then, unit.id)

    answer = availability.asked(then, unit.id, MONTH, None)

    assert answer
    assert not answer.free
    assert availability.asked(then, UUID(int=7), MONTH, None) is None


def test_months_are_counted_over_the_turn_of_years() -> None:
    assert availability.month_after(date(2026, 11, 1), 3) == date(2027, 2, 1)
    assert availability.month_after(date(2026, 1, 1), -1) == date(2025, 12, 1)
    last = Wish(UUID(int=7), date(2027, 3, 1)).last
    assert last == date(2028, 2, 29)
    assert last + timedelta(days=1) == date(2028, 3, 1)
