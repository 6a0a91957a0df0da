"""The provider's books in one SQLite file. What is committed here outlives kill -9."""

import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS checkout (
    reference TEXT PRIMARY KEY, intent_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    description TEXT NOT NULL, return_url TEXT NOT NULL, webhook_url TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', failure_code TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL, expires_at REAL NOT NULL, settles_at REAL);
CREATE TABLE IF NOT EXISTS capture (
    reference TEXT PRIMARY KEY REFERENCES checkout, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, captured_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refund (
    reference TEXT PRIMARY KEY, checkout TEXT NOT NULL REFERENCES capture,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, refunded_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notice (
    event_id TEXT PRIMARY KEY, checkout TEXT NOT NULL REFERENCES checkout, type TEXT NOT NULL,
    body TEXT NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL, given_up INTEGER NOT NULL DEFAULT 0);
"""
SENTENCES = {
    "": "",
    "card_declined": "The bank declined the card.",
    "insufficient_funds": "There is not enough money on the card.",
    "expired_card": "The card is out of date.",
    "authentication_failed": "The bank could not confirm that it is you.",
    "cancelled": "The payment was cancelled.",
}
OPEN = ("pending", "requires_action")


class No(Exception):
    """The provider refuses, with an HTTP status, a code and a sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        """Keep the three apart."""
        self.status, self.code, self.sentence = status, code, sentence
        super().__init__(sentence)


class Books:
    """Checkouts, captures, refunds, keys and notices. One connection a call; SQLite serialises."""

    def __init__(self, folder: Path, lifetime_seconds: float) -> None:
        """Open the books, making them on first use."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "card.sqlite3"
        self._lifetime_seconds = lifetime_seconds
        with closing(self._connect()) as db:
            db.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.executescript("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        return db

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write alone, whole or not at all."""
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def once(
        self, key: str, asked: str, act: Callable[[sqlite3.Connection], dict[str, Any]]
    ) -> tuple[int, dict[str, Any]]:
        """Act once per key; give the first answer again. The effect and its answer commit as one.

        Refusals are not kept: what was wrong may be mended and asked again with the same key.
        """
        fingerprint = hashlib.sha256(asked.encode()).hexdigest()
        with self.transaction() as db:
            seen = db.execute("SELECT * FROM idempotency WHERE key = ?", [key]).fetchone()
            if seen and seen["fingerprint"] != fingerprint:
                raise No(409, "key_reused", "This key was used for something else.")
            if seen:
                return int(seen["status"]), json.loads(seen["answer"])
            answer = act(db)
            db.execute(
                "INSERT INTO idempotency VALUES (?, ?, ?, ?)",
                [key, fingerprint, 201, json.dumps(answer)],
            )
            return 201, answer

    def open_checkout(self, db: sqlite3.Connection, asked: dict[str, Any]) -> sqlite3.Row:
        """Write a new checkout."""
        reference, now = f"chk_{secrets.token_hex(12)}", time.time()
        db.execute(
            "INSERT INTO checkout (reference, intent_id, amount, currency, description,"
            " return_url, webhook_url, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                reference,
                *(asked[name] for name in ("intent_id", "amount", "currency", "description")),
                *(asked[name] for name in ("return_url", "webhook_url")),
                now,
                now + self._lifetime_seconds,
            ],
        )
        return self.find(db, reference)

    def find(self, db: sqlite3.Connection, reference: str) -> sqlite3.Row:
        """Give a checkout."""
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM checkout WHERE reference = ?", [reference]
        ).fetchone()
        if row is None:
            raise No(404, "not_found", "There is no such checkout.")
        return row

    def move(self, db: sqlite3.Connection, row: sqlite3.Row, state: str, code: str = "") -> None:
        """Put a checkout into a state, capture the money if it succeeded, and owe a notice."""
        now = time.time()
        db.execute(
            "UPDATE checkout SET state = ?, failure_code = ?, settles_at = ? WHERE reference = ?",
            [state, code, now + 2 if state == "processing" else None, row["reference"]],
        )
        if state == "succeeded":
            db.execute(
                "INSERT INTO capture VALUES (?, ?, ?, ?)",
                [row["reference"], row["amount"], row["currency"], now],
            )
        self.owe_notice(db, row, f"checkout.{state}", {"state": state, "amount": row["amount"]})

    def give_back(self, db: sqlite3.Connection, reference: str, amount: int) -> dict[str, Any]:
        """Refund smallest units of what a checkout captured, never more than is left."""
        row = self.find(db, reference)
        left = db.execute(
            "SELECT capture.amount - coalesce(sum(refund.amount), 0) FROM capture"
            " LEFT JOIN refund ON refund.checkout = capture.reference"
            " WHERE capture.reference = ? GROUP BY capture.amount",
            [reference],
        ).fetchone()
        if left is None:
            raise No(422, "not_captured", "This checkout has taken no money.")
        if amount > left[0]:
            raise No(422, "refund_too_large", "There is not that much left to give back.")
        refund = {"reference": f"ref_{secrets.token_hex(12)}", "amount": amount}
        db.execute(
            "INSERT INTO refund VALUES (?, ?, ?, ?, ?)",
            [refund["reference"], reference, amount, row["currency"], time.time()],
        )
        self.owe_notice(db, row, "refund.succeeded", {"state": "succeeded", "amount": amount})
        return {**refund, "currency": row["currency"], "state": "succeeded"}

    def owe_notice(
        self, db: sqlite3.Connection, row: sqlite3.Row, kind: str, data: dict[str, Any]
    ) -> None:
        """Write down a notice in the same transaction as what it tells of."""
        event_id, now = f"evt_{secrets.token_hex(12)}", time.time()
        told = {**data, "reference": row["reference"], "intent_id": row["intent_id"]}
        body = {
            "id": event_id,
            "type": kind,
            "created": int(now),
            "data": {**told, "currency": row["currency"]},
        }
        db.execute(
            "INSERT INTO notice (event_id, checkout, type, body, due_at) VALUES (?, ?, ?, ?, ?)",
            [event_id, row["reference"], kind, json.dumps(body), now],
        )

    def settle(self) -> None:
        """Let time do its work: what was processing succeeds, what nobody paid expires."""
        now = time.time()
        with closing(self._connect()) as db:
            ripe = db.execute(
                "SELECT 1 FROM checkout WHERE settles_at <= :now"
                " OR (state IN ('pending', 'requires_action') AND expires_at <= :now) LIMIT 1",
                {"now": now},
            ).fetchone()
        if ripe is None:
            return  # the common case takes no write lock
        with self.transaction() as db:
            for row in db.execute(
                "SELECT * FROM checkout WHERE state = 'processing' AND settles_at <= ?", [now]
            ).fetchall():
                self.move(db, row, "succeeded")
            for row in db.execute(
                "SELECT * FROM checkout WHERE state IN ('pending', 'requires_action')"
                " AND expires_at <= ?",
                [now],
            ).fetchall():
                self.move(db, row, "expired")

    def totals(self) -> dict[str, Any]:
        """Everything that fault tests compare with: each capture and refund, counts, notices."""
        with closing(self._connect()) as db:
            return {
                "checkouts": dict(
                    db.execute("SELECT state, count(*) FROM checkout GROUP BY state").fetchall()
                ),
                "captured": dict(
                    db.execute("SELECT currency, sum(amount) FROM capture GROUP BY 1").fetchall()
                ),
                "refunded": dict(
                    db.execute("SELECT currency, sum(amount) FROM refund GROUP BY 1").fetchall()
                ),
                "captures": _dicts(
                    db.execute(
                        "SELECT reference, intent_id, capture.amount, capture.currency"
                        " FROM capture JOIN checkout USING (reference) ORDER BY captured_at"
                    )
                ),
                "refunds": _dicts(
                    db.execute(
                        "SELECT reference, checkout, amount, currency FROM refund"
                        " ORDER BY refunded_at"
                    )
                ),
                "notices": _dicts(
                    db.execute(
                        "SELECT event_id, type, checkout, attempts,"
                        " delivered_at IS NOT NULL AS delivered FROM notice ORDER BY rowid"
                    )
                ),
            }


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """Say how a checkout stands, as the API does."""
    told = {name: row[name] for name in ("reference", "intent_id", "state", "amount", "currency")}
    return {
        **told,
        "expires_at": int(row["expires_at"]),
        "failure_code": row["failure_code"],
        "failure_sentence": SENTENCES[row["failure_code"]],
    }


def _dicts(rows: sqlite3.Cursor) -> list[dict[str, Any]]:
    return [dict(row) for row in rows]
