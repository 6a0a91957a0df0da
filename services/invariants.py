"""What is always true of the stored data, each as one SQL statement for whatever makes it false.

Run as the role `makao_reader`, outside the ORM: every quarter of an hour, and after every test.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence, and the SQL for (some of) the ids which make it false."""

    code: str
    says: str
    offenders: str


INVARIANTS = (
    Invariant(
        "I1",
        "the postings of every entry sum to zero in each currency",
        "SELECT entry_id FROM posting GROUP BY entry_id, currency HAVING sum(amount) <> 0",
    ),
    Invariant(
        "I1b",
        "every entry has postings",
        "SELECT id FROM journal_entry AS e"
        " WHERE NOT EXISTS (SELECT FROM posting AS p WHERE p.entry_id = e.id)",
    ),
    Invariant(
        "I2",
        "every balance kept is the sum of its postings",
        "SELECT a.id FROM account AS a LEFT JOIN posting AS p ON p.account_id = a.id"
        " WHERE a.balance IS NOT NULL GROUP BY a.id, a.balance"
        " HAVING coalesce(sum(p.amount), 0) <> a.balance",
    ),
    Invariant(
        "I2t",
        "every rolled-up total is the sum of the sealed postings of its day or month",
        "SELECT code || ' ' || begins_on"
        " FROM ledger_total AS t FULL JOIN (SELECT e.book_id, p.currency, s.span,"
        " CASE s.span WHEN 'day' THEN e.booked_on ELSE date_trunc('month', e.booked_on)::date END"
        " AS begins_on, a.code, sum(greatest(p.amount, 0)) AS debit,"
        " sum(greatest(-p.amount, 0)) AS credit, count(*) AS postings"
        " FROM journal_entry AS e JOIN posting AS p ON p.entry_id = e.id"
        " JOIN account AS a ON a.id = p.account_id"
        " CROSS JOIN (VALUES ('day'), ('month')) AS s(span)"
        " WHERE e.seal_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5) AS s"
        " USING (book_id, currency, span, begins_on, code)"
        " WHERE (t.debit, t.credit, t.postings) IS DISTINCT FROM (s.debit, s.credit, s.postings)",
    ),
    Invariant(
        "I4",
        "what is held of an account is the sum of its holds, and it is never overdrawn nor over",
        "SELECT a.id FROM account AS a LEFT JOIN ledger_hold AS h ON h.account_id = a.id"
        " AND h.status = 'held' GROUP BY a.id HAVING coalesce(sum(h.amount), 0) <> a.held"
        " OR a.guarded AND (a.balance + a.held > 0 OR a.balance + a.cap < 0)",
    ),
    Invariant(
        "P1",
        "a book is closed through the last day of its closed periods",
        "SELECT b.id FROM book AS b LEFT JOIN ledger_period AS p ON p.book_id = b.id"
        " AND p.status = 'closed' GROUP BY b.id HAVING max(p.ends_on)"
        " IS DISTINCT FROM b.closed_through",
    ),
    Invariant(
        "I5",
        "a provider's reference has one ledger effect",
        "SELECT i.id FROM payment_intent AS i WHERE i.status IN"
        " ('succeeded', 'partly_refunded', 'refunded') AND (SELECT count(*) FROM journal_entry AS e"
        " WHERE e.organization_id = i.organization_id AND e.key = 'payment:' || i.id) <> 1",
    ),
    Invariant(
        "I6",
        "an apartment has at most one hold or live booking",
        "SELECT original_id FROM booking WHERE (status = 'pending' AND hold_until IS NOT NULL)"
        " OR status IN ('in_progress', 'under_review', 'approved')"
        " GROUP BY organization_id, original_id HAVING count(*) > 1",
    ),
    Invariant(
        "U1",
        "what is posted of an invoice is about the unit that the invoice is about",
        "SELECT p.id FROM journal_entry AS e JOIN invoice AS i ON i.id = e.source_id"
        " JOIN posting AS p ON p.entry_id = e.id WHERE e.source_table = 'invoice'"
        " AND p.unit_id IS DISTINCT FROM i.unit_id",
    ),
    Invariant(
        "C1",
        "the numbers of rows that are kept are those of the rows",
        "SELECT organization_id FROM (SELECT organization_id, table_name, sum(rows) AS kept"
        " FROM row_count GROUP BY organization_id, table_name) AS k FULL JOIN ("
        "SELECT organization_id, 'party' AS table_name, count(*) AS held FROM party GROUP BY 1"
        " UNION ALL SELECT organization_id, 'booking', count(*) FROM booking GROUP BY 1"
        " UNION ALL SELECT organization_id, 'invoice', count(*) FROM invoice GROUP BY 1"
        " UNION ALL SELECT organization_id, 'payment_intent', count(*) FROM payment_intent"
        " GROUP BY 1"
        " UNION ALL SELECT organization_id, 'unit', count(*) FROM unit GROUP BY 1"
        " UNION ALL SELECT organization_id, 'apartment', count(*) FROM apartment"
        " WHERE source_id IS NULL GROUP BY 1) AS h USING (organization_id, table_name)"
        " WHERE coalesce(kept, 0) <> coalesce(held, 0)",
    ),
    Invariant(
        "S1",
        "what a booking charges for add-ons is the sum of its choices",
        "SELECT b.id FROM booking AS b LEFT JOIN booking_addon AS a ON a.booking_id = b.id"
        " GROUP BY b.id HAVING coalesce(sum(a.amount), 0) <> b.addons_price",
    ),
    Invariant(
        "S3",
        "an invoice is the sum of its lines",
        "SELECT i.id FROM invoice AS i LEFT JOIN invoice_line AS l ON l.invoice_id = i.id"
        " GROUP BY i.id HAVING coalesce(sum(l.gross_amount), 0) <> i.total",
    ),
    Invariant(
        "S4",
        "what is paid on an invoice is what payments allot to it, and credit that was used, less"
        " what lost disputes took back",
        "SELECT i.id FROM invoice AS i LEFT JOIN payment_allocation AS a ON a.invoice_id = i.id"
        " LEFT JOIN payment_intent AS p ON p.id = a.intent_id"
        " AND p.status IN ('succeeded', 'partly_refunded', 'refunded')"
        " GROUP BY i.id HAVING coalesce(sum(a.amount) FILTER (WHERE p.id IS NOT NULL), 0)"
        " + coalesce((SELECT sum(c.amount) FROM credit_use AS c WHERE c.invoice_id = i.id), 0)"
        " - coalesce((SELECT sum(t.amount) FROM payment_dispute_part AS t"
        " WHERE t.invoice_id = i.id), 0)"
        " <> i.paid_amount",
    ),
    Invariant(
        "S7",
        "a credit note is the sum of its lines, and no line is taken back beyond what it asked for",
        "SELECT n.id FROM credit_note AS n LEFT JOIN credit_note_line AS l"
        " ON l.credit_note_id = n.id GROUP BY n.id"
        " HAVING coalesce(sum(l.gross_amount), 0) <> n.total"
        " UNION ALL SELECT l.id FROM invoice_line AS l JOIN credit_note_line AS c"
        " ON c.invoice_line_id = l.id GROUP BY l.id"
        " HAVING sum(c.net_amount) > l.net_amount OR sum(c.tax_amount) > l.tax_amount",
    ),
    Invariant(
        "S5",
        "the confirmed bookings' invoices in force ask for their totals",
        "SELECT b.id FROM booking AS b"
        " WHERE b.status IN ('in_progress', 'under_review', 'approved')"
        " AND (SELECT coalesce(sum(i.total), 0) FROM booking_invoice AS l"
        " JOIN invoice AS i ON i.id = l.invoice_id WHERE l.booking_id = b.id"
        " AND i.status NOT IN ('void', 'rejected', 'written_off')) <> b.total",
    ),
    Invariant(
        "S8",
        "the parts of a price that contains a tax follow each other: their taxes sum to its own",
        "SELECT booking_id FROM (SELECT l.booking_id, n.taxed_after, sum(n.gross_amount) OVER"
        " (PARTITION BY l.booking_id ORDER BY l.position, n.position) - n.gross_amount AS before"
        " FROM booking_invoice AS l JOIN invoice AS i ON i.id = l.invoice_id"
        " AND i.status NOT IN ('void', 'rejected') JOIN invoice_line AS n ON n.invoice_id = i.id"
        " JOIN booking AS b ON b.id = l.booking_id"
        " WHERE b.status IN ('in_progress', 'under_review', 'approved')) AS part"
        " WHERE taxed_after <> before",
    ),
    Invariant(
        "S6",
        "what a party owes in the ledger is what its open invoices ask for",
        "SELECT party_id FROM (SELECT party_id, currency, sum(total - paid_amount) AS owed"
        " FROM invoice WHERE status IN ('issued', 'partly_paid') GROUP BY party_id, currency) AS o"
        " FULL JOIN (SELECT party_id, currency, balance FROM account JOIN book ON book.id = book_id"
        " WHERE code = '1200' AND book.name = 'main') AS a"
        " USING (party_id, currency) WHERE coalesce(owed, 0) <> coalesce(balance, 0)",
    ),
)


def broken(session: Session) -> dict[str, list[str]]:
    """Map each sentence which is false to some of the ids which make it so (ten at most).

    Takes the role of the reader for the rest of its transaction, and ends it by a rollback.
    """
    session.rollback()
    session.execute(text("SET LOCAL ROLE makao_reader"))
    found = {}
    for each in INVARIANTS:
        ids = session.scalars(text(f"{each.offenders} LIMIT 10")).all()
        if ids:
            found[f"{each.code}: {each.says}"] = [str(one) for one in ids]
    session.rollback()
    return found
