-- The second lock. A transaction tells a secret; whose it is and what it opens is looked up here.

-- What the secret at hand opens; a key nothing but the organization that it was made in. Runs as its
-- owner, or the policies on these tables would ask themselves; hence the fixed search_path. In
-- plpgsql, as its plan is kept for the connection.
CREATE FUNCTION standing(OUT profile_id uuid, OUT organization_id uuid, OUT staff boolean,
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
    FROM public.membership
    WHERE membership.profile_id = standing.profile_id
      AND membership.organization_id = wish AND membership.active;
END $$;

-- The one organization that this transaction works in. Jobs name theirs: they serve all of them,
-- one at a time, and only they connect as makao_worker.
CREATE FUNCTION acting_organization() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = 'makao_app' THEN
        RETURN (SELECT organization_id FROM public.standing());
    END IF;
    RETURN nullif(current_setting('makao.organization', true), '');
END $$;

-- Whether all parties of the organization are in sight.
CREATE FUNCTION acting_for_all() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = 'makao_app' THEN
        RETURN coalesce((SELECT staff FROM public.standing()), false);
    END IF;
    RETURN true;
END $$;

-- Whether the roles held here include Admin: who belongs, and with which roles, is theirs to say.
CREATE FUNCTION acting_admin() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN public.acting_as('{Admin}');
END $$;

-- Whether one of these roles is held here; jobs act for whoever asked them.
CREATE FUNCTION acting_as(wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = 'makao_app' THEN
        RETURN EXISTS (SELECT FROM public.standing() AS s JOIN public.membership AS m
            ON m.profile_id = s.profile_id AND m.organization_id = s.organization_id
            WHERE m.roles::text[] && wanted);
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION acting_party() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT party_id FROM public.standing();
END;

CREATE FUNCTION acting_profile() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT profile_id FROM public.standing();
END;

CREATE FUNCTION acting_user() RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT user_id FROM public.standing();
END;

-- The organization whose public catalogue a visitor without a sign-in looks at.
CREATE FUNCTION reading_organization() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(public.acting_organization(), (
        SELECT id FROM public.organization
        WHERE id = nullif(current_setting('makao.organization', true), '')::uuid
          AND public_catalogue));
END $$;

-- (SELECT ...) is evaluated once a query and not once a row, and "=" can use an index.
CREATE FUNCTION protect(kind regclass, key text DEFAULT 'organization_id') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kind);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', kind);
    -- The owner's own functions decide for themselves what they show.
    EXECUTE format('CREATE POLICY owner ON %s TO makao_owner USING (true) WITH CHECK (true)', kind);
    EXECUTE format('CREATE POLICY reader ON %s FOR SELECT TO makao_reader USING (true)', kind);
    EXECUTE format(
        'CREATE POLICY scope ON %s TO makao_app, makao_worker'
        ' USING (%I = (SELECT acting_organization()))'
        ' WITH CHECK (%I = (SELECT acting_organization()))', kind, key, key);
END $$;

-- Portal members see rows of their own party. Restrictive, so that the index of "scope" still serves.
CREATE FUNCTION protect_party(kind regclass, key text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE POLICY party ON %s AS RESTRICTIVE TO makao_app'
        ' USING ((SELECT acting_for_all()) OR %I = (SELECT acting_party()))'
        ' WITH CHECK ((SELECT acting_for_all()) OR %I = (SELECT acting_party()))', kind, key, key);
END $$;

-- Rows that hang on a row of a party: seen when that row is.
CREATE FUNCTION protect_through(kind regclass, key text, parent regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format(
        'CREATE POLICY party ON %s AS RESTRICTIVE TO makao_app'
        ' USING ((SELECT acting_for_all()) OR EXISTS'
        ' (SELECT FROM %s AS parent WHERE parent.id = %I))'
        ' WITH CHECK ((SELECT acting_for_all()) OR EXISTS'
        ' (SELECT FROM %s AS parent WHERE parent.id = %I))', kind, parent, key, parent, key);
END $$;

-- What a visitor without a sign-in may read: the catalogue of an organization that shows it.
-- Only staff change it, unless `writers` says otherwise.
CREATE FUNCTION protect_catalogue(kind regclass, shown text DEFAULT 'true',
    key text DEFAULT 'organization_id', writers text DEFAULT '(SELECT acting_for_all())') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('DROP POLICY scope ON %s', kind);
    EXECUTE format(
        'CREATE POLICY scope_read ON %s FOR SELECT TO makao_app, makao_worker'
        ' USING (%I = (SELECT reading_organization())'
        ' AND ((SELECT acting_for_all()) OR (%s)))', kind, key, shown);
    EXECUTE format(
        'CREATE POLICY scope_insert ON %s FOR INSERT TO makao_app, makao_worker'
        ' WITH CHECK (%I = (SELECT acting_organization()) AND %s)', kind, key, writers);
    EXECUTE format(
        'CREATE POLICY scope_update ON %s FOR UPDATE TO makao_app, makao_worker'
        ' USING (%I = (SELECT acting_organization()) AND %s)'
        ' WITH CHECK (%I = (SELECT acting_organization()) AND %s)', kind, key, writers, key, writers);
    EXECUTE format(
        'CREATE POLICY scope_delete ON %s FOR DELETE TO makao_app, makao_worker'
        ' USING (%I = (SELECT acting_organization()) AND %s)', kind, key, writers);
END $$;

-- Nobody may write an organization they are not in: a new one is founded here, with its main book
-- and with its founder, who is whoever holds the secret (or, for the platform's own commands, named).
CREATE FUNCTION found_organization(new_id uuid, book_id uuid, member_id uuid, called text,
    address text, founder uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = 'makao_app' THEN
        founder := public.acting_profile();
        IF founder IS NULL THEN
            RAISE EXCEPTION 'nobody is signed in' USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    INSERT INTO public.organization (id, name, slug) VALUES (new_id, called, address);
    INSERT INTO public.book (id, organization_id, name) VALUES (book_id, new_id, 'main');
    IF founder IS NOT NULL THEN
        INSERT INTO public.membership (id, organization_id, profile_id, roles)
        VALUES (member_id, new_id, founder, ARRAY['Admin']);
    END IF;
END $$;

-- The organizations, for jobs that go through all of them one by one.
CREATE FUNCTION all_organizations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT id FROM public.organization ORDER BY id;
END;

-- Which organizations the secret at hand may choose from.
CREATE FUNCTION own_memberships()
RETURNS TABLE (organization_id uuid, name text, slug text, roles text[], staff boolean, party_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT m.organization_id, o.name::text, o.slug::text, m.roles::text[], m.staff, m.party_id
    FROM public.credential AS held
    JOIN public.profile AS p ON p.id = held.profile_id
    JOIN public.membership AS m ON m.profile_id = held.profile_id AND m.active
    JOIN public.organization AS o ON o.id = m.organization_id
    WHERE held.secret_hash = sha256(convert_to(nullif(current_setting('makao.key', true), ''), 'UTF8'))
      AND held.ended_at IS NULL AND held.expires_at > now() AND p.status = 'active'
    ORDER BY m.id;
END $$;

-- The organization behind a web address, if it shows its catalogue to everybody.
CREATE FUNCTION public_organization(address text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- Named in full: the organization has an address, too, by post.
    SELECT id FROM public.organization WHERE slug = public_organization.address AND public_catalogue;
END;

-- Become a member by the code of an invitation: once, in time, and only as it says.
CREATE FUNCTION accept_invitation(code text, member_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.member_invitation;
    who uuid := public.acting_profile();
BEGIN
    SELECT * INTO held FROM public.member_invitation
    WHERE code_hash = sha256(convert_to(code, 'UTF8')) FOR UPDATE;
    IF who IS NULL OR held.id IS NULL OR held.accepted_at IS NOT NULL
       OR held.withdrawn_at IS NOT NULL OR held.expires_at < now() THEN
        RETURN NULL;
    END IF;
    UPDATE public.member_invitation SET accepted_at = now() WHERE id = held.id;
    -- Whoever was invited as a customer was known by their address alone; now they have said their name.
    UPDATE public.party SET name = (SELECT p.name FROM public.profile AS p WHERE p.id = who)
    WHERE organization_id = held.organization_id AND id = held.party_id AND name = held.email;
    INSERT INTO public.membership AS m (id, organization_id, profile_id, roles, party_id)
    VALUES (member_id, held.organization_id, who, held.roles, held.party_id)
    ON CONFLICT (organization_id, profile_id) DO UPDATE SET active = true,
        roles = ARRAY(SELECT DISTINCT unnest(m.roles || excluded.roles) ORDER BY 1),
        party_id = coalesce(m.party_id, excluded.party_id);
    RETURN held.organization_id;
END $$;

-- What the holder of an invitation's code may read before they have signed in.
CREATE FUNCTION read_invitation(code text, OUT organization text, OUT email text, OUT roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.name, i.email, i.roles FROM public.member_invitation AS i
    JOIN public.organization AS o ON o.id = i.organization_id
    WHERE i.code_hash = sha256(convert_to(code, 'UTF8')) AND i.accepted_at IS NULL
      AND i.withdrawn_at IS NULL AND i.expires_at > now();
END;
