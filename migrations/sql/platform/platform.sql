-- Who runs the platform: named by its owner alone, looked up from the secret at hand like anybody.
-- They see organizations and people, never the rows of an organization's business.
SELECT protect_platform(kind) FROM unnest(ARRAY['platform_admin', 'platform_act']::regclass[]) AS kind;
-- Tables made later are granted to web and jobs by default; these are not theirs.
REVOKE ALL ON platform_admin, platform_act, password_link, account_mail FROM makao_app, makao_worker;
REVOKE SELECT ON platform_admin, password_link, account_mail FROM makao_reader;
CREATE POLICY door ON platform_admin FOR SELECT TO makao_auth USING (true);
GRANT SELECT ON platform_admin TO makao_auth;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON platform_act
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
SELECT audited('platform_admin', 'critical', '');
SELECT audited('platform_act', 'warning', '');
SELECT audited('organization', 'warning', 'id');

-- Only in a browser: a key or a token does not run the platform.
CREATE FUNCTION acting_platform_admin() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.credential AS held
        JOIN public.profile AS p ON p.id = held.profile_id
        JOIN public.platform_admin AS a ON a.profile_id = p.id
        WHERE held.secret_hash = sha256(convert_to(nullif(current_setting('makao.key', true), ''), 'UTF8'))
          AND held.kind = 'browser' AND held.ended_at IS NULL AND held.expires_at > now()
          AND p.status = 'active');
END $$;

CREATE FUNCTION platform_only() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.acting_platform_admin() THEN
        RAISE EXCEPTION 'not an administrator of the platform' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- Note what was done, under the name of whoever holds the secret; for who may do it only.
CREATE FUNCTION platform_note(done text, about text, subject uuid, called text, why text, instant timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    INSERT INTO public.platform_act (id, actor, actor_name, verb, subject_table, subject_id,
        subject_name, reason, at)
    SELECT public.uuid_now(), 'user:' || p.id, p.name, done, about, subject, left(called, 120),
        left(why, 400), instant
    FROM public.profile AS p JOIN public.credential AS held ON held.profile_id = p.id
    WHERE held.secret_hash = sha256(convert_to(current_setting('makao.key', true), 'UTF8'));
END $$;

CREATE FUNCTION platform_acts(most int)
RETURNS TABLE (at timestamptz, actor_name text, verb text, subject_table text, subject_id uuid,
    subject_name text, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    RETURN QUERY SELECT a.at, a.actor_name::text, a.verb::text, a.subject_table::text, a.subject_id,
        a.subject_name::text, a.reason::text
    FROM public.platform_act AS a ORDER BY a.at DESC, a.id DESC LIMIT most;
END $$;

CREATE FUNCTION platform_organizations(part text, most int)
RETURNS TABLE (id uuid, name text, slug text, created_at timestamptz, suspended_at timestamptz,
    suspended_reason text, members bigint, administrators bigint, invited text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    RETURN QUERY
    SELECT o.id, o.name::text, o.slug::text, o.created_at, o.suspended_at, o.suspended_reason::text,
        (SELECT count(*) FROM public.membership AS m WHERE m.organization_id = o.id AND m.active),
        (SELECT count(*) FROM public.membership AS m WHERE m.organization_id = o.id AND m.active
            AND m.roles @> ARRAY['Admin']::varchar[]),
        (SELECT i.email::text FROM public.member_invitation AS i WHERE i.organization_id = o.id
            AND i.roles @> ARRAY['Admin']::varchar[] AND i.accepted_at IS NULL
            AND i.withdrawn_at IS NULL AND i.expires_at > now() ORDER BY i.id DESC LIMIT 1)
    FROM public.organization AS o
    WHERE part = '' OR strpos(lower(o.name), lower(part)) > 0 OR strpos(o.slug, lower(part)) > 0
    ORDER BY lower(o.name), o.id LIMIT most;
END $$;

-- How everything goes, in numbers: nothing here is a row of anybody's business.
CREATE FUNCTION platform_health()
RETURNS TABLE (name text, parked bigint, waiting bigint, oldest timestamptz, unsent bigint,
    sealed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    RETURN QUERY
    SELECT o.name::text,
        (SELECT count(*) FROM public.delivery AS d WHERE d.organization_id = o.id
            AND d.parked_at IS NOT NULL AND d.done_at IS NULL),
        (SELECT count(*) FROM public.saga AS s WHERE s.organization_id = o.id AND s.finished_at IS NULL
            AND s.status = 'parked'),
        (SELECT min(e.happened_at) FROM public.event AS e WHERE e.organization_id = o.id
            AND e.relayed_at IS NULL),
        (SELECT count(*) FROM public.dispatch AS d WHERE d.organization_id = o.id
            AND d.failed_at > now() - interval '7 days'),
        (SELECT s.sealed_at FROM public.seal AS s WHERE s.chain = 'audit:' || o.id
            ORDER BY s.number DESC LIMIT 1)
    FROM public.organization AS o WHERE o.suspended_at IS NULL ORDER BY lower(o.name), o.id;
END $$;

CREATE FUNCTION platform_pulse(OUT scheduled_at timestamptz, OUT backed_up_at timestamptz,
    OUT sealed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    SELECT max(r.finished_at) INTO scheduled_at FROM public.scheduled_run AS r;
    SELECT max(a.at) INTO backed_up_at FROM public.platform_act AS a WHERE a.verb = 'backup';
    SELECT s.sealed_at INTO sealed_at FROM public.seal AS s WHERE s.chain = 'audit:platform'
    ORDER BY s.number DESC LIMIT 1;
END $$;

-- Tell an organization what the platform did to it, in its own history.
CREATE FUNCTION platform_tell(home uuid, event uuid, kind text, kind_table text, subject uuid,
    said jsonb, correlation uuid, instant timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    VALUES (event, home, kind, kind_table, subject, 0, said, public.acting_name(), correlation,
        instant, 'platform');
END;

-- An organization is begun without whoever begins it: its first administrator is invited.
CREATE FUNCTION platform_found(new_id uuid, book_id uuid, called text, address text, zone text,
    money text, event uuid, correlation uuid, instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    INSERT INTO public.organization (id, name, slug, time_zone, currency)
    VALUES (new_id, called, address, zone, money);
    INSERT INTO public.book (id, organization_id, name) VALUES (book_id, new_id, 'main');
    PERFORM public.platform_tell(new_id, event, 'organization.founded', 'organization', new_id,
        jsonb_build_object('organization_id', new_id, 'name', called), correlation, instant);
    PERFORM public.platform_note('found', 'organization', new_id, called, '', instant);
END $$;

-- Invite an administrator. Older invitations of this kind that nobody took are withdrawn.
CREATE FUNCTION platform_invite(home uuid, invitation uuid, address text, code bytea, until timestamptz,
    dispatch uuid, kept text, event uuid, correlation uuid, instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who uuid := (SELECT s.profile_id FROM public.standing() AS s);
BEGIN
    PERFORM public.platform_only();
    UPDATE public.member_invitation SET withdrawn_at = instant WHERE organization_id = home
        AND roles = ARRAY['Admin']::varchar[] AND accepted_at IS NULL AND withdrawn_at IS NULL;
    INSERT INTO public.member_invitation (id, organization_id, email, roles, code_hash, invited_by_id,
        expires_at, created_at, custom)
    VALUES (invitation, home, address, ARRAY['Admin'], code, who, until, instant, '{}');
    INSERT INTO public.dispatch (id, organization_id, invitation_id, channel, address, locked, due_at,
        created_at, custom)
    VALUES (dispatch, home, invitation, 'email', address, kept, instant, instant, '{}');
    PERFORM public.platform_tell(home, event, 'member.invited', 'member_invitation', invitation,
        jsonb_build_object('invitation_id', invitation, 'email', address, 'roles', ARRAY['Admin']),
        correlation, instant);
    PERFORM public.platform_note('invite', 'organization', home,
        (SELECT o.name FROM public.organization AS o WHERE o.id = home), address, instant);
END $$;

-- Suspend an organization, or let it go on. False where it stands so already, or is none.
CREATE FUNCTION platform_suspend(home uuid, suspends boolean, why text, event uuid, correlation uuid,
    instant timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_name text;
BEGIN
    PERFORM public.platform_only();
    UPDATE public.organization AS o SET suspended_at = CASE WHEN suspends THEN instant END,
        suspended_reason = CASE WHEN suspends THEN why ELSE '' END
    WHERE o.id = home AND (o.suspended_at IS NULL) = suspends RETURNING o.name INTO found_name;
    IF found_name IS NULL THEN
        RETURN false;
    END IF;
    PERFORM public.platform_tell(home, event,
        CASE WHEN suspends THEN 'organization.suspended' ELSE 'organization.resumed' END,
        'organization', home,
        jsonb_build_object('organization_id', home, 'name', found_name, 'reason', why), correlation,
        instant);
    PERFORM public.platform_note(CASE WHEN suspends THEN 'suspend' ELSE 'resume' END, 'organization',
        home, found_name, why, instant);
    RETURN true;
END $$;

-- Whether an organization is suspended is for nobody else to say.
CREATE FUNCTION platform_says() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user IN ('makao_app', 'makao_worker') THEN
        RAISE EXCEPTION 'only the platform suspends' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER platform_says BEFORE UPDATE OF suspended_at, suspended_reason ON organization
    FOR EACH ROW WHEN ((NEW.suspended_at, NEW.suspended_reason)
        IS DISTINCT FROM (OLD.suspended_at, OLD.suspended_reason))
    EXECUTE FUNCTION platform_says();

-- In an organization that is suspended nobody stands.
CREATE OR REPLACE FUNCTION standing(OUT profile_id uuid, OUT organization_id uuid, OUT staff boolean,
    OUT party_id uuid, OUT user_id int)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    secret text := nullif(current_setting('makao.key', true), '');
    wish uuid := nullif(current_setting('makao.organization', true), '');
BEGIN
    IF secret IS NULL THEN
        RETURN;
    END IF;
    SELECT held.profile_id, profile.ab_user_id INTO profile_id, user_id
    FROM public.credential AS held JOIN public.profile ON profile.id = held.profile_id
    WHERE held.secret_hash = sha256(convert_to(secret, 'UTF8'))
      AND held.ended_at IS NULL AND held.expires_at > now()
      AND profile.status = 'active'
      AND (held.kind <> 'api_key' OR coalesce(held.organization_id, wish) IS NOT DISTINCT FROM wish);
    IF profile_id IS NULL OR wish IS NULL THEN
        RETURN;
    END IF;
    SELECT membership.organization_id, membership.staff, membership.party_id
    INTO organization_id, staff, party_id
    FROM public.membership JOIN public.organization ON organization.id = membership.organization_id
    WHERE membership.profile_id = standing.profile_id
      AND membership.organization_id = wish AND membership.active
      AND organization.suspended_at IS NULL;
END $$;

CREATE OR REPLACE FUNCTION own_memberships()
RETURNS TABLE (organization_id uuid, name text, slug text, roles text[], staff boolean, party_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT m.organization_id, o.name::text, o.slug::text, m.roles::text[], m.staff, m.party_id
    FROM public.credential AS held
    JOIN public.profile AS p ON p.id = held.profile_id
    JOIN public.membership AS m ON m.profile_id = held.profile_id AND m.active
    JOIN public.organization AS o ON o.id = m.organization_id AND o.suspended_at IS NULL
    WHERE held.secret_hash = sha256(convert_to(nullif(current_setting('makao.key', true), ''), 'UTF8'))
      AND held.ended_at IS NULL AND held.expires_at > now() AND p.status = 'active'
    ORDER BY m.id;
END $$;

CREATE OR REPLACE FUNCTION reading_organization() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(public.acting_organization(), (
        SELECT id FROM public.organization
        WHERE id = nullif(current_setting('makao.organization', true), '')::uuid
          AND public_catalogue AND suspended_at IS NULL));
END $$;

CREATE OR REPLACE FUNCTION public_organization(address text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM public.organization
    WHERE slug = public_organization.address AND public_catalogue AND suspended_at IS NULL;
END;

-- The organizations that work, for jobs that go through all of them one by one.
CREATE OR REPLACE FUNCTION all_organizations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM public.organization WHERE suspended_at IS NULL ORDER BY id;
END;

-- Also those that are suspended: what they keep is sealed and proved all the same.
CREATE FUNCTION kept_organizations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM public.organization ORDER BY id;
END;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION acting_platform_admin(),
    platform_note(text, text, uuid, text, text, timestamptz) TO makao_app, makao_auth;
GRANT EXECUTE ON FUNCTION platform_acts(int), platform_organizations(text, int), platform_health(),
    platform_pulse(), platform_found(uuid, uuid, text, text, text, text, uuid, uuid, timestamptz),
    platform_invite(uuid, uuid, text, bytea, timestamptz, uuid, text, uuid, uuid, timestamptz),
    platform_suspend(uuid, boolean, text, uuid, uuid, timestamptz) TO makao_app;
GRANT EXECUTE ON FUNCTION kept_organizations() TO makao_worker;
