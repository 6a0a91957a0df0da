"""Sends what the books owe: signed notices, again and again until they are taken."""

import hashlib
import hmac
import logging
import secrets
import sqlite3
import threading
import time
import urllib.error
import urllib.request

from doubles.card.books import Books
from doubles.card.faults import Faults

ATTEMPTS_MAX = 12
BATCH = 50
TIMEOUT_SECONDS = 5

log = logging.getLogger("card")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A notice is for one address; elsewhere it goes not."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


POST = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


def run(books: Books, faults: Faults, secret: str, stop: threading.Event) -> None:
    """Settle and send every fifth of a second until told to stop."""
    while not stop.wait(0.2):
        try:
            books.settle()
            for row in _due(books, faults):
                _send(books, faults, secret, row)
        except sqlite3.Error:
            log.exception("the books could not be read; trying again")


def _due(books: Books, faults: Faults) -> list[sqlite3.Row]:
    if faults.notice_copies == 0:
        return []
    now = time.time()
    with books.transaction() as db:
        rows = db.execute(
            "SELECT notice.*, webhook_url FROM notice"
            " JOIN checkout ON checkout.reference = notice.checkout"
            " WHERE delivered_at IS NULL AND NOT given_up AND due_at <= ?"
            " ORDER BY notice.rowid LIMIT ?",
            [now, BATCH],
        ).fetchall()
    late = [row for row in rows if row["due_at"] <= now - faults.notice_late_seconds]
    # Reversed: as soon as one is due all go, or the newest would never be first.
    return rows[::-1] if late and faults.notice_reversed else late


def _send(books: Books, faults: Faults, secret: str, row: sqlite3.Row) -> None:
    taken = all([_posted(faults, secret, row) for _ in range(faults.notice_copies)])  # noqa: C419
    now, attempts = time.time(), row["attempts"] + 1
    with books.transaction() as db:
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


def _posted(faults: Faults, secret: str, row: sqlite3.Row) -> bool:
    request = urllib.request.Request(  # noqa: S310 - the checkout took only http(s) addresses
        row["webhook_url"],
        data=row["body"].encode(),
        headers={
            "Content-Type": "application/json",
            "Card-Signature": _signature(faults, secret, row["body"].encode()),
        },
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


def _signature(faults: Faults, secret: str, body: bytes) -> str:
    stamp = int(time.time()) - faults.notice_age_seconds
    key = secrets.token_bytes(32) if faults.notice_forged else secret.encode()
    proof = hmac.new(key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={proof}"
