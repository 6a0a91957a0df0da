"""Each policy of row-level security is met: every kind of statement, on every table, by strangers.

The strangers hold good secrets of another organization, and run SQL as the web's role or the jobs'.
The database has a row in every table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from core.db import Base
from core.scope import Scope, seeing
from core.work import Actor, Work
from tests import database, make

OURS = [table for name, table in Base.metadata.tables.items() if not name.startswith("ab_")]
PLATFORM = {"profile", "credential", "scheduled_run", "password_link", "account_mail"} | {
    *("platform_admin", "platform_act", "outside_identity", "contact_code")
}
"""Tables that belong to no organization."""
REFUSED = "42501"
"""What PostgreSQL says to who lacks a privilege, or whom a policy forbids it."""
INSERT = """
    INSERT INTO "{table}" ({columns})
    SELECT {values} FROM jsonb_populate_record(NULL::"{table}", CAST(:row AS jsonb))
"""


@pytest.fixture(scope="session")
def stranger(filled: Engine) -> dict[str, str]:
    """Somebody who is an administrator elsewhere: what a transaction of theirs tells."""
    with Session(filled) as session:
        elsewhere = make.organization(session, "Elsewhere")
        profile_id = make.user(session)
        key = make.key(session, profile_id)
        with seeing(session, Scope(elsewhere, actor="test:1")):
            make.member(Work(session, Actor("test", "1")), profile_id, "Admin")
        session.commit()
    return {"key": key, "organization": str(elsewhere)}


@contextmanager
def told(filled: Engine, role: str, stranger: dict[str, str]) -> Iterator[Connection]:
    """Connect as one of the roles, as the stranger; nothing stays."""
    address = database.as_role(filled.url, role, str(filled.url.database))
    engine = create_engine(address, poolclass=NullPool)
    tell = "SELECT set_config('makao.key', :key, true), set_config('makao.organization',"
    with engine.connect() as connection:
        connection.execute(text(f"{tell} :organization, true)"), stranger)
        yield connection
        connection.rollback()


def done(connection: Connection, statement: str, **given: Any) -> int:
    """Run it; gives how many rows it met, none where it is refused for want of a right."""
    point = connection.begin_nested()
    try:
        count: int = connection.execute(text(statement), given).rowcount
    except DBAPIError as error:
        point.rollback()
        if getattr(error.orig, "sqlstate", "") != REFUSED:
            raise
        return 0
    point.rollback()
    return count


def rows(filled: Engine, table: str, stranger: dict[str, str]) -> list[str]:
    """Read rows of the other organization as JSON, past all policies."""
    column = "id" if table == "organization" else "organization_id"
    condition = "" if table in PLATFORM else f"WHERE {column} <> :organization"
    query = text(f'SELECT to_jsonb(t)::text FROM "{table}" AS t {condition} LIMIT 1')  # noqa: S608
    with filled.connect() as connection:
        return list(connection.scalars(query, {"organization": stranger["organization"]}))


@pytest.mark.req("S5.47", "S2.71")
@pytest.mark.parametrize("role", ["makao_app", "makao_worker"])
def test_a_stranger_meets_no_row_by_any_statement(
    filled: Engine, stranger: dict[str, str], role: str
) -> None:
    met = {}
    with told(filled, role, stranger) as connection:
        for table in OURS:
            if table.name in PLATFORM:
                continue
            home = "id" if table.name == "organization" else "organization_id"
            where = f'"{table.name}" WHERE {home} <> :organization'
            key = stranger["organization"]
            for statement in (
                f"SELECT FROM {where}",
                f"DELETE FROM {where}",  # noqa: S608
                f'UPDATE "{table.name}" SET id = id WHERE {home} <> :organization',  # noqa: S608
            ):
                if count := done(connection, statement, organization=key):
                    met[statement] = count
            columns = [each.name for each in table.columns if each.computed is None]
            values = ", ".join("gen_random_uuid()" if each == "id" else each for each in columns)
            insert = INSERT.format(table=table.name, columns=", ".join(columns), values=values)
            found = rows(filled, table.name, stranger)
            assert found, f"tests/filled.py puts no row into {table.name}"
            if count := done(connection, insert, row=found[0]):
                met[insert] = count

    assert met == {}


@pytest.mark.parametrize("role", ["makao_reader", "makao_auth"])
def test_the_other_roles_read_what_they_are_for(
    filled: Engine, stranger: dict[str, str], role: str
) -> None:
    """Invariants read all but secrets, sign-in what tells who somebody is; neither writes more."""
    as_role = "makao_worker" if role == "makao_reader" else role
    with told(filled, as_role, stranger) as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        read = {
            table.name for table in OURS if done(connection, f'SELECT FROM "{table.name}" LIMIT 1')
        }
    every = {table.name for table in OURS}
    kept = {"credential", "password_link", "account_mail", "outside_identity"}
    door = kept | {"profile", "membership", "member_invitation", "organization", "platform_admin"}
    unread = kept | {
        "wallet_pin",
        "signature_code",
        "platform_admin",
        "platform_act",
        "contact_code",
    }

    assert read == (every - unread if role == "makao_reader" else door)


@pytest.mark.parametrize("role", ["makao_app", "makao_worker", "makao_auth"])
def test_nobody_writes_who_may_do_what_in_general(
    filled: Engine, stranger: dict[str, str], role: str
) -> None:
    """Flask-AppBuilder's permissions are read by everybody, and hold nothing of anybody."""
    kept = ("ab_permission", "ab_view_menu", "ab_permission_view", "ab_permission_view_role")
    with told(filled, role, stranger) as connection:
        for table in (*kept, "ab_role", "alembic_version"):
            column = "version_num" if table == "alembic_version" else "id"
            reads = role != "makao_auth" or table != "alembic_version"
            assert bool(done(connection, f"SELECT FROM {table} LIMIT 1")) == reads, table
            assert not done(connection, f"UPDATE {table} SET {column} = {column}"), table  # noqa: S608
            assert not done(connection, f"DELETE FROM {table}"), table  # noqa: S608
        for table in ("ab_user_role", "ab_user_group"):
            assert not done(connection, f"SELECT FROM {table}"), table
