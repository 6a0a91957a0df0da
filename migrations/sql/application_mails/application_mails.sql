-- Whoever hands an application in has its link by mail, too: they have no sign-in, and a browser
-- forgets. The code stands locked in the mail until that has gone.

CREATE FUNCTION mail_application(secret text, new_mail uuid, code_locked text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
BEGIN
    IF held.id IS NULL OR held.status <> 'submitted' OR held.email = '' OR code_locked = ''
        OR EXISTS (SELECT FROM public.dispatch AS d WHERE d.organization_id = held.organization_id
            AND d.application_id = held.id AND d.about = 'received') THEN
        RETURN false;
    END IF;
    INSERT INTO public.dispatch (id, organization_id, application_id, about, channel, address, locked,
        due_at, created_at, custom)
    VALUES (new_mail, held.organization_id, held.id, 'received', 'email', lower(held.email),
        code_locked, now(), now(), '{}');
    RETURN true;
END $$;
REVOKE EXECUTE ON FUNCTION mail_application(text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_application(text, uuid, text) TO makao_app, makao_worker;

-- Whom to call in an emergency: a name and a number each, five at most. Who signs in for a party keeps
-- theirs up to date.
ALTER TABLE party ADD CONSTRAINT ck_party_emergency_contacts CHECK (
    jsonb_typeof(emergency_contacts) = 'array' AND jsonb_array_length(emergency_contacts) <= 5
    AND NOT jsonb_path_exists(emergency_contacts, '$[*] ? (!exists(@.name) || !exists(@.phone))')) NOT VALID;
ALTER TABLE party VALIDATE CONSTRAINT ck_party_emergency_contacts;
CREATE FUNCTION keep_emergency_contacts(contacts jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.party SET emergency_contacts = contacts
    WHERE organization_id = public.acting_organization() AND id = public.acting_party()
      AND NOT public.acting_for_all();
    RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION keep_emergency_contacts(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_emergency_contacts(jsonb) TO makao_app;
