"""Chains: the audit trail and the ledger, sealed batch by batch, and proved whole.

Each row carries its own salted digest; a seal covers the digests of a batch and the seal before it.
An anchor is the last seal of a chain, kept where the database cannot reach it.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.work import Work

BATCH = 5_000
KINDS = {
    "audit": (
        "audit_entry",
        "coalesce(r.organization_id::text, 'platform')",
        """audit_digest(r.salt, r.organization_id, r.table_name, r.row_id, r.action, r.before,
            r.after, r.changed, r.actor, r.request_id, r.client, r.severity, r.at)""",
    ),
    "ledger": (
        "journal_entry",
        "r.book_id::text",
        """entry_digest(r.salt, r.id, r.organization_id, r.book_id, r.key, r.memo, r.source_id,
            r.booked_on, r.posted_at, r.reverses_id, entry_legs(r.organization_id, r.id))""",
    ),
}
"""What can be verified: the table, what names a row's chain, and how its digest is computed."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of a chain, as it was when the anchor was cast. `digest` is hexadecimal."""

    organization_id: UUID | None
    chain: str
    number: int
    last_position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where a chain is broken first: a sentence, and the row or seal to look at."""

    chain: str
    says: str
    place: str


def seal(work: Work) -> int:
    """Seal what the organization's audit trail and books have gained; returns how many rows."""
    home = work.scope.home()
    sealed = _all(work, "SELECT seal_audit(:home, :most)", {"home": home})
    for book in work.session.scalars(text("SELECT id FROM book ORDER BY id")).all():
        values = {"home": home, "book": book}
        sealed += _all(work, "SELECT seal_ledger(:home, :book, :most)", values)
    return sealed


def seal_platform(work: Work) -> int:
    """Seal the audit trail of the platform's own rows: users, profiles, sign-ins."""
    return _all(work, "SELECT seal_audit(NULL, :most)", {})


def anchors(session: Session) -> list[Anchor]:
    """Read the end of each chain, as the reader of everything; ends the transaction."""
    query = (
        "SELECT DISTINCT ON (chain) organization_id, chain, number, last_position,"
        " encode(digest, 'hex') FROM seal ORDER BY chain, number DESC"
    )
    return [Anchor(*row) for row in _read(session, query)]


def verify(session: Session, kind: str, cast: list[Anchor]) -> list[Flaw]:
    """Prove the chains of a kind (`audit` or `ledger`), rows first, against the anchors `cast`.

    Reads as the reader of everything, and ends the transaction. Gives the first flaw of each chain.
    """
    table, key, digest = KINDS[kind]
    place = {"kind": kind, "table": table, "key": key, "digest": digest}
    found = [
        *(Flaw(*row) for row in _read(session, _ROWS.format(**place))),
        *(Flaw(*row) for row in _read(session, _GAPS.format(**place))),
        *(Flaw(*row) for row in _read(session, _SEALS.format(**place))),
        *_behind(session, [each for each in cast if each.chain.startswith(f"{kind}:")]),
    ]
    first: dict[str, Flaw] = {}
    for flaw in found:
        first.setdefault(flaw.chain, flaw)
    return list(first.values())


_ROWS = """
    SELECT DISTINCT ON (chain) chain, 'the row was changed after it was written', id::text FROM (
        SELECT '{kind}:' || {key} AS chain, r.id, r.position FROM {table} AS r
        WHERE r.digest IS DISTINCT FROM {digest}) AS bad
    ORDER BY chain, position NULLS LAST"""
_GAPS = """
    SELECT DISTINCT ON (chain) chain,
        'rows are missing: position ' || (before + 1) || ' is not there', 'before ' || id FROM (
        SELECT '{kind}:' || {key} AS chain, r.id, r.position,
            coalesce(lag(r.position) OVER (PARTITION BY {key} ORDER BY r.position), 0) AS before
        FROM {table} AS r WHERE r.position IS NOT NULL) AS placed
    WHERE position <> before + 1 ORDER BY chain, position"""
_SEALS = """
    WITH batch AS (
        SELECT r.seal_id, min(r.position) AS first, max(r.position) AS last, count(*) AS size,
            string_agg(r.digest, ''::bytea ORDER BY r.position) AS digests
        FROM {table} AS r WHERE r.seal_id IS NOT NULL GROUP BY r.seal_id
    ), link AS (
        SELECT s.*, b.first, b.last, b.size, b.digests,
            coalesce(lag(s.digest) OVER links, ''::bytea) AS before,
            coalesce(lag(s.number) OVER links, 0) AS number_before,
            coalesce(lag(s.last_position) OVER links, 0) AS last_before
        FROM seal AS s LEFT JOIN batch AS b ON b.seal_id = s.id
        WHERE s.chain LIKE '{kind}:%' WINDOW links AS (PARTITION BY s.chain ORDER BY s.number)
    )
    SELECT DISTINCT ON (chain) chain, CASE
        WHEN number <> number_before + 1 THEN 'a seal is missing'
        WHEN size IS NULL OR size <> last_position - first_position + 1
            OR first <> first_position OR last <> last_position
            OR first_position <> last_before + 1 THEN 'rows of the seal are missing'
        ELSE 'the seal does not fit its rows' END, 'seal ' || number
    FROM link
    WHERE number <> number_before + 1 OR size IS NULL OR first <> first_position
        OR last <> last_position OR size <> last_position - first_position + 1
        OR first_position <> last_before + 1 OR previous <> before
        OR digest <> sha256(before || digests)
    ORDER BY chain, number"""


def _behind(session: Session, cast: list[Anchor]) -> list[Flaw]:
    """Find anchors which their chain does not reach or fit: it was cut, or written anew."""
    flaws = []
    for anchor in sorted(cast, key=lambda each: (each.chain, each.number)):
        query = "SELECT encode(digest, 'hex') FROM seal WHERE chain = :chain AND number = :number"
        values = {"chain": anchor.chain, "number": anchor.number}
        now = [row[0] for row in _read(session, query, values)]
        if now != [anchor.digest]:
            says = "the end was cut off" if not now else "the chain was written anew"
            place = f"anchor at seal {anchor.number}, position {anchor.last_position}"
            flaws.append(Flaw(anchor.chain, says, place))
    return flaws


def _all(work: Work, call: str, values: dict[str, Any]) -> int:
    """Seal in batches until less than one is left."""
    sealed = 0
    while True:
        count = work.session.scalar(text(call), {**values, "most": BATCH}) or 0
        sealed += count
        if count < BATCH:
            return sealed


def _read(session: Session, query: str, values: dict[str, Any] | None = None) -> list[Any]:
    session.rollback()
    session.execute(text("SET LOCAL ROLE makao_reader"))
    rows = session.execute(text(query), values or {}).all()
    session.rollback()
    return list(rows)
