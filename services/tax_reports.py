"""What was charged and taken back in taxes between two days, by tax and rate, beside the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from core.work import Work
from models.chart import MAIN
from services import balances, ledger
from services.balances import NOTHING, Books

# An invoice counts on the day of its issue, and is taken off on the day on which it was voided or
# rejected; a credit note is taken off on its own day. What was written off stays: it was charged.
_MOVED = text(
    """
    SELECT t.id, t.code, t.name, t.account, m.percent, sum(m.net) AS net, sum(m.tax) AS tax,
        sum(m.back_net) AS back_net, sum(m.back_tax) AS back_tax
    FROM (
        SELECT l.tax_id, l.tax_percent AS percent, l.net_amount AS net, l.tax_amount AS tax,
            0 AS back_net, 0 AS back_tax, i.issued_at AS at, i.currency, i.organization_id
        FROM invoice AS i JOIN invoice_line AS l
          ON l.organization_id = i.organization_id AND l.invoice_id = i.id
        WHERE i.organization_id = :home AND i.issued_at IS NOT NULL
        UNION ALL
        SELECT l.tax_id, l.tax_percent, 0, 0, l.net_amount, l.tax_amount, i.closed_at, i.currency,
            i.organization_id
        FROM invoice AS i JOIN invoice_line AS l
          ON l.organization_id = i.organization_id AND l.invoice_id = i.id
        WHERE i.organization_id = :home AND i.issued_at IS NOT NULL
          AND i.status IN ('void', 'rejected')
        UNION ALL
        SELECT l.tax_id, l.tax_percent, 0, 0, c.net_amount, c.tax_amount, n.issued_at, n.currency,
            n.organization_id
        FROM credit_note AS n JOIN credit_note_line AS c
          ON c.organization_id = n.organization_id AND c.credit_note_id = n.id
        JOIN invoice_line AS l
          ON l.organization_id = c.organization_id AND l.id = c.invoice_line_id
        WHERE n.organization_id = :home) AS m
    JOIN tax AS t ON t.organization_id = m.organization_id AND t.id = m.tax_id
    WHERE m.currency = :currency AND (m.at AT TIME ZONE :zone)::date BETWEEN :since AND :until
    GROUP BY t.id, t.code, t.name, t.account, m.percent ORDER BY t.code, m.percent
    """
)


@dataclass(frozen=True, slots=True)
class Charged:
    """A tax at one rate: what was invoiced with it, and what of it was taken back."""

    code: str
    name: str
    account: str
    percent: Decimal
    net: Decimal
    tax: Decimal
    back_net: Decimal
    back_tax: Decimal

    @property
    def owed(self) -> Decimal:
        """Give what is left to be paid to the authority."""
        return self.tax - self.back_tax


@dataclass(frozen=True, slots=True)
class Report:
    """All taxes of some days, and what the ledger says came to their accounts."""

    taxes: Sequence[Charged]
    in_ledger: Decimal

    @property
    def owed(self) -> Decimal:
        """Sum up."""
        return sum((each.owed for each in self.taxes), Decimal(0))


def between(work: Work, where: Books, since: date, until: date) -> Report:
    """Sum up the taxes charged and taken back from one day to another, both included."""
    values = {
        "home": work.scope.home(),
        "currency": where.currency,
        "zone": str(ledger.zone(work)),
        "since": since,
        "until": until,
    }
    rows = work.session.execute(_MOVED, values).all() if where.name == MAIN else []
    charged = [
        Charged(
            row.code,
            row.name,
            row.account,
            row.percent,
            row.net,
            row.tax,
            row.back_net,
            row.back_tax,
        )
        for row in rows
    ]
    moved = balances.moved(work, where, since, until)
    accounts = {each.account for each in charged}
    in_ledger = -sum((moved.get(code, NOTHING).balance for code in accounts), Decimal(0))
    return Report(charged, in_ledger)
