"""A book with 18 months of postings: 10,000 accounts, most of them customers', as a ledger has them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from benchmarks.ground import Ground, ground
from core.db import uuid7
from services import ledger

ACCOUNTS, DAYS, UNSEALED, STEP = 10_000, 540, 1_000, 500_000
BEGIN, END = date(2025, 1, 1), date(2026, 6, 24)
"""The days that are booked on, one in fifty entries up to a month back; the last entries, which no seal covers yet, on the last one."""
ROOMS = """
INSERT INTO party (id, organization_id, name, kind)
SELECT uuid_now(), :home, 'Customer ' || i, 'person' FROM generate_series(1, :parties) AS i;
INSERT INTO account (id, organization_id, book_id, code, type, party_id, currency, balance)
SELECT uuid_now(), :home, :book, '1200', 'asset', id, 'KES', 0 FROM party;
INSERT INTO account (id, organization_id, book_id, code, type, currency)
SELECT uuid_now(), :home, :book, code, type, 'KES' FROM ledger_account
WHERE book_id = :book AND type IN ('income', 'asset') AND code LIKE '____' AND code <> '1200';
CREATE TABLE customer AS SELECT row_number() OVER (ORDER BY id)::int - 1 AS n, id FROM account
WHERE party_id IS NOT NULL;
ALTER TABLE customer ADD PRIMARY KEY (n);
CREATE TABLE common AS SELECT row_number() OVER (PARTITION BY type ORDER BY code)::int - 1 AS n, type,
    count(*) OVER (PARTITION BY type)::int AS size, id FROM account WHERE party_id IS NULL;
"""
ENTRIES = """
CREATE TABLE made AS SELECT i, uuid_now() AS id, (i % :parties)::int AS customer,
    i % 2 = 0 AS invoiced, ((i * 7919) % 5000 + 1)::numeric(19, 4) AS amount,
    CASE WHEN i > :sealed THEN :last ELSE CAST(:first AS date) + greatest(0, (i * :days / :entries)
        - CASE WHEN i % 50 = 0 THEN i % 31 ELSE 0 END)::int END AS day
FROM generate_series(CAST(:low AS bigint), CAST(:high AS bigint)) AS i;
INSERT INTO journal_entry (id, organization_id, book_id, key, memo, source_table, source_id, actor,
    booked_on, posted_at, salt, digest)
SELECT id, :home, :book, 'benchmark:' || i, 'Benchmark', 'invoice', id, 'job:benchmark', day, now(),
    uuid_send(id), uuid_send(id) FROM made;
INSERT INTO posting (id, organization_id, entry_id, account_id, currency, amount)
SELECT uuid_now(), :home, m.id, c.id, 'KES', CASE WHEN m.invoiced THEN m.amount ELSE -m.amount END
FROM made AS m JOIN customer AS c ON c.n = m.customer
UNION ALL
SELECT uuid_now(), :home, m.id, c.id, 'KES', CASE WHEN m.invoiced THEN -m.amount ELSE m.amount END
FROM made AS m JOIN common AS c ON c.type = CASE WHEN m.invoiced THEN 'income' ELSE 'asset' END
    AND c.n = m.i % c.size;
UPDATE journal_entry SET seal_id = :seal, position = made.i FROM made
WHERE journal_entry.id = made.id AND made.i <= :sealed;
SELECT roll_up(ARRAY(SELECT id FROM made WHERE i <= :sealed));
DROP TABLE made;
"""


@dataclass
class Shelf:
    """A database with a full book; `customers` are parties that have postings."""

    here: Ground
    book: UUID
    customers: list[UUID]
    postings: int


@contextmanager
def shelf(postings: int) -> Iterator[Shelf]:
    """Fill a book with so many postings; all but the last few hundred entries are sealed."""
    with ground() as here:
        with here.work() as work:
            book = ledger.book_called(work)
        entries, parties = postings // 2, ACCOUNTS - 30
        here.sql(ROOMS, book=book, parties=parties)
        here.settle()
        given = {
            "book": book,
            "parties": parties,
            "days": DAYS,
            "entries": entries + 1,
            "first": BEGIN,
            "last": END,
        }
        given |= {"seal": uuid7(), "sealed": entries - min(UNSEALED, entries) // 2}
        for low in range(1, entries + 1, STEP):
            here.sql(ENTRIES, low=low, high=min(low + STEP - 1, entries), **given)
        here.settle()
        with here.work() as work:
            found = work.session.scalars(text("SELECT party_id FROM account WHERE code = '1200'"))
            customers = list(found)
        yield Shelf(here, book, customers, postings)
