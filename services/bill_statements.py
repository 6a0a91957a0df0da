"""The statements of bill runs: each goes over a whole chunk at once, never over single rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.money import decimals
from core.work import Work
from models.bills import Bill, BillingCycle
from services import ledger, rent_statements

# Whoever pays for a unit on the day; where several own it, each by their share. The last of a sum
# that is divided takes what rounding has left.
_CHARGES = """
WITH there AS (
    SELECT u.id, u.number, u.type, u.area, u.bedrooms::numeric AS bedrooms,
        u.floor::numeric AS floor
    FROM unit AS u
    WHERE u.organization_id = :home AND u.estate_id = :estate
      AND (CAST(:types AS varchar[]) = '{{}}' OR u.type = ANY (CAST(:types AS varchar[])))
      AND (CAST(:block AS uuid) IS NULL OR u.block_id = :block)
), c AS (
    SELECT t.*, coalesce(h.party_id, o.party_id) AS party_id, p.part, 100 * p.part AS share
    FROM there AS t
    LEFT JOIN occupancy AS h ON :occupants AND h.organization_id = :home AND h.unit_id = t.id
     AND h.role IN ('owner_occupier', 'tenant')
     AND h.since <= :day AND (h.until IS NULL OR h.until >= :day)
    LEFT JOIN ownership AS o ON :owners AND h.id IS NULL AND o.organization_id = :home
     AND o.unit_id = t.id AND o.since <= :day AND (o.until IS NULL OR o.until >= :day)
    CROSS JOIN LATERAL (SELECT CASE WHEN h.id IS NULL
        THEN o.share_parts::numeric / o.share_of ELSE 1 END AS part) AS p
), chosen AS (
    SELECT c.*, {gross} AS reckoned FROM c WHERE ({condition}) IS TRUE
), weighed AS (
    SELECT DISTINCT ON (id) id, number, area, reckoned, CASE CAST(:basis AS text)
        WHEN 'divided' THEN 1::numeric WHEN 'divided_by_area' THEN area END AS weight
    FROM chosen ORDER BY id
), placed AS (
    SELECT w.*, row_number() OVER (ORDER BY weight IS NULL, number, id) AS nth,
        count(weight) OVER () AS many, sum(weight) OVER () AS whole
    FROM weighed AS w
), amounts AS (
    SELECT id, CASE CAST(:basis AS text)
        WHEN 'each' THEN CAST(:amount AS numeric)
        WHEN 'area' THEN round(:amount * area, :places)
        WHEN 'formula' THEN round(reckoned, :places)
        ELSE CASE WHEN weight IS NULL THEN NULL
            WHEN nth < many THEN round(:amount * weight / whole, :places)
            ELSE :amount
                - coalesce(sum(round(:amount * weight / whole, :places)) OVER earlier, 0)
            END
        END AS whole
    FROM placed
    WINDOW earlier AS (ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), shared AS (
    SELECT s.id AS unit_id, s.number, s.party_id, s.part, s.reckoned, a.whole,
        row_number() OVER (PARTITION BY s.id ORDER BY s.part DESC, s.party_id) AS nth,
        count(*) OVER (PARTITION BY s.id) AS many, sum(s.part) OVER (PARTITION BY s.id) AS owned
    FROM chosen AS s JOIN amounts AS a ON a.id = s.id
), asked AS (
    SELECT s.*, CASE WHEN :by_payer THEN round(reckoned, :places)
        WHEN nth < many THEN round(whole * part, :places)
        ELSE round(whole * owned, :places)
            - coalesce(sum(round(whole * part, :places)) OVER earlier, 0) END AS gross
    FROM shared AS s
    WINDOW earlier AS (PARTITION BY unit_id ORDER BY nth
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), stands AS (
    SELECT i.unit_id, i.party_id FROM billing_cycle AS y
    JOIN billing_cycle AS t ON t.organization_id = y.organization_id AND t.bill_id = y.bill_id
     AND t.period_on = y.period_on AND t.status = 'taken_back'
    JOIN bill_charge AS c ON c.organization_id = t.organization_id AND c.cycle_id = t.id
    JOIN invoice AS i ON i.organization_id = c.organization_id AND i.id = c.id
     AND i.status <> 'void'
    WHERE y.organization_id = :home AND y.id = :cycle
), judged AS (
    SELECT unit_id, number, party_id, gross, round(gross * :discount / 100, :places) AS discount,
        CASE WHEN party_id IS NULL THEN 'no_payer' WHEN gross IS NULL THEN 'no_amount'
            WHEN gross - round(gross * :discount / 100, :places) <= 0 THEN 'nothing'
            WHEN gross >= 1e12 THEN 'too_much'
            WHEN EXISTS (SELECT FROM stands AS s
                WHERE (s.unit_id, s.party_id) = (asked.unit_id, asked.party_id)) THEN 'asked_before'
            ELSE 'none' END AS problem
    FROM asked
    UNION ALL
    SELECT unit_id, number, NULL, 0, 0, 'not_all_owned' FROM shared
    WHERE nth = 1 AND round(owned, 12) < 1
)
INSERT INTO bill_charge (id, organization_id, cycle_id, position, unit_id, party_id, gross,
    discount, problem)
SELECT uuid_now(), :home, :cycle, CASE problem WHEN 'none' THEN row_number() OVER (
        PARTITION BY problem = 'none' ORDER BY number, unit_id, party_id) END,
    unit_id, party_id, CASE problem WHEN 'none' THEN gross ELSE 0 END,
    CASE problem WHEN 'none' THEN discount ELSE 0 END, problem
FROM judged
"""
_CHUNK = """
CREATE TEMP TABLE chunk ON COMMIT DROP AS
SELECT c.id, c.organization_id, c.party_id, c.unit_id, c.gross, c.discount, c.position, u.number,
    c.lease_id, c.period_on, c.due_on
FROM bill_charge AS c
JOIN unit AS u ON u.organization_id = c.organization_id AND u.id = c.unit_id
WHERE c.organization_id = CAST('{home}' AS uuid) AND c.cycle_id = CAST('{cycle}' AS uuid)
  AND c.position > {done} AND c.position <= {upto}
"""
_DRAFT = """
INSERT INTO invoice (id, organization_id, party_id, unit_id, lease_id, subject, status,
    flow_version, currency, total, paid_amount, due_on, created_at)
SELECT id, organization_id, party_id, unit_id, lease_id,
    left(coalesce('Rent ' || period_on, :name) || ', ' || number, 200), 'draft', 1, :currency, 0, 0,
    greatest(due_on, CAST(:due AS date)), :now FROM chunk
"""
_LINES = """
INSERT INTO invoice_line (id, organization_id, invoice_id, position, description, quantity,
    unit_price, discount, places, code)
SELECT uuid_now(), organization_id, id, 1, left(:name || ', ' || number, 200), 1, gross, discount,
    :places, :code
FROM chunk
"""
_ISSUE = """
UPDATE invoice SET status = 'issued', issued_at = :now, number = 'INV-' || lpad(n.nth::text,
    greatest(6, length(n.nth::text)), '0')
FROM (SELECT organization_id, id, :first + position - :done AS nth FROM chunk) AS n
WHERE invoice.organization_id = n.organization_id AND invoice.id = n.id
"""
_EVENT = """
INSERT INTO event (id, organization_id, type, version, subject_table, subject_id, sequence, data,
    actor, correlation_id, happened_at, source)
SELECT uuid_now(), i.organization_id, '{type}', '1.0', 'invoice', i.id, {sequence},
    jsonb_build_object({data}), :actor, :correlation, :now, :source
FROM chunk AS c JOIN invoice AS i ON i.organization_id = c.organization_id AND i.id = c.id {only}
"""
_ISSUED = _EVENT.format(
    type="invoice.issued",
    sequence=1,
    data="'invoice_id', i.id, 'party_id', i.party_id, 'number', i.number, 'total', i.total::text,"
    " 'currency', i.currency, 'due_on', i.due_on",
    only="",
)
_VOIDED = _EVENT.format(
    type="invoice.voided",
    sequence=0,
    data="'invoice_id', i.id, 'party_id', i.party_id, 'reason', i.reason",
    only="WHERE c.voided",
)
# In the order of their ids, as payments lock them: two do not wait for each other in a ring.
_HOLD = """
SELECT i.id FROM invoice AS i JOIN chunk AS c ON c.organization_id = i.organization_id
 AND c.id = i.id ORDER BY i.id FOR NO KEY UPDATE OF i
"""
_MARK = """
UPDATE chunk SET voided = true FROM invoice AS i
WHERE i.organization_id = chunk.organization_id AND i.id = chunk.id AND i.status = 'issued'
  AND i.paid_amount = 0
"""
_VOID = """
UPDATE invoice SET status = 'void', closed_at = :now, reason = :reason FROM chunk AS c
WHERE c.voided AND invoice.organization_id = c.organization_id AND invoice.id = c.id
"""
_POST = """
SELECT post_invoices(:home, :book, :word, :booked, :now, :actor, :correlation,
    ARRAY(SELECT id FROM chunk {only}))
"""


def charges(gross: str, condition: str) -> str:
    """Write the statement that settles the charges of a cycle; both parts are of formulas.py."""
    return _CHARGES.format(gross=gross, condition=condition)


def issue(work: Work, bill: Bill | None, cycle: BillingCycle, most: int) -> int:
    """Issue the next invoices of a cycle: numbers, lines, entries, events. Returns how many."""
    session, done = work.session, cycle.issued
    upto = min(done + most, cycle.charges)
    session.flush()
    session.execute(text(_chunk(cycle, done, upto)))
    session.execute(text("ANALYZE chunk"))
    last = session.scalar(select(func.next_number(work.scope.home(), "invoice", upto - done))) or 0
    told = _told(work)
    common = {
        "name": cycle.name,
        "currency": cycle.currency,
        "due": max(cycle.due_on, ledger.business_date(work)),
        "now": work.now,
        "code": bill.code if bill else "",
        "places": decimals(cycle.currency),
        "first": last - (upto - done),
        "done": done,
    }
    lines = (_LINES,) if bill else (rent_statements.LINES, rent_statements.INVOICED)
    for statement in (_DRAFT, *lines, _ISSUE):
        session.execute(text(statement), common)
    posted = session.scalar(text(_POST.format(only="")), _entry(work, "issued"))
    assert posted == upto - done, "each invoice of a chunk is posted, and for the first time"
    session.execute(text(_ISSUED), told)
    session.execute(text("DROP TABLE chunk"))
    return upto - done


def take_back(work: Work, cycle: BillingCycle, most: int) -> tuple[int, int]:
    """Void the next invoices of a cycle; returns how many were looked at, and how many are void."""
    session, done = work.session, cycle.taken_back
    upto = min(done + most, cycle.issued)
    session.flush()
    session.execute(text(_chunk(cycle, done, upto)))
    session.execute(text("ALTER TABLE chunk ADD COLUMN voided boolean NOT NULL DEFAULT false"))
    session.execute(text("ANALYZE chunk"))
    session.execute(text(_HOLD))
    session.execute(text(_MARK))
    session.execute(text(_VOID), {"now": work.now, "reason": cycle.reason})
    voided = session.scalar(text(_POST.format(only="WHERE voided")), _entry(work, "void")) or 0
    session.execute(text(_VOIDED), _told(work))
    if cycle.bill_id is None:
        session.execute(text(rent_statements.VOIDED))
        session.execute(text(rent_statements.TURNED_BACK))
    session.execute(text("DROP TABLE chunk"))
    return upto - done, voided


def _chunk(cycle: BillingCycle, done: int, upto: int) -> str:
    """Choose charges by their places; a statement that makes a table takes no parameters."""
    return _CHUNK.format(home=cycle.organization_id, cycle=cycle.id, done=done, upto=upto)


def _told(work: Work) -> dict[str, Any]:
    return {
        "actor": str(work.actor),
        "correlation": work.correlation_id,
        "now": work.now,
        "source": work.source,
    }


def _entry(work: Work, word: str) -> dict[str, Any]:
    home: UUID = work.scope.home()
    return {
        "home": home,
        "book": ledger.book_called(work),
        "word": word,
        "booked": ledger.business_date(work),
        "now": work.now,
        "actor": str(work.actor),
        "correlation": work.correlation_id,
    }


def discard_rents(work: Work, cycle: BillingCycle) -> None:
    """Forget what was planned of rents: the next run asks for it."""
    values = {"home": cycle.organization_id, "cycle": cycle.id}
    work.session.execute(text(rent_statements.DISCARDED), values)
    work.session.execute(text(rent_statements.DISCARDED_BACK), values)
