"""The typed base of every table, in Flask-AppBuilder's registry so that keys to its users work."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import uuid_utils
from flask import Flask
from flask_appbuilder import Model
from sqlalchemy import (
    DateTime,
    Engine,
    Numeric,
    String,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)
from sqlalchemy.pool import Pool

from core.errors import Refused

Amount = Annotated[Decimal, mapped_column(Numeric(19, 4))]
"""Major units of a currency held beside it. Never a float."""

Currency = Annotated[str, mapped_column(String(3))]
"""An ISO 4217 code in capitals."""

Name = Annotated[str, mapped_column(String(120))]

Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'"), default=dict)]

Model.registry.update_type_annotation_map(
    {
        UUID: Uuid(),
        datetime: DateTime(timezone=True),
        # Text plus CHECK, not a Postgres enum: a new state is then an ordinary migration.
        # Member names must equal their values; Flask-AppBuilder's forms look them up by name.
        Enum: SqlEnum(Enum, native_enum=False, create_constraint=True, length=32),
    }
)
Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def uuid7() -> UUID:
    """Make a key. Keys sort by the time they were made, and need no round trip to be known."""
    return UUID(int=uuid_utils.uuid7().int)


class Base(DeclarativeBase):
    """Every table of ours."""

    __abstract__ = True
    registry = Model.registry
    metadata = Model.metadata

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-2)


session: scoped_session[Session] = scoped_session(sessionmaker())
"""The current session, for edges. Services get theirs from their Work."""

door: scoped_session[Session] = scoped_session(sessionmaker(info={"before_scope": True}))
"""The session of sign-in: the one role that may read users' secrets.

It looks up memberships before there is an organization, so that the ORM's filter leaves it alone;
the policies of its role decide what it sees.
"""

ROLES = {
    "web": "SQLALCHEMY_DATABASE_URI",
    "jobs": "WORKER_DATABASE_URI",
    "door": "AUTH_DATABASE_URI",
    "owner": "OWNER_DATABASE_URI",
}
"""What a process does, and the setting with the address it then connects to."""

OPTIONS = {
    "web": "SQLALCHEMY_ENGINE_OPTIONS",
    "jobs": "WORKER_ENGINE_OPTIONS",
    "door": "AUTH_ENGINE_OPTIONS",
    "owner": "AUTH_ENGINE_OPTIONS",
}
"""How many connections each may open."""


def init_app(app: Flask) -> None:
    """Make an engine for each role (none connects yet), and drop sessions after each request."""
    app.extensions["engines"] = {role: _engine(app.config, role) for role in ROLES}
    use(app, "web")
    door.remove()
    door.configure(bind=app.extensions["engines"]["door"])
    app.teardown_appcontext(_forget)


def use(app: Flask, role: str) -> Engine:
    """Let `session` connect as `role` from now on."""
    engine: Engine = app.extensions["engines"][role]
    session.remove()
    session.configure(bind=engine)
    return engine


def _engine(config: Mapping[str, Any], role: str) -> Engine:
    engine = create_engine(config[ROLES[role]], **config[OPTIONS[role]])
    event.listen(engine, "checkout", _still_there)
    if role == "owner":
        event.listen(engine, "connect", _become_owner)
    return engine


def _still_there(connection: Any, _record: object, _proxy: object) -> None:
    """Make sure that an idle connection was not ended meanwhile, without asking the server.

    A server that ends a connection says so, and only then has an idle one anything to read. To ask
    would cost a round trip each time. The pool answers with a new connection.
    """
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    if connection.closed or watch.poll(0):
        raise DisconnectionError


@event.listens_for(Pool, "connect")
def _keep_plans(connection: Any, _record: object) -> None:
    """Let the server keep what was prepared, for as long as the connection lasts.

    After each rollback, of a savepoint too, the driver has it forget everything, lest tables were
    made anew. None are here; and what only reads ends in a rollback: each page was planned anew.
    """
    connection._prepared.clear = lambda: False  # noqa: SLF001  # it has no setting for this


def _become_owner(connection: Any, _record: object) -> None:
    """Own what is made here, whoever the address signs in as. Before the first revision: nobody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regrole('makao_owner') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute("SET ROLE makao_owner")
    connection.commit()


def _forget(_: BaseException | None) -> None:
    session.remove()
    door.remove()


def broken_constraint(error: BaseException) -> str | None:
    """Name the constraint that a database error broke, if it names one."""
    cause = getattr(error, "orig", None)
    return getattr(getattr(cause, "diag", None), "constraint_name", None)


@contextmanager
def refusing(session: Session, refusals: Mapping[str, Refused]) -> Iterator[None]:
    """Turn the breach of a named constraint into its refusal. Any other breach stays a bug.

    The block runs in a savepoint, so that the transaction can still be used after the refusal.
    """
    try:
        with session.begin_nested():
            yield
    except IntegrityError as breach:
        refusal = refusals.get(broken_constraint(breach) or "")
        if refusal is None:
            raise
        raise refusal from breach
