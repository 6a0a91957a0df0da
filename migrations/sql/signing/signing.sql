-- Signatures: nobody signs but whom it was asked of, with a code that went to their mail, given in the
-- same transaction; and what was signed stays.

SELECT protect(kind) FROM unnest(ARRAY['signature_request', 'signer', 'signature_step', 'signature_code'
    ]::regclass[]) AS kind;
-- A party's signers are seen by who signs in for it; the rest hangs on them.
CREATE POLICY party ON signer AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all()) OR party_id = (SELECT acting_party()))
    WITH CHECK ((SELECT acting_for_all()) OR party_id = (SELECT acting_party()));
SELECT protect_through('signature_step', 'signer_id', 'signer');
CREATE POLICY party ON signature_request AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all()) OR EXISTS (SELECT FROM signer AS s
        WHERE s.organization_id = signature_request.organization_id AND s.request_id = signature_request.id))
    WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY signing ON document FOR SELECT TO makao_app USING (
    organization_id = (SELECT acting_organization()) AND EXISTS (SELECT FROM signature_request AS r
        WHERE r.organization_id = document.organization_id
          AND document.id IN (r.document_id, r.signed_document_id)));

SELECT audited('signature_request', 'notice');
SELECT audited('signer', 'notice');
REVOKE DELETE, TRUNCATE ON signature_request, signer FROM makao_app, makao_worker;
REVOKE UPDATE, DELETE, TRUNCATE ON signature_step FROM makao_app, makao_worker;
REVOKE ALL ON signature_code FROM makao_app, makao_worker;
REVOKE SELECT ON signature_code FROM makao_reader;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON signature_step
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Whether whoever asks is the one who is to sign.
CREATE FUNCTION signs(which uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.signer AS s
        WHERE s.organization_id = public.acting_organization() AND s.id = which
          AND (s.profile_id = public.acting_profile()
            OR s.party_id = public.acting_party() AND NOT public.acting_for_all()));
END;

-- Whether whoever asks has given the code of a signer rightly in this very transaction.
CREATE FUNCTION signature_proved(which uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.signature_code AS c
        WHERE c.organization_id = public.acting_organization() AND c.signer_id = which
          AND c.profile_id = public.acting_profile()
          AND c.proved_in = pg_current_xact_id()::text);
END;

-- Keep the digest of a new code for a member: 'made', 'not_asked', or 'too_many' after five within an
-- hour. Those before open nothing any more. Jobs alone make codes: a signer who could would need no mail.
CREATE FUNCTION new_signature_code(which uuid, who uuid, new_id uuid, new_salt bytea, new_digest bytea)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine public.signer;
BEGIN
    SELECT * INTO mine FROM public.signer AS s
    WHERE s.organization_id = public.acting_organization() AND s.id = which FOR UPDATE;
    IF mine.id IS NULL OR mine.status <> 'asked' OR NOT EXISTS (SELECT FROM public.membership AS m
        WHERE m.organization_id = mine.organization_id AND m.profile_id = who AND m.active
          AND (m.profile_id = mine.profile_id OR m.party_id = mine.party_id)) THEN
        RETURN 'not_asked';
    ELSIF (SELECT count(*) FROM public.signature_code AS c
        WHERE c.organization_id = mine.organization_id AND c.signer_id = which
          AND c.made_at > now() - interval '1 hour') >= 5 THEN
        RETURN 'too_many';
    END IF;
    UPDATE public.signature_code SET expires_at = now()
    WHERE organization_id = mine.organization_id AND signer_id = which AND expires_at > now();
    INSERT INTO public.signature_code (id, organization_id, signer_id, profile_id, salt, digest,
        made_at, expires_at)
    VALUES (new_id, mine.organization_id, which, who, new_salt, new_digest,
        now(), now() + interval '10 minutes');
    RETURN 'made';
END $$;

-- Try a code: 'right', 'wrong', 'over' (too old, used up, or none). Who tries at once waits here, so
-- that each try is counted; five wrong ones use it up.
CREATE FUNCTION try_signature_code(which uuid, given text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine public.signature_code;
BEGIN
    SELECT * INTO mine FROM public.signature_code AS c
    WHERE c.organization_id = public.acting_organization() AND c.signer_id = which
      AND c.profile_id = public.acting_profile()
    ORDER BY c.id DESC LIMIT 1 FOR UPDATE;
    IF mine.id IS NULL OR mine.expires_at <= now() OR mine.tries >= 5 OR mine.proved_in <> '' THEN
        RETURN 'over';
    ELSIF sha256(mine.salt || convert_to(given, 'UTF8')) = mine.digest THEN
        UPDATE public.signature_code SET proved_in = pg_current_xact_id()::text WHERE id = mine.id;
        RETURN 'right';
    END IF;
    UPDATE public.signature_code SET tries = tries + 1 WHERE id = mine.id;
    RETURN CASE WHEN mine.tries = 4 THEN 'over' ELSE 'wrong' END;
END $$;

-- A signature is its signer's own, under the document that is out for signature now; afterwards
-- nothing of it changes, whoever asks.
CREATE FUNCTION signature_stands() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status IN ('signed', 'declined', 'released')
       AND to_jsonb(OLD) - 'custom' <> to_jsonb(NEW) - 'custom' THEN
        RAISE EXCEPTION 'what was signed stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_stands';
    END IF;
    IF (NEW.status = 'signed' AND OLD.status <> 'signed') AND (NOT public.signature_proved(NEW.id)
       OR NOT EXISTS (SELECT FROM public.signature_request AS r
           WHERE r.organization_id = NEW.organization_id AND r.id = NEW.request_id
             AND r.status = 'open' AND r.sha256 = NEW.sha256 AND r.expires_at > now())) THEN
        RAISE EXCEPTION 'this is not for whoever asks to sign' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_is_proved';
    END IF;
    IF (NEW.request_id, NEW.party_id, NEW.profile_id, NEW.position)
        IS DISTINCT FROM (OLD.request_id, OLD.party_id, OLD.profile_id, OLD.position) THEN
        RAISE EXCEPTION 'who is to sign stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_stands BEFORE UPDATE ON signer
    FOR EACH ROW EXECUTE FUNCTION signature_stands();
CREATE FUNCTION signature_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status NOT IN ('waiting', 'asked') THEN
        RAISE EXCEPTION 'nobody has signed before they were asked' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_is_proved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_begins BEFORE INSERT ON signer
    FOR EACH ROW EXECUTE FUNCTION signature_begins();

-- What is out for signature stays what it is, and one that is over stays over.
CREATE FUNCTION signature_request_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.document_id, NEW.sha256, NEW.subject_table, NEW.subject_id, NEW.ordered, NEW.title)
        IS DISTINCT FROM
       (OLD.document_id, OLD.sha256, OLD.subject_table, OLD.subject_id, OLD.ordered, OLD.title)
       OR OLD.status NOT IN ('open', 'sealing') AND to_jsonb(OLD) - 'custom' <> to_jsonb(NEW) - 'custom'
    THEN
        RAISE EXCEPTION 'what is signed stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_stands';
    END IF;
    IF NEW.status = 'sealing' AND OLD.status = 'open' AND EXISTS (SELECT FROM public.signer AS s
        WHERE s.organization_id = NEW.organization_id AND s.request_id = NEW.id AND s.status <> 'signed')
    THEN
        RAISE EXCEPTION 'not all have signed' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_is_proved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_request_stays BEFORE UPDATE ON signature_request
    FOR EACH ROW EXECUTE FUNCTION signature_request_stays();

-- A request begins open: whoever could write one that is complete would need no signatures.
CREATE FUNCTION signature_request_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status <> 'open' OR NEW.signed_document_id IS NOT NULL OR NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'nobody has signed before they were asked' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'signature_is_proved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signature_request_begins BEFORE INSERT ON signature_request
    FOR EACH ROW EXECUTE FUNCTION signature_request_begins();

-- Signers look, sign and decline for themselves; managers ask and withdraw; jobs do the rest.
SELECT portal_may('signature_request', NULL, NULL, NULL);
SELECT portal_may('signer', NULL,
    $$ signs(n.id) AND (
        kept(to_jsonb(o), to_jsonb(n), '{viewed_at}') AND o.viewed_at IS NULL
        OR n.status = 'signed' AND signature_proved(n.id) AND n.signed_by_id = acting_profile()
           AND kept(to_jsonb(o), to_jsonb(n),
               '{status,viewed_at,signed_at,signed_name,signed_by_id,consent,sha256,client}')
        OR n.status = 'declined' AND kept(to_jsonb(o), to_jsonb(n), '{status,viewed_at,client,reason}')) $$,
    NULL);
SELECT portal_may('signature_step',
    $$ signs(n.signer_id) AND n.kind IN ('viewed', 'code_asked', 'code_wrong', 'declined', 'signed') $$,
    NULL, NULL);
SELECT staff_may('signature_request', '{}', $$ acting_as('{Admin,Manager,Sales}') $$,
    $$ acting_as('{Admin,Manager}') AND n.status = 'withdrawn'
       AND kept(to_jsonb(o), to_jsonb(n), '{status,reason,closed_at,updated_at}') $$, NULL);
SELECT staff_may('signer', '{}', $$ acting_as('{Admin,Manager,Sales}') $$,
    $$ signs(n.id) OR acting_as('{Admin,Manager}')
       AND n.status IN (o.status, 'asked', 'released')
       AND kept(to_jsonb(o), to_jsonb(n), '{status,asked_at,reminded_at}') $$, NULL);
REVOKE EXECUTE ON FUNCTION signs(uuid), signature_proved(uuid), try_signature_code(uuid, text),
    new_signature_code(uuid, uuid, uuid, bytea, bytea), signature_stands(), signature_begins(),
    signature_request_stays(), signature_request_begins() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION signs(uuid), signature_proved(uuid), try_signature_code(uuid, text)
    TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION new_signature_code(uuid, uuid, uuid, bytea, bytea) TO makao_worker;
