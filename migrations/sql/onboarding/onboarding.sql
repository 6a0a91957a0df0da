-- Onboarding: applicants have no sign-in, but the secret of their link. What they may do with it stands
-- here, and nothing else: the tables are shut to them.

SELECT protect(kind) FROM unnest(ARRAY['application', 'application_check', 'party_kyc',
    'party_identifier', 'data_look']::regclass[]) AS kind;
-- One's own application, and those that the owner of a unit has to decide.
CREATE POLICY party ON application AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all()) OR party_id = (SELECT acting_party())
        OR owner_id = (SELECT acting_party()) OR profile_id = (SELECT acting_profile()))
    WITH CHECK ((SELECT acting_for_all()));
-- What was found out is for the staff, and in a few words for the owner who decides.
CREATE POLICY party ON application_check AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all()) OR EXISTS (SELECT FROM application AS a
        WHERE a.id = application_id AND a.owner_id = (SELECT acting_party())))
    WITH CHECK ((SELECT acting_for_all()));
SELECT protect_party(kind, 'party_id') FROM unnest(ARRAY['party_kyc', 'party_identifier', 'data_look'
    ]::regclass[]) AS kind;
SELECT portal_may(kind, NULL, NULL, NULL) FROM unnest(ARRAY['application', 'application_check',
    'party_kyc', 'party_identifier', 'data_look']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL) FROM unnest(ARRAY['application',
    'application_check', 'party_kyc', 'party_identifier', 'data_look']::regclass[]) AS kind;
REVOKE DELETE ON application, application_check, party_kyc FROM makao_app, makao_worker;
REVOKE UPDATE, DELETE ON data_look FROM makao_app, makao_worker;
SELECT audited('application', 'notice', 'organization_id', ARRAY['identity_locked', 'answers', 'code_hash']);
SELECT audited('application_check', 'notice', 'organization_id', ARRAY['findings']);
SELECT audited('party_kyc', 'notice');
SELECT audited('party_identifier', 'warning', 'organization_id', ARRAY['locked', 'blind']);

-- The application behind a secret, locked for change.
CREATE FUNCTION application_of(secret text) RETURNS public.application
LANGUAGE sql SET search_path = pg_catalog, pg_temp
RETURN (SELECT a FROM public.application AS a
    WHERE code_hash = sha256(convert_to(secret, 'UTF8')) FOR UPDATE);

CREATE FUNCTION application_open(held public.application) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN held.id IS NOT NULL AND held.status IN ('draft', 'more_asked') AND held.expires_at > now();

-- Begin an application at the open form of an organization, if it has one.
CREATE FUNCTION begin_application(address text, new_id uuid, secret_hash bytea, wanted text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home uuid;
    mine uuid;
    next int;
BEGIN
    SELECT o.id INTO home FROM public.organization AS o JOIN public.setting AS s
        ON s.organization_id = o.id AND s.key = 'onboarding.open_form' AND s.value = 'true'::jsonb
    WHERE o.slug = begin_application.address AND o.suspended_at IS NULL;
    IF home IS NULL THEN
        RETURN false;
    END IF;
    SELECT m.party_id INTO mine FROM public.membership AS m
    WHERE m.organization_id = home AND m.profile_id = public.acting_profile();
    -- Whoever asks is in no organization, so that next_number() has none for them.
    INSERT INTO public.counter AS c (id, organization_id, series, last)
    VALUES (public.uuid_now(), home, 'application', 1)
    ON CONFLICT (organization_id, series) DO UPDATE SET last = c.last + 1 RETURNING last INTO next;
    INSERT INTO public.application (id, organization_id, number, status, role, party_id, profile_id,
        code_hash, status_at, expires_at, custom)
    VALUES (new_id, home, 'APP-' || lpad(next::text, 6, '0'),
        'draft', wanted, mine, public.acting_profile(), secret_hash, now(),
        now() + interval '30 days', '{}');
    RETURN true;
END $$;

-- Whether an organization takes applications from everybody; gives its name and language.
CREATE FUNCTION open_form(address text, OUT organization text, OUT locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.name, o.locale FROM public.organization AS o JOIN public.setting AS s
        ON s.organization_id = o.id AND s.key = 'onboarding.open_form' AND s.value = 'true'::jsonb
    WHERE o.slug = open_form.address AND o.suspended_at IS NULL;
END;

-- What the holder of a link may read: what they wrote, and how it stands.
CREATE FUNCTION read_application(secret text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT jsonb_build_object('id', a.id, 'organization', o.name, 'organization_id', o.id,
        'time_zone', o.time_zone, 'number', a.number, 'status', a.status, 'role', a.role,
        'answers', a.answers, 'has_identity', a.identity_locked <> '', 'asked', a.asked,
        'reason', a.reason, 'open', public.application_open(a), 'unit', u.number,
        'region', CASE o.currency WHEN 'KES' THEN 'KE' WHEN 'UGX' THEN 'UG' WHEN 'TZS' THEN 'TZ'
            WHEN 'NGN' THEN 'NG' WHEN 'ZAR' THEN 'ZA' WHEN 'EUR' THEN 'FR' ELSE 'KE' END,
        'papers', coalesce((SELECT jsonb_agg(jsonb_build_object('id', d.id, 'title', d.title)
            ORDER BY d.id) FROM public.document AS d WHERE d.organization_id = a.organization_id
            AND d.subject_table = 'application' AND d.subject_id = a.id), '[]'))
    FROM public.application AS a JOIN public.organization AS o ON o.id = a.organization_id
    LEFT JOIN public.unit AS u ON u.organization_id = a.organization_id AND u.id = a.unit_id
    WHERE a.code_hash = sha256(convert_to(secret, 'UTF8')) AND o.suspended_at IS NULL;
END;

-- Keep what was typed, step by step. `identity` is locked already, for this application alone.
CREATE FUNCTION save_application(secret text, typed jsonb, identity text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
    said jsonb := held.answers || typed;
BEGIN
    IF NOT public.application_open(held) OR length(said::text) > 20000 THEN
        RETURN false;
    END IF;
    UPDATE public.application SET answers = said,
        name = left(coalesce(said ->> 'name', ''), 120),
        email = left(coalesce(said ->> 'email', ''), 320),
        phone = left(coalesce(said ->> 'phone', ''), 40),
        identity_locked = coalesce(identity, identity_locked)
    WHERE id = held.id;
    RETURN true;
END $$;

-- Put a paper to an application, at most ten; take one back.
CREATE FUNCTION keep_application_paper(secret text, new_id uuid, called text, kind text, place text,
    digest text, bytes bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
BEGIN
    IF NOT public.application_open(held) OR (SELECT count(*) FROM public.document AS d
            WHERE d.organization_id = held.organization_id AND d.subject_table = 'application'
            AND d.subject_id = held.id) >= 10 THEN
        RETURN false;
    END IF;
    INSERT INTO public.document (id, organization_id, subject_table, subject_id, use, title,
        content_type, storage_key, sha256, size, custom)
    VALUES (new_id, held.organization_id, 'application', held.id, 'attachment', called, kind, place,
        digest, bytes, '{}');
    RETURN true;
END $$;

CREATE FUNCTION drop_application_paper(secret text, paper uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
BEGIN
    IF NOT public.application_open(held) THEN
        RETURN false;
    END IF;
    DELETE FROM public.document WHERE id = paper AND organization_id = held.organization_id
        AND subject_table = 'application' AND subject_id = held.id;
    RETURN FOUND;
END $$;

-- Hand an application in, complete and agreed to: whoever applies is a draft from now on. A job takes
-- it up and tells of it.
CREATE FUNCTION submit_application(secret text, new_party uuid, version text, told_by text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
BEGIN
    IF NOT public.application_open(held) OR version = '' OR btrim(held.name) = '' OR held.email = ''
        OR held.identity_locked = '' OR NOT EXISTS (SELECT FROM public.document AS d
            WHERE d.organization_id = held.organization_id AND d.subject_table = 'application'
            AND d.subject_id = held.id) THEN
        RETURN false;
    END IF;
    IF held.party_id IS NULL THEN
        INSERT INTO public.party (id, organization_id, kind, name, email, phone, address, roles, status,
            emergency_contacts, custom)
        VALUES (new_party, held.organization_id, coalesce(held.answers ->> 'kind', 'person'),
            held.name, lower(held.email), held.phone, left(coalesce(held.answers ->> 'address', ''), 400),
            ARRAY[held.role]::varchar[], 'draft', coalesce(held.answers -> 'contacts', '[]'), '{}');
        held.party_id := new_party;
    END IF;
    UPDATE public.application SET status = 'submitted', status_at = now(), submitted_at = now(),
        party_id = held.party_id, consent_version = version, consent_client = left(told_by, 400)
    WHERE id = held.id;
    UPDATE public.saga SET due_at = least(due_at, now()) WHERE organization_id = held.organization_id
        AND kind = 'onboard' AND subject_id = held.id AND finished_at IS NULL;
    RETURN true;
END $$;

CREATE FUNCTION withdraw_application(secret text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.application := public.application_of(secret);
BEGIN
    IF held.id IS NULL OR held.status NOT IN ('draft', 'submitted', 'checking', 'more_asked', 'ready') THEN
        RETURN false;
    END IF;
    UPDATE public.application SET status = 'withdrawn', status_at = now() WHERE id = held.id;
    UPDATE public.saga SET due_at = least(due_at, now()) WHERE organization_id = held.organization_id
        AND kind = 'onboard' AND subject_id = held.id AND finished_at IS NULL;
    RETURN true;
END $$;

-- The owner of a unit says yes or no to who applies to live there.
CREATE FUNCTION owner_decides(application_id uuid, yes boolean, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine uuid := public.acting_party();
BEGIN
    UPDATE public.application SET status = CASE WHEN yes THEN 'approved' ELSE 'rejected' END,
        reason = CASE WHEN yes THEN '' ELSE left(why, 400) END, status_at = now()
    WHERE id = owner_decides.application_id AND status = 'ready' AND owner_id = mine
        AND organization_id = public.acting_organization();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE public.saga SET due_at = least(due_at, now())
    WHERE organization_id = public.acting_organization() AND kind = 'onboard'
        AND subject_id = owner_decides.application_id AND finished_at IS NULL;
    RETURN true;
END $$;

-- A provider says that a check has moved, which its signature proved: have it asked. Twice, late or for
-- what is over it changes nothing. Returns the organization.
CREATE FUNCTION hear_check(check_id uuid, said_by text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home uuid;
BEGIN
    UPDATE public.application_check SET next_at = now()
    WHERE id = check_id AND provider = said_by AND status IN ('requested', 'asked')
    RETURNING organization_id INTO home;
    RETURN home;
END $$;

-- The organizations in which an application, a check or a saga of one waits.
CREATE FUNCTION onboarding_due(instant timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.id FROM public.organization AS o WHERE o.suspended_at IS NULL AND (
        EXISTS (SELECT FROM public.application_check AS c WHERE c.organization_id = o.id
            AND c.next_at <= instant)
        OR EXISTS (SELECT FROM public.application AS a WHERE a.organization_id = o.id
            AND (a.status = 'submitted' OR a.status IN ('draft', 'more_asked') AND a.expires_at <= instant)))
    ORDER BY o.id;
END;

REVOKE EXECUTE ON FUNCTION application_of(text), application_open(public.application),
    begin_application(text, uuid, bytea, text), open_form(text), read_application(text),
    save_application(text, jsonb, text),
    keep_application_paper(text, uuid, text, text, text, text, bigint),
    drop_application_paper(text, uuid), submit_application(text, uuid, text, text),
    withdraw_application(text), owner_decides(uuid, boolean, text), hear_check(uuid, text),
    onboarding_due(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_application(text, uuid, bytea, text), open_form(text),
    read_application(text), save_application(text, jsonb, text),
    keep_application_paper(text, uuid, text, text, text, text, bigint),
    drop_application_paper(text, uuid), submit_application(text, uuid, text, text),
    withdraw_application(text), owner_decides(uuid, boolean, text), hear_check(uuid, text)
    TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION onboarding_due(timestamptz) TO makao_worker;
