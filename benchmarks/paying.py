"""Seconds (p95) in which 1,000 clients pay at once, each an invoice of theirs, each asking twice.

Both requests of a client carry the same key and arrive together, as from a phone that lost the
answer: one pays, and both say the same in the end. What broke is counted in the database itself:
`errors` other answers than success, `deadlocks` as the server counts them, `doubled` and `lost`
payments, and postings that no payment is behind.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from benchmarks.ground import Ground, say
from benchmarks.served import Served, ours, prepared
from models.chart import RENTAL_INCOME
from services import billing, ledger

CLIENTS, LIMIT_SECONDS, PATIENCE_SECONDS = 1_000, 60.0, 120.0
DUE = Decimal(1_000)
BUSY = (409, 503)
"""Answers after which a client asks again: its twin is still being answered."""
FAULTS = {
    "doubled": "SELECT count(*) FROM (SELECT FROM payment_allocation GROUP BY invoice_id"
    " HAVING count(*) > 1) AS twice",
    "lost": "SELECT count(*) FROM invoice WHERE status <> 'paid'",
    "adrift": "SELECT count(*) FROM journal_entry AS e WHERE e.source_table = 'payment_intent'"
    " AND NOT EXISTS (SELECT FROM payment_intent AS p WHERE p.id = e.source_id)",
    "deadlocks": "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
}


def invoices(here: Ground) -> list[UUID]:
    """Issue an invoice to each client."""
    made = []
    with here.work() as work:
        query = text("SELECT id FROM party ORDER BY id LIMIT :most")
        for party_id in work.session.scalars(query, {"most": CLIENTS}).all():
            line = billing.Line("Service charge", DUE, RENTAL_INCOME)
            invoice = billing.draft(work, party_id, "KES", "Service charge", [line])
            billing.issue(work, invoice.id, ledger.business_date(work))
            made.append(invoice.id)
        work.session.commit()
    return made


async def _once(served: Served, invoice: UUID) -> tuple[int, bytes]:
    body = json.dumps({"amount": str(DUE), "method": "cash"}).encode()
    lines = [
        f"POST /api/v1/invoice/{invoice}/record_payment HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"Idempotency-Key: {invoice}",
        f"Authorization: {served.headers['Authorization']}",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    said = await reader.read()
    writer.close()
    head, _, told = said.partition(b"\r\n\r\n")
    parts = head.split(b" ", 2)
    return (int(parts[1]) if len(parts) > 1 else 0), told


async def pay(served: Served, invoice: UUID) -> tuple[int, float, bytes]:
    """Pay until there is an answer; gives status, seconds, and what was said."""
    begun, status, said, pause = time.perf_counter(), 0, b"", 1.0
    while time.perf_counter() - begun < PATIENCE_SECONDS:
        try:
            status, said = await _once(served, invoice)
        except OSError:
            status = 0
        if status and status not in BUSY:
            break
        await asyncio.sleep(pause)
        pause = min(2 * pause, 8.0)
    return status, time.perf_counter() - begun, said


async def storm(served: Served, due: list[UUID]) -> list[tuple[int, float, bytes]]:
    """Send both requests of all clients at once; twins stand side by side."""
    return list(await asyncio.gather(*(pay(served, each) for each in due for _ in range(2))))


def main() -> None:
    """Measure, and print one line."""
    with prepared(beside=False) as (here, variables), ours(here, variables) as served:
        due = invoices(here)
        answers = asyncio.run(storm(served, due))
        with here.work() as work:
            broken = {name: work.session.scalar(text(sql)) for name, sql in FAULTS.items()}
    if others := Counter(status for status, _, _ in answers if status != 200):
        sys.stderr.write(f"{dict(others)}\n")
    errors = sum(status != 200 for status, _, _ in answers)
    unlike = sum(answers[at][2] != answers[at + 1][2] for at in range(0, len(answers), 2))
    p95 = sorted(seconds for _, seconds, _ in answers)[int(len(answers) * 0.95) - 1]
    say(
        "paying", p95, "s", LIMIT_SECONDS, CLIENTS, errors=errors, unlike=unlike, **broken,
    )  # fmt: skip


if __name__ == "__main__":
    main()
