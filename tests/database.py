"""Databases for tests: one template with schema and permissions, cloned for whoever needs one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core import embedded
from migrations import build

TEMPLATE = "makao_template"
LOCK = 7_001
PASSWORD = "test-password-of-a-role"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

WIPE = """
DO $$
DECLARE
    kind regclass;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR kind IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace
        AND c.relkind = 'r' AND c.relname NOT LIKE 'ab_permission%'
        AND c.relname NOT IN ('ab_role', 'ab_view_menu', 'alembic_version')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', kind) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %s', kind);
        END IF;
    END LOOP;
END $$
"""


def server(folder: Path) -> URL:
    """Reach the server at DATABASE_URL as one who may create databases, or start one in `folder`.

    Workers which share the folder share the server.
    """
    if given := os.environ.get("DATABASE_URL"):
        return make_url(given).set(drivername="postgresql+psycopg")
    started = embedded.start_postgres(folder, FAST)
    return make_url(started).set(drivername="postgresql+psycopg", database="postgres")


def as_role(admin: URL, role: str, database: str) -> URL:
    """Reach a database as web, jobs or sign-in do: as a role which owns nothing."""
    return admin.set(username=role, password=PASSWORD, database=database)


def settings(admin: URL, name: str) -> dict[str, str]:
    """Give the addresses of one database as the settings of an application."""
    addresses = {
        "SQLALCHEMY_DATABASE_URI": as_role(admin, "makao_app", name),
        "WORKER_DATABASE_URI": as_role(admin, "makao_worker", name),
        "AUTH_DATABASE_URI": as_role(admin, "makao_auth", name),
        "OWNER_DATABASE_URI": admin.set(database=name),
    }
    return {key: url.render_as_string(hide_password=False) for key, url in addresses.items()}


def make_template(admin: URL, *, permissions: bool = True) -> None:
    """Build the template, unless another worker has just done so."""
    with autocommit(admin) as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
        if _exists(connection, TEMPLATE):
            return
        build.make_roles(connection, dict.fromkeys(build.LOGINS, PASSWORD))
        fresh = f"{TEMPLATE}_new"
        connection.execute(text(f"DROP DATABASE IF EXISTS {fresh} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {fresh}"))
        with autocommit(admin.set(database=fresh)) as inside:
            build.make_roles(inside)
        engine = create_engine(admin.set(database=fresh), poolclass=NullPool)
        build.upgrade(engine)
        if permissions:
            _add_permissions(settings(admin, fresh))
        connection.execute(text(f"ALTER DATABASE {fresh} RENAME TO {TEMPLATE}"))


@contextmanager
def cloned(admin: URL, name: str) -> Iterator[dict[str, str]]:
    """Lend a database of its own; gives its addresses as settings."""
    with autocommit(admin) as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY wal_log"))
    try:
        yield settings(admin, name)
    finally:
        # Tidiness alone: a server that is on its way down takes the database with it, and the next
        # run drops what it finds.
        with suppress(OperationalError), autocommit(admin) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def drop_template(admin: URL) -> None:
    """Remove what is left of an earlier run."""
    with autocommit(admin) as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))


@contextmanager
def autocommit(admin: URL) -> Iterator[Connection]:
    """Connect for statements that cannot run in a transaction."""
    engine = create_engine(admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _add_permissions(addresses: dict[str, str]) -> None:
    """Let Flask-AppBuilder write its permissions once, here, and not at each start of an app."""
    from app import prepare_permissions  # noqa: PLC0415  # needs a migrated database
    from tests.beside import another  # noqa: PLC0415  # as above

    with another(**addresses, TESTING=True) as app:
        prepare_permissions(app)


def _exists(connection: Connection, name: str) -> bool:
    found = text("SELECT count(*) FROM pg_database WHERE datname = :name")
    return bool(connection.scalar(found, {"name": name}))
