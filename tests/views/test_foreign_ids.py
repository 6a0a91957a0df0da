"""Ids of others in each field, each column in each form: only what a form asks for is written."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.db import uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work
from services import organizations
from tests import database, filled
from tests.views.conftest import Office, Program
from tests.views.test_access import SCREENS_BY_TABLE
from views.admin.columns import Kind
from views.admin.registry import Screen

FORMS = [name for name, screen in SCREENS_BY_TABLE.items() if screen.form]
RELATED = [
    (name, field)
    for name in FORMS
    for field in SCREENS_BY_TABLE[name].form.split()
    if SCREENS_BY_TABLE[name].column(field).kind is Kind.relation
]
ASKED = [
    (name, act.name, each.name)
    for name, screen in SCREENS_BY_TABLE.items()
    for act in screen.acts
    for each in act.inputs
    if each.kind in (Kind.relation, Kind.counts)
]
OTHER: Mapping[str, Any] = {
    "id": str(UUID(int=9)),
    "status": "sold",
    "created_at": "2001-01-01T00:00:00Z",
    "custom": {"x": 1},
    "slug": "mine",
    "flow_version": 9,
    "total_units": 7,
    "code_hash": "00",
    "expires_at": "2101-01-01T00:00:00Z",
    "accepted_at": "2001-01-01T00:00:00Z",
}


class Two:
    """Two organizations with a row in every table, and a program of an administrator of one."""

    def __init__(self, app: Flask, owner: Engine, ours: UUID, theirs: UUID) -> None:
        self.owner = owner
        with Session(app.extensions["engines"]["jobs"]) as session:
            office = Office(app, ours, session)
            self.program: Program = office.program("Admin")
        self.ours, self.theirs = ours, theirs

    def first(self, table: str, home: UUID) -> UUID:
        """Name a row of an organization; of apartments one that forms may change."""
        where = "id = :home" if table == "organization" else "organization_id = :home"
        where += " AND source_id IS NULL" if table == "apartment" else ""
        if table == "profile":
            where = "id IN (SELECT profile_id FROM membership WHERE organization_id = :home)"
        query = text(f"SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1")  # noqa: S608
        with self.owner.connect() as connection:
            return UUID(str(connection.scalar(query, {"home": home})))

    def row(self, table: str, row_id: UUID) -> dict[str, Any]:
        query = text(f"SELECT to_jsonb(t) FROM {table} AS t WHERE id = :id")  # noqa: S608
        with self.owner.connect() as connection:
            return dict(connection.scalar(query, {"id": row_id}) or {})

    def count(self) -> dict[str, int]:
        with self.owner.connect() as connection:
            return {table: _count(connection, table) for table in SCREENS_BY_TABLE}


def _count(connection: Connection, table: str) -> int:
    if table in ("audit_entry", "event"):
        return 0
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608


@pytest.fixture(scope="module")
def two(app: Flask, addresses: Mapping[str, str]) -> Iterator[Two]:
    owner = create_engine(addresses["OWNER_DATABASE_URI"], poolclass=NullPool)
    with Session(owner) as session:
        ours, theirs = filled.fill(session), filled.fill(session)
        with seeing(session, Scope(ours, actor="test:1")):
            work = Work(session, Actor("test", "1"))
            organizations.change_setting(work, "security.two_factor_for_money", False)  # noqa: FBT003
            session.commit()
    yield Two(app, owner, ours, theirs)
    with owner.begin() as connection:
        connection.execute(text(database.WIPE))


def valid(two: Two, screen: Screen) -> dict[str, Any]:
    """Say what a form could have been filled in with, from a row that there is."""
    row = two.row(screen.name, two.first(screen.name, two.ours))
    given = {}
    for name in screen.form.split():
        column = screen.column(name)
        value = row[column.id_key]
        given[name] = str(value) if isinstance(value, float) else value
        if column.kind is Kind.money and value is not None:
            given[name] = str(value)
    for name in ("name", "email"):
        if name in given:
            given[name] = f"x{uuid7()}@example.org"
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.req("S5.47", "S2.71")
@pytest.mark.parametrize(("table", "field"), RELATED)
def test_a_form_takes_no_row_of_others(two: Two, table: str, field: str) -> None:
    screen = SCREENS_BY_TABLE[table]
    target = screen.column(field).target
    assert target
    foreign = str(two.first(target.__tablename__, two.theirs))
    mine = two.first(table, two.ours)
    before, count = two.row(table, mine), two.count()

    added = two.program("POST", f"/api/v1/{table}/", json=valid(two, screen) | {field: foreign})
    changed = two.program("PUT", f"/api/v1/{table}/{mine}", json={field: foreign})

    said = (added.status_code, [each["field"] for each in added.json.get("errors", [])])
    assert said == (422, [field]), added.get_data(as_text=True)
    assert changed.status_code == 422
    assert (two.row(table, mine), two.count()) == (before, count)


@pytest.mark.req("S5.47", "S2.71")
@pytest.mark.parametrize(("table", "verb", "field"), ASKED)
def test_an_act_takes_no_row_of_others(two: Two, table: str, verb: str, field: str) -> None:
    act = SCREENS_BY_TABLE[table].act(verb)
    assert act
    (asked,) = [each for each in act.inputs if each.name == field]
    kind = asked.target.__tablename__ if asked.target else field.removesuffix("s")
    foreign = str(two.first(kind, two.theirs))
    given: dict[str, Any] = {each.name: each.value or "1" for each in act.inputs}
    given["method"] = "card"
    given[field] = foreign if asked.kind is Kind.relation else {foreign: 1}
    mine = two.first(table, two.ours)
    before = two.row(table, mine)

    answer = two.program("POST", f"/api/v1/{table}/{mine}/{verb}", key=str(uuid7()), json=given)

    assert 400 <= answer.status_code < 500, answer.get_data(as_text=True)
    assert two.row(table, mine) == before


@pytest.mark.req("S5.39", "S2.71")
@pytest.mark.parametrize("table", FORMS)
def test_what_a_form_does_not_ask_for_is_refused_by_name(two: Two, table: str) -> None:
    """A program that misspells a field hears of it, and one that is not its to write, too."""
    screen = SCREENS_BY_TABLE[table]
    mine = two.first(table, two.ours)
    before, count = two.row(table, mine), two.count()
    others = {name: _other(name, value) for name, value in before.items()}
    others |= {"organization_id": str(two.theirs), "nonsense": 1}

    for adding in (False, True) if screen.addable else (False,):
        fields = {each.name for each in screen.fields(adding=adding)}
        sent = {name: value for name, value in others.items() if name not in fields}
        known = valid(two, screen) if adding else {}
        method, path = ("POST", "") if adding else ("PUT", str(mine))
        answer = two.program(method, f"/api/v1/{table}/{path}", json=sent | known)

        said = {each["field"] for each in answer.json.get("errors", [])}
        assert (answer.status_code, said) == (422, set(sent)), answer.get_data(as_text=True)
        assert all("nonsense" not in each["detail"] for each in answer.json["errors"])
    assert (two.row(table, mine), two.count()) == (before, count)


def _other(name: str, value: Any) -> Any:
    if name in OTHER:
        return OTHER[name]
    if isinstance(value, bool):
        return not value
    return 7654 if isinstance(value, int | float) else str(UUID(int=11))
