"""The outbox: recorded facts become entries of a stream, and deliveries to those who hear of them.

`publish` puts facts into the organization's Redis stream and writes a delivery for each subscriber,
in the order in which they were recorded, and empties the outbox of them, in one transaction.
Whoever dies before the commit publishes them again: readers of the stream know a fact by its id.
Where Redis is away the stream's share becomes a delivery too, and nobody else waits for it.

`deliver` tells one subscriber of one fact: the mark and the effect share a transaction, so that it
happens once. Facts of one subject reach a subscriber in their order: those behind one that was
given up wait until somebody replays or skips it.
"""

import json
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy import (
    ColumnElement,
    String,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import aliased

from core.db import uuid7
from core.text import N_
from core.work import Work, clock, locked
from models.events import Delivery, Event, Outbox
from models.notices import Priority
from services import notices
from services.notices import Notice
from workers.jobs import Desk, bell, homes_due
from workers.subscriptions import HANDLERS, SUBSCRIBERS

BATCH = 2_000
STREAM_LENGTH = 100_000
"""How many of the newest facts a stream keeps, about; older ones are read from Postgres."""
CLAIMED = 50
"""Deliveries that are taken together; each is made in a transaction of its own."""
STREAM = "stream"
AGAIN = tuple(timedelta(seconds=each) for each in (1, 5, 15, 60, 300, 900, 3600))
"""How long until a delivery that failed is tried again; after the last it is parked."""
PATIENCE = timedelta(seconds=30)
"""A delivery that was begun so long ago and is not done belongs to a process that died."""
PAUSE_SECONDS = 0.2
TAKE = text("""
    WITH taken AS (
        DELETE FROM outbox USING event
        WHERE outbox.organization_id = :home AND event.id = outbox.id AND outbox.id = ANY(ARRAY(
            SELECT id FROM outbox WHERE organization_id = :home ORDER BY id LIMIT :most))
        RETURNING event.id, event.type, event.subject_id, event_envelope(event) AS envelope)
    SELECT count(*) AS facts, string_agg(envelope, chr(10) ORDER BY id) AS envelopes,
        coalesce(json_agg(json_build_array(id, type, subject_id) ORDER BY id)
            FILTER (WHERE type = ANY(:heard)), '[]') AS heard
    FROM taken""")
"""As an array the batch is read once (a subquery may be read again, and then takes more); joined,
each row is found by its key, whatever the planner believes about the organization. One row comes
back, with a line for each fact: to make objects of them takes as long as all the rest."""
ENVELOPE: ColumnElement[str] = literal_column("event_envelope(event)", String).label("envelope")
APPEND = """
for envelope in string.gmatch(ARGV[2], '[^\\n]+') do
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', envelope)
end
"""
"""One call instead of a command a fact: half of the time goes into taking commands apart."""

log = logging.getLogger(__name__)


def run(stop: threading.Event) -> None:
    """Publish and deliver until told to stop."""
    while not stop.is_set():
        try:
            busy = turn()
        except Exception:
            log.exception("the relay stumbled")
            busy = False
        if not busy:
            stop.wait(PAUSE_SECONDS)


def turn() -> bool:
    """Publish a batch and tell subscribers of some facts in each organization; any left?"""
    busy = False
    for home in homes_due("events"):
        busy |= publish(home) == BATCH
    for home in homes_due("deliveries"):
        busy |= catch_up(home) == BATCH
        for _ in range(BATCH):
            if not deliver(home):
                break
            busy = True
    return busy


def publish(home: UUID) -> int:
    """Publish a batch of facts of an organization; returns how many. One relay at a time does."""
    with Desk(home, "relay").work() as work:
        if not _alone(work):
            return 0
        taken = _fresh(work)
        rows = [
            _delivery(work, event_id, subject_id, name)
            for event_id, kind, subject_id in taken.heard
            for name in SUBSCRIBERS[kind]
        ]
        if taken.facts and not _streamed(work, taken.envelopes):
            missed = map(json.loads, taken.envelopes.split("\n"))
            rows += [
                _delivery(work, each["id"].removeprefix("evt_"), subject["id"], STREAM)
                for each in missed
                for subject in (each["metadata"]["subject"],)
            ]
        if rows:
            work.session.execute(insert(Delivery), rows)
        return int(taken.facts)


def catch_up(home: UUID) -> int:
    """Append what the stream missed while it was away, in order; returns how many."""
    with Desk(home, "relay").work() as work:
        if not _alone(work):
            return 0
        missed = (
            select(Delivery.event_id)
            .where(
                Delivery.subscriber == STREAM,
                Delivery.done_at.is_(None),
                Delivery.parked_at.is_(None),
            )
            .order_by(Delivery.event_id)
            .limit(BATCH)
        )
        ids = work.session.scalars(missed).all()
        if not ids:
            return 0
        query = select(ENVELOPE).where(Event.id.in_(ids)).order_by(Event.id)
        these = update(Delivery).where(Delivery.subscriber == STREAM, Delivery.event_id.in_(ids))
        try:
            append(home, "\n".join(work.session.scalars(query)))
        except RedisError as error:
            log.warning("the stream is still away: %s", error)
            work.session.execute(these.values(due_at=work.now + AGAIN[1]))
            return 0
        work.session.execute(these.values(done_at=work.now))
        return len(ids)


def deliver(home: UUID) -> bool:
    """Tell subscribers of the facts that are due, each by itself; say whether there were any."""
    desk = Desk(home, "relay")
    with desk.work() as work:
        claimed = _claim(work)
    for delivery_id in claimed:
        try:
            _tell(home, delivery_id)
        except Exception as error:
            log.exception("delivery %s", delivery_id)
            with desk.work() as work:
                _failed(work, delivery_id, f"{type(error).__name__}: {error}")
    return bool(claimed)


def _alone(work: Work) -> bool:
    """Take the organization's turn until the end of the transaction; False if another relay has.

    The planner never knows how long the outbox is at the moment, and would rather sort all of it
    for each batch: we want it read in the order of its index.
    """
    turn = text(
        "SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true),"
        " set_config('enable_bitmapscan', 'off', true),"
        " pg_try_advisory_xact_lock(hashtextextended('relay:' || :home, 0))"
    )
    return bool(work.session.execute(turn, {"home": str(work.scope.home())}).one()[3])


def _fresh(work: Work) -> Any:
    """Take the oldest facts that nobody has published. The turn is ours alone.

    Gives how many, their envelopes (a line each, oldest first), and [id, type, subject's id] of
    those that somebody hears of.
    """
    heard = [kind for kind, names in SUBSCRIBERS.items() if names]
    values = {"home": work.scope.home(), "most": BATCH, "heard": heard}
    return work.session.execute(TAKE, values).one()


def _streamed(work: Work, envelopes: str) -> bool:
    """Append the facts to the stream; False where it is away, or older ones still wait."""
    behind = select(Delivery.id).where(
        Delivery.subscriber == STREAM, Delivery.done_at.is_(None), Delivery.parked_at.is_(None)
    )
    if work.session.scalar(behind.limit(1)) is not None:
        return False
    try:
        append(work.scope.home(), envelopes)
    except RedisError as error:
        log.warning("the stream is away, its facts are kept for it: %s", error)
        return False
    return True


def append(home: UUID, envelopes: str) -> None:
    """Add facts (a line each, oldest first) to the stream of an organization, all or none."""
    call = bell().register_script(APPEND)
    call(keys=[f"makao:events:{home}"], args=[STREAM_LENGTH, envelopes])


def _delivery(work: Work, event_id: str, subject_id: str, subscriber: str) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "organization_id": work.scope.home(),
        "event_id": UUID(event_id),
        "subject_id": UUID(subject_id),
        "subscriber": subscriber,
        "due_at": work.now,
    }


def _claim(work: Work) -> list[UUID]:
    """Take deliveries before which their subscriber has no other of that subject to hear of.

    Each try is counted before it is made, so that one which kills its process is parked in the end.
    """
    earlier = aliased(Delivery)
    waits = (
        select(earlier.id)
        .where(
            earlier.organization_id == Delivery.organization_id,
            earlier.subscriber == Delivery.subscriber,
            earlier.subject_id == Delivery.subject_id,
            earlier.event_id < Delivery.event_id,
            earlier.done_at.is_(None),
        )
        .exists()
    )
    query = (
        select(Delivery)
        .where(
            Delivery.subscriber != STREAM,
            Delivery.done_at.is_(None),
            Delivery.parked_at.is_(None),
            Delivery.due_at <= work.now,
            ~waits,
        )
        .order_by(Delivery.due_at, Delivery.event_id)
        .limit(CLAIMED)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for delivery in work.session.scalars(query).all():
        if delivery.attempts > len(AGAIN):
            _park(work, delivery, delivery.last_error or "the process ended in the middle of it")
            continue
        delivery.attempts += 1
        delivery.due_at = work.now + PATIENCE
        claimed.append(delivery.id)
    return claimed


def _tell(home: UUID, delivery_id: UUID) -> None:
    """Run the handler and mark the delivery, in one transaction."""
    with Desk(home, "relay").work() as work:
        delivery = locked(work, Delivery, delivery_id)
        if delivery.done_at:
            return
        event = work.session.scalars(select(Event).where(Event.id == delivery.event_id)).one()
        HANDLERS[delivery.subscriber](_because_of(work, event), event)
        delivery.done_at = clock()


def _because_of(work: Work, event: Event) -> Work:
    return replace(work, causation_id=event.id, correlation_id=event.correlation_id)


def _failed(work: Work, delivery_id: UUID, error: str) -> None:
    delivery = locked(work, Delivery, delivery_id)
    delivery.last_error = error[:500]
    if delivery.attempts > len(AGAIN):
        _park(work, delivery, error)
    else:
        delivery.due_at = work.now + AGAIN[delivery.attempts - 1]


def _park(work: Work, delivery: Delivery, error: str) -> None:
    """Give up, and say so. Later facts of the subject wait: told out of order they could harm."""
    delivery.parked_at = work.now
    log.error("%s was given up for delivery %s: %s", delivery.subscriber, delivery.id, error)
    notice = Notice(
        N_(
            "%(subscriber)s could not take up what happened, and what came after it waits. Look at"
            " the delivery: replay it or skip it."
        ),
        once=f"delivery:{delivery.id}:{delivery.attempts}",
        values={"subscriber": delivery.subscriber},
        link=f"/admin/delivery/{delivery.id}",
        priority=Priority.high,
    )
    notices.notify_roles(work, ["Admin"], notice)


def oldest_waiting(work: Work) -> float:
    """Tell how many seconds the oldest unpublished fact has waited; 0 without any."""
    waiting = select(func.min(Event.happened_at)).join(Outbox, Outbox.id == Event.id)
    oldest = work.session.scalar(waiting)
    return max(0.0, (work.now - oldest).total_seconds()) if oldest else 0.0
