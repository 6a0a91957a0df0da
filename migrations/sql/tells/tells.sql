-- What members of the portal may tell, in parts: whoever lets them tell something new adds its own
-- rule, and writes nothing of the others' once more.

-- Allow facts by a condition over their `kind`, what they are `about`, and what they `say`.
CREATE FUNCTION portal_tells(part text, rule text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $make$
DECLARE
    wanted text := 'portal_tells_' || part;
    every text;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION %I(kind text, about uuid, says jsonb) RETURNS boolean'
        ' LANGUAGE sql STABLE SET search_path = public, pg_temp AS %L', wanted, 'SELECT ' || rule);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %I(text, uuid, jsonb) FROM PUBLIC', wanted);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %I(text, uuid, jsonb) TO makao_app, makao_worker', wanted);
    SELECT string_agg(format('%I(n.type, n.subject_id, n.data)', proname), ' OR ' ORDER BY proname)
    INTO every
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'portal\_tells\_%';
    DROP FUNCTION IF EXISTS portal_insert_event(), portal_update_event(), portal_delete_event() CASCADE;
    PERFORM portal_may('event', 'n.actor = acting_name() AND (' || every || ')', NULL, NULL);
    REVOKE EXECUTE ON FUNCTION portal_insert_event(), portal_update_event(), portal_delete_event()
        FROM PUBLIC;
END $make$;
REVOKE EXECUTE ON FUNCTION portal_tells(text, text) FROM PUBLIC;

SELECT portal_tells('sales', $$
    kind IN ('booking.created', 'booking.package_assigned', 'booking.addons_changed',
        'booking.confirmed', 'booking.status_changed', 'booking.cancelled', 'booking.expired',
        'booking.released')
        AND EXISTS (SELECT FROM booking AS b WHERE b.id = about)
    OR kind = 'apartment.status_changed'
        AND EXISTS (SELECT FROM apartment AS a WHERE a.id = about)
    OR kind = 'document.attached'
        AND EXISTS (SELECT FROM document AS d WHERE d.id = about)
    OR kind = 'saga.status_changed'
        AND EXISTS (SELECT FROM saga AS s WHERE s.id = about) $$);
SELECT portal_tells('money', $$
    kind IN ('invoice.issued', 'invoice.voided', 'invoice.written_off')
        AND EXISTS (SELECT FROM invoice AS i WHERE i.id = about)
    OR kind IN ('payment.initiated', 'payment.failed')
        AND EXISTS (SELECT FROM payment_intent AS p WHERE p.id = about)
    OR kind = 'scheduled_bill.status_changed'
        AND EXISTS (SELECT FROM scheduled_payment AS p WHERE p.id = about) $$);
SELECT portal_tells('signing', $$
    kind IN ('signature.code_asked', 'signature.signed', 'signature.refused') AND signs(about) $$);

-- A day that there is, and that is not years away: a job reads it. How much notice is due is
-- reckoned there, in the estate's time zone.
SELECT portal_tells('leasing', $$
    kind = 'lease.notice_asked' AND says ->> 'party_id' = acting_party()::text
        AND CASE WHEN says ->> 'until' ~ '^\d{4}-\d{2}-\d{2}$'
            THEN to_date(says ->> 'until', 'YYYY-MM-DD')
                BETWEEN current_date - 1 AND current_date + 1500
            ELSE false END
        AND EXISTS (SELECT FROM lease_party AS p WHERE p.lease_id = about
            AND p.party_id = acting_party() AND p.role = 'principal') $$);

-- Whoever asks whether a document says what is agreed is told of their own organization alone.
CREATE FUNCTION still_says(home uuid, file uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT NOT EXISTS (SELECT FROM public.lease_document AS d WHERE d.organization_id = home
        AND d.document_id = file AND d.terms IS DISTINCT FROM public.lease_said(d.lease_id));
END;
CREATE OR REPLACE FUNCTION says_what_is_agreed(home uuid, file uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT home = public.acting_organization() AND public.still_says(home, file);
END;
CREATE OR REPLACE FUNCTION signs_what_is_agreed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.still_says(NEW.organization_id, NEW.document_id) THEN
        RAISE EXCEPTION 'the document says something else than the lease'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'signs_what_is_agreed';
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION still_says(uuid, uuid) FROM PUBLIC;
