"""One unit of work: who is acting, where, when, and in which transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import scope
from core.db import Base, uuid7
from core.errors import NotFound
from core.scope import Scope

Row = TypeVar("Row", bound=Base)


def clock() -> datetime:
    """Read the clock, in UTC. Edges call it once; everything else takes `work.now`."""
    return datetime.now(UTC)


def correlation() -> UUID:
    """Give the id of what began all this: the request's, so that facts and audit rows meet."""
    said = scope.current().request_id
    if not said:
        return uuid7()
    try:
        return UUID(said)
    except ValueError:  # a proxy's own
        return uuid5(NAMESPACE_URL, f"request:{said}")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a named machine, as it appears in events and in the audit trail."""

    kind: str
    id: str

    def __str__(self) -> str:
        """Write it as it is stored: `user:0190...`, `job:relay`."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Work:
    """Passed first to every service function, so none of them asks Flask for anything.

    `now` is read once: every row and event of one act carries the same instant (UTC).
    `causation_id` is the event which this work answers, if it does.
    """

    session: Session
    actor: Actor
    scope: Scope = field(default_factory=scope.current)
    now: datetime = field(default_factory=clock)
    correlation_id: UUID = field(default_factory=correlation)
    causation_id: UUID | None = None
    source: str = "web"

    def at(self, instant: datetime) -> "Work":
        """Give the same work at another instant."""
        return replace(self, now=instant)


@contextmanager
def unit_of_work(session: Session, actor: Actor, **given: Any) -> Iterator[Work]:
    """Commit once at the end, or roll everything back. Only edges call this."""
    try:
        yield Work(session, actor, **given)
        session.commit()
    except BaseException:
        session.rollback()
        raise


def locked(work: Work, kind: type[Row], row_id: UUID) -> Row:
    """Load a row for change, as it is now; a concurrent act on it waits here.

    Raises:
        NotFound: it does not exist, or not in the organization of the actor.

    """
    query = select(kind).where(kind.id == row_id).with_for_update(of=kind)
    # Without populate_existing a row loaded before the lock keeps what it held before the wait.
    row = work.session.scalar(query, execution_options={"populate_existing": True})
    if row is None:
        raise NotFound
    return row


def found(work: Work, kind: type[Row], row_id: UUID) -> Row:
    """Load a row to read.

    Raises:
        NotFound: it does not exist, or not in the organization of the actor.

    """
    row = work.session.scalar(select(kind).where(kind.id == row_id))
    if row is None:
        raise NotFound
    return row
