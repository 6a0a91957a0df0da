-- What is agreed to is more than an amount: a lease that leaves its guideline is sent with the very
-- terms that were asked about. The question keeps them, as the database reads them.

CREATE FUNCTION lease_terms(wanted lease) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object('unit', wanted.unit_id, 'party', wanted.party_id, 'since', wanted.since,
    'until', wanted.until, 'currency', wanted.currency, 'rent', wanted.rent, 'deposit', wanted.deposit,
    'due', ARRAY[wanted.due_day, wanted.due_days], 'proration', wanted.proration,
    'increase', ARRAY[wanted.increase::text, wanted.increase_percent::text,
        wanted.increase_months::text, wanted.increase_steps, wanted.increase_index],
    'notice_days', wanted.notice_days, 'reason', wanted.override_reason);

CREATE FUNCTION approval_keeps_terms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.terms := CASE WHEN NEW.governs = 'lease.approve_override' THEN
        (SELECT public.lease_terms(l) FROM public.lease AS l
         WHERE l.organization_id = NEW.organization_id AND l.id = NEW.subject_id) END;
    RETURN NEW;
END $$;
CREATE TRIGGER asks_terms BEFORE INSERT ON approval
    FOR EACH ROW EXECUTE FUNCTION approval_keeps_terms();

-- Whether somebody has agreed to, or is asked about, a lease as it is now.
CREATE FUNCTION lease_terms_are(wanted lease, wanted_status text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.approval AS a
        WHERE a.organization_id = wanted.organization_id AND a.governs = 'lease.approve_override'
          AND a.subject_id = wanted.id AND a.status::text = wanted_status
          AND a.terms = public.lease_terms(wanted));
END;
CREATE FUNCTION lease_asked(which uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN public.lease_terms_are(l, 'given') THEN 'given'
        WHEN public.lease_terms_are(l, 'waiting') THEN 'waiting' ELSE '' END
    FROM public.lease AS l WHERE l.organization_id = public.acting_organization() AND l.id = which;
END;
CREATE OR REPLACE FUNCTION lease_is_agreed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.lease_fits(NEW) AND (NEW.override_reason = ''
        OR NOT public.lease_terms_are(NEW, 'given')) THEN
        RAISE EXCEPTION 'lease % leaves its guideline', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

REVOKE EXECUTE ON FUNCTION lease_terms(lease), approval_keeps_terms(), lease_terms_are(lease, text),
    lease_asked(uuid), lease_is_agreed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lease_asked(uuid) TO makao_app, makao_worker;
