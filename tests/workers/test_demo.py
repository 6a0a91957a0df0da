"""The demo: what it promises is there, made by the services, and never over real data."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from config import DEMO_SIGN_INS
from models.bookings import BookingStatus
from services import invariants
from tests import make

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=words)


@pytest.fixture
def read(superuser: Engine) -> Callable[[str], list[Any]]:
    def rows(query: str) -> list[Any]:
        with superuser.connect() as door:
            return [tuple(row) for row in door.execute(text(query))]

    return rows


@pytest.mark.req("S3.01", "S3.14", "S5.39", "S5.40")
def test_the_demo_is_what_it_promises_and_can_be_taken_away(
    app: Flask, run: Run, read: Callable[[str], list[Any]], superuser: Engine
) -> None:
    loaded = run("demo", "load")
    assert loaded.exit_code == 0, loaded.output
    again = run("demo", "load")
    assert (again.exit_code, len(again.output.splitlines())) == (1, 1)
    assert run("demo", "load", "--if-empty").exit_code == 0

    assert read("SELECT count(*) FROM organization") == [(2,)]
    assert read("SELECT count(*) FROM project") == [(3,)]
    originals = "SELECT count(*) FROM apartment WHERE source_id IS NULL AND type <> 'template'"
    assert read(originals) == [(400,)]
    assert read("SELECT count(*) FROM booking") == [(150,)]
    states = {state for (state,) in read("SELECT DISTINCT status FROM booking")}
    assert states == {each.value for each in BookingStatus}
    ((span,),) = read("SELECT max(created_at) - min(created_at) FROM booking")
    assert span > timedelta(days=510)  # of some eighteen months, the first days without a booking
    names = {name for (name,) in read("SELECT username FROM ab_user")}
    assert names >= {f"{login}{suffix}" for login in DEMO_SIGN_INS for suffix in ("", "2")}
    # Three of the sales staff take turns.
    shares = read(
        "SELECT count(*) FROM booking WHERE assigned_to_id IS NOT NULL"
        " GROUP BY organization_id, assigned_to_id"
        " ORDER BY organization_id, count(*)"
    )
    assert len(shares) == 6
    assert min(shares)[0] > 15
    with Session(superuser) as session:
        assert invariants.broken(session) == {}
    assert run("verify", "ledger").exit_code == 0
    assert run("verify", "audit").exit_code == 0

    assert run("demo", "reset").exit_code == 0
    assert read("SELECT count(*) FROM organization") == [(0,)]
    assert read("SELECT count(*) FROM ab_user") == [(0,)]
    assert read("SELECT count(*) FROM seal") == [(0,)]


def test_real_data_is_neither_loaded_over_nor_taken_away(
    run: Run, home: UUID, session: Session, read: Callable[[str], list[Any]]
) -> None:
    make.organization(session, "Acacia Court")
    for words in (("demo", "load"), ("demo", "reset")):
        refused = run(*words)
        assert (refused.exit_code, len(refused.output.splitlines())) == (1, 1)
    assert run("demo", "load", "--if-empty").exit_code == 0
    assert read("SELECT count(*) FROM organization") == [(2,)]
