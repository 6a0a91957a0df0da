"""Milliseconds (p95) of twelve months of an estate of 1,000 units with 5,000 leases, one client.

The value is the slowest page: the `first`, the `last`, those with `free` days, and the `largest`,
of 200 units. `read` is all units at once, before anything is drawn.
`python -m benchmarks.availability 100` takes fewer units.
"""

import sys
from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import Engine, event

from benchmarks.ground import Ground, say
from benchmarks.site import p95_ms, site
from models.estate import Estate
from services import availability
from services.availability import Wish
from tests import make

UNITS, LIMIT_MILLISECONDS = 1_000, 200.0
MONTH = date(2026, 1, 1)
DATA = """
CREATE TEMP TABLE n AS SELECT i, uuid_now() AS party, uuid_now() AS unit
FROM generate_series(1, :count) AS i;
INSERT INTO party (id, organization_id, name) SELECT party, :home, 'Tenant ' || i FROM n;
INSERT INTO unit (id, organization_id, estate_id, number, status, area, bedrooms)
SELECT unit, :home, :estate, 'U' || lpad(i::text, 6, '0'), 'vacant', 40 + i % 90, i % 4 FROM n;
INSERT INTO lease (id, organization_id, number, unit_id, party_id, status, since, until, currency,
    rent)
SELECT uuid_now(), :home, 'L-' || i || '-' || k, unit, party,
    (ARRAY['ended', 'active', 'pending_signature', 'draft', 'draft'])[k],
    date '2026-01-01' + 90 * k - 60 + i % 30, date '2026-01-01' + 90 * k - 1 + i % 28, 'KES', 25000
FROM n, generate_series(1, 5) AS k;
INSERT INTO occupancy (id, organization_id, unit_id, party_id, role, since, until)
SELECT uuid_now(), :home, unit, party, 'tenant', date '2026-01-01' + 120 + i % 30,
    date '2026-01-01' + 179 + i % 28 FROM n;
DROP TABLE n;
"""


def fill(here: Ground, count: int) -> UUID:
    """Make an estate of so many units, each with days of every kind; returns the estate."""
    with here.work() as work:
        place = make.estate(work).id
        work.session.commit()
    here.sql(DATA, count=count, estate=place)
    here.settle()
    return place


def main() -> None:
    """Measure, and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else UNITS
    with site(1) as (here, office):
        place = fill(here, count)
        client = office.browser("Admin")

        def opening(more: str) -> Callable[[], None]:
            def act() -> None:
                path = f"/availability/?estate={place}&month={MONTH:%Y-%m}{more}"
                answer = client.get(path)
                assert answer.status_code == 200, answer.status
                assert b"Tenant" in answer.data

            return act

        pages = {"first": "", "last": f"&page={-(-count // availability.PAGE)}", "free": "&free=1"}
        pages |= {"largest": "&size=200"}
        found = {name: p95_ms(opening(more)) for name, more in pages.items()}
        statements: list[str] = []
        event.listen(Engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        opening("")()
        asked = len(statements)
        with office.work() as work:
            estate, wish = work.session.get_one(Estate, place), Wish(place, MONTH, size=count)
            read = p95_ms(lambda: availability.look(work, estate, wish))
    slowest = max(found.values())
    figures = {name: round(value, 1) for name, value in (found | {"read": read}).items()}
    say(
        "availability", slowest, "ms", LIMIT_MILLISECONDS, count,
        statements=asked, **figures,
    )  # fmt: skip


if __name__ == "__main__":
    main()
