-- Totals of each line of a chart, a day and a month at a time, so that a balance as of a date is read from
-- few rows. Whoever seals entries adds them here: an entry is in the totals exactly when it has a seal.

SELECT protect('ledger_total');
CREATE POLICY staff ON ledger_total AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
REVOKE INSERT, UPDATE, DELETE ON ledger_total FROM makao_app, makao_worker;

-- Add the postings of these entries to the totals of their days and months.
CREATE FUNCTION roll_up(entries uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.ledger_total (id, organization_id, book_id, currency, span, begins_on, code,
        debit, credit, postings)
    SELECT public.uuid_now(), e.organization_id, e.book_id, p.currency, s.span,
        CASE s.span WHEN 'day' THEN e.booked_on ELSE date_trunc('month', e.booked_on)::date END AS first,
        a.code, sum(greatest(p.amount, 0)), sum(greatest(-p.amount, 0)), count(*)
    FROM unnest(entries) AS fresh(id)
    JOIN public.journal_entry AS e ON e.id = fresh.id
    JOIN public.posting AS p ON p.organization_id = e.organization_id AND p.entry_id = e.id
    JOIN public.account AS a ON a.id = p.account_id
    CROSS JOIN (VALUES ('day'), ('month')) AS s(span)
    GROUP BY e.organization_id, e.book_id, p.currency, s.span, first, a.code
    ON CONFLICT ON CONSTRAINT uq_ledger_total_span DO UPDATE SET
        debit = ledger_total.debit + excluded.debit, credit = ledger_total.credit + excluded.credit,
        postings = ledger_total.postings + excluded.postings;
END;

-- Append up to `most` unsealed rows of one chain to it; say how many. One sealer a chain at a time.
CREATE OR REPLACE FUNCTION seal_rows(chain_name text, home uuid, kind regclass, condition text, most int)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last public.seal;
    new_id uuid := public.uuid_now();
    batch bytea;
    count int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('seal:' || chain_name, 0));
    SELECT * INTO last FROM public.seal WHERE chain = chain_name ORDER BY number DESC LIMIT 1;
    EXECUTE format(
        'CREATE TEMP TABLE sealing ON COMMIT DROP AS SELECT id, digest,'
        ' row_number() OVER (ORDER BY id) + $1 AS position FROM'
        ' (SELECT id, digest FROM %s WHERE seal_id IS NULL AND %s ORDER BY id LIMIT $2) AS fresh',
        kind, condition)
    USING coalesce(last.last_position, 0), most, home;
    SELECT string_agg(digest, ''::bytea ORDER BY position), count(*) INTO batch, count FROM sealing;
    IF count > 0 THEN
        INSERT INTO public.seal (id, organization_id, chain, number, first_position, last_position,
            previous, digest, sealed_at)
        VALUES (new_id, home, chain_name, coalesce(last.number, 0) + 1,
            coalesce(last.last_position, 0) + 1, coalesce(last.last_position, 0) + count,
            coalesce(last.digest, ''::bytea), sha256(coalesce(last.digest, ''::bytea) || batch),
            clock_timestamp());
        EXECUTE format('UPDATE %s AS target SET seal_id = $1, position = sealing.position'
            ' FROM sealing WHERE target.id = sealing.id', kind) USING new_id;
        IF kind = 'public.journal_entry'::regclass THEN
            PERFORM public.roll_up(ARRAY(SELECT id FROM sealing));
        END IF;
    END IF;
    DROP TABLE sealing;
    RETURN count;
END $$;

-- What an entry is called, to whom one of its postings is theirs; to staff, every entry of theirs.
CREATE FUNCTION entries_told(entries uuid[])
RETURNS TABLE (id uuid, booked_on date, memo text, source_table text, source_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT e.id, e.booked_on, e.memo, e.source_table, e.source_id FROM public.journal_entry AS e
    WHERE e.id = ANY (entries) AND e.organization_id = (SELECT public.acting_organization())
      AND ((SELECT public.acting_for_all()) OR EXISTS (SELECT FROM public.posting AS p
          JOIN public.account AS a ON a.id = p.account_id
          WHERE p.organization_id = e.organization_id AND p.entry_id = e.id
            AND a.party_id = (SELECT public.acting_party())));
END;

GRANT EXECUTE ON FUNCTION entries_told(uuid[]) TO makao_app, makao_worker;

-- What is sealed already.
SELECT roll_up(ARRAY(SELECT id FROM journal_entry WHERE seal_id IS NOT NULL));
