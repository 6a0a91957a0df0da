-- Rents: dated amounts, what comes with them, and what was charged, once for each period and thing.
-- They are asked for by bill runs: a cycle of an estate without a bill.

SELECT protect(kind) FROM unnest(ARRAY['lease_rent', 'lease_extra', 'lease_charge', 'price_index'
    ]::regclass[]) AS kind;
SELECT protect_through(kind, 'lease_id', 'lease')
FROM unnest(ARRAY['lease_rent', 'lease_extra', 'lease_charge']::regclass[]) AS kind;
SELECT portal_may(kind, NULL, NULL, NULL)
FROM unnest(ARRAY['lease_rent', 'lease_extra', 'lease_charge']::regclass[]) AS kind;
SELECT staff_write('price_index', 'false');
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['lease_rent', 'lease_extra']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Manager,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['lease_charge', 'price_index']::regclass[]) AS kind;
-- Whoever runs the rents notes how far each lease is charged, and nothing else of it.
DROP FUNCTION staff_insert_lease(), staff_update_lease(), staff_delete_lease() CASCADE;
SELECT staff_may('lease', '{Admin,Manager}', NULL,
    $$ acting_as('{Accountant}') AND kept(to_jsonb(o), to_jsonb(n), '{next_on}') $$, NULL);
SELECT audited(kind, 'notice')
FROM unnest(ARRAY['lease_rent', 'lease_extra', 'price_index']::regclass[]) AS kind;
REVOKE UPDATE, DELETE ON lease_rent FROM makao_app, makao_worker;
REVOKE DELETE ON lease_charge FROM makao_app, makao_worker;

-- A rent of each lease that is there.
INSERT INTO lease_rent (id, organization_id, lease_id, since, amount, cause)
SELECT uuid_now(), organization_id, id, since, rent, 'agreed' FROM lease;

CREATE FUNCTION lease_charge_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- What is reckoned from others is not there yet before an update.
    IF to_jsonb(OLD) - ARRAY['invoice_id', 'void', 'amount']
        <> to_jsonb(NEW) - ARRAY['invoice_id', 'void', 'amount']
       OR OLD.void AND NOT NEW.void
       OR OLD.invoice_id IS NOT NULL AND NEW.invoice_id IS DISTINCT FROM OLD.invoice_id THEN
        RAISE EXCEPTION 'what was charged stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'lease_charge_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON lease_charge
    FOR EACH ROW EXECUTE FUNCTION lease_charge_stays();

-- A day of a month; the 31st is the last day of any.
CREATE FUNCTION anchored(month date, day int) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN date_trunc('month', month)::date + least(day, extract(day FROM
    date_trunc('month', month) + interval '1 month' - interval '1 day')::int) - 1;
CREATE FUNCTION anchor_after(day date, anchor int) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
RETURN CASE WHEN anchored(day, anchor) > day THEN anchored(day, anchor)
    ELSE anchored((date_trunc('month', day) + interval '1 month')::date, anchor) END;
CREATE FUNCTION anchor_before(day date, anchor int) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
RETURN CASE WHEN anchored(day, anchor) <= day THEN anchored(day, anchor)
    ELSE anchored((date_trunc('month', day) - interval '1 day')::date, anchor) END;

-- The periods of a lease that begin from a day on, by another, with the day after each and how many
-- days a whole one has.
CREATE FUNCTION rent_periods(begins date, anchor int, through date, ends date)
RETURNS TABLE (first_on date, last_on date, after_on date, whole int)
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
BEGIN ATOMIC
    WITH days AS (
        SELECT begins AS first_on
        UNION ALL
        SELECT anchored((date_trunc('month', anchor_after(begins, anchor))
            + make_interval(months => n))::date, anchor)
        FROM generate_series(0, least(600, greatest(-1,
            (extract(year FROM through)::int - extract(year FROM begins)::int) * 12
            + extract(month FROM through)::int - extract(month FROM begins)::int))) AS n
    )
    SELECT d.first_on, least(anchor_after(d.first_on, anchor) - 1, ends),
        anchor_after(d.first_on, anchor),
        anchor_after(d.first_on, anchor) - anchor_before(d.first_on, anchor)
    FROM days AS d WHERE d.first_on <= through AND (ends IS NULL OR d.first_on <= ends);
END;
CREATE FUNCTION part_of_rent(amount numeric, days int, whole int, method text, places int)
RETURNS numeric
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN days >= whole THEN amount ELSE least(amount, round(CASE method
    WHEN 'actual_days' THEN amount * days / whole
    WHEN 'thirty_days' THEN amount * least(days, 30) / 30
    ELSE amount * 12 * days / 365 END, places)) END;
GRANT EXECUTE ON FUNCTION anchored(date, int), anchor_after(date, int), anchor_before(date, int),
    rent_periods(date, int, date, date), part_of_rent(numeric, int, int, text, int)
    TO makao_app, makao_worker;
