-- Who approves what: rules with versions, questions that the database fills in by the rule in force,
-- and decisions that it takes only from whom the rule names.

-- From here on a new table or function has its grants by itself. Nobody runs a function unasked.
ALTER DEFAULT PRIVILEGES FOR ROLE makao_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO makao_app, makao_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE makao_owner IN SCHEMA public GRANT SELECT ON TABLES TO makao_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE makao_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON approval_rule, approval, approval_decision
    TO makao_app, makao_worker;
GRANT SELECT ON approval_rule, approval, approval_decision TO makao_reader;
REVOKE DELETE ON approval_rule, approval, approval_decision FROM makao_app, makao_worker;
REVOKE UPDATE ON approval_decision FROM makao_app, makao_worker;

SELECT protect(kind)
FROM unnest(ARRAY['approval_rule', 'approval', 'approval_decision']::regclass[]) AS kind;
SELECT staff_write(kind, 'false')
FROM unnest(ARRAY['approval_rule', 'approval', 'approval_decision']::regclass[]) AS kind;
CREATE POLICY admins_add ON approval_rule AS RESTRICTIVE FOR INSERT TO makao_app
    WITH CHECK ((SELECT acting_admin()));
CREATE POLICY admins_change ON approval_rule AS RESTRICTIVE FOR UPDATE TO makao_app
    USING ((SELECT acting_admin())) WITH CHECK ((SELECT acting_admin()));
SELECT audited('approval_rule', 'warning');
SELECT audited(kind, 'notice') FROM unnest(ARRAY['approval', 'approval_decision']::regclass[]) AS kind;

-- A rule is ended, never changed: what began under it is judged by it.
CREATE FUNCTION approval_rule_ends() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.until_version IS NOT NULL
       OR to_jsonb(OLD) - 'until_version' <> to_jsonb(NEW) - 'until_version' THEN
        RAISE EXCEPTION 'a rule is ended, not changed' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'approval_rule_ends';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ends BEFORE UPDATE ON approval_rule
    FOR EACH ROW EXECUTE FUNCTION approval_rule_ends();

-- The version of a flow's rules that an instance which begins now keeps.
CREATE FUNCTION rules_version(home uuid, flow text) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(max(greatest(since_version, until_version)), 1) FROM public.approval_rule
    WHERE organization_id = home AND split_part(governs, '.', 1) = flow;
END;

CREATE FUNCTION keeps_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.flow_version := public.rules_version(NEW.organization_id, TG_TABLE_NAME);
    RETURN NEW;
END $$;

-- A question is what the rule makes of it, whoever asks; afterwards only its end is written.
CREATE FUNCTION approval_asks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rule public.approval_rule;
BEGIN
    SELECT * INTO rule FROM public.approval_rule AS r
    WHERE r.organization_id = NEW.organization_id AND r.governs = NEW.governs
      AND r.since_version <= NEW.version
      AND (r.until_version IS NULL OR r.until_version > NEW.version)
      AND (r.above = 0 OR r.above <= NEW.amount AND r.currency = NEW.currency)
    ORDER BY r.above DESC LIMIT 1;
    IF rule.id IS NULL THEN
        RAISE EXCEPTION 'nothing says who approves %', NEW.governs
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_has_rule';
    END IF;
    NEW.rule_id := rule.id;
    NEW.roles := rule.roles;
    NEW.needed := rule.needed;
    NEW.separate := rule.separate;
    IF session_user = 'makao_app' THEN
        NEW.asked_by_id := public.acting_profile();
    END IF;
    NEW.remind_at := CASE WHEN rule.remind_hours > 0
        THEN NEW.asked_at + make_interval(hours => rule.remind_hours) END;
    NEW.lapses_at := CASE WHEN rule.lapse_hours > 0
        THEN NEW.asked_at + make_interval(hours => rule.lapse_hours) END;
    RETURN NEW;
END $$;
CREATE TRIGGER asks BEFORE INSERT ON approval FOR EACH ROW EXECUTE FUNCTION approval_asks();

CREATE FUNCTION approval_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status <> 'waiting' OR to_jsonb(OLD) - ARRAY['status', 'remind_at', 'closed_at', 'custom']
        <> to_jsonb(NEW) - ARRAY['status', 'remind_at', 'closed_at', 'custom'] THEN
        RAISE EXCEPTION 'a question is not changed' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'approval_ends';
    END IF;
    IF NEW.status = 'given' AND NEW.needed > (SELECT count(*) FROM public.approval_decision AS d
        WHERE d.organization_id = NEW.organization_id AND d.approval_id = NEW.id) THEN
        RAISE EXCEPTION 'too few approvals' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'approval_needs_more';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ends BEFORE UPDATE ON approval FOR EACH ROW EXECUTE FUNCTION approval_ends();

-- Who decides, and with which roles, is looked up here. A machine that acts for nobody (the demo, a
-- job) decides by its name. The question is locked, so that two decisions see each other.
CREATE FUNCTION approval_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    question public.approval;
BEGIN
    SELECT * INTO question FROM public.approval AS a
    WHERE a.organization_id = NEW.organization_id AND a.id = NEW.approval_id FOR UPDATE;
    IF session_user = 'makao_app' THEN
        NEW.profile_id := public.acting_profile();
        NEW.actor := public.acting_name();
    END IF;
    IF NEW.profile_id IS NULL THEN
        NEW.roles := question.roles;
    ELSE
        SELECT roles INTO NEW.roles FROM public.membership
        WHERE organization_id = NEW.organization_id AND profile_id = NEW.profile_id AND active;
    END IF;
    IF EXISTS (SELECT FROM public.approval_decision AS d WHERE d.organization_id = NEW.organization_id
        AND d.approval_id = NEW.approval_id AND d.actor = NEW.actor) THEN
        RETURN NEW;  -- the key says so
    END IF;
    IF question.status <> 'waiting' OR question.separate AND NEW.profile_id = question.asked_by_id
       OR NOT coalesce(NEW.roles::text[] && question.roles::text[], false) THEN
        RAISE EXCEPTION 'not theirs to approve' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT ON approval_decision
    FOR EACH ROW EXECUTE FUNCTION approval_decided();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_decision
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Whether a governed move of a record may be made, at the amount that it is about.
CREATE FUNCTION is_approved(home uuid, what text, subject uuid, at_amount numeric) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.approval AS a
        WHERE a.organization_id = home AND a.governs = what AND a.subject_id = subject
          AND a.status = 'given' AND a.amount IS NOT DISTINCT FROM at_amount);
END;
GRANT EXECUTE ON FUNCTION is_approved(uuid, text, uuid, numeric) TO makao_app, makao_worker;

-- Every organization begins with a rule for each governed move. Revisions that add a move replace this
-- and call it for the organizations that are there.
CREATE FUNCTION begin_rules(home uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.approval_rule (id, organization_id, governs, roles, custom)
    SELECT public.uuid_now(), home, governs, roles, '{}'
    FROM (VALUES ('booking.approve', '{Admin,Manager}'::varchar[])) AS rule(governs, roles)
    WHERE NOT EXISTS (SELECT FROM public.approval_rule AS r
        WHERE r.organization_id = home AND r.governs = rule.governs);
END;
CREATE FUNCTION organization_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.begin_rules(NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER begins AFTER INSERT ON organization
    FOR EACH ROW EXECUTE FUNCTION organization_begins();
SELECT begin_rules(id) FROM organization;
