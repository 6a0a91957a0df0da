"""The statements of rent runs: what is planned, issued and taken back of a whole chunk at once."""

LIVE = """
CREATE TEMP TABLE live ON COMMIT DROP AS
SELECT l.id, l.party_id, l.unit_id, u.number, l.next_on, l.due_day, l.due_days, l.until, l.proration
FROM lease AS l
JOIN unit AS u ON u.organization_id = l.organization_id AND u.id = l.unit_id
WHERE l.organization_id = CAST('{home}' AS uuid) AND u.estate_id = CAST('{estate}' AS uuid)
  AND l.status IN ('active', 'notice') AND l.next_on <= CAST('{through}' AS date)
  AND (l.until IS NULL OR l.next_on <= l.until)
ORDER BY l.id FOR NO KEY UPDATE OF l
"""
# Rent and what is taken off it are those of the period's first day.
DUE = """
CREATE TEMP TABLE rent_due ON COMMIT DROP AS
SELECT uuid_now() AS id, l.id AS lease_id, l.party_id, l.unit_id, l.number, l.due_days, p.first_on,
    p.last_on, p.after_on, p.whole, p.last_on - p.first_on + 1 AS days, l.proration, r.gross,
    least(r.gross, coalesce(c.off, 0)) AS discount, coalesce(x.more, 0) AS more
FROM live AS l
CROSS JOIN LATERAL rent_periods(l.next_on, l.due_day, CAST('{through}' AS date), l.until) AS p
CROSS JOIN LATERAL (SELECT part_of_rent(a.amount, p.last_on - p.first_on + 1, p.whole, l.proration,
        {places}) AS gross
    FROM lease_rent AS a WHERE a.organization_id = CAST('{home}' AS uuid) AND a.lease_id = l.id
      AND a.since <= p.first_on ORDER BY a.since DESC LIMIT 1) AS r
CROSS JOIN LATERAL (SELECT sum(part_of_rent(e.amount, p.last_on - p.first_on + 1, p.whole,
        l.proration, {places})) AS off
    FROM lease_extra AS e WHERE e.organization_id = CAST('{home}' AS uuid) AND e.lease_id = l.id
      AND e.kind = 'concession' AND e.since <= p.first_on
      AND (e.until IS NULL OR e.until >= p.first_on)) AS c
CROSS JOIN LATERAL (SELECT sum(part_of_rent(e.amount, p.last_on - p.first_on + 1, p.whole,
        l.proration, {places})) AS more
    FROM lease_extra AS e WHERE e.organization_id = CAST('{home}' AS uuid) AND e.lease_id = l.id
      AND e.kind = 'extra' AND e.since <= p.first_on
      AND (e.until IS NULL OR e.until >= p.first_on)) AS x
WHERE NOT EXISTS (SELECT FROM lease_charge AS k WHERE k.organization_id = CAST('{home}' AS uuid)
    AND k.lease_id = l.id AND k.period_on = p.first_on AND k.kind = 'rent' AND NOT k.void)
"""
ASKED = """
INSERT INTO bill_charge (id, organization_id, cycle_id, position, unit_id, party_id, lease_id,
    period_on, due_on, gross, discount, problem)
SELECT id, :home, :cycle, CASE WHEN gross + more > discount THEN row_number() OVER (
        PARTITION BY gross + more > discount ORDER BY number, unit_id, first_on) END,
    unit_id, party_id, lease_id, first_on, first_on + due_days, gross + more, discount,
    CASE WHEN gross + more > discount THEN 'none' ELSE 'nothing' END
FROM rent_due
"""
CHARGED = """
INSERT INTO lease_charge (id, organization_id, lease_id, period_on, period_until, kind, item_id,
    says, code, gross, discount, asked_id)
SELECT uuid_now(), :home, lease_id, first_on, last_on, 'rent', lease_id,
    left('Rent ' || first_on || ' \N{EN DASH} ' || last_on || ', ' || number, 200), :rent, gross,
    discount, id FROM rent_due
UNION ALL
SELECT uuid_now(), :home, d.lease_id, d.first_on, d.last_on, 'extra', e.id,
    left(e.title || ' ' || d.first_on || ' \N{EN DASH} ' || d.last_on || ', ' || d.number, 200),
    e.code, part_of_rent(e.amount, d.days, d.whole, d.proration, :places), 0, d.id
FROM rent_due AS d
JOIN lease_extra AS e ON e.organization_id = :home AND e.lease_id = d.lease_id
 AND e.kind = 'extra' AND e.since <= d.first_on AND (e.until IS NULL OR e.until >= d.first_on)
"""
MOVED_ON = """
UPDATE lease SET next_on = d.after_on
FROM (SELECT lease_id, max(after_on) AS after_on FROM rent_due GROUP BY lease_id) AS d
WHERE lease.organization_id = :home AND lease.id = d.lease_id
"""
LINES = """
INSERT INTO invoice_line (id, organization_id, invoice_id, position, description, quantity,
    unit_price, discount, places, code)
SELECT uuid_now(), c.organization_id, c.id, row_number() OVER (PARTITION BY c.id
        ORDER BY l.kind DESC, l.id), l.says, 1, l.gross, l.discount, :places, l.code
FROM chunk AS c
JOIN lease_charge AS l ON l.organization_id = c.organization_id AND l.asked_id = c.id
WHERE l.gross > 0
"""
INVOICED = """
UPDATE lease_charge SET invoice_id = c.id FROM chunk AS c
WHERE lease_charge.organization_id = c.organization_id AND lease_charge.asked_id = c.id
"""
# What is void is asked for again by the next run.
VOIDED = """
UPDATE lease_charge SET void = true FROM chunk AS c
WHERE c.voided AND lease_charge.organization_id = c.organization_id
  AND lease_charge.asked_id = c.id
"""
TURNED_BACK = """
UPDATE lease SET next_on = b.period_on
FROM (SELECT c.organization_id, c.lease_id, min(c.period_on) AS period_on FROM chunk AS c
    WHERE c.voided GROUP BY 1, 2) AS b
WHERE lease.organization_id = b.organization_id AND lease.id = b.lease_id
  AND lease.next_on > b.period_on
"""
DISCARDED = """
UPDATE lease_charge SET void = true FROM bill_charge AS b
WHERE b.organization_id = :home AND b.cycle_id = :cycle
  AND lease_charge.organization_id = :home AND lease_charge.asked_id = b.id
"""
DISCARDED_BACK = """
UPDATE lease SET next_on = b.period_on
FROM (SELECT lease_id, min(period_on) AS period_on FROM bill_charge
    WHERE organization_id = :home AND cycle_id = :cycle GROUP BY lease_id) AS b
WHERE lease.organization_id = :home AND lease.id = b.lease_id AND lease.next_on > b.period_on
"""
