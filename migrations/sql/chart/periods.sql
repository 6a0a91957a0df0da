-- Periods: nothing is posted into one that is closed. Whoever posts shares a lock on the book, whoever
-- closes takes it alone, so that neither passes the other unseen.

CREATE FUNCTION period_closes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user IN ('makao_app', 'makao_worker')
       AND NEW.organization_id IS DISTINCT FROM public.acting_organization() THEN
        RETURN NEW;  -- the policy refuses it
    END IF;
    PERFORM FROM public.book WHERE organization_id = NEW.organization_id AND id = NEW.book_id FOR UPDATE;
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD) - ARRAY['status', 'reopened_at', 'reason', 'custom']
               <> to_jsonb(NEW) - ARRAY['status', 'reopened_at', 'reason', 'custom']
           OR OLD.status = 'reopened' THEN
            RAISE EXCEPTION 'a period is closed or reopened, not changed'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'period_stays';
        END IF;
        IF NEW.status = 'reopened' AND NOT public.is_approved(NEW.organization_id,
            'ledger_period.reopen', NEW.id, NULL) THEN
            RAISE EXCEPTION 'period % is not approved', NEW.id USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NEW.status = 'reopened' AND EXISTS (SELECT FROM public.ledger_period AS later
            WHERE later.organization_id = NEW.organization_id AND later.book_id = NEW.book_id
              AND later.status = 'closed' AND later.ends_on > NEW.ends_on) THEN
            RAISE EXCEPTION 'a later period is closed' USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'last_period_first';
        END IF;
    ELSIF EXISTS (SELECT FROM public.ledger_period AS other
        WHERE other.organization_id = NEW.organization_id AND other.book_id = NEW.book_id
          AND other.status = 'closed' AND other.ends_on >= NEW.begins_on) THEN
        RAISE EXCEPTION 'these days are closed' USING ERRCODE = 'exclusion_violation',
            CONSTRAINT = 'uq_ledger_period_closed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closes BEFORE INSERT OR UPDATE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION period_closes();

CREATE FUNCTION period_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.book SET closed_through = (SELECT max(ends_on) FROM public.ledger_period AS p
        WHERE p.organization_id = NEW.organization_id AND p.book_id = NEW.book_id
          AND p.status = 'closed')
    WHERE organization_id = NEW.organization_id AND id = NEW.book_id;
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT OR UPDATE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION period_told();
CREATE TRIGGER keeps_rules BEFORE INSERT ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION keeps_rules();

-- The day a book is closed through follows from its periods alone.
CREATE FUNCTION book_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user IN ('makao_app', 'makao_worker')
       AND (NEW.closed_through, NEW.kind) IS DISTINCT FROM (OLD.closed_through, OLD.kind) THEN
        RAISE EXCEPTION 'a book is closed by a period' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION book_stays();

CREATE FUNCTION entries_in_open_days() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    posted record;
    through date;
BEGIN
    FOR posted IN SELECT book_id, min(booked_on) AS first FROM fresh GROUP BY book_id LOOP
        SELECT closed_through INTO through FROM public.book WHERE id = posted.book_id FOR KEY SHARE;
        IF posted.first <= through THEN
            RAISE EXCEPTION '% is closed', posted.first
                USING ERRCODE = 'check_violation', CONSTRAINT = 'period_is_open';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER in_open_days AFTER INSERT ON journal_entry REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entries_in_open_days();

CREATE OR REPLACE FUNCTION begin_rules(home uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.approval_rule (id, organization_id, governs, roles, separate, custom)
    SELECT public.uuid_now(), home, governs, roles, separate, '{}'
    FROM (VALUES ('booking.approve', '{Admin,Manager}'::varchar[], false),
                 ('ledger_period.reopen', '{Admin,Accountant}'::varchar[], true))
        AS rule(governs, roles, separate)
    WHERE NOT EXISTS (SELECT FROM public.approval_rule AS r
        WHERE r.organization_id = home AND r.governs = rule.governs);
END;
SELECT begin_rules(id) FROM organization;
