"""Bringing a database to this version: roles, revisions, permissions. Quick if nothing is to do."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from alembic.util import CommandError
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.startup import CannotStart
from migrations import build

ADDRESSES = {
    "makao_app": "SQLALCHEMY_DATABASE_URI",
    "makao_worker": "WORKER_DATABASE_URI",
    "makao_auth": "AUTH_DATABASE_URI",
}
NEEDED = ("makao_owner", "makao_app", "makao_worker", "makao_auth", "makao_reader")
LOCK = "SELECT pg_advisory_lock(hashtextextended('makao:prepare', 0))"


def prepare(app: Flask, write_permissions: Callable[[Flask], None]) -> list[str]:
    """Make what is missing, and say what was done. Two at once wait for each other.

    Raises:
        CannotStart: the database cannot be reached, or may not be prepared by this user.

    """
    address = app.config["OWNER_DATABASE_URI"]
    place = make_url(address).render_as_string(hide_password=True)
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text(LOCK))
            connection.commit()
            return _prepare(app, engine, connection, write_permissions)
    except CommandError as error:
        raise CannotStart(
            f"The database at {place} was made by a version of Makao that this one does not know"
            " (an older or a newer one): start that one, or give this one a database or MAKAO_DATA"
            " folder of its own."
        ) from error
    except OperationalError as error:
        raise CannotStart(f"Cannot reach the database at {place}: {_first_line(error)}") from error
    except SQLAlchemyError as error:
        raise CannotStart(f"The database at {place} refused: {_first_line(error)}") from error


def _prepare(
    app: Flask, engine: Engine, connection: Connection, write_permissions: Callable[[Flask], None]
) -> list[str]:
    done = roles(app, connection)
    before = _revision(connection)
    build.upgrade(engine)
    after = _revision(connection)
    if before != after:
        done.append(f"schema brought to {after}")
    if _mark(connection) != _fingerprint():
        write_permissions(app)
        _set_mark(connection)
        done.append("permissions written")
    return done


def roles(app: Flask, connection: Connection) -> list[str]:
    """Make the roles and set the passwords that web, jobs and sign-in connect with.

    Raises:
        CannotStart: roles are missing and this user may not make any.

    """
    passwords = {
        role: password
        for role, setting in ADDRESSES.items()
        if (password := make_url(app.config[setting]).password)
    }
    missing = _missing(connection)
    try:
        _make_roles(connection, passwords)
    except ProgrammingError as error:
        connection.rollback()
        if missing := _missing(connection):
            raise CannotStart(
                f"The roles {', '.join(missing)} are missing, and this user may not make them: let"
                " an administrator of the server run migrations/sql/roles.sql, then try again."
            ) from error
        return []
    return [f"roles made: {', '.join(missing)}"] if missing else []


def _make_roles(connection: Connection, passwords: dict[str, str]) -> None:
    """Make them, however many databases of one server are prepared at the same time.

    Roles belong to the server and locks to a database: whoever comes second is sent away, and
    comes again.
    """
    for pause_seconds in (0.1, 0.3, 1.0, 3.0, None):
        try:
            build.make_roles(connection, passwords)
            connection.commit()
        except InternalError as error:
            connection.rollback()
            if pause_seconds is None or "concurrently" not in str(error.orig):
                raise
            time.sleep(pause_seconds)
        else:
            return


def _missing(connection: Connection) -> list[str]:
    there = connection.scalars(
        text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)"), {"names": list(NEEDED)}
    )
    return sorted(set(NEEDED) - set(there))


def _revision(connection: Connection) -> str:
    connection.rollback()
    if connection.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
        return ""
    return str(connection.scalar(text("SELECT version_num FROM public.alembic_version")) or "")


def _fingerprint() -> str:
    """Name this version of everything that permissions are made of: screens and roles."""
    root = Path(__file__).parents[1]
    files = [*sorted(root.joinpath("views").rglob("*.py")), root / "services" / "access.py"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _mark(connection: Connection) -> str:
    said = "SELECT obj_description('public.permissions_mark'::regclass)"
    return str(connection.scalar(text(said)) or "")


def _set_mark(connection: Connection) -> None:
    connection.rollback()
    connection.execute(text("SET ROLE makao_owner"))
    connection.execute(text(f"COMMENT ON SEQUENCE public.permissions_mark IS '{_fingerprint()}'"))
    connection.commit()


def _first_line(error: SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0]
