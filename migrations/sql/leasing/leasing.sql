-- Leases: managers make them; members of the portal see those that they stand in, and those of units
-- which they own. What is agreed stays, and what leaves the guideline is agreed to by others.

SELECT protect(kind)
FROM unnest(ARRAY['lease', 'lease_party', 'property_guideline']::regclass[]) AS kind;
SELECT protect_party('lease_party', 'party_id');
SELECT staff_write('lease',
    'EXISTS (SELECT FROM lease_party AS p WHERE p.organization_id = lease.organization_id'
    ' AND p.lease_id = lease.id) OR EXISTS (SELECT FROM ownership AS o'
    ' WHERE o.organization_id = lease.organization_id AND o.unit_id = lease.unit_id)');
SELECT staff_write('lease_party');
SELECT staff_write('property_guideline', 'false');
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['lease', 'lease_party', 'property_guideline']::regclass[]) AS kind;
SELECT audited(kind, 'notice')
FROM unnest(ARRAY['lease', 'lease_party', 'property_guideline']::regclass[]) AS kind;
REVOKE DELETE ON lease FROM makao_app, makao_worker;
SELECT needs_active_party('lease', 'party_id');
SELECT needs_active_party('lease_party', 'party_id');
CREATE TRIGGER keeps_rules BEFORE INSERT ON lease FOR EACH ROW EXECUTE FUNCTION keeps_rules();

-- What is agreed stays once it was sent: later rents have rows of their own, and an end is a date.
CREATE FUNCTION lease_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.number, NEW.unit_id, NEW.party_id, NEW.since, NEW.currency, NEW.rent, NEW.deposit,
            NEW.due_day, NEW.proration)
        IS DISTINCT FROM (OLD.number, OLD.unit_id, OLD.party_id, OLD.since, OLD.currency, OLD.rent,
            OLD.deposit, OLD.due_day, OLD.proration)
       OR OLD.status IN ('ended', 'cancelled', 'terminated') AND NEW.status <> OLD.status
       OR OLD.signed_on IS NOT NULL AND NEW.signed_on IS DISTINCT FROM OLD.signed_on THEN
        RAISE EXCEPTION 'what is agreed stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'lease_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON lease FOR EACH ROW
    WHEN (OLD.status <> 'draft') EXECUTE FUNCTION lease_stays();

-- Whether a lease stays within the closest guideline: of its unit, its type of unit, its estate.
CREATE FUNCTION lease_fits(wanted lease) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bounds public.property_guideline;
    months int;
BEGIN
    SELECT g.* INTO bounds FROM public.unit AS u
    JOIN public.property_guideline AS g ON g.organization_id = u.organization_id
     AND g.estate_id = u.estate_id AND (g.unit_id IS NULL OR g.unit_id = u.id)
     AND (g.unit_type IS NULL OR g.unit_type = u.type)
    WHERE u.organization_id = wanted.organization_id AND u.id = wanted.unit_id
    ORDER BY g.unit_id NULLS LAST, g.unit_type NULLS LAST LIMIT 1;
    months := extract(year FROM age(wanted.until + 1, wanted.since)) * 12
        + extract(month FROM age(wanted.until + 1, wanted.since));
    RETURN wanted.rent >= coalesce(bounds.min_rent, wanted.rent)
        AND wanted.rent <= coalesce(bounds.max_rent, wanted.rent)
        AND wanted.deposit >= coalesce(bounds.min_deposit, wanted.deposit)
        AND wanted.deposit <= coalesce(bounds.max_deposit, wanted.deposit)
        AND CASE WHEN wanted.until IS NULL THEN bounds.max_months IS NULL
            ELSE months >= coalesce(bounds.min_months, months)
                AND months <= coalesce(bounds.max_months, months) END;
END $$;
CREATE FUNCTION lease_is_agreed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.lease_fits(NEW) AND (NEW.override_reason = ''
        OR NOT public.is_approved(NEW.organization_id, 'lease.approve_override', NEW.id, NEW.rent)) THEN
        RAISE EXCEPTION 'lease % leaves its guideline', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER is_agreed_insert AFTER INSERT ON lease FOR EACH ROW
    WHEN (NEW.status NOT IN ('draft', 'cancelled')) EXECUTE FUNCTION lease_is_agreed();
CREATE TRIGGER is_agreed_update AFTER UPDATE OF status ON lease FOR EACH ROW
    WHEN (OLD.status = 'draft' AND NEW.status NOT IN ('draft', 'cancelled'))
    EXECUTE FUNCTION lease_is_agreed();

CREATE OR REPLACE FUNCTION begin_rules(home uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.approval_rule (id, organization_id, governs, roles, separate, custom)
    SELECT public.uuid_now(), home, governs, roles, separate, '{}'
    FROM (VALUES ('booking.approve', '{Admin,Manager}'::varchar[], false),
                 ('ledger_period.reopen', '{Admin,Accountant}'::varchar[], true),
                 ('invoice.write_off', '{Admin,Accountant}'::varchar[], false),
                 ('lease.approve_override', '{Admin,Manager}'::varchar[], true))
        AS rule(governs, roles, separate)
    WHERE NOT EXISTS (SELECT FROM public.approval_rule AS r
        WHERE r.organization_id = home AND r.governs = rule.governs);
END;
SELECT begin_rules(id) FROM organization;
