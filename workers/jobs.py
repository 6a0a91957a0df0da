"""Jobs: functions that run later, in one organization each, as a named machine.

What has to be done stands in Postgres; the schedule finds it there. The queue in Redis only rings,
so that it is done at once: a bell that is lost costs a moment, one that rings twice does nothing.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, cast
from uuid import UUID

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import text

from core import db, log
from core.db import uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work, clock, unit_of_work

P = ParamSpec("P")
QUEUES = ("money", "default", "low")
"""The queues in the order in which a worker looks at them."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a job works: one organization (None: the platform itself), as one named machine."""

    home: UUID | None
    name: str

    @contextmanager
    def work(self, **given: Any) -> Iterator[Work]:
        """Open a unit of work in a session of its own. A job may need several, in turn."""
        actor = Actor("job", self.name)
        with db.session.session_factory() as session:
            scope = Scope(self.home, actor=str(actor), request_id=uuid7().hex)
            with (
                seeing(session, scope),
                unit_of_work(session, actor, source="jobs", **given) as work,
            ):
                yield work


class Job(Protocol[P]):
    """Run it here, `job(home, 1)`, or ring for a worker, `job.later(home, 1)`."""

    def __call__(self, home: UUID | str, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run here: what a worker calls, and what the schedule and tests call."""

    def later(self, home: UUID | str, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Ring for a worker. Arguments are plain JSON values; only for what is committed."""


def job(
    *, queue: str = "default", timeout_seconds: int = 120
) -> Callable[[Callable[Concatenate[Desk, P], None]], Job[P]]:
    """Declare a job. Running it twice must do no harm: a worker may die after the commit."""
    assert queue in QUEUES, queue

    def declare(do: Callable[Concatenate[Desk, P], None]) -> Job[P]:
        name = f"{do.__module__.removeprefix('workers.')}.{do.__name__}"

        @wraps(do)
        def run(home: UUID | str, /, *args: P.args, **kwargs: P.kwargs) -> None:
            if not works(home):
                return
            with log.bound(job=name, organization=str(home)):
                do(Desk(UUID(str(home)), name), *args, **kwargs)

        def later(home: UUID | str, /, *args: P.args, **kwargs: P.kwargs) -> None:
            ring(
                f"{do.__module__}.{do.__name__}", home, *args, queue=queue, timeout=timeout_seconds
            )

        run.later = later  # type: ignore[attr-defined]
        return cast("Job[P]", run)

    return declare


def ring(
    function: str, home: UUID | str, *args: object, queue: str = "default", timeout: int = 120
) -> None:
    """Ask a worker to run a job by its dotted name. A queue that is away is passed over."""
    try:
        Queue(queue, connection=bell(), serializer=JSONSerializer).enqueue(
            function,
            args=(str(home), *(str(each) for each in args)),
            job_timeout=timeout,
            result_ttl=0,
            failure_ttl=7 * 24 * 3600,
        )
    except RedisError as error:
        logger.warning("the queue is away, the schedule will find it: %s", error)


def bell() -> Redis:
    """Reach Redis, giving up soon: nothing waits for a bell."""
    kept: Redis | None = current_app.extensions.get("bell")
    if kept is None:
        kept = Redis.from_url(
            current_app.config["REDIS_URL"],
            socket_timeout=5,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )
        current_app.extensions["bell"] = kept
    return kept


def homes_due(kind: str) -> list[UUID]:
    """List the organizations that work, and in which there is something of this kind to do now."""
    working = "SELECT due FROM organizations_due(:kind, :at) AS due JOIN all_organizations() AS o"
    query = text(f"{working} ON o = due ORDER BY due")
    with db.session.session_factory() as session:
        return list(session.scalars(query, {"kind": kind, "at": clock()}))


def homes(*, suspended: bool = False) -> list[UUID]:
    """List all organizations that work, for what is done in each; or also the `suspended` ones."""
    named = "kept_organizations()" if suspended else "all_organizations()"
    with db.session.session_factory() as session:
        return list(session.scalars(text(f"SELECT {named}")))


def works(home: UUID | str) -> bool:
    """Whether an organization works: one that is suspended may have been rung for before."""
    query = text("SELECT true FROM all_organizations() AS o WHERE o = :home")
    with db.session.session_factory() as session:
        return bool(session.scalar(query, {"home": UUID(str(home))}))


def everywhere(kind: str, do: Callable[[UUID], None]) -> None:
    """Do something in each organization; one that fails holds up no other."""
    for home in homes():
        try:
            do(home)
        except Exception:
            logger.exception("%s in %s", kind, home)


def each(kind: str, do: Callable[[UUID], None]) -> None:
    """Do something in each organization where it is due; one that fails holds up no other."""
    for home in homes_due(kind):
        try:
            do(home)
        except Exception:
            logger.exception("%s in %s", kind, home)
