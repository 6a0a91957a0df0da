"""Entries a second when each touches one shared account (cash), beside entries that share none.

Both go through the service on 8 connections in turns, on the same database. Afterwards it is proved
that no entry was lost or written twice, and that each balance is the sum of its postings. HELD gives
the seconds for which the shared account is kept hot: `HELD=600 make bench ONLY=posting_hot`.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from benchmarks.ground import Ground, ground, say
from benchmarks.posting import CONNECTIONS, parties_of, post_for, recipe
from core.db import uuid7
from core.work import Work
from models.chart import CASH, CUSTOMER_CREDIT, RECEIVABLE
from models.ledger import Entry
from services import invariants, ledger
from services.ledger import Leg, Recipe

HELD, TURNS = float(os.environ.get("HELD", "20")), 4
AMOUNT = Decimal(100)


def spread(party_id: UUID) -> Recipe:
    """Describe an entry between two accounts of one party, which nobody else touches."""
    source = uuid7()
    legs = [Leg(CUSTOMER_CREDIT, AMOUNT, party_id), Leg(RECEIVABLE, -AMOUNT, party_id)]
    return Recipe(f"spread:{source}", "Benchmark", "invoice", source, "KES", legs)


def prove(work: Work, before: int, hot: int, spread_out: int) -> None:
    """End with what is wrong, if anything was lost, doubled, or added up otherwise."""
    entries = work.session.scalar(select(func.count()).select_from(Entry)) or 0
    cash = ledger.balance(work, CASH, "KES")
    owed = ledger.balance(work, RECEIVABLE, "KES")
    wrong = [each for each in invariants.broken(work.session) if each.startswith("I")]
    if entries != before + hot + spread_out:
        wrong.append(f"{entries} entries for {before + hot + spread_out} that were posted")
    if cash != AMOUNT * (before + hot) or owed != -AMOUNT * entries:
        wrong.append(f"{cash} in cash and {owed} owed after {entries} entries")
    if wrong:
        sys.exit("\n".join(wrong))


def measured(here: Ground, parties: list[UUID]) -> tuple[int, int]:
    """Post in turns; gives how many entries touched cash, and how many did not."""
    shares = [parties[number::CONNECTIONS] for number in range(CONNECTIONS)]
    seconds = HELD / TURNS
    counts = {recipe: 0, spread: 0}
    with ProcessPoolExecutor(CONNECTIONS) as pool:
        for _ in range(TURNS):
            for kind in counts:
                tasks = [here] * CONNECTIONS, shares, [seconds] * CONNECTIONS, [kind] * CONNECTIONS
                counts[kind] += sum(pool.map(post_for, *tasks))
    return counts[recipe], counts[spread]


def main() -> None:
    """Measure, prove, and print one line."""
    with ground() as here:
        with here.work() as work:
            parties = parties_of(work)
            for each in parties:
                ledger.post(work, spread(each))  # opens the other account
            work.session.commit()
        here.settle()
        hot, spread_out = measured(here, parties)
        with here.work() as work:
            prove(work, len(parties), hot, spread_out + len(parties))
    rate, limit = hot / HELD, spread_out / HELD
    say("posting_hot", rate, "1/s", limit, hot + spread_out, held=HELD, connections=CONNECTIONS)


if __name__ == "__main__":
    main()
