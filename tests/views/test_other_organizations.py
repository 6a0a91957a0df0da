"""Rows of another organization are as good as none: on every route that names one, by every lock.

Each lock alone is enough: the application's with the database's open, and the other way round.
"""

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, event, select
from sqlalchemy.orm import Session

from core import db, scope
from core.db import Base, uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work
from services import access
from tests import filled, make
from tests.views.conftest import Office
from tests.views.test_access import IN_SCREENS, SCREENS_BY_TABLE, rules

UNKNOWN = UUID(int=7)
EVERY_ROLE = tuple(access.ROLES)
LOCKS = ("the database's alone", "the application's alone")
CHANGES = re.compile(r'csrf[^>]*(?:value|content)="[^"]*"|request:[0-9a-f-]+|[0-9a-f-]{36}')
"""What differs between two answers to the same question: tokens, numbers of requests and rows."""


@pytest.fixture(params=LOCKS)
def lock(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    """Open one of the two locks for the requests of a test."""
    if request.param == LOCKS[0]:
        event.remove(Session, "do_orm_execute", scope._filter)
        yield request.param
        event.listen(Session, "do_orm_execute", scope._filter)
    else:
        db.use(app, "owner")
        yield request.param
        db.use(app, "web")


@pytest.fixture
def theirs(office: Office, addresses: Mapping[str, str]) -> dict[str, UUID]:
    """A row in every table that has a screen, in another organization."""
    engine = create_engine(addresses["OWNER_DATABASE_URI"], poolclass=NullPool)
    with Session(engine) as session:
        home = filled.fill(session)
    with seeing(office.session, Scope(home, actor="test:1")):
        make.party(Work(office.session, Actor("test", "1")), name="Zanzibar")
        office.session.commit()
        return {
            table: _first(office.session, screen.model)
            for table, screen in SCREENS_BY_TABLE.items()
        }


def _first(session: Session, model: type[Base]) -> UUID:
    return session.scalars(select(model.id).order_by(model.id).limit(1)).one()


def answer(client: FlaskClient, method: str, path: str) -> tuple[int, str]:
    api = path.startswith("/api/")
    given = {"json": {}, "headers": {"Idempotency-Key": str(uuid7())}} if api else {"data": {}}
    if method in ("GET", "DELETE"):
        given = {}
    said = client.open(path, method=method, **given)  # type: ignore[arg-type]
    return said.status_code, CHANGES.sub("", said.get_data(as_text=True))


def paths(rule: str, table: str, row: UUID) -> Iterator[str]:
    """Fill in a row; an act's route stands for all acts of its screen."""
    path = re.sub(r"<uuid:pk>|<pk>", str(row), rule)
    verbs = [act.name for act in SCREENS_BY_TABLE[table].acts] if "<verb>" in path else [""]
    for verb in verbs:
        yield path.replace("<verb>", verb)


@pytest.mark.req("S5.47", "S5.05", "S2.71")
def test_a_row_of_others_is_as_good_as_none(
    office: Office, theirs: dict[str, UUID], lock: str
) -> None:
    person = office.person(*EVERY_ROLE)
    browser, program = office.browser_of(person), office.program_of(person)
    program.client.environ_base["HTTP_AUTHORIZATION"] = program.headers["Authorization"]
    asked, told = 0, []
    for rule, methods in rules(office.app):
        found = IN_SCREENS.match(rule)
        if not found or "pk>" not in rule or "/views/" in rule:
            continue
        client = program.client if found["face"] == "api/v1" else browser
        for method in methods:
            for foreign, unknown in zip(
                paths(rule, found["table"], theirs[found["table"]]),
                paths(rule, found["table"], UNKNOWN),
                strict=True,
            ):
                asked += 1
                got, none = answer(client, method, foreign), answer(client, method, unknown)
                if got != none or got[0] < 400:
                    told.append((lock, method, rule, foreign, got, none))

    assert told == []
    assert asked > 300


@pytest.mark.req("S5.47", "S5.05")
def test_no_list_search_or_export_shows_a_row_of_others(
    office: Office, theirs: dict[str, UUID], lock: str
) -> None:
    browser = office.browser(*EVERY_ROLE)
    for table, row in theirs.items():
        for path in (f"/admin/{table}/", f"/admin/{table}/export.csv", f"/admin/{table}/?q=z"):
            with browser.get(path) as answered:
                page = answered.get_data(as_text=True)
            assert str(row) not in page, path
            assert "Zanzibar" not in page, path
    found = browser.get("/search/?q=Zanzibar").get_data(as_text=True)
    assert not [row for row in theirs.values() if str(row) in found]
