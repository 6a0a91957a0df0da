-- What fills a wallet is its owner's, who withdraws it: of such a payment only that goes back which the
-- wallet could not hold, and which is the party's credit.
CREATE FUNCTION refund_within_credit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    paid public.payment_intent;
    over numeric;
BEGIN
    SELECT * INTO paid FROM public.payment_intent AS i
    WHERE i.organization_id = NEW.organization_id AND i.id = NEW.intent_id FOR UPDATE;
    IF paid.wallet_id IS NULL OR paid.method = 'wallet' THEN
        RETURN NEW;
    END IF;
    SELECT -coalesce(sum(p.amount), 0) INTO over FROM public.journal_entry AS e
    JOIN public.posting AS p ON p.organization_id = e.organization_id AND p.entry_id = e.id
    JOIN public.account AS a ON a.organization_id = p.organization_id AND a.id = p.account_id
    WHERE e.organization_id = NEW.organization_id AND e.key = 'payment:' || paid.id
      AND a.code = '2300';
    IF NEW.amount + coalesce((SELECT sum(r.amount) FROM public.refund AS r
            WHERE r.organization_id = NEW.organization_id AND r.intent_id = paid.id), 0) > over THEN
        RAISE EXCEPTION 'it is in a wallet' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'refund_within_credit';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER within_credit BEFORE INSERT ON refund
    FOR EACH ROW EXECUTE FUNCTION refund_within_credit();

-- The days of a bill stay, once it was asked for: others would be periods that nobody was asked for.
-- Switched on again, or let run longer after its end, it asks by itself from that day on.
CREATE FUNCTION bill_keeps_its_days() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date;
BEGIN
    IF (NEW.every, NEW.first_on) IS DISTINCT FROM (OLD.every, OLD.first_on) AND EXISTS (
        SELECT FROM public.billing_cycle AS c WHERE c.organization_id = NEW.organization_id
        AND c.bill_id = NEW.id AND c.status NOT IN ('discarded', 'taken_back')) THEN
        RAISE EXCEPTION 'it was asked for' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'bill_keeps_its_days';
    END IF;
    SELECT (now() AT TIME ZONE e.time_zone)::date INTO today FROM public.estate AS e
    WHERE e.organization_id = NEW.organization_id AND e.id = NEW.estate_id;
    IF NEW.active AND NEW.automatic AND (NOT (OLD.active AND OLD.automatic)
        OR OLD.until < today AND NEW.until IS DISTINCT FROM OLD.until) THEN
        NEW.automatic_from := today;
    ELSE
        NEW.automatic_from := OLD.automatic_from;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps_its_days BEFORE UPDATE ON bill
    FOR EACH ROW EXECUTE FUNCTION bill_keeps_its_days();

-- A bill of one's own is paid by itself from the day on which its owner has said so, not before; and one
-- that was stopped asks for nothing of the time in between.
CREATE FUNCTION scheduled_bill_since() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.active AND (NOT OLD.active
        OR NEW.mode = 'pay' AND OLD.mode <> 'pay') THEN
        SELECT (now() AT TIME ZONE o.time_zone)::date INTO NEW.since FROM public.organization AS o
        WHERE o.id = NEW.organization_id;
    ELSE
        NEW.since := OLD.since;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER since BEFORE INSERT OR UPDATE ON scheduled_bill
    FOR EACH ROW EXECUTE FUNCTION scheduled_bill_since();
DROP FUNCTION portal_insert_scheduled_bill(), portal_update_scheduled_bill(),
    portal_delete_scheduled_bill() CASCADE;
SELECT portal_may('scheduled_bill',
    $$ n.mode <> 'pay' OR pin_proved(n.wallet_id) $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{active,mode,remind_days,since}')
       AND (n.mode <> 'pay' OR NOT n.active OR pin_proved(n.wallet_id)
           OR (n.mode, n.active) = (o.mode, o.active)) $$,
    NULL);
REVOKE EXECUTE ON FUNCTION portal_insert_scheduled_bill(), portal_update_scheduled_bill(),
    portal_delete_scheduled_bill() FROM PUBLIC;

-- What was agreed to again after it failed found its first, failed order, and hung there.
ALTER TABLE scheduled_payment DISABLE TRIGGER USER;
UPDATE scheduled_payment SET status = 'failed', failure = o.failure FROM wallet_order AS o
WHERE o.organization_id = scheduled_payment.organization_id AND o.id = scheduled_payment.order_id
  AND scheduled_payment.status = 'ordered' AND o.status = 'failed';
ALTER TABLE scheduled_payment ENABLE TRIGGER USER;

-- An invitation has two links: the one that is mailed shows whose the address is, the one that whoever
-- invites is shown does not. What is on its way was shown.
ALTER TABLE member_invitation DISABLE TRIGGER USER;
UPDATE member_invitation SET shown_hash = code_hash, code_hash = sha256(uuid_send(gen_random_uuid()))
WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
ALTER TABLE member_invitation ENABLE TRIGGER USER;
SELECT audited('member_invitation', 'warning', 'organization_id',
    ARRAY['code_hash', 'shown_hash']);
ALTER TABLE profile DISABLE TRIGGER USER;
UPDATE profile SET email_confirmed_at = NULL
WHERE email_confirmed_at IS DISTINCT FROM password_changed_at
  AND NOT EXISTS (SELECT FROM password_link AS l WHERE l.profile_id = profile.id AND l.mailed
      AND l.ended_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM outside_identity AS i WHERE i.profile_id = profile.id);
ALTER TABLE profile ENABLE TRIGGER USER;

CREATE OR REPLACE FUNCTION accept_invitation(code text, member_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held public.member_invitation;
    who uuid := public.acting_profile();
BEGIN
    SELECT * INTO held FROM public.member_invitation
    WHERE sha256(convert_to(code, 'UTF8')) IN (code_hash, shown_hash) FOR UPDATE;
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
DROP FUNCTION read_invitation(text);
CREATE FUNCTION read_invitation(code text, OUT organization text, OUT email text, OUT roles text[],
    OUT mailed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.name, i.email, i.roles, i.code_hash = sha256(convert_to(code, 'UTF8'))
    FROM public.member_invitation AS i
    JOIN public.organization AS o ON o.id = i.organization_id
    WHERE sha256(convert_to(code, 'UTF8')) IN (i.code_hash, i.shown_hash) AND i.accepted_at IS NULL
      AND i.withdrawn_at IS NULL AND i.expires_at > now();
END;
REVOKE EXECUTE ON FUNCTION read_invitation(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_invitation(text) TO makao_app, makao_worker, makao_auth, makao_reader;

-- The platform invites an administrator only where nobody can: it lets itself in nowhere.
DROP FUNCTION platform_invite(uuid, uuid, text, bytea, timestamptz, uuid, text, uuid, uuid, timestamptz);
CREATE FUNCTION platform_invite(home uuid, invitation uuid, address text, code bytea, shown bytea,
    until timestamptz, dispatch uuid, kept text, event uuid, correlation uuid, instant timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who uuid := (SELECT s.profile_id FROM public.standing() AS s);
BEGIN
    PERFORM public.platform_only();
    IF EXISTS (SELECT FROM public.membership AS m JOIN public.profile AS p ON p.id = m.profile_id
        WHERE m.organization_id = home AND m.active AND 'Admin' = ANY (m.roles)
          AND p.status = 'active') THEN
        RAISE EXCEPTION 'it has an administrator' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'organization_has_admin';
    END IF;
    UPDATE public.member_invitation SET withdrawn_at = instant WHERE organization_id = home
        AND roles = ARRAY['Admin']::varchar[] AND accepted_at IS NULL AND withdrawn_at IS NULL;
    INSERT INTO public.member_invitation (id, organization_id, email, roles, code_hash, shown_hash,
        invited_by_id, expires_at, created_at, custom)
    VALUES (invitation, home, address, ARRAY['Admin'], code, shown, who, until, instant, '{}');
    INSERT INTO public.dispatch (id, organization_id, invitation_id, channel, address, locked, due_at,
        created_at, custom)
    VALUES (dispatch, home, invitation, 'email', address, kept, instant, instant, '{}');
    PERFORM public.platform_tell(home, event, 'member.invited', 'member_invitation', invitation,
        jsonb_build_object('invitation_id', invitation, 'email', address, 'roles', ARRAY['Admin']),
        correlation, instant);
    PERFORM public.platform_note('invite', 'organization', home,
        (SELECT o.name FROM public.organization AS o WHERE o.id = home), address, instant);
END $$;
REVOKE EXECUTE ON FUNCTION platform_invite(uuid, uuid, text, bytea, bytea, timestamptz, uuid, text, uuid,
    uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform_invite(uuid, uuid, text, bytea, bytea, timestamptz, uuid, text, uuid,
    uuid, timestamptz) TO makao_app;

-- A user name is nobody else's e-mail address: who signs in by an address is found by it alone.
CREATE FUNCTION username_is_no_address() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a user name is no address' USING ERRCODE = 'check_violation',
        CONSTRAINT = 'username_is_no_address';
END $$;
CREATE TRIGGER username_is_no_address BEFORE INSERT OR UPDATE OF username ON ab_user
    FOR EACH ROW WHEN (position('@' IN NEW.username) > 0 AND lower(NEW.username) <> lower(NEW.email))
    EXECUTE FUNCTION username_is_no_address();
