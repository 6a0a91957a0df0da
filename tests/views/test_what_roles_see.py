"""What a role may not read it finds nowhere: a value planted in each table, every page asked.

The pages come from the application's own routes, the roles from services/access.py, the ids from
the rows themselves: a new screen or page is asked without anybody adding it here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import prison
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.db import uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work
from services import access, organizations
from tests import database, filled
from tests.views.conftest import Office
from tests.views.test_access import SCREENS_BY_TABLE, rules
from views.admin.columns import Kind
from views.admin.registry import Screen

TAG = "<zq>"
"""Stands in every text that is planted: a page which says it as it is would run scripts, too."""
INLINE = re.compile(r"<script(?![^>]* src=)|<[^>]* on[a-z]+=|<[^>]* style=|javascript:")
MARK = re.compile(r"zq-([a-z_]+)-")
PLANTED: Mapping[str, str] = {
    "account": "balance",
    "addon": "description",
    "addon_category": "name",
    "apartment": "layout view description",
    "audit_entry": "client request_id",
    "booking": "number reason",
    "delivery": "subscriber last_error",
    "event": "source",
    "instalment_plan": "name",
    "invoice": "number subject reason",
    "journal_entry": "memo key",
    "member_invitation": "email",
    "organization": "address email phone",
    "package": "description",
    "package_level": "name",
    "party": "name email phone address note",
    "payment_intent": "number note failure",
    "project": "location description",
    "refund": "reason failure reference amount",
    "saga": "last_error",
}
"""Columns that say what a row alone knows. Who is called how in an organization is known to all."""
MOST = 1
"""Rows of a table whose own pages are asked for."""
AMOUNTS = {"account": "987123654.31", "refund": "876123543.21"}
SIGNS = {"balance": "-", "amount": ""}
"""Money that is kept for somebody is a credit: less than nothing, on the side of the books."""
BESIDE: Mapping[str, str] = {
    "import_run": "file_name = 'zq-import_run-name<zq>'",
    "import_row": "cells = '[\"zq-import_run-cells<zq>\"]'",
    "invoice_line": "description = 'zq-invoice-line<zq>'",
    "profile": "email = 'zq-membership-email@example.org' || ab_user_id",
    "provider_event": "type = 'zq-payment_intent-message<zq>'",
    "setting": "value = '\"zq-setting-value<zq>\"' WHERE key = 'bank.details'",
}
"""Tables without a screen, with marks of the table whose right opens them."""
KEPT_IN: Mapping[str, str] = {"wallet": "account"}
"""Tables whose own figures stand in another: what is in a wallet is the balance of its account."""
TRAILS = ("audit_entry", "event")
"""Whose rows say, by their nature, what happened to those of other tables."""
ATTACHED = ("document", "record_comment", "saved_view")


class Planted(NamedTuple):
    """An organization, and the ids of its rows by table."""

    office: Office
    rows: dict[str, list[UUID]]


@pytest.fixture(scope="module")
def planted(app: Flask, addresses: Mapping[str, str]) -> Iterator[Planted]:
    """A row in every table, each with values of its own; gives the office and the rows' ids."""
    engine = create_engine(addresses["OWNER_DATABASE_URI"], poolclass=NullPool)
    with Session(engine) as session:
        home = filled.fill(session)
        with seeing(session, Scope(home, actor="test:1")):
            work = Work(session, Actor("test", "1"))
            organizations.change_setting(work, "bank.details", "x")
            organizations.change_setting(work, "security.two_factor_for_money", False)  # noqa: FBT003
            session.commit()
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        rows = {table: _plant(connection, home, table) for table in SCREENS_BY_TABLE}
        for table, change in BESIDE.items():
            connection.execute(text(f"UPDATE {table} SET {change}"))  # noqa: S608  # names of ours
    with Session(app.extensions["engines"]["jobs"]) as session:
        yield Planted(Office(app, home, session), rows)
    with engine.begin() as connection:
        connection.execute(text(database.WIPE))


def _plant(connection: Connection, home: UUID, table: str) -> list[UUID]:
    values = [
        f"{column} = CASE WHEN {column} IS NOT NULL THEN {SIGNS[column]}{AMOUNTS[table]} END"
        if column in SIGNS
        else f"{column} = 'zq-{table}-{column[:6]}{TAG}' || right(id::text, 5)"
        for column in PLANTED.get(table, "").split()
    ]
    values += ["cap = NULL"] if table == "account" else []
    if values:
        connection.execute(text(f"UPDATE {table} SET {', '.join(values)}"))  # noqa: S608
    ids = list(connection.scalars(text(f"SELECT id FROM {table} ORDER BY id")))  # noqa: S608
    given = {"home": home, "table": table, "row": ids[0], "sha": "0" * 64}
    for each in ATTACHED:
        connection.execute(text(ATTACH[each]), given | {"id": uuid7()})
    return ids


ATTACH = {
    "document": "INSERT INTO document (id, organization_id, subject_table, subject_id, use, title,"
    " content_type, storage_key, sha256, size, created_at, custom) VALUES (:id, :home,"
    " CAST(:table AS varchar), :row, 'attachment', 'zq-' || CAST(:table AS varchar) || '-file<zq>',"
    " 'text/plain', 'x', :sha, 1, now(), '{}')",
    "record_comment": "INSERT INTO record_comment (id, organization_id, subject_table, subject_id,"
    " author_id, author_name, body, created_at, custom) SELECT :id, :home,"
    " CAST(:table AS varchar), :row, m.id, 'x', 'zq-' || CAST(:table AS varchar) || '-said<zq>',"
    " now(), '{}' FROM membership AS m LIMIT 1",
    "saved_view": "INSERT INTO saved_view (id, organization_id, screen, profile_id, name, query,"
    " shared, created_at, custom) SELECT :id, :home, CAST(:table AS varchar), m.profile_id,"
    " 'zq-' || CAST(:table AS varchar) || '-view<zq>', '{}', true, now(), '{}'"
    " FROM membership AS m LIMIT 1",
}


def paths(app: Flask, rows: Mapping[str, list[UUID]], *, whole: bool) -> Iterator[str]:
    """Give the address of every page and resource that is only read, for every row."""
    for rule, methods in rules(app):
        if "GET" not in methods or rule.startswith(("/static", "/dev/", "/metrics")):
            continue
        found = re.match(r"/(?:admin|api/v1)/([a-z_]+)/", rule)
        screen = SCREENS_BY_TABLE.get(found[1]) if found else None
        yield from _of_screen(screen, rule, rows) if screen else _other(rule, rows, whole=whole)
    for table in SCREENS_BY_TABLE:
        yield f"/search/?q=zq-{table}-"


def _of_screen(screen: Screen, rule: str, rows: Mapping[str, list[UUID]]) -> Iterator[str]:
    fields = dict.fromkeys([*screen.form.split(), *screen.filters.split()])
    asked = [(f"{each.name}", act.name) for act in screen.acts for each in act.inputs]
    every = [each.name for each in screen.list_columns()]
    if "<field>" in rule:
        yield from (rule.replace("<field>", each) for each in fields)
        yield from (f"{rule.replace('<field>', name)}?act={act}" for name, act in asked)
    elif "<column>" in rule:
        relations = [each for each in fields if screen.column(each).kind is Kind.relation]
        yield from (rule.replace("<column>", each) for each in relations)
    elif "pk>" in rule:
        for row in rows[screen.name][:MOST]:
            path = re.sub(r"<uuid:pk>|<pk>", str(row), rule)
            verbs = [act.name for act in screen.acts] if "<verb>" in path else [""]
            yield from (path.replace("<verb>", verb) for verb in verbs)
    elif "<kind>" in rule:
        yield f"{rule.replace('<kind>', 'csv')}?columns={','.join(every)}"
    else:
        yield rule
        if rule.endswith(f"/{screen.name}/"):
            yield f"{rule}?columns={','.join(every)}&size=100"
            yield f"{rule}?q={prison.dumps({'page_size': 100})}"


def _other(rule: str, rows: Mapping[str, list[UUID]], *, whole: bool) -> Iterator[str]:
    """Fill in the rows that a page names; texts lead nowhere.

    A page that names no table is tried with a row of each whose name is in its address; in the
    long form, and where there are none, with a row of every table.
    """
    if named := re.search(r"<uuid:([a-z_]+?)(?:_id)?>", rule):
        own = rows.get(named[1], [])[:MOST]
        words = {named[1], *(each.removesuffix("s") for each in re.findall(r"[a-z]+", rule))}
        like = {table: each for table, each in rows.items() if words & set(table.split("_"))}
        every = rows if whole or not like else like
        ids = own or [each for table in every.values() for each in table[:1]]
        yield from (re.sub(r"<uuid:[a-z_]+>", str(each), rule) for each in ids)
    elif "<" not in rule:
        yield rule


def _open(ask: Callable[[str], Any], path: str) -> str:
    """Give what an address says; a number reads the same with or without commas."""
    with ask(path) as answer:
        assert answer.status_code < 500, path
        said: str = answer.get_data().decode(errors="replace")
        if answer.mimetype == "text/html":
            _harmless(path, said, answer.headers)
    return said.replace(",", "")


def _harmless(path: str, page: str, headers: Any) -> None:
    """Nothing that somebody has typed runs, on any page, and no page says that it may."""
    policy = headers["Content-Security-Policy"]
    assert TAG not in page, path
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    if not path.startswith("/dashboards/"):
        assert "unsafe" not in policy
        assert INLINE.findall(page) == [], path
    assert headers["X-Content-Type-Options"] == "nosniff"


def _seen(said: str) -> set[str]:
    found = set(MARK.findall(said))
    return found | {table for table, amount in AMOUNTS.items() if amount in said}


def _screens_seen(
    ask: Callable[[str], Any], app: Flask, rows: Mapping[str, list[UUID]], *, whole: bool
) -> dict[str, set[str]]:
    """Ask for everything; gives the tables whose values were found, and where."""
    seen: dict[str, set[str]] = {}
    for path in paths(app, rows, whole=whole):
        said = _open(ask, path)
        echoed = path.partition("q=")[2]
        for table in _seen(said.replace(echoed, "") if echoed else said):
            seen.setdefault(table, set()).add(path)
    return seen


@pytest.mark.req("S5.04", "S5.39", "S2.71")
@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.full)])
@pytest.mark.parametrize("role", [*access.ROLES, "Guard"])
def test_pages_show_a_role_only_what_it_may_read(
    planted: Planted,
    role: str,
    whole: bool,  # noqa: FBT001  # the long form
) -> None:
    office, rows = planted
    person = office.person(role)
    browser, program = office.browser_of(person), office.program_of(person)
    # A no is asked for as a line; one role gets it as a page, which is the same for all.
    headers = {} if role == "Admin" else {"Accept": "application/json"}

    def ask(path: str) -> Any:
        if path.startswith("/api/"):
            return program("GET", path)
        return browser.get(path, headers=headers)

    seen = _screens_seen(ask, office.app, rows, whole=whole)
    wrong = {table: sorted(where)[:5] for table, where in seen.items() if not _may([role], table)}

    assert wrong == {}
    # What may be read is found, so that the looking is worth something.
    missing = {table for table in PLANTED if _may([role], table) and table not in seen}
    assert missing == set()


@pytest.mark.req("S5.04", "S5.39")
@pytest.mark.parametrize("table", [each for each in SCREENS_BY_TABLE if each not in TRAILS])
def test_a_key_shows_only_what_its_scopes_open(planted: Planted, table: str) -> None:
    office, rows = planted
    program = office.program_of(office.person("Admin"), f"{table}:read")

    def ask(path: str) -> Any:
        return program("GET", path)

    here = {table: rows[table]}
    seen: dict[str, set[str]] = {}
    for rule, methods in rules(office.app):
        if "GET" in methods and rule.startswith(f"/api/v1/{table}/"):
            for path in _of_screen(SCREENS_BY_TABLE[table], rule, here):
                for each in _seen(_open(ask, path)):
                    seen.setdefault(each, set()).add(path)
    seen.pop(table, None)
    seen.pop(KEPT_IN.get(table, ""), None)

    assert seen == {}


def _may(roles: list[str], table: str) -> bool:
    return access.allows(roles, table, "read")


@pytest.mark.req("S5.39")
def test_a_key_for_writing_alone_reads_nothing(planted: Planted) -> None:
    office, rows = planted
    path = f"/api/v1/package_level/{rows['package_level'][0]}"
    program = office.program_of(office.person("Admin"), "package_level:write")
    changed = program("PUT", path, json={"position": 3})

    assert (changed.status_code, changed.json) == (200, {"id": path.rpartition("/")[2]})
    assert program("GET", path).status_code == 403
