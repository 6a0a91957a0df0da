"""Reissuing: the invoices that a price change reaches are voided, and issued anew.

The bookings are those of the temporary table `moving`, which services/prices.py has filled.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from core.money import decimals
from core.work import Work
from services import ledger
from services.postings import OWED, UNEARNED


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: how many bookings move, by how much in all, and who keeps theirs."""

    old: Decimal
    new: Decimal
    currency: str
    moving: int
    difference: Decimal
    reissued: int
    locked: int


AMOUNTS = """
    SELECT l.invoice_id, s.position, CASE WHEN s.position < max(s.position) OVER whole
            THEN round(b.total * s.percent / 100, :places)
            ELSE b.total - coalesce(sum(round(b.total * s.percent / 100, :places)) OVER earlier, 0)
        END AS amount
    FROM moving AS m
    JOIN booking AS b ON b.organization_id = m.organization_id AND b.id = m.id
    JOIN instalment_step AS s ON s.organization_id = b.organization_id AND s.plan_id = b.plan_id
    JOIN booking_invoice AS l ON l.organization_id = b.organization_id AND l.booking_id = b.id
     AND l.position = s.position
    JOIN invoice AS i ON i.organization_id = l.organization_id AND i.id = l.invoice_id
     AND i.status = 'draft'
    WINDOW whole AS (PARTITION BY b.id), earlier AS (PARTITION BY b.id ORDER BY s.position
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""


def reissue(work: Work, item_id: UUID, done: Preview) -> None:
    """Void what was issued and unpaid, and issue it anew at the new price."""
    if not done.reissued:
        return
    last = _renew(work, done)
    work.session.execute(
        text(
            "INSERT INTO invoice_line (id, organization_id, invoice_id, position, description,"
            " quantity, unit_price, code, item_id)"
            " SELECT uuid_now(), n.organization_id, n.new_id, l.position, l.description,"
            " l.quantity, CASE WHEN l.item_id = :item THEN :price ELSE l.unit_price END, l.code,"
            " l.item_id FROM renewed AS n JOIN invoice_line AS l"
            " ON l.organization_id = n.organization_id AND l.invoice_id = n.old_id"
        ),
        {"item": item_id, "price": done.new},
    )
    shares = f"""
        UPDATE invoice_line SET unit_price = s.amount FROM ({AMOUNTS}) AS s
        WHERE invoice_line.invoice_id = s.invoice_id AND invoice_line.item_id IS NULL
    """  # fixed parts only
    work.session.execute(text(shares), {"places": decimals(done.currency)})
    work.session.execute(
        text(
            "UPDATE invoice SET status = 'issued', issued_at = :now,"
            " number = 'INV-' || lpad((:last + n.nth)::text,"
            " greatest(6, length((:last + n.nth)::text)), '0')"
            " FROM renewed AS n WHERE invoice.organization_id = n.organization_id"
            " AND invoice.id = n.new_id"
        ),
        {"now": work.now, "last": last},
    )
    _post(work, done)
    _tell_invoices(work)
    work.session.execute(text("DROP TABLE renewed"))


def _renew(work: Work, done: Preview) -> int:
    """Void the old ones and begin the new. Returns the last number given before them."""
    work.session.execute(
        text(
            "CREATE TEMP TABLE renewed ON COMMIT DROP AS SELECT i.organization_id,"
            " i.id AS old_id, uuid_now() AS new_id, m.id AS booking_id, i.party_id,"
            " i.total AS old_total, i.number AS old_number, l.position, l.milestone,"
            " row_number() OVER (ORDER BY i.number) AS nth"
            " FROM moving AS m JOIN booking_invoice AS l"
            " ON l.organization_id = m.organization_id AND l.booking_id = m.id JOIN invoice AS i"
            " ON i.organization_id = l.organization_id AND i.id = l.invoice_id"
            " WHERE i.status = 'issued'"
        )
    )
    work.session.execute(text("CREATE INDEX ON renewed (new_id); ANALYZE renewed"))
    count = work.session.scalar(text("SELECT count(*) FROM renewed")) or 0
    last = work.session.scalar(select(func.next_number(work.scope.home(), "invoice", count))) or 0
    _replace(work)
    assert count >= done.reissued, "each of these bookings has at least one issued invoice"
    return last - count


def _replace(work: Work) -> None:
    """Void the old invoices, and begin one for each as a draft that names it."""
    work.session.execute(
        text(
            "UPDATE invoice SET status = 'void', closed_at = :now, reason = :reason FROM renewed"
            " AS n WHERE invoice.organization_id = n.organization_id AND invoice.id = n.old_id"
        ),
        {"now": work.now, "reason": "The price changed; a new invoice replaces this one."},
    )
    work.session.execute(
        text(
            "INSERT INTO invoice (id, organization_id, party_id, subject, status, flow_version,"
            " currency, total, paid_amount, due_on, payment_method, reason, replaces_id, custom,"
            " created_at) SELECT n.new_id, n.organization_id, o.party_id, o.subject, 'draft',"
            " o.flow_version, o.currency, 0, 0, o.due_on, o.payment_method, '', o.id, o.custom,"
            " :now FROM renewed AS n JOIN invoice AS o"
            " ON o.organization_id = n.organization_id AND o.id = n.old_id"
        ),
        {"now": work.now},
    )
    work.session.execute(
        text(
            "INSERT INTO booking_invoice (id, organization_id, booking_id, invoice_id, position,"
            " milestone) SELECT uuid_now(), organization_id, booking_id, new_id, position,"
            " milestone FROM renewed"
        )
    )


def _post(work: Work, done: Preview) -> None:
    """Take back what the old ones asked for, and ask for what the new ones do."""
    rows = work.session.execute(
        text(
            "SELECT n.old_id, n.new_id, n.party_id, n.old_total, n.old_number, i.total, i.number"
            " FROM renewed AS n JOIN invoice AS i ON i.organization_id = n.organization_id"
            " AND i.id = n.new_id ORDER BY n.nth"
        )
    ).all()
    common = ("invoice", done.currency, OWED, UNEARNED)
    ledger.post_many(
        work,
        *common,
        [
            ledger.Pair(
                f"invoice:{row.old_id}:void",
                f"Invoice {row.old_number} void",
                row.old_id,
                row.party_id,
                -row.old_total,
            )
            for row in rows
        ],
    )
    ledger.post_many(
        work,
        *common,
        [
            ledger.Pair(
                f"invoice:{row.new_id}:issued",
                f"Invoice {row.number}",
                row.new_id,
                row.party_id,
                row.total,
            )
            for row in rows
        ],
    )


def _tell_invoices(work: Work) -> None:
    common = {
        "actor": str(work.actor),
        "correlation": work.correlation_id,
        "now": work.now,
        "source": work.source,
    }
    head = (
        "INSERT INTO event (id, organization_id, type, version, subject_table, subject_id,"
        " sequence, data, actor, correlation_id, happened_at, source) SELECT uuid_now(),"
    )
    tail = ", :actor, :correlation, :now, :source FROM renewed AS n JOIN invoice AS i"
    voided = (
        f"{head} i.organization_id, 'invoice.voided', '1.0', 'invoice', i.id, 0,"
        " jsonb_build_object('invoice_id', i.id, 'party_id', i.party_id, 'reason', i.reason)"
        f"{tail} ON i.organization_id = n.organization_id AND i.id = n.old_id"
    )
    issued = (
        f"{head} i.organization_id, 'invoice.issued', '1.0', 'invoice', i.id, 0,"
        " jsonb_build_object('invoice_id', i.id, 'party_id', i.party_id, 'number', i.number,"
        " 'total', i.total::text, 'currency', i.currency, 'due_on', i.due_on)"
        f"{tail} ON i.organization_id = n.organization_id AND i.id = n.new_id"
    )
    for statement in (voided, issued):
        work.session.execute(text(statement), common)
