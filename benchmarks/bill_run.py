"""Seconds to issue a bill to 100,000 owners, beside the same rows by set-based statements.

`python -m benchmarks.bill_run 2000` takes fewer. The limit is what one transaction of plain
statements takes for the same invoices, lines, numbers, entries, balances and events, with the same
triggers on the tables; ours also looks before it writes, and can be stopped and gone on with.
"""

import sys
import time
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from benchmarks.ground import Ground, ground, say
from models.bills import Basis
from models.estate import Estate
from services import bill_runs, ledger
from services.ledger import Leg, Recipe
from tests import make

INVOICES = 100_000
DATA = """
CREATE TEMP TABLE n AS SELECT i, uuid_now() AS party, uuid_now() AS unit
FROM generate_series(1, :count) AS i;
INSERT INTO party (id, organization_id, name) SELECT party, :home, 'Owner ' || i FROM n;
INSERT INTO unit (id, organization_id, estate_id, number, status, area)
SELECT unit, :home, :estate, 'U' || lpad(i::text, 6, '0'), 'vacant', 40 + i % 90 FROM n;
INSERT INTO ownership (id, organization_id, unit_id, party_id, since)
SELECT uuid_now(), :home, unit, party, '2026-01-01' FROM n;
DROP TABLE n;
"""
PLAIN = """
CREATE TEMP TABLE ours ON COMMIT DROP AS SELECT uuid_now() AS id, uuid_now() AS entry,
    uuid_send(gen_random_uuid()) AS salt, u.id AS unit_id, u.number, o.party_id,
    round(45 * u.area, 2) AS amount, row_number() OVER (ORDER BY u.number) AS nth
FROM unit AS u JOIN ownership AS o ON o.organization_id = u.organization_id AND o.unit_id = u.id
WHERE u.organization_id = :home AND u.estate_id = :estate;
ANALYZE ours;
INSERT INTO invoice (id, organization_id, party_id, unit_id, subject, status, flow_version, currency,
    total, paid_amount, due_on, created_at)
SELECT id, :home, party_id, unit_id, 'Dues, 2026-03, ' || number, 'draft', 1, 'KES', 0, 0,
    '2026-04-14', now() FROM ours;
INSERT INTO invoice_line (id, organization_id, invoice_id, position, description, quantity,
    unit_price, code)
SELECT uuid_now(), :home, id, 1, 'Dues, 2026-03, ' || number, 1, amount, '4300' FROM ours;
INSERT INTO counter (id, organization_id, series, last)
SELECT uuid_now(), :home, 'invoice', count(*) FROM ours
ON CONFLICT (organization_id, series) DO UPDATE SET last = counter.last + excluded.last;
UPDATE invoice SET status = 'issued', issued_at = now(), number = 'INV-' || lpad(nth::text, 6, '0')
FROM ours WHERE invoice.organization_id = :home AND invoice.id = ours.id;
INSERT INTO account (id, organization_id, book_id, code, type, party_id, currency, balance)
SELECT uuid_now(), :home, :book, '1200', 'asset', party_id, 'KES', 0 FROM ours;
CREATE TEMP TABLE side ON COMMIT DROP AS
SELECT o.entry, o.unit_id, o.amount, a.id AS account FROM ours AS o JOIN account AS a
    ON a.organization_id = :home AND a.party_id = o.party_id AND a.code = '1200'
UNION ALL SELECT o.entry, o.unit_id, -o.amount, a.id FROM ours AS o JOIN account AS a
    ON a.organization_id = :home AND a.party_id IS NULL AND a.code = '4300';
ANALYZE side;
INSERT INTO journal_entry (id, organization_id, book_id, key, memo, source_table, source_id, actor,
    booked_on, posted_at, salt, digest)
SELECT o.entry, :home, :book, 'invoice:' || o.id || '\\:issued', 'Invoice, Dues', 'invoice', o.id, 'x',
    current_date, now(), o.salt, entry_digest(o.salt, o.entry, :home, :book,
        'invoice:' || o.id || '\\:issued', 'Invoice, Dues', o.id, current_date, now(), NULL, s.legs)
FROM ours AS o JOIN (SELECT entry, string_agg(account || ':KES:' || amount || '@' || unit_id, ','
    ORDER BY account, amount) AS legs FROM side GROUP BY entry) AS s ON s.entry = o.entry;
INSERT INTO posting (id, organization_id, entry_id, account_id, currency, amount, unit_id)
SELECT uuid_now(), :home, entry, account, 'KES', amount, unit_id FROM side;
UPDATE account SET balance = balance + s.amount FROM side AS s
WHERE account.id = s.account AND account.party_id IS NOT NULL;
INSERT INTO event (id, organization_id, type, subject_table, subject_id, sequence, data, actor,
    correlation_id, happened_at, source)
SELECT uuid_now(), :home, 'ledger.entry.created', 'journal_entry', entry, 1, jsonb_build_object(
    'entry_id', entry, 'book_id', CAST(:book AS text), 'key', 'invoice:' || id || '\\:issued',
    'source_id', id, 'currency', 'KES', 'amount', amount::text), 'x', uuid_now(), now(), 'ledger'
FROM ours
UNION ALL
SELECT uuid_now(), :home, 'invoice.issued', 'invoice', id, 1, jsonb_build_object('invoice_id', id,
    'party_id', party_id, 'number', 'INV-' || lpad(nth::text, 6, '0'), 'total', amount::text,
    'currency', 'KES', 'due_on', '2026-04-14'), 'x', uuid_now(), now(), 'jobs'
FROM ours;
"""


def fill(here: Ground, count: int) -> UUID:
    """Make an estate whose units have an owner each; returns the estate."""
    with here.work() as work:
        place = make.estate(work)
        stranger = make.party(work).id
        # The account that all of them earn for is there, as after the first bill of a year.
        legs = [Leg("1200", Decimal(1), stranger), Leg("4300", Decimal(-1))]
        ledger.post(work, Recipe(f"x:{stranger}", "x", "party", stranger, "KES", legs))
        work.session.commit()
        here.sql(DATA, count=count, estate=place.id)
        return place.id


def plainly(here: Ground, estate: UUID) -> float:
    """Do the same by plain statements in one transaction; returns the seconds."""
    with here.work() as work:
        values = {"home": here.home, "estate": estate, "book": ledger.book_called(work)}
    engine = here.engine("OWNER_DATABASE_URI")
    start = time.perf_counter()
    with engine.begin() as connection:
        for statement in filter(str.strip, PLAIN.split(";\n")):
            connection.execute(text(statement), values)
    return time.perf_counter() - start


def run(here: Ground, estate: UUID, count: int) -> float:
    """Issue a planned bill as the job does; returns the seconds, planning included."""
    with here.work() as work:
        bill = make.bill(work, work.session.get_one(Estate, estate), **GIVEN).id
        work.session.commit()
        start = time.perf_counter()
        cycle = bill_runs.plan(work, bill, date(2026, 3, 31))
        bill_runs.issue(work, cycle.id)
        work.session.commit()
        while bill_runs.advance(work, cycle.id):
            work.session.commit()
        work.session.commit()
        seconds = time.perf_counter() - start
        assert cycle.issued == count, cycle.issued
    return seconds


GIVEN = {"basis": Basis.area, "amount": Decimal(45)}
"""What is billed: 45 for each square metre."""


def main() -> None:
    """Measure both, each on an estate of its own, and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else INVOICES
    with ground() as here:
        first = fill(here, count)
        here.settle()
        limit = plainly(here, first)
    with ground() as here:
        second = fill(here, count)
        here.settle()
        seconds = run(here, second, count)
    say("bill_run", seconds, "s", limit, count)


if __name__ == "__main__":
    main()
