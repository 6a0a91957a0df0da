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


SHARES = """
    SELECT b.organization_id, b.id AS booking_id, s.position,
        coalesce(sum(round(b.total * s.percent / 100, :places)) OVER earlier, 0) AS before,
        CASE WHEN s.position < max(s.position) OVER whole
            THEN round(b.total * s.percent / 100, :places)
            ELSE b.total - coalesce(sum(round(b.total * s.percent / 100, :places)) OVER earlier, 0)
        END AS amount
    FROM moving AS m
    JOIN booking AS b ON b.organization_id = m.organization_id AND b.id = m.id
    JOIN instalment_step AS s ON s.organization_id = b.organization_id AND s.plan_id = b.plan_id
    WINDOW whole AS (PARTITION BY b.id), earlier AS (PARTITION BY b.id ORDER BY s.position
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
"""
"""What each step of the moving bookings' plans asks for, and the steps before it."""

PRICED = """
    SELECT k.*, coalesce(sum(round(k.quantity * k.price, k.places)) OVER (
        PARTITION BY k.invoice_id ORDER BY k.position
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM (SELECT l.*, CASE WHEN l.item_id = :item THEN :price ELSE l.unit_price END AS price
        FROM {source} JOIN invoice_line AS l
          ON l.organization_id = i.organization_id AND l.invoice_id = i.id WHERE {which}) AS k
"""
"""The lines of invoices `i` at the new price, with what those before them ask for."""


def tax_in(amount: str, before: str, percent: str, places: str) -> str:
    """Write how much tax a part of a price contains, as services/taxes.py reckons it."""
    rate = f"{percent} / (100 + {percent})"
    return f"round(({before} + {amount}) * {rate}, {places}) - round({before} * {rate}, {places})"


def reissue(work: Work, item_id: UUID, done: Preview) -> None:
    """Void what was issued and unpaid, and issue it anew at the new price."""
    if not done.reissued:
        return
    last = _renew(work, done)
    _write_lines(work, item_id, done)
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
    _post(work)
    _tell_invoices(work)
    work.session.execute(text("DROP TABLE renewed, reline"))


def _renew(work: Work, done: Preview) -> int:
    """Void the old ones and begin the new. Returns the last number given before them."""
    work.session.execute(
        text(
            "CREATE TEMP TABLE renewed ON COMMIT DROP AS SELECT i.organization_id,"
            " i.id AS old_id, uuid_now() AS new_id, m.id AS booking_id, l.position, l.milestone,"
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
    _void(work)
    assert count >= done.reissued, "each of these bookings has at least one issued invoice"
    return last - count


def _write_lines(work: Work, item_id: UUID, done: Preview) -> None:
    """Write the lines of the new invoices, and let these ask for their sum from the start."""
    work.session.execute(
        text(
            "CREATE TEMP TABLE reline (organization_id uuid, invoice_id uuid, position int,"
            " description text, quantity numeric, price numeric, places int, code text,"
            " item_id uuid, tax_id uuid, percent numeric, before numeric) ON COMMIT DROP"
        )
    )
    source = (
        "renewed AS n JOIN invoice AS i"
        " ON i.organization_id = n.organization_id AND i.id = n.old_id"
    )
    lines = f"""
        INSERT INTO reline
        SELECT n.organization_id, n.new_id, k.position, k.description, k.quantity,
            coalesce(s.amount, k.price), k.places, k.code, k.item_id, k.tax_id, r.percent,
            CASE WHEN k.tax_id IS NOT NULL THEN coalesce(s.before, k.before) END
        FROM renewed AS n
        JOIN ({PRICED.format(source=source, which="true")}) AS k ON k.invoice_id = n.old_id
        LEFT JOIN ({SHARES}) AS s ON k.item_id IS NULL
          AND s.booking_id = n.booking_id AND s.position = n.position
        LEFT JOIN (SELECT DISTINCT ON (tax_id) tax_id, percent FROM tax_rate
            WHERE begins_on <= :today ORDER BY tax_id, begins_on DESC) AS r ON r.tax_id = k.tax_id
    """  # fixed parts only
    values = {"item": item_id, "price": done.new, "places": decimals(done.currency)}
    work.session.execute(text(lines), values | {"today": ledger.business_date(work)})
    work.session.execute(text("ANALYZE reline"))
    _begin(work)
    tax = tax_in("round(quantity * price, places)", "before", "percent", "places")
    written = (
        "INSERT INTO invoice_line (id, organization_id, invoice_id, position, description,"
        " quantity, unit_price, places, code, item_id, tax_id, tax_percent, tax_included,"
        " tax_amount, taxed_after) SELECT uuid_now(), organization_id, invoice_id, position,"
        " description, quantity, price, places, code, item_id, tax_id, percent,"
        f" tax_id IS NOT NULL, CASE WHEN tax_id IS NULL THEN 0 ELSE {tax} END, before FROM reline"
    )
    work.session.execute(text(written))


def _void(work: Work) -> None:
    """Void the old invoices."""
    work.session.execute(
        text(
            "UPDATE invoice SET status = 'void', closed_at = :now, reason = :reason FROM renewed"
            " AS n WHERE invoice.organization_id = n.organization_id AND invoice.id = n.old_id"
        ),
        {"now": work.now, "reason": "The price changed; a new invoice replaces this one."},
    )


def _begin(work: Work) -> None:
    """Begin an invoice for each old one as a draft that names it, with the sum of its lines."""
    work.session.execute(
        text(
            "INSERT INTO invoice (id, organization_id, party_id, subject, status, flow_version,"
            " currency, total, paid_amount, due_on, payment_method, reason, replaces_id, custom,"
            " created_at) SELECT n.new_id, n.organization_id, o.party_id, o.subject, 'draft',"
            " o.flow_version, o.currency, s.total, 0, o.due_on, o.payment_method, '', o.id,"
            " o.custom, :now FROM renewed AS n JOIN invoice AS o"
            " ON o.organization_id = n.organization_id AND o.id = n.old_id"
            " JOIN (SELECT invoice_id, sum(round(quantity * price, places)) AS total FROM reline"
            " GROUP BY invoice_id) AS s ON s.invoice_id = n.new_id"
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


def _post(work: Work) -> None:
    """Take back what the old ones asked for, and ask for what the new ones do."""
    ids = work.session.execute(text("SELECT old_id, new_id FROM renewed ORDER BY nth")).all()
    ledger.post_invoices(work, "void", [row.old_id for row in ids])
    ledger.post_invoices(work, "issued", [row.new_id for row in ids])


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
