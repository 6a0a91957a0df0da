"""Seconds to ask 100,000 live leases for a month's rent, beside the same rows by plain statements.

`python -m benchmarks.rent_run 2000` takes fewer. The limit is what one transaction of set-based
statements takes for the same charges, invoices, lines, numbers, entries, balances and events, with
the same triggers on the tables. A second run has nothing to ask for, and adds nothing.
"""

import sys
import time
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from benchmarks.bill_run import PLAIN as BILLED
from benchmarks.ground import Ground, ground, say
from models.billing import Invoice
from models.chart import RECEIVABLE, RENTAL_INCOME
from services import bill_runs, ledger, rent_runs
from services.ledger import Leg, Recipe
from tests import make

LEASES = 100_000
MONTH = date(2026, 3, 1)
DATA = """
CREATE TEMP TABLE n AS SELECT i, uuid_now() AS party, uuid_now() AS unit, uuid_now() AS lease
FROM generate_series(1, :count) AS i;
INSERT INTO party (id, organization_id, name) SELECT party, :home, 'Tenant ' || i FROM n;
INSERT INTO unit (id, organization_id, estate_id, number, status, area)
SELECT unit, :home, :estate, 'U' || lpad(i::text, 6, '0'), 'vacant', 40 + i % 90 FROM n;
INSERT INTO lease (id, organization_id, number, unit_id, party_id, status, since, until, currency,
    rent, next_on)
SELECT lease, :home, 'L-' || i, unit, party, 'active', '2026-01-01', '2026-12-31', 'KES',
    25000 + i % 900, '2026-03-01' FROM n;
INSERT INTO lease_rent (id, organization_id, lease_id, since, amount, cause)
SELECT uuid_now(), :home, lease, '2026-01-01', 25000 + i % 900, 'agreed' FROM n;
DROP TABLE n;
"""
OURS = """
CREATE TEMP TABLE ours ON COMMIT DROP AS SELECT uuid_now() AS id, uuid_now() AS entry,
    uuid_send(gen_random_uuid()) AS salt, u.id AS unit_id, u.number, l.party_id, l.id AS lease_id,
    r.amount, row_number() OVER (ORDER BY u.number) AS nth
FROM lease AS l JOIN unit AS u ON u.organization_id = l.organization_id AND u.id = l.unit_id
JOIN lease_rent AS r ON r.organization_id = l.organization_id AND r.lease_id = l.id
WHERE u.organization_id = :home AND u.estate_id = :estate;
ANALYZE ours;
"""
CHARGED = """
INSERT INTO lease_charge (id, organization_id, lease_id, period_on, period_until, kind, item_id,
    says, code, gross, invoice_id)
SELECT uuid_now(), :home, lease_id, '2026-03-01', '2026-03-31', 'rent', lease_id,
    'Rent 2026-03-01, ' || number, '4200', amount, id FROM ours;
UPDATE lease SET next_on = '2026-04-01' FROM ours
WHERE lease.organization_id = :home AND lease.id = ours.lease_id;
"""
_BEGUN = "ANALYZE ours;\n"
# From there on a bill and a rent are the same rows, but for the lease and what they earn for.
PLAIN = (
    OURS
    + BILLED.partition(_BEGUN)[2]
    .replace("4300", RENTAL_INCOME)
    .replace("party_id, unit_id, subject", "party_id, unit_id, lease_id, subject")
    .replace("party_id, unit_id, 'Dues", "party_id, unit_id, lease_id, 'Dues")
    + CHARGED
)


def fill(here: Ground, count: int) -> UUID:
    """Make an estate whose units are all let; returns the estate."""
    with here.work() as work:
        place = make.estate(work)
        stranger = make.party(work).id
        # The account that all of them earn for is there, as after the first rents of a year.
        legs = [Leg(RECEIVABLE, Decimal(1), stranger), Leg(RENTAL_INCOME, Decimal(-1))]
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
    """Ask for a month as the job does; returns the seconds, planning included."""
    with here.work() as work:
        start = time.perf_counter()
        cycle = rent_runs.run(work, estate, MONTH)
        work.session.commit()
        while bill_runs.advance(work, cycle.id):
            work.session.commit()
        work.session.commit()
        seconds = time.perf_counter() - start
        assert cycle.issued == count, cycle.issued
        again = rent_runs.run(work, estate, MONTH)
        work.session.commit()
        asked = work.session.scalar(select(func.count()).select_from(Invoice))
        assert (again.charges, asked) == (0, count), "a second run adds nothing"
    return seconds


def main() -> None:
    """Measure both, each on an estate of its own, and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else LEASES
    with ground() as here:
        first = fill(here, count)
        here.settle()
        limit = plainly(here, first)
    with ground() as here:
        second = fill(here, count)
        here.settle()
        seconds = run(here, second, count)
    say("rent_run", seconds, "s", limit, count)


if __name__ == "__main__":
    main()
