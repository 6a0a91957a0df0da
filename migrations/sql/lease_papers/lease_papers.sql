-- The lease as a document: from the organization's own text, with the terms that it was made of. What
-- no longer says what is agreed is not signed.

SELECT protect(kind) FROM unnest(ARRAY['lease_template', 'lease_document']::regclass[]) AS kind;
SELECT staff_write(kind, 'false') FROM unnest(ARRAY['lease_template', 'lease_document']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['lease_template', 'lease_document']::regclass[]) AS kind;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['lease_template', 'lease_document']::regclass[]) AS kind;
REVOKE UPDATE, DELETE ON lease_document FROM makao_app, makao_worker;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lease_document
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Each text has a number, so that a document says by which it was made.
CREATE FUNCTION lease_template_counts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.version := CASE WHEN TG_OP = 'INSERT' THEN 1
        ELSE OLD.version + (NEW.wording IS DISTINCT FROM OLD.wording)::int END;
    RETURN NEW;
END $$;
CREATE TRIGGER counts BEFORE INSERT OR UPDATE ON lease_template
    FOR EACH ROW EXECUTE FUNCTION lease_template_counts();

-- All that a lease's document says of it: its terms, who stands in it, and what comes with the rent.
CREATE FUNCTION lease_said(which uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT public.lease_terms(l) - 'reason' || jsonb_build_object(
        'parties', (SELECT jsonb_agg(jsonb_build_array(p.party_id, p.role) ORDER BY p.id)
            FROM public.lease_party AS p WHERE p.organization_id = l.organization_id AND p.lease_id = l.id),
        'extras', (SELECT jsonb_agg(jsonb_build_array(e.title, e.kind, e.amount, e.since, e.until)
            ORDER BY e.id) FROM public.lease_extra AS e
            WHERE e.organization_id = l.organization_id AND e.lease_id = l.id))
    FROM public.lease AS l WHERE l.id = which;
END;
CREATE FUNCTION lease_document_keeps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.terms := public.lease_said(NEW.lease_id);
    RETURN NEW;
END $$;
CREATE TRIGGER keeps BEFORE INSERT ON lease_document
    FOR EACH ROW EXECUTE FUNCTION lease_document_keeps();

-- Whether a document still says what is agreed; one that people wrote themselves is theirs to judge.
CREATE FUNCTION says_what_is_agreed(home uuid, file uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT NOT EXISTS (SELECT FROM public.lease_document AS d WHERE d.organization_id = home
        AND d.document_id = file AND d.terms IS DISTINCT FROM public.lease_said(d.lease_id));
END;
CREATE FUNCTION signs_what_is_agreed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.says_what_is_agreed(NEW.organization_id, NEW.document_id) THEN
        RAISE EXCEPTION 'the document says something else than the lease'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'signs_what_is_agreed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signs_what_is_agreed BEFORE INSERT ON signature_request
    FOR EACH ROW EXECUTE FUNCTION signs_what_is_agreed();

REVOKE EXECUTE ON FUNCTION lease_template_counts(), lease_said(uuid), lease_document_keeps(),
    says_what_is_agreed(uuid, uuid), signs_what_is_agreed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION says_what_is_agreed(uuid, uuid) TO makao_app, makao_worker;
