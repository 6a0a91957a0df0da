"""Books: their charts of accounts, days that are closed, and money that is set aside."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from core import db
from core.db import broken_constraint
from core.errors import BadInput, NotFound
from core.flow import IllegalMove
from core.work import Actor, Work
from models.chart import BANK, CASH, CHART, DEPOSITS_HELD, MAIN, TRUST, Book, LedgerAccount
from models.holds import HoldStatus
from models.ledger import Account
from models.periods import Period, PeriodStatus
from services import chart, holds, ledger, periods
from services.approvals import NotYourOwn
from services.holds import NotEnough
from services.ledger import Leg, Recipe
from services.periods import NotAsked, ReasonNeeded
from tests import make
from tests.conftest import Elsewhere
from tests.services.test_approvals import as_member
from tests.stories import unit
from workers import holds as job

TODAY = date(2026, 3, 2)


def given(
    work: Work, amount: str, party_id: UUID, key: str = "once", on: date | None = None
) -> Recipe:
    """Somebody hands in money that is kept for them; a negative amount takes it back."""
    value = Decimal(amount)
    legs = [Leg(BANK, value), Leg(DEPOSITS_HELD, -value, party_id)]
    return Recipe(key, "Kept", "party", party_id, "KES", legs, booked_on=on, book=TRUST)


@pytest.fixture
def kept(work: Work) -> UUID:
    """The account of somebody for whom KES 100 are kept, at most KES 150."""
    party = make.party(work)
    ledger.post(work, given(work, "100", party.id))
    query = select(Account.id).where(Account.code == DEPOSITS_HELD)
    account_id = work.session.scalars(query).one()
    ledger.guard(work, account_id, Decimal(150))
    work.session.commit()
    return account_id


def holder(work: Work, account_id: UUID) -> UUID:
    party_id = work.session.get_one(Account, account_id).party_id
    assert party_id
    return party_id


@pytest.mark.req("S1.05", "S2.25")
def test_a_new_organization_has_a_chart_for_property_management(work: Work) -> None:
    rows = work.session.execute(
        select(LedgerAccount.code, LedgerAccount.name, LedgerAccount.type, LedgerAccount.parent_id)
        .join(Book, Book.id == LedgerAccount.book_id)
        .where(Book.name == MAIN)
    ).all()
    ids = dict(work.session.execute(select(LedgerAccount.id, LedgerAccount.code)).all())

    there = {row.code: (row.name, row.type, ids.get(row.parent_id, "")) for row in rows}
    assert there == {code: (line.name, line.type, line.parent) for code, line in CHART.items()}


def test_money_held_for_others_has_a_book_of_its_own(work: Work) -> None:
    names = work.session.scalars(
        select(LedgerAccount.code)
        .join(Book, Book.id == LedgerAccount.book_id)
        .where(Book.name == TRUST)
    ).all()

    assert {BANK, "2050", DEPOSITS_HELD} <= set(names)
    assert not {code for code in names if code.startswith("4")}
    with pytest.raises(NotFound):
        ledger.book_called(work, "nobody's")


@pytest.mark.parametrize(
    ("code", "constraint"), [("10", "account_in_chart"), ("7777", "account_in_chart")]
)
def test_nothing_is_posted_to_a_heading_or_beside_the_chart(
    work: Work, code: str, constraint: str
) -> None:
    recipe = Recipe(
        "x",
        "x",
        "party",
        make.party(work).id,
        "KES",
        [Leg(code, Decimal(1)), Leg(CASH, Decimal(-1))],
    )
    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        ledger.post(work, recipe)
    assert broken_constraint(breach.value) == constraint


def test_an_account_of_ones_own_is_posted_to_with_the_type_of_the_chart(work: Work) -> None:
    parent = work.session.scalars(
        select(LedgerAccount).join(Book).where(LedgerAccount.code == "50", Book.name == MAIN)
    ).one()
    row = LedgerAccount(
        organization_id=work.scope.home(),
        book_id=parent.book_id,
        code="5150",
        name="Borehole",
        type=parent.type,
        parent_id=parent.id,
    )
    chart.check(work, row)
    work.session.add(row)
    work.session.flush()
    source = make.party(work).id
    legs = [Leg("5150", Decimal(5)), Leg(CASH, Decimal(-5))]
    ledger.post(work, Recipe("x", "x", "party", source, "KES", legs))

    account = work.session.scalars(select(Account).where(Account.code == "5150")).one()
    assert account.type == "expense"
    assert chart.names(work)["5150"] == "Borehole"


def test_an_account_stands_under_one_of_its_own_type(work: Work) -> None:
    parent = work.session.scalars(select(LedgerAccount).where(LedgerAccount.code == "50")).one()
    row = LedgerAccount(book_id=parent.book_id, code="6", name="x", type="asset")
    row.parent_id = parent.id
    with pytest.raises(BadInput):
        chart.check(work, row)
    with pytest.raises(BadInput):
        chart.check(work, LedgerAccount(code="6", name="x", currency="XXX"))


def test_days_that_are_closed_take_no_entry(work: Work) -> None:
    book_id = ledger.book_called(work, TRUST)
    yesterday = ledger.business_date(work) - timedelta(days=1)
    party = make.party(work).id
    periods.close(work, book_id, yesterday)

    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        ledger.post(work, given(work, "1", party, "late", on=yesterday))
    assert broken_constraint(breach.value) == "period_is_open"
    ledger.post(work, given(work, "1", party, "today"))


def test_only_days_that_are_over_are_closed_and_once(work: Work) -> None:
    book_id, today = ledger.book_called(work), ledger.business_date(work)
    with pytest.raises(BadInput):
        periods.close(work, book_id, today)
    periods.close(work, book_id, today - timedelta(days=2))
    with pytest.raises(BadInput):
        periods.close(work, book_id, today - timedelta(days=2))

    second = periods.close(work, book_id, today - timedelta(days=1))

    assert (second.begins_on, second.ends_on) == (today - timedelta(days=1),) * 2


def test_a_second_person_opens_a_period_again_and_a_reason_is_given(work: Work) -> None:
    first, second = (make.user(db.door()) for _ in range(2))
    for each in (first, second):
        make.member(work, each, "Accountant")
    yesterday = ledger.business_date(work) - timedelta(days=1)
    period = periods.close(work, ledger.book_called(work), yesterday)
    asker, other = as_member(work, first), as_member(work, second)

    with pytest.raises(NotAsked):
        periods.reopen(other, period.id)
    with pytest.raises(ReasonNeeded):
        periods.ask_to_reopen(asker, period.id, " ")
    periods.ask_to_reopen(asker, period.id, "an invoice was missing")
    with pytest.raises(NotYourOwn):
        periods.reopen(asker, period.id)
    periods.reopen(other, period.id)

    assert period.status is PeriodStatus.reopened
    assert work.session.scalars(select(Book.closed_through).where(Book.name == MAIN)).one() is None
    with pytest.raises(IllegalMove):
        periods.reopen(other, period.id)


def test_the_database_alone_keeps_a_period_closed(work: Work) -> None:
    yesterday = ledger.business_date(work) - timedelta(days=1)
    periods.close(work, ledger.book_called(work), yesterday)
    for sql in (
        "UPDATE ledger_period SET status = 'reopened'",
        "UPDATE book SET closed_through = NULL",
    ):
        with pytest.raises(DBAPIError), work.session.begin_nested():
            work.session.execute(text(sql))


def test_the_last_period_is_opened_first(work: Work) -> None:
    book_id, today = ledger.book_called(work), ledger.business_date(work)
    early = periods.close(work, book_id, today - timedelta(days=2))
    periods.close(work, book_id, today - timedelta(days=1))
    periods.ask_to_reopen(work, early.id, "an invoice was missing")

    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        periods.reopen(replace(work, actor=Actor("test", "2")), early.id)
    assert broken_constraint(breach.value) == "last_period_first"


def test_closing_waits_for_what_is_being_posted(
    session: Session, home: UUID, elsewhere: Elsewhere
) -> None:
    with unit(session, home) as work:
        party = make.party(work).id
        yesterday = ledger.business_date(work) - timedelta(days=1)
    told: list[str] = []

    def close() -> None:
        with elsewhere.session() as other, unit(other, home) as work:
            periods.close(work, ledger.book_called(work, TRUST), yesterday)
            told.append("closed")

    with unit(session, home) as work:
        ledger.post(work, given(work, "1", party, "slow", on=yesterday))
        thread = Thread(target=close)
        thread.start()
        thread.join(0.5)
        told.append("posted")
    thread.join(20)

    assert told == ["posted", "closed"]


@pytest.mark.req("S1.50")
def test_what_is_kept_for_somebody_is_never_overdrawn_nor_over_its_cap(
    work: Work, kept: UUID
) -> None:
    party = holder(work, kept)
    for amount, constraint in (
        ("-100.01", "ck_account_not_overdrawn"),
        ("50.01", "ck_account_within_cap"),
    ):
        with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
            ledger.post(work, given(work, amount, party, amount))
        assert broken_constraint(breach.value) == constraint
    ledger.post(work, given(work, "50", party, "full"))
    ledger.post(work, given(work, "-150", party, "empty"))


def test_money_set_aside_cannot_be_spent_twice(work: Work, kept: UUID) -> None:
    party = holder(work, kept)
    hold = holds.place(work, kept, Decimal(80), "order", work.now + timedelta(hours=1))

    assert holds.place(work, kept, Decimal(80), "order", work.now) is hold
    with pytest.raises(NotEnough):
        holds.place(work, kept, Decimal("20.01"), "another", work.now)
    with pytest.raises(IntegrityError), work.session.begin_nested():
        ledger.post(work, given(work, "-20.01", party, "more"))
    holds.capture(work, hold.id, given(work, "-80", party, "taken"))

    assert hold.status is HoldStatus.captured
    assert ledger.balance(work, DEPOSITS_HELD, "KES", party, book=TRUST) == -20
    with pytest.raises(IllegalMove):
        holds.capture(work, hold.id, given(work, "-1", party, "again"))
    assert holds.release(work, hold.id).status is HoldStatus.captured


def test_money_set_aside_is_free_again_when_its_time_is_over(work: Work, kept: UUID) -> None:
    hold = holds.place(work, kept, Decimal(100), "order", work.now - timedelta(seconds=1))
    work.session.commit()
    job.expire()

    work.session.refresh(hold)
    assert hold.status is HoldStatus.expired
    assert work.session.get_one(Account, kept, populate_existing=True).held == 0


def test_a_period_tells_its_days(work: Work) -> None:
    assert str(Period(begins_on=TODAY, ends_on=TODAY)) == "2026-03-02 \N{EN DASH} 2026-03-02"
