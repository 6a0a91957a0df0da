"""The short way to the database keeps what the long way promises."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError

from core.db import broken_constraint
from core.prepared import Prepared
from core.scope import Scope, seeing
from core.work import Work
from tests import make
from tests.conftest import Elsewhere

WHERE = Prepared(
    "test_where", "SELECT acting_organization(), txid_current(), $1::int + 1, $2::text"
)
HALF = Prepared("test_half", "SELECT 1 / $1::int")
TWICE = Prepared(
    "test_twice",
    "INSERT INTO book (id, organization_id, name)"
    " VALUES (gen_random_uuid(), $1, 'main') RETURNING id",
)


def test_it_runs_in_the_transaction_of_the_session_also_where_it_begins_it(work: Work) -> None:
    work.session.commit()

    begun = WHERE.row(work.session, ["1", None])
    again = WHERE.row(work.session, ["2", "é"])

    assert begun[0] == again[0] == str(work.scope.organization_id)
    assert begun[1] == again[1] == str(work.session.scalar(text("SELECT txid_current()")))
    assert [begun[2:], again[2:]] == [["2", None], ["3", "é"]]


def test_what_it_wrote_is_taken_back_with_the_rest(work: Work) -> None:
    add = Prepared(
        "test_add",
        "INSERT INTO party (id, organization_id, name)"
        " VALUES (gen_random_uuid(), $1, 'Short') RETURNING id",
    )
    work.session.commit()
    add.row(work.session, [str(work.scope.organization_id)])
    work.session.rollback()

    assert work.session.scalar(text("SELECT count(*) FROM party WHERE name = 'Short'")) == 0


def test_each_transaction_is_told_anew_who_asks(work: Work, elsewhere: Elsewhere) -> None:
    other = make.organization(work.session, "Other")
    with elsewhere.session() as session:
        for home in (work.scope.organization_id, other, None):
            with seeing(session, Scope(home)):
                assert WHERE.row(session, ["1", ""])[0] == (str(home) if home else None)
                session.commit()


def test_errors_are_those_of_sqlalchemy_and_the_session_goes_on(work: Work) -> None:
    work.session.commit()
    with pytest.raises(DataError, match="division by zero"):
        HALF.row(work.session, ["0"])
    work.session.rollback()
    with pytest.raises(IntegrityError) as error:
        TWICE.row(work.session, [str(work.scope.organization_id)])
    assert broken_constraint(error.value) == "uq_book_organization_id_name"
    work.session.rollback()

    assert HALF.row(work.session, ["1"]) == ["1"]


def test_a_text_with_a_nul_is_refused_and_not_cut_there(work: Work) -> None:
    with pytest.raises(DataError, match="NUL"):
        WHERE.row(work.session, ["1", "a\0b"])

    assert WHERE.row(work.session, ["1", "ab"])[3] == "ab"


def test_a_line_that_breaks_meanwhile_is_replaced(work: Work, superuser: Engine) -> None:
    pid = Prepared("test_pid", "SELECT pg_backend_pid()").row(work.session, [])[0]
    with superuser.begin() as past:
        past.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": int(pid or 0)})
    with pytest.raises(OperationalError):
        WHERE.row(work.session, ["1", ""])
    work.session.rollback()

    assert WHERE.row(work.session, ["1", ""])[2] == "2"


def test_a_rollback_lets_the_server_forget_no_plan(work: Work) -> None:
    plain = text("SELECT count(*) FROM party WHERE name = :name")
    known = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like")
    HALF.row(work.session, ["1"])
    for _ in range(8):  # the driver prepares what is asked more than five times
        work.session.scalar(plain, {"name": "Nobody"})
        work.session.rollback()
    work.session.begin_nested().rollback()

    assert work.session.scalar(known, {"like": "%FROM party%"}) == 1
    assert HALF.row(work.session, ["1"]) == ["1"]


def test_a_statement_that_was_dropped_on_the_way_is_prepared_again(work: Work) -> None:
    HALF.row(work.session, ["1"])
    work.session.execute(text("DEALLOCATE test_half"))
    with pytest.raises(ProgrammingError):
        HALF.row(work.session, ["1"])
    work.session.rollback()

    assert HALF.row(work.session, ["1"]) == ["1"]
