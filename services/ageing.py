"""How long money has been owed: by customers since it was due, to others since it was booked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.work import Work
from models.chart import (
    CUSTOMER_CREDIT,
    DUE_TO_OWNERS,
    MAIN,
    PAYABLE,
    RECEIVABLE,
    REFUNDS_PAYABLE,
)
from services import balances, ledger
from services.balances import Books

BOUNDS = (0, 31, 61, 91)
"""Days from which on each column counts; before the first one nothing is due yet."""
PAYABLES = (PAYABLE, DUE_TO_OWNERS, REFUNDS_PAYABLE, CUSTOMER_CREDIT)
"""What is owed to others, and can be asked for."""

_RECEIVABLE = text(
    """
    SELECT i.party_id, party.name AS party, i.id AS subject_id, i.number AS name, i.due_on AS since,
        i.total - coalesce(paid.amount, 0) - coalesce(credit.amount, 0)
            + coalesce(lost.amount, 0) AS amount
    FROM invoice AS i
    JOIN party ON party.organization_id = i.organization_id AND party.id = i.party_id
    LEFT JOIN LATERAL (
        SELECT sum(part.amount) AS amount FROM payment_allocation AS part
        JOIN payment_intent AS p ON p.organization_id = part.organization_id
         AND p.id = part.intent_id AND (p.status IN ('succeeded', 'partly_refunded', 'refunded')
              OR (p.reversed_at AT TIME ZONE :zone)::date > :until)
        WHERE part.organization_id = i.organization_id AND part.invoice_id = i.id
          AND (p.succeeded_at AT TIME ZONE :zone)::date <= :until) AS paid ON true
    LEFT JOIN LATERAL (
        SELECT sum(c.amount) AS amount FROM credit_use AS c
        WHERE c.organization_id = i.organization_id AND c.invoice_id = i.id
          AND (c.used_at AT TIME ZONE :zone)::date <= :until) AS credit ON true
    LEFT JOIN LATERAL (
        SELECT sum(t.amount) AS amount FROM payment_dispute_part AS t
        JOIN payment_dispute AS d ON d.organization_id = t.organization_id AND d.id = t.dispute_id
        WHERE t.organization_id = i.organization_id AND t.invoice_id = i.id
          AND (d.closed_at AT TIME ZONE :zone)::date <= :until) AS lost ON true
    WHERE i.organization_id = :home AND i.currency = :currency AND i.number IS NOT NULL
      AND (i.issued_at AT TIME ZONE :zone)::date <= :until
      AND (i.status NOT IN ('void', 'rejected', 'written_off')
           OR (i.closed_at AT TIME ZONE :zone)::date > :until)
      AND (i.status <> 'paid' OR (i.paid_at AT TIME ZONE :zone)::date > :until)
      AND i.total + coalesce(lost.amount, 0) > coalesce(paid.amount, 0) + coalesce(credit.amount, 0)
    ORDER BY party.name, i.party_id, i.due_on, i.number
    """
)
# The last credits that make up what an account owes are those still open: first in, first out.
_PAYABLE = text(
    """
    WITH credit AS (
        SELECT a.id, a.party_id, a.code, e.id AS entry_id, e.memo, e.booked_on, -p.amount AS amount,
            sum(-p.amount) OVER (PARTITION BY a.id) AS owed,
            sum(greatest(-p.amount, 0)) OVER (PARTITION BY a.id
                ORDER BY e.booked_on DESC, e.id DESC, p.id DESC) AS newer
        FROM account AS a
        JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
        JOIN journal_entry AS e ON e.organization_id = p.organization_id AND e.id = p.entry_id
        WHERE a.organization_id = :home AND a.book_id = :book AND a.currency = :currency
          AND a.code = ANY (:codes) AND a.party_id IS NOT NULL AND e.booked_on <= :until)
    SELECT c.party_id, party.name AS party, c.entry_id AS subject_id, c.memo AS name,
        c.booked_on AS since, least(c.amount, c.owed - (c.newer - c.amount)) AS amount
    FROM credit AS c JOIN party ON party.organization_id = :home AND party.id = c.party_id
    WHERE c.amount > 0 AND c.owed - (c.newer - c.amount) > 0
    ORDER BY party.name, c.party_id, c.booked_on, c.entry_id
    """
)


@dataclass(frozen=True, slots=True)
class Debt:
    """One thing that is owed: an invoice, or what an entry left open; `days` since it was due."""

    party_id: UUID
    party: str
    subject_id: UUID
    name: str
    since: date
    days: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Aged:
    """What one party owes or is owed: not due yet, and by how long it has been."""

    party_id: UUID
    party: str
    amounts: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """Add up the columns."""
        return sum(self.amounts, Decimal(0))


@dataclass(frozen=True, slots=True)
class Ageing:
    """All debts on a day, and what the ledger says of the same: they are equal, or it is told."""

    debts: list[Debt]
    in_ledger: Decimal

    @property
    def parties(self) -> list[Aged]:
        """Sum up by party."""
        found: dict[UUID, list[Debt]] = {}
        for debt in self.debts:
            found.setdefault(debt.party_id, []).append(debt)
        return [Aged(key, each[0].party, columns(each)) for key, each in found.items()]

    @property
    def totals(self) -> tuple[Decimal, ...]:
        """Sum up each column."""
        return columns(self.debts)


def columns(debts: Iterable[Debt]) -> tuple[Decimal, ...]:
    """Add debts up by how long they have been due: not yet, then as BOUNDS says."""
    found = [Decimal(0)] * (len(BOUNDS) + 1)
    for debt in debts:
        found[sum(debt.days >= bound for bound in BOUNDS)] += debt.amount
    return tuple(found)


def receivables(work: Work, where: Books, on: date) -> Ageing:
    """List the invoices that were open at the end of a day, aged by when they were due."""
    in_ledger = balances.balances(balances.as_of(work, where, on), [RECEIVABLE])
    values = _values(work, where, on) | {"zone": str(ledger.zone(work))}
    del values["book"]
    return Ageing(_debts(work, _RECEIVABLE, values, on) if where.name == MAIN else [], in_ledger)


def payables(work: Work, where: Books, on: date) -> Ageing:
    """List what was owed to others at the end of a day, aged by when it was booked."""
    in_ledger = -balances.balances(balances.as_of(work, where, on), PAYABLES)
    values = _values(work, where, on) | {"codes": list(PAYABLES)}
    return Ageing(_debts(work, _PAYABLE, values, on), in_ledger)


def _debts(work: Work, query: Any, values: dict[str, Any], on: date) -> list[Debt]:
    return [
        Debt(
            row.party_id,
            row.party,
            row.subject_id,
            row.name,
            row.since or on,
            (on - (row.since or on)).days,
            row.amount,
        )
        for row in work.session.execute(query, values)
    ]


def _values(work: Work, where: Books, on: date) -> dict[str, Any]:
    return {
        "home": work.scope.home(),
        "book": where.book_id,
        "currency": where.currency,
        "until": on,
    }
