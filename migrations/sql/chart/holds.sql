-- Holds: money of a guarded account that is set aside. What is held counts where the account is
-- judged, in the row that each posting updates; so two who spend at once wait for each other there.

SELECT protect_through('ledger_hold', 'account_id', 'account');
CREATE POLICY portal_insert ON ledger_hold AS RESTRICTIVE FOR INSERT TO makao_app
    WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY portal_update ON ledger_hold AS RESTRICTIVE FOR UPDATE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));
SELECT staff_may('ledger_hold', '{Admin,Accountant}', NULL, NULL, NULL);

CREATE FUNCTION hold_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status <> 'held' OR to_jsonb(OLD) - ARRAY['status', 'closed_at', 'custom']
            <> to_jsonb(NEW) - ARRAY['status', 'closed_at', 'custom'] THEN
            RAISE EXCEPTION 'a hold is ended, not changed' USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'hold_ends';
        END IF;
        UPDATE public.account SET held = held - OLD.amount
        WHERE NEW.status <> 'held' AND organization_id = NEW.organization_id AND id = NEW.account_id;
    ELSE
        UPDATE public.account SET held = held + NEW.amount
        WHERE organization_id = NEW.organization_id AND id = NEW.account_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER counts AFTER INSERT OR UPDATE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION hold_counts();
CREATE FUNCTION hold_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status <> 'held' THEN
        RAISE EXCEPTION 'a hold begins as held' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'hold_ends';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER begins BEFORE INSERT ON ledger_hold FOR EACH ROW EXECUTE FUNCTION hold_begins();

-- Keep an account's money for its holder from here on, up to `most` (NULL: any sum).
CREATE FUNCTION guard_account(home uuid, which uuid, most numeric) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF home IS DISTINCT FROM public.acting_organization()
       OR NOT public.acting_as('{Admin,Accountant}') THEN
        RAISE EXCEPTION 'not your account' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.account SET guarded = true, cap = most
    WHERE organization_id = home AND id = which AND balance IS NOT NULL AND type = 'liability';
END $$;
GRANT EXECUTE ON FUNCTION guard_account(uuid, uuid, numeric) TO makao_app, makao_worker;
