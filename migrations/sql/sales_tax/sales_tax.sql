-- Sales whose prices contain a tax: what a buyer confirms is posted with it, and what ends gives it back.

SELECT audited('tax', 'notice');
SELECT audited('project');
SELECT audited('invoice_line', 'notice');

-- Whoever pays an invoice may have it posted, also with the taxes that its lines carry and no more.
CREATE OR REPLACE FUNCTION follows_invoice(home uuid, new_key text, kind text, source uuid, codes text[],
    parties uuid[], amounts numeric[], units uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT kind = 'invoice' AND i.id IS NOT NULL
        AND new_key = 'invoice:' || i.id || ':' || i.status
        AND NOT EXISTS (SELECT FROM unnest(codes, parties, amounts, units)
                AS leg(code, party, amount, unit)
            WHERE leg.unit IS DISTINCT FROM i.unit_id OR leg.party IS DISTINCT FROM i.party_id
                  AND (leg.party IS NOT NULL OR leg.code = '1200'
                       OR i.party_id = public.acting_party() AND abs(leg.amount) > (
                           SELECT coalesce(sum(l.tax_amount), 0) FROM public.invoice_line AS l
                           JOIN public.tax AS t
                             ON t.organization_id = l.organization_id AND t.id = l.tax_id
                           WHERE l.organization_id = home AND l.invoice_id = i.id
                             AND (t.account = leg.code
                                  OR i.status = 'written_off' AND leg.code = '5900')))
               OR (leg.code = '1200') IS DISTINCT FROM ((leg.amount > 0) = (i.status = 'issued')))
        AND (SELECT sum(amount) FROM unnest(amounts) AS amount WHERE amount > 0)
            = i.total - i.paid_amount
    FROM (VALUES (1)) AS one
    LEFT JOIN public.invoice AS i ON i.organization_id = home AND i.id = source
        AND (i.party_id = public.acting_party() OR public.acting_as('{Manager,Sales}')
             OR i.status = 'written_off' AND public.acting_for_all());
END;

-- An instalment is credited when its booking has ended, and then by the job that ends it alone.
CREATE OR REPLACE FUNCTION credit_note_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked public.invoice;
    sale text;
BEGIN
    SELECT * INTO asked FROM public.invoice AS i
    WHERE i.organization_id = NEW.organization_id AND i.id = NEW.invoice_id FOR UPDATE;
    SELECT b.status INTO sale FROM public.booking_invoice AS l
    JOIN public.booking AS b ON b.organization_id = l.organization_id AND b.id = l.booking_id
    WHERE l.organization_id = NEW.organization_id AND l.invoice_id = NEW.invoice_id;
    IF sale IS NOT NULL AND (sale NOT IN ('cancelled', 'rejected', 'expired')
                             OR session_user = 'makao_app') THEN
        RAISE EXCEPTION 'an instalment of a booking' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'credit_note_of_booking';
    END IF;
    IF asked.status NOT IN ('issued', 'partly_paid', 'paid')
           AND NOT (asked.status = 'written_off' AND sale IS NOT NULL)
       OR (asked.party_id, asked.currency) <> (NEW.party_id, NEW.currency) THEN
        RAISE EXCEPTION 'not of this invoice' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'credit_note_fits';
    END IF;
    NEW.total := 0;
    RETURN NEW;
END $$;
