"""Runs what is due, each entry in a thread of its own: a slow one holds up no other.

The unique row of a due time decides which of several schedulers runs it. One that dies in the
middle leaves a row that is not finished: after a while somebody takes it again.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from core.db import uuid7
from core.work import clock
from models.events import ScheduledRun
from workers.jobs import Desk
from workers.schedule import SCHEDULE, Entry

THREADS = 5
PAUSE_SECONDS = 0.5
PATIENCE = timedelta(minutes=10)
"""A run that began so long ago and has not ended well is made again."""
ASK_AGAIN = timedelta(seconds=30)
"""How soon the database is asked once more about a due time that was asked about."""

log = logging.getLogger(__name__)


def run(app: Flask, stop: threading.Event, entries: Sequence[Entry] = SCHEDULE) -> None:
    """Run what is due until told to stop; then wait for what is under way."""
    running: dict[str, Future[None]] = {}
    asked: dict[str, tuple[datetime, datetime]] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="schedule") as pool:
        while not stop.is_set():
            for entry in entries:
                busy = running.get(entry.name)
                if (busy is None or busy.done()) and to_ask(entry, asked, clock()):
                    running[entry.name] = pool.submit(_in_context, app, entry)
            stop.wait(PAUSE_SECONDS)


def to_ask(entry: Entry, asked: dict[str, tuple[datetime, datetime]], now: datetime) -> bool:
    """Tell whether to ask the database who runs an entry: most turns know that it was run."""
    due = entry.due(now)
    last = asked.get(entry.name)
    if last and last[0] == due and now - last[1] < ASK_AGAIN:
        return False
    asked[entry.name] = due, now
    return True


def run_once(entry: Entry) -> bool:
    """Run an entry for its last due time, unless that was done; say whether it ran."""
    run_id = _begin(entry)
    if run_id is None:
        return False
    error = ""
    try:
        entry.run()
    except Exception as problem:
        log.exception("schedule %s", entry.name)
        error = f"{type(problem).__name__}: {problem}"[:500]
    with Desk(None, "schedule").work() as work:
        ended = {"error": error} if error else {"finished_at": work.now, "error": ""}
        work.session.execute(update(ScheduledRun).where(ScheduledRun.id == run_id).values(**ended))
    return True


def _in_context(app: Flask, entry: Entry) -> None:
    try:
        with app.app_context():
            run_once(entry)
    except Exception:
        log.exception("schedule %s cannot begin", entry.name)


def _begin(entry: Entry) -> UUID | None:
    """Take the last due time, if nobody has."""
    with Desk(None, "schedule").work() as work:
        row = {
            "id": uuid7(),
            "schedule": entry.name,
            "due_at": entry.due(work.now),
            "started_at": work.now,
        }
        again = ScheduledRun.finished_at.is_(None) & (ScheduledRun.started_at < work.now - PATIENCE)
        taken = (
            insert(ScheduledRun)
            .values(row)
            .on_conflict_do_update(
                index_elements=["schedule", "due_at"],
                set_={"started_at": work.now},
                where=again,
            )
            .returning(ScheduledRun.id)
        )
        return work.session.scalar(taken)
