"""A provider's books in one SQLite file. What is committed here outlives kill -9.

Amounts are whole numbers of the smallest unit, whatever the provider's own protocol speaks in.
"""

import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS checkout (
    number INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, intent_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    description TEXT NOT NULL, return_url TEXT NOT NULL, webhook_url TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', failure_code TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL, expires_at REAL NOT NULL, settles_at REAL,
    extra TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS capture (
    reference TEXT PRIMARY KEY REFERENCES checkout (reference), amount INTEGER NOT NULL,
    currency TEXT NOT NULL, captured_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refund (
    number INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE,
    checkout TEXT REFERENCES capture (reference),
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL, refunded_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'succeeded', settles_at REAL, note TEXT NOT NULL DEFAULT '',
    extra TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS dispute (
    number INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE,
    checkout TEXT NOT NULL REFERENCES capture (reference), amount INTEGER NOT NULL,
    currency TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open');
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS notice (
    event_id TEXT PRIMARY KEY, checkout TEXT NOT NULL, type TEXT NOT NULL, url TEXT NOT NULL,
    body TEXT NOT NULL, due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    delivered_at REAL, given_up INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS saved (
    code TEXT PRIMARY KEY, checkout TEXT NOT NULL REFERENCES checkout (reference),
    forgotten INTEGER NOT NULL DEFAULT 0);
"""
OPEN = ("pending", "requires_action")
LEFT = """SELECT capture.amount - coalesce(sum(refund.amount), 0) FROM capture
    LEFT JOIN refund ON refund.checkout = capture.reference AND refund.state <> 'failed'
    WHERE capture.reference = ? GROUP BY capture.amount"""


class No(Exception):
    """The provider refuses, with an HTTP status, a code and a sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        """Keep the three apart."""
        self.status, self.code, self.sentence = status, code, sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Letter:
    """What the shop is told: the id and kind of the event, and the words in which it is told."""

    event_id: str
    kind: str
    body: dict[str, Any]


Writer = Callable[[sqlite3.Row, str, dict[str, Any]], Letter | None]
"""Puts what happened to a checkout (or, for money out, a refund) into the provider's own words."""


class Books:
    """Checkouts, captures, refunds, keys and notices. One connection a call; SQLite serialises."""

    def __init__(
        self, folder: Path, name: str, lifetime_seconds: float, settle_seconds: float = 2.0
    ) -> None:
        """Open the books, making them on first use."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{name}.sqlite3"
        self._lifetime_seconds = lifetime_seconds
        self.settle_seconds = settle_seconds
        self.write: Writer = lambda *_: None
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

    def open_checkout(
        self, db: sqlite3.Connection, asked: dict[str, Any], **extra: Any
    ) -> sqlite3.Row:
        """Write a new checkout, under the shop's reference if it gave one."""
        reference, now = asked.get("reference") or f"chk_{secrets.token_hex(12)}", time.time()
        lifetime = asked.get("lifetime_seconds") or self._lifetime_seconds
        names = ("intent_id", "amount", "currency", "description", "return_url", "webhook_url")
        try:
            db.execute(
                f"INSERT INTO checkout (reference, {', '.join(names)}, created_at, expires_at,"  # noqa: S608
                " extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    reference,
                    *(asked[name] for name in names),
                    now,
                    now + lifetime,
                    json.dumps(extra),
                ],
            )
        except sqlite3.IntegrityError as error:
            raise No(400, "duplicate_reference", "Duplicate Transaction Reference") from error
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
        settles = now + self.settle_seconds if state == "processing" else None
        db.execute(
            "UPDATE checkout SET state = ?, failure_code = ?, settles_at = ? WHERE reference = ?",
            [state, code, settles, row["reference"]],
        )
        if state == "succeeded":
            db.execute(
                "INSERT INTO capture VALUES (?, ?, ?, ?)",
                [row["reference"], row["amount"], row["currency"], now],
            )
        row = self.find(db, row["reference"])
        self.owe(db, row, f"checkout.{state}", {"state": state, "amount": row["amount"]})

    def save(self, db: sqlite3.Connection, row: sqlite3.Row, code: str) -> None:
        """Keep the card that a checkout was paid with, by a code; again changes nothing."""
        db.execute("INSERT OR IGNORE INTO saved VALUES (?, ?, 0)", [code, row["reference"]])

    def saved(self, db: sqlite3.Connection, code: str) -> sqlite3.Row:
        """Give the checkout with which a card was saved, as long as it is kept."""
        kept = "SELECT * FROM saved WHERE code = ? AND NOT forgotten"
        if (row := db.execute(kept, [code]).fetchone()) is None:
            raise No(404, "resource_missing", "Authorization not found")
        return self.find(db, row["checkout"])

    def forget(self, db: sqlite3.Connection, code: str) -> None:
        """Keep a card no longer."""
        self.saved(db, code)
        db.execute("UPDATE saved SET forgotten = 1 WHERE code = ?", [code])

    def charge(self, db: sqlite3.Connection, row: sqlite3.Row, how: str) -> sqlite3.Row:
        """Charge a saved card for a checkout without a page: it is paid, or as the switch says."""
        codes = {"decline": "card_declined", "authenticate": "authentication_required"}
        state = "failed" if how in codes else "processing" if how == "later" else "succeeded"
        self.move(db, row, state, codes.get(how, ""))
        return self.find(db, row["reference"])

    def mishap(self, db: sqlite3.Connection, row: sqlite3.Row, code: str) -> None:
        """Let one try fail: the payer may try again on the same page."""
        db.execute(
            "UPDATE checkout SET state = 'pending', failure_code = ? WHERE reference = ?",
            [code, row["reference"]],
        )
        told = {"state": "failed", "amount": row["amount"]}
        self.owe(db, self.find(db, row["reference"]), "checkout.failed", told)

    def left(self, db: sqlite3.Connection, reference: str) -> int:
        """Tell how much of what a checkout captured can still be given back."""
        row = db.execute(LEFT, [reference]).fetchone()
        if row is None:
            raise No(422, "not_captured", "This checkout has taken no money.")
        return int(row[0])

    def give_back(
        self,
        db: sqlite3.Connection,
        reference: str,
        amount: int,
        *,
        note: str = "",
        later: bool = False,
    ) -> sqlite3.Row:
        """Refund smallest units of what a checkout captured, never more than is left."""
        row = self.find(db, reference)
        if amount > self.left(db, reference):
            raise No(422, "refund_too_large", "There is not that much left to give back.")
        asked = {"checkout": reference, "amount": amount, "currency": row["currency"], "note": note}
        refund = self.send(db, f"ref_{secrets.token_hex(12)}", asked, later=later)
        if not later:
            self.owe(db, row, "refund.succeeded", dict(refund))
        return refund

    def send(
        self,
        db: sqlite3.Connection,
        reference: str,
        asked: dict[str, Any],
        *,
        later: bool,
        **extra: Any,
    ) -> sqlite3.Row:
        """Write money out, done at once or a little later."""
        now = time.time()
        state, settles = ("pending", now + self.settle_seconds) if later else ("succeeded", None)
        try:
            db.execute(
                "INSERT INTO refund (reference, checkout, amount, currency, refunded_at, state,"
                " settles_at, note, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    reference,
                    asked.get("checkout"),
                    asked["amount"],
                    asked["currency"],
                    now,
                    state,
                    settles,
                    asked.get("note", ""),
                    json.dumps(extra),
                ],
            )
        except sqlite3.IntegrityError as error:
            raise No(400, "duplicate", "This was asked for before.") from error
        return self.find_refund(db, reference)

    def find_refund(self, db: sqlite3.Connection, reference: str) -> sqlite3.Row:
        """Give money that went out, or is on its way."""
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM refund WHERE reference = ?", [reference]
        ).fetchone()
        if row is None:
            raise No(404, "not_found", "There is no such refund.")
        return row

    def find_dispute(self, db: sqlite3.Connection, reference: str) -> sqlite3.Row:
        """Give a dispute."""
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM dispute WHERE reference = ?", [reference]
        ).fetchone()
        if row is None:
            raise No(404, "not_found", "There is no such dispute.")
        return row

    def quarrel(self, db: sqlite3.Connection, reference: str, reason: str) -> sqlite3.Row:
        """Let a payer's bank take back what a checkout captured, for now."""
        row = self.find(db, reference)
        amount = self.left(db, reference)
        dispute = f"dp_{secrets.token_hex(8)}"
        db.execute(
            "INSERT INTO dispute (reference, checkout, amount, currency, reason)"
            " VALUES (?, ?, ?, ?, ?)",
            [dispute, reference, amount, row["currency"], reason],
        )
        return self._told_dispute(db, dispute)

    def end_quarrel(self, db: sqlite3.Connection, dispute: str, state: str) -> sqlite3.Row:
        """Decide a dispute: `won` or `lost`, as the shop sees it."""
        db.execute("UPDATE dispute SET state = ? WHERE reference = ?", [state, dispute])
        return self._told_dispute(db, dispute)

    def _told_dispute(self, db: sqlite3.Connection, dispute: str) -> sqlite3.Row:
        found = self.find_dispute(db, dispute)
        self.owe(db, self.find(db, found["checkout"]), f"dispute.{found['state']}", dict(found))
        return found

    def owe(
        self,
        db: sqlite3.Connection,
        row: sqlite3.Row,
        kind: str,
        data: dict[str, Any],
        url: str = "",
    ) -> None:
        """Write down a notice in the same transaction as what it tells of."""
        letter = self.write(row, kind, data)
        address = url or row["webhook_url"]
        if letter is None or not address:
            return
        db.execute(
            "INSERT OR IGNORE INTO notice (event_id, checkout, type, url, body, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                letter.event_id,
                row["reference"],
                letter.kind,
                address,
                json.dumps(letter.body),
                time.time(),
            ],
        )

    def settle(self) -> None:
        """Let time do its work: what was processing succeeds, what nobody paid expires."""
        now = time.time()
        with closing(self._connect()) as db:
            ripe = db.execute(
                "SELECT 1 FROM checkout WHERE settles_at <= :now"
                " OR (state IN ('pending', 'requires_action') AND expires_at <= :now)"
                " UNION ALL SELECT 1 FROM refund WHERE settles_at <= :now LIMIT 1",
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
            for row in db.execute("SELECT * FROM refund WHERE settles_at <= ?", [now]).fetchall():
                self._settle_refund(db, row)

    def _settle_refund(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        extra = json.loads(row["extra"])
        state = extra.get("ends", "succeeded")
        db.execute(
            "UPDATE refund SET state = ?, settles_at = NULL WHERE number = ?",
            [state, row["number"]],
        )
        data = {**dict(row), "state": state}
        about = self.find(db, row["checkout"]) if row["checkout"] else row
        self.owe(db, about, f"refund.{state}", data, extra.get("url", ""))

    def totals(self) -> dict[str, Any]:
        """Everything that fault tests compare with: each capture and refund, counts, notices."""
        with closing(self._connect()) as db:

            def sums(query: str) -> dict[str, Any]:
                return dict(db.execute(query).fetchall())

            def rows(query: str) -> list[dict[str, Any]]:
                return [dict(row) for row in db.execute(query)]

            return {
                "checkouts": sums("SELECT state, count(*) FROM checkout GROUP BY state"),
                "captured": sums("SELECT currency, sum(amount) FROM capture GROUP BY 1"),
                "refunded": sums(
                    "SELECT currency, sum(amount) FROM refund WHERE state = 'succeeded' GROUP BY 1"
                ),
                "captures": rows(
                    "SELECT reference, intent_id, capture.amount, capture.currency"
                    " FROM capture JOIN checkout USING (reference) ORDER BY captured_at"
                ),
                "refunds": rows(
                    "SELECT reference, number, checkout, amount, currency, state FROM refund"
                    " ORDER BY refunded_at"
                ),
                "saved": sums("SELECT code, NOT forgotten FROM saved"),
                "notices": rows(
                    "SELECT event_id, type, checkout, attempts,"
                    " delivered_at IS NOT NULL AS delivered FROM notice ORDER BY rowid"
                ),
            }
