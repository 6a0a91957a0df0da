"""The mails in one SQLite file, whole as they came, and the parts people look at."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

KEPT_MAX = 5_000
PAGE_MAX = 200


class Box:
    """All mails, newest first. One connection a call."""

    def __init__(self, folder: Path) -> None:
        """Open the box, making it on first use."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "mail.sqlite3"
        with closing(sqlite3.connect(self._file)) as db:
            db.executescript(
                "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS mail ("
                " id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL,"
                " recipients TEXT NOT NULL, subject TEXT NOT NULL, received_at REAL NOT NULL,"
                " content BLOB NOT NULL)"
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=30)) as db, db:
            db.row_factory = sqlite3.Row
            yield db

    def keep(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Keep a mail, and drop the oldest beyond KEPT_MAX."""
        subject = str(_parsed(content)["Subject"] or "")
        with self._open() as db:
            db.execute(
                "INSERT INTO mail (sender, recipients, subject, received_at, content)"
                " VALUES (?, ?, ?, ?, ?)",
                [sender, ", ".join(recipients), subject, time.time(), content],
            )
            db.execute("DELETE FROM mail WHERE id <= (SELECT max(id) FROM mail) - ?", [KEPT_MAX])

    def newest(self, to: str, limit: int, offset: int) -> dict[str, Any]:
        """List mails to addresses that contain `to`, newest first, with their number in all."""
        with self._open() as db:
            count = db.execute(
                "SELECT count(*) FROM mail WHERE instr(lower(recipients), lower(?)) > 0", [to]
            ).fetchone()[0]
            rows = db.execute(
                "SELECT id, sender, recipients, subject, received_at, length(content) AS size"
                " FROM mail WHERE instr(lower(recipients), lower(?)) > 0"
                " ORDER BY id DESC LIMIT ? OFFSET ?",
                [to, min(limit, PAGE_MAX), offset],
            )
            return {"count": count, "mails": [dict(row) for row in rows]}

    def one(self, mail_id: int) -> dict[str, Any] | None:
        """Give a mail with its text, its HTML, its headers and what hangs on it."""
        with self._open() as db:
            row = db.execute("SELECT * FROM mail WHERE id = ?", [mail_id]).fetchone()
        if row is None:
            return None
        mail = _parsed(row["content"])
        return {
            **{name: row[name] for name in ("id", "sender", "recipients", "received_at")},
            "subject": row["subject"],
            "headers": [[name, str(value)] for name, value in mail.items()],
            "text": _body(mail, "plain"),
            "html": _body(mail, "html"),
            "attachments": [
                {
                    "name": part.get_filename() or "attachment",
                    "mime": part.get_content_type(),
                    "size": len(_content(part)),
                }
                for part in mail.iter_attachments()
            ],
        }

    def attachment(self, mail_id: int, number: int) -> tuple[str, bytes] | None:
        """Give the name and content of what hangs on a mail, counted from 0."""
        with self._open() as db:
            row = db.execute("SELECT content FROM mail WHERE id = ?", [mail_id]).fetchone()
        parts = list(_parsed(row["content"]).iter_attachments()) if row else []
        if number >= len(parts):
            return None
        return parts[number].get_filename() or "attachment", _content(parts[number])

    def empty(self) -> None:
        """Drop all mails."""
        with self._open() as db:
            db.execute("DELETE FROM mail")


def _parsed(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part else ""


def _content(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else part.as_bytes()
