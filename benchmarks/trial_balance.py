"""Seconds of a trial balance: 10,000 accounts at 10,000,000 postings, beside DuckDB over Parquet.

As of a day in the middle of a month, with entries that no seal covers yet. DuckDB adds up the same
postings by the same lines of the chart; both answers are compared. POSTINGS=1000000 tries it small.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import duckdb
from sqlalchemy import make_url

from benchmarks.books import ACCOUNTS, END, Shelf, shelf
from benchmarks.ground import say
from services import balances, financials
from tests import database

POSTINGS = int(os.environ.get("POSTINGS", "10000000"))
ROUNDS = 15
DAYS = (date(2026, 3, 17), END)
"""A day in the past, and today: with the entries of the last seconds."""
QUERY = """
    SELECT code, sum(greatest(amount, 0)), sum(greatest(-amount, 0))
    FROM read_parquet('{folder}/posting.parquet') JOIN read_parquet('{folder}/account.parquet')
      USING (account_id) WHERE currency = 'KES' AND booked_on <= DATE '{on}' GROUP BY code
"""


def main() -> None:
    """Measure both in turns, and print one line; the value is the slower of the two days."""
    with shelf(POSTINGS) as full, tempfile.TemporaryDirectory() as folder:
        duck = duckdb.connect(config={"threads": 2})
        _write(full, duck, folder)
        found = {}
        with full.here.work() as work:
            where = balances.books(work)
            for on in DAYS:
                query = QUERY.format(folder=folder, on=on)
                ours, limits = [], []
                for _ in range(ROUNDS):
                    ours.append(_timed(partial(financials.trial_balance, work, where, on)))
                    limits.append(_timed(partial(_asked, duck, query)))
                rows = {code: (d, c) for code, d, c in duck.execute(query).fetchall()}
                sums = balances.as_of(work, where, on)
                assert rows == {code: (each.debit, each.credit) for code, each in sums.items()}
                found[on] = median(ours), median(limits)
    value, limit = max(found.values(), key=lambda each: each[0] / each[1])
    say("trial_balance", value, "s", limit, POSTINGS, accounts=ACCOUNTS, goal=0.05)


def _write(full: Shelf, duck: duckdb.DuckDBPyConnection, folder: str) -> None:
    """Write the postings, with the day of their entry, and the accounts as Parquet."""
    tables = {
        "posting": "SELECT p.account_id, p.currency, p.amount, e.booked_on FROM posting AS p"
        " JOIN journal_entry AS e ON e.id = p.entry_id",
        "account": "SELECT id AS account_id, code FROM account",
    }
    owner = make_url(full.here.addresses["OWNER_DATABASE_URI"])
    for name, query in tables.items():
        csv = Path(folder) / f"{name}.csv"
        with database.autocommit(owner) as connection, csv.open("wb") as file:
            driver = connection.connection.driver_connection
            assert driver
            with (
                driver.cursor() as cursor,
                cursor.copy(f"COPY ({query}) TO STDOUT CSV HEADER") as out,
            ):
                for block in out:
                    file.write(block)
        duck.execute(
            f"COPY (SELECT * REPLACE ({'CAST(amount AS DECIMAL(19, 4)) AS amount, ' if name == 'posting' else ''}"
            f"CAST(account_id AS UUID) AS account_id) FROM read_csv('{csv}', header = true,"
            f" types = {{'account_id': 'VARCHAR'{TYPES[name]}}}))"
            f" TO '{folder}/{name}.parquet' (FORMAT parquet)"
        )
        csv.unlink()


TYPES = {"posting": ", 'amount': 'DECIMAL(19, 4)'", "account": ", 'code': 'VARCHAR'"}


def _asked(duck: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return duck.execute(query).fetchall()


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
