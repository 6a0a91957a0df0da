"""Entries by hand: balanced, once, on open days, by whom the database lets; and taken back."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.db import broken_constraint, uuid7
from core.errors import BadInput, NotFound
from core.work import Work
from models.chart import BANK, CUSTOMER_CREDIT, RECEIVABLE
from models.ledger import Entry
from services import balances, ledger, manual_entries, periods
from services.manual_entries import FollowsDocument, Line, NotByHand, SidesDiffer
from tests import make, stories

SALARIES, NONE = "5400", Decimal(0)
DAY = date(2026, 3, 2)


def lines(debit: str = "100", credit: str = "100", code: str = SALARIES) -> list[Line]:
    return [Line(code, Decimal(debit), NONE), Line(BANK, NONE, Decimal(credit))]


def posted(work: Work, once: UUID | None = None, on: date = DAY, **given: object) -> UUID:
    sides: list[Line] = given.get("sides") or lines()  # type: ignore[assignment]
    where, memo = balances.books(work), str(given.get("memo", "Salaries"))
    return manual_entries.post(work, once or uuid7(), where, on, memo, sides)


@pytest.mark.req("S1.05")
def test_an_entry_by_hand_is_posted_once_however_often_it_is_sent(work: Work) -> None:
    once = uuid7()

    assert posted(work, once) == posted(work, once)
    assert work.session.scalar(select(func.count(Entry.id))) == 1
    assert ledger.balance(work, SALARIES, "KES") == Decimal(100)


@pytest.mark.parametrize(
    ("sides", "refusal"),
    [
        (lines(credit="99.99"), SidesDiffer),
        (lines()[:1], BadInput),
        ([*lines(), Line("5100", Decimal(1), Decimal(1))], BadInput),
        ([*lines(), Line("5100", NONE, NONE)], BadInput),
        (lines("-100", "-100"), BadInput),
        (lines(code=RECEIVABLE), FollowsDocument),
        (lines(code=CUSTOMER_CREDIT), BadInput),
        ([Line(CUSTOMER_CREDIT, Decimal(100), NONE, UUID(int=3)), lines()[1]], NotFound),
    ],
)
def test_what_makes_no_sense_is_refused(
    work: Work, sides: list[Line], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        posted(work, sides=sides)
    assert work.session.scalar(select(func.count(Entry.id))) == 0


def test_it_says_what_for_and_on_a_day_that_has_come(work: Work) -> None:
    with pytest.raises(BadInput):
        posted(work, memo="  ")
    with pytest.raises(BadInput):
        posted(work, on=ledger.business_date(work) + timedelta(days=1))


def test_a_closed_day_takes_none(work: Work) -> None:
    periods.close(work, ledger.book_called(work), DAY)

    with pytest.raises(IntegrityError) as breach, work.session.begin_nested():
        posted(work)
    assert broken_constraint(breach.value) == "period_is_open"


@pytest.mark.req("S1.05")
def test_it_is_taken_back_by_its_opposite_with_a_reason(work: Work) -> None:
    party = make.party(work).id
    sides = [Line(CUSTOMER_CREDIT, Decimal(7), NONE, party), Line(BANK, NONE, Decimal(7))]
    entry_id = posted(work, sides=sides)

    with pytest.raises(BadInput):
        manual_entries.reverse(work, entry_id, " ")
    back = manual_entries.reverse(work, entry_id, "typed twice")

    assert (back.reverses_id, back.memo) == (entry_id, "Reversal: typed twice")
    assert ledger.balance(work, CUSTOMER_CREDIT, "KES", party) == 0
    assert manual_entries.reverse(work, entry_id, "typed twice").id == back.id
    with pytest.raises(BadInput):
        manual_entries.reverse(work, back.id, "no")


def test_what_a_document_stands_behind_is_corrected_there(work: Work) -> None:
    stories.confirmed(work.session, work.scope.home())
    entry_id = work.session.scalars(select(Entry.id)).first()
    assert entry_id

    with pytest.raises(NotByHand):
        manual_entries.reverse(work, entry_id, "wrong")
