"""Sends what the books owe, again and again until it is taken."""

import logging
import sqlite3
import threading
import time
import urllib.error
import urllib.request

from doubles.base.counter import Counter

ATTEMPTS_MAX = 12
BATCH = 50
TIMEOUT_SECONDS = 5

log = logging.getLogger("notices")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A notice is for one address; elsewhere it goes not."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


POST = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def run(counter: Counter, stop: threading.Event) -> None:
    """Settle and send every fifth of a second until told to stop."""
    while not stop.wait(0.2):
        try:
            counter.books.settle()
            for row in _due(counter):
                _send(counter, row)
        except sqlite3.Error:
            log.exception("the books could not be read; trying again")


def _due(counter: Counter) -> list[sqlite3.Row]:
    faults = counter.faults
    if faults.notice_copies == 0:
        return []
    now = time.time()
    with counter.books.transaction() as db:
        rows = db.execute(
            "SELECT * FROM notice WHERE delivered_at IS NULL AND NOT given_up AND due_at <= ?"
            " ORDER BY rowid LIMIT ?",
            [now, BATCH],
        ).fetchall()
    late = [row for row in rows if row["due_at"] <= now - faults.notice_late_seconds]
    # Reversed: as soon as one is due all go, or the newest would never be first.
    return rows[::-1] if late and faults.notice_reversed else late


def _send(counter: Counter, row: sqlite3.Row) -> None:
    copies = range(counter.faults.notice_copies)
    taken = all([_posted(counter, row) for _ in copies])  # noqa: C419
    now, attempts = time.time(), row["attempts"] + 1
    with counter.books.transaction() as db:
        db.execute(
            "UPDATE notice SET attempts = ?, delivered_at = ?, due_at = ?, given_up = ?"
            " WHERE event_id = ?",
            [
                attempts,
                now if taken else None,
                now + min(2.0 ** (attempts - 1) / 2, 60),
                attempts >= ATTEMPTS_MAX and not taken,
                row["event_id"],
            ],
        )


def _posted(counter: Counter, row: sqlite3.Row) -> bool:
    body = row["body"].encode()
    request = urllib.request.Request(  # noqa: S310 - checkouts take only http(s) addresses
        counter.forged_address(row["url"]),
        data=body,
        headers={"Content-Type": "application/json", **counter.sign(body)},
    )
    try:
        with POST.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return 200 <= int(answer.status) < 300
    except urllib.error.HTTPError as error:
        error.close()
        log.info("%s was answered %s", row["event_id"], error.code)
    except (OSError, ValueError) as error:
        log.info("%s was not taken: %s", row["event_id"], error)
    return False
