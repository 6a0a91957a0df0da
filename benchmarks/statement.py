"""Milliseconds (p95) of an account statement as of a date at 10,000,000 postings, one client.

Of a customer's account (a thousand postings, all of them before), and of the bank's in the general
ledger: a page in the middle. POSTINGS=1000000 tries it small.
"""

import os
from collections.abc import Callable
from datetime import date
from itertools import cycle

from benchmarks.books import ACCOUNTS, BEGIN, END, shelf
from benchmarks.ground import say
from benchmarks.site import p95_ms
from models.chart import BANK
from services import balances, statements

POSTINGS, LIMIT_MILLISECONDS = int(os.environ.get("POSTINGS", "10000000")), 100.0
SPELLS = ((date(2025, 9, 1), date(2026, 2, 17)), (date(2026, 6, 1), END), (BEGIN, END))


def main() -> None:
    """Measure, and print one line; the value is the slower of the two."""
    with shelf(POSTINGS) as full, full.here.work() as work:
        where = balances.books(work)
        customers, spells, pages = cycle(full.customers), cycle(SPELLS), cycle((1, 7, 150))

        def customer() -> None:
            told = statements.of_party(work, where, next(customers), *next(spells))
            assert told.opening + told.debit - told.credit == told.closing

        def bank() -> None:
            told = statements.general_ledger(work, where, BANK, *next(spells), next(pages))
            assert told.opening + told.debit - told.credit == told.closing

        acts: dict[str, Callable[[], None]] = {"customer": customer, "bank": bank}
        found = {name: p95_ms(act) for name, act in acts.items()}
    figures = {name: round(value, 1) for name, value in found.items()}
    say(
        "statement", max(found.values()), "ms", LIMIT_MILLISECONDS, POSTINGS,
        accounts=ACCOUNTS, **figures,
    )  # fmt: skip


if __name__ == "__main__":
    main()
