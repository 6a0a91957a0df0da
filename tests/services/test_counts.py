"""How many rows there are is kept by the database, whoever changes them at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.orm import Session

from core.scope import Scope, seeing
from core.work import Actor, Work
from models.builder import RowCount
from models.people import Party
from tests import make
from tests.conftest import Elsewhere
from views.admin.registry import BY_TABLE

COUNTED = ("apartment", "booking", "invoice", "party", "payment_intent", "unit")
WRITERS, EACH = 4, 15
FEW = 20


def kept(session: Session, table: str) -> int:
    total = select(func.sum(RowCount.rows)).where(RowCount.table_name == table)
    return int(session.scalar(total) or 0)


def test_what_is_undone_was_never_counted(work: Work) -> None:
    before = kept(work.session, "party")
    with work.session.begin_nested() as attempt:
        make.party(work)
        assert kept(work.session, "party") == before + 1
        attempt.rollback()
    assert kept(work.session, "party") == before


def test_the_copy_for_a_booking_is_no_apartment_of_the_list(work: Work) -> None:
    estate = make.project(work)
    apartment = make.apartment(work, estate)
    copy = make.apartment(work, estate)
    assert kept(work.session, "apartment") == 2
    work.session.execute(
        text("UPDATE apartment SET source_id = :source, status = 'booked' WHERE id = :copy"),
        {"source": apartment.id, "copy": copy.id},
    )
    assert kept(work.session, "apartment") == 1
    work.session.execute(text("DELETE FROM apartment WHERE id = :copy"), {"copy": copy.id})
    assert kept(work.session, "apartment") == 1


@pytest.mark.parametrize("table", COUNTED)
def test_the_number_kept_is_that_of_the_rows_a_screen_lists(
    app: Flask, connection: Connection, table: str
) -> None:
    assert app
    assert sorted(COUNTED) == sorted(name for name, each in BY_TABLE.items() if each.counted)
    screen = BY_TABLE[table]
    assert screen.scope is None, "rows that only some may see cannot be counted for all"
    listed = select(func.count()).select_from(screen.model).where(*screen.rules())
    total = select(func.sum(RowCount.rows)).where(RowCount.table_name == table)
    assert connection.scalar(listed) == connection.scalar(total)
    connection.execute(text("SELECT fold_row_counts()"))
    assert connection.scalar(listed) == connection.scalar(total)


def test_counting_goes_on_while_counts_are_put_together(work: Work, elsewhere: Elsewhere) -> None:
    home = work.scope.home()
    work.session.commit()

    def add() -> None:
        with elsewhere.session() as session, seeing(session, Scope(home, actor="test:1")):
            for _number in range(EACH):
                make.party(Work(session, Actor("test", "1")))
                session.commit()

    def fold() -> None:
        with elsewhere.session() as session:
            for _number in range(EACH):
                session.execute(text("SELECT fold_row_counts()"))
                session.commit()

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        done = [pool.submit(do) for do in (*[add] * WRITERS, fold, fold)]
    for each in done:
        each.result()
    held = work.session.scalar(select(func.count()).select_from(Party))
    assert kept(work.session, "party") == held
    work.session.execute(text("SELECT fold_row_counts()"))
    rows = select(func.count()).select_from(RowCount).where(RowCount.table_name == "party")
    # Twenty rows or fewer are left alone: how many the last folding met depends on who was first.
    assert 1 <= (work.session.scalar(rows) or 0) <= FEW
    assert kept(work.session, "party") == held


def test_many_small_changes_become_one_row(work: Work) -> None:
    rows = select(func.count()).select_from(RowCount).where(RowCount.table_name == "party")
    for _number in range(FEW + 1):
        make.party(work)
    before = kept(work.session, "party")
    assert (work.session.scalar(rows) or 0) > FEW
    work.session.execute(text("SELECT fold_row_counts()"))
    assert work.session.scalar(rows) == 1
    assert kept(work.session, "party") == before


def test_a_table_can_be_counted_anew(connection: Connection, filled: Engine) -> None:
    assert filled
    connection.execute(text("UPDATE row_count SET rows = 0"))
    connection.execute(text("SELECT counted('booking')"))
    total = select(func.sum(RowCount.rows)).where(RowCount.table_name == "booking")
    assert connection.scalar(total) == connection.scalar(text("SELECT count(*) FROM booking"))
