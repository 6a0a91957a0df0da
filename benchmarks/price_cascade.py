"""Seconds to carry a new package price into 100,000 open bookings, one in ten invoiced."""

import time
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from benchmarks.ground import Ground, ground, say
from models.chart import CONTRACT_LIABILITY, RECEIVABLE
from services import ledger, prices
from services.prices import Item
from tests import make

BOOKINGS, LIMIT_SECONDS = 100_000, 10.0

DATA = """
CREATE TEMP TABLE n AS SELECT i, uuid_now() AS original, uuid_now() AS clone,
    uuid_now() AS booking, uuid_now() AS invoice, i % 10 = 0 AS issued
FROM generate_series(1, :count) AS i;
INSERT INTO apartment (id, organization_id, project_id, type, status, name, area, currency, base_price)
SELECT original, :home, :project, 'project', 'in_progress', 'A' || i, 78, 'KES', 10400000 FROM n;
INSERT INTO apartment (id, organization_id, project_id, source_id, type, status, name, area,
    currency, base_price, customer_id)
SELECT clone, :home, :project, original, 'project', 'booked', 'A' || i, 78, 'KES', 10400000, :party FROM n;
INSERT INTO apartment_package (id, organization_id, apartment_id, package_id)
SELECT uuid_now(), :home, original, :package FROM n;
INSERT INTO booking (id, organization_id, number, customer_id, original_id, apartment_id, status,
    status_at, hold_until, package_id, currency, base_price, package_price)
SELECT booking, :home, 'B-' || i, :party, original, clone,
    CASE WHEN issued THEN 'in_progress' ELSE 'pending' END, now(),
    CASE WHEN NOT issued THEN now() + interval '1 day' END, :package, 'KES', 10400000, 1250000 FROM n;
INSERT INTO invoice (id, organization_id, number, party_id, subject, status, flow_version, currency, total)
SELECT invoice, :home, CASE WHEN issued THEN 'INV-' || lpad((i / 10)::text, 6, '0') END, :party,
    'A' || i, CASE WHEN issued THEN 'issued' ELSE 'draft' END, 1, 'KES', 11650000 FROM n;
INSERT INTO invoice_line (id, organization_id, invoice_id, position, description, quantity,
    unit_price, code, item_id)
SELECT uuid_now(), :home, invoice, 1, 'Apartment', 1, 10400000, '2100', original FROM n
UNION ALL
SELECT uuid_now(), :home, invoice, 2, 'Package', 1, 1250000, '2100', :package FROM n;
INSERT INTO booking_invoice (id, organization_id, booking_id, invoice_id, position)
SELECT uuid_now(), :home, booking, invoice, 1 FROM n;
INSERT INTO counter (id, organization_id, series, last)
VALUES (uuid_now(), :home, 'invoice', :count / 10);
"""


def fill(here: Ground) -> UUID:
    """Make the bookings; returns the package they all have."""
    with here.work() as work:
        project = make.project(work)
        package = make.package(work, project, price=Decimal(1250000))
        party = make.party(work)
        work.session.commit()
        ids = {"project": project.id, "package": package.id, "party": party.id}
        here.sql(DATA, count=BOOKINGS, **ids)
        rows = work.session.execute(
            text("SELECT id, party_id FROM invoice WHERE status = 'issued'")
        ).all()
        amount = Decimal(11650000)
        pairs = [
            ledger.Pair(f"invoice:{row.id}:issued", "Invoice", row.id, row.party_id, amount)
            for row in rows
        ]
        ledger.post_many(work, "invoice", "KES", RECEIVABLE, CONTRACT_LIABILITY, pairs)
        work.session.commit()
    here.sql("ANALYZE")
    return ids["package"]


def main() -> None:
    """Measure, and print one line."""
    with ground() as here:
        package = fill(here)
        with here.work() as work:
            start = time.perf_counter()
            done = prices.change(work, Item.package, package, Decimal(1300000))
            work.session.commit()
            seconds = time.perf_counter() - start
        assert (done.moving, done.reissued) == (BOOKINGS, BOOKINGS // 10), done
    say("price_cascade", seconds, "s", LIMIT_SECONDS, BOOKINGS)


if __name__ == "__main__":
    main()
