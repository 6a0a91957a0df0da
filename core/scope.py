"""Row scope: whose rows may be seen. Two locks, and each holds when the other is off.

The first is a filter under every ORM statement. The second is row-level security: each transaction
tells Postgres a secret that only the person at hand holds (or, for jobs, the one organization they
work for), and there migrations/sql/begin/scope.sql looks up what that opens.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from sqlalchemy import (
    ARRAY,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    UniqueConstraint,
    Uuid,
    any_,
    bindparam,
    event,
    text,
)
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    with_loader_criteria,
)

from core.db import Base, Json
from core.errors import Refused
from core.text import N_


class NoOrganization(Refused):
    """The act needs an organization, and none is in sight."""

    code = "no_organization"
    says = N_("Choose an organization first.")


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is asking, in which organization, and how the database can tell.

    The default shows nothing, so forgetting it leaks nothing. `parties` limits what a portal member
    sees to rows of these parties; None means all parties of the organization. `everywhere` opens
    the ORM's lock alone: the database's stays shut.
    """

    organization_id: UUID | None = None
    profile_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    parties: frozenset[UUID] | None = None
    key: str = ""
    actor: str = ""
    request_id: str = ""
    client: str = ""
    everywhere: bool = False

    def home(self) -> UUID:
        """Name the organization that a new row belongs to.

        Raises:
            NoOrganization: none is in sight.

        """
        if self.organization_id is None:
            raise NoOrganization
        return self.organization_id


NOTHING = Scope()
_scope: ContextVar[Scope] = ContextVar("scope", default=NOTHING)


def telling(key: str, organization: str, actor: str, request: str, client: str) -> str:
    """Write the statement that tells a transaction who asks, with these places for the values."""
    told = {"key": key, "organization": organization, "actor": actor, "request": request}
    settings = (told | {"client": client}).items()
    return "SELECT " + ", ".join(f"set_config('makao.{k}', {v}, true)" for k, v in settings)


_TELL = text(telling(":key", ":organization", ":actor", ":request", ":client"))
_UNTOLD = "untold"
OPENING = frozenset({"key", "organization"})
"""What decides who sees which rows; the others say who did it, for the audit trail."""


class OrganizationScoped:
    """Mixin: rows belong to one organization, and are invisible outside it.

    Each such table has an index which begins with this column, as every statement asks for it.
    """

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organization.id"), sort_order=-1)


class PartyScoped:
    """Mixin: within the organization, portal members see only the rows of their own parties.

    A table which calls the party otherwise says so by a synonym.
    """

    party_id: Any


class Record(OrganizationScoped, Base):
    """A row of an organization which people make and change. Administrators may add fields."""

    __abstract__ = True

    custom: Mapped[Json] = mapped_column(sort_order=90)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=91)


def keyed(*rest: Any) -> tuple[Any, ...]:
    """Begin `__table_args__` with the key that foreign keys inside an organization point to."""
    return (UniqueConstraint("organization_id", "id"), *rest)


def same_organization(column: str, table: str, **options: Any) -> ForeignKeyConstraint:
    """Make `column` a key to a row of `table` which belongs to the same organization."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.id"], **options
    )


def current() -> Scope:
    """Read the scope of this request, job or test."""
    return _scope.get()


def enter(session: Session, scope: Scope) -> Token[Scope]:
    """Set both locks from here on; in a transaction already begun, too."""
    token = _scope.set(scope)
    _tell_again(session)
    return token


def leave(token: Token[Scope]) -> None:
    """Put the scope back as it was before `enter`; for the database, with the next transaction."""
    _scope.reset(token)


@contextmanager
def seeing(session: Session, scope: Scope) -> Iterator[None]:
    """Set the scope of the block."""
    token = enter(session, scope)
    try:
        yield
    finally:
        leave(token)
        _tell_again(session)


def beyond(scope: Scope) -> Scope:
    """Open the ORM's lock and leave the database's as it is."""
    return replace(scope, everywhere=True)


def _tell_again(session: Session) -> None:
    if session.in_transaction() and session.is_active:
        # A transaction that failed can only be rolled back; the next one is told when it begins.
        with suppress(InternalError):
            session.execute(_TELL, _told(_scope.get()))


def _told(scope: Scope) -> dict[str, str]:
    """Only a secret and a wish, never a claim: what they open is looked up in the database."""
    return {
        "key": scope.key,
        "organization": str(scope.organization_id or ""),
        "actor": scope.actor,
        "request": scope.request_id,
        "client": scope.client,
    }


def begun(session: Session) -> tuple[Connection, dict[str, str] | None]:
    """Give the session's connection, and what its transaction has still to be told, if it is new.

    The caller sends BEGIN and that before anything else, in one message with its own.
    """
    session.info[_UNTOLD] = None
    try:
        connection = session.connection()
        return connection, session.info[_UNTOLD]
    finally:
        del session.info[_UNTOLD]


@event.listens_for(Session, "after_begin")
def _tell(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested or transaction.parent is not None:
        return
    told = _told(_scope.get())
    if _UNTOLD in session.info and _can_begin(connection):
        session.info[_UNTOLD] = told
    elif not _begin_and_tell(connection, told):
        connection.execute(_TELL, told)


def _can_begin(connection: Connection) -> bool:
    """Whether the transaction begins with BEGIN alone, and the connection is whole."""
    driver: Any = connection.connection.driver_connection
    special = (driver.autocommit, driver.isolation_level, driver.read_only, driver.deferrable)
    if special != (False, None, None, None):
        return False
    return bool(driver.info.transaction_status == TransactionStatus.IDLE)


def _begin_and_tell(connection: Connection, told: dict[str, str]) -> bool:
    """Begin the transaction and tell it in one round trip; False where it is to be done in two.

    The driver would send BEGIN by itself before the first statement, and wait for the answer: a
    fifth of what a short transaction costs. A connection that is broken, or whose transactions are
    to begin otherwise, is left to it.
    """
    if not _can_begin(connection):
        return False
    driver: Any = connection.connection.driver_connection
    # A setting of the transaction begins empty. The two that open something are told all the same:
    # nothing that was left on the connection may stand in for them.
    told = {name: value for name, value in told.items() if value or name in OPENING}
    escape = Escaping(driver.pgconn).escape_literal
    encoding = driver.info.encoding
    settings = b", ".join(
        b"set_config('makao.%b', %b, true)" % (name.encode(), escape(value.encode(encoding)))
        for name, value in told.items()
    )
    answer = driver.pgconn.exec_(b"BEGIN; SELECT " + settings)
    return bool(answer.status == ExecStatus.TUPLES_OK)


# Their values are found when a statement runs. So the filters are made once: to make them for each
# statement doubles its time.
_AT_HOME = bindparam("home", None, Uuid(), callable_=lambda: _scope.get().organization_id)
_OWN_PARTIES = bindparam(
    "parties", None, ARRAY(Uuid()), callable_=lambda: list(_scope.get().parties or ())
)
_HOME = with_loader_criteria(
    OrganizationScoped,
    lambda table: table.organization_id == _AT_HOME,
    include_aliases=True,
    track_closure_variables=False,
)


@cache
def _party_criteria() -> tuple[LoaderCriteriaOption, ...]:
    """Make the filters for portal members, table by table: each has a column of its own name."""
    return tuple(
        with_loader_criteria(
            table,
            lambda table: table.party_id == any_(_OWN_PARTIES),
            include_aliases=True,
            track_closure_variables=False,
        )
        for table in PartyScoped.__subclasses__()
    )


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    scope = _scope.get()
    if scope.everywhere or state.session.info.get("before_scope"):
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    limits = (_HOME,) if scope.parties is None else (_HOME, *_party_criteria())
    state.statement = state.statement.options(*limits)
