-- Keep a provider's message whose proof the caller has checked, once for ever, and make due what it is
-- about. It says nothing by itself: a forged one could only make us ask.
--
-- The payment is the one whose address was written to (`secret`, the SHA-256 of the token in it), or
-- that is named: by our own id, by the provider's reference, or by its receipt. What is told of it has
-- to agree, so that a message about one payment never reaches another, of whatever organization. A
-- message to a secret address may bring the reference that got lost with the answer to our call.
-- Returns nothing for what we do not know.
CREATE FUNCTION hear(kind text, message text, intent uuid, named text, paid_as text, secret bytea,
    about text, what text, said text, content jsonb, instant timestamptz)
RETURNS TABLE (home uuid, heard_intent uuid, heard_refund uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_intent public.payment_intent;
    found_refund public.refund;
    over boolean;
BEGIN
    IF secret IS NOT NULL THEN
        SELECT * INTO found_intent FROM public.payment_intent AS p
        WHERE p.notice_hash = secret AND p.provider = kind;
        IF found_intent.id IS NULL THEN
            SELECT r.* INTO found_refund FROM public.refund AS r WHERE r.notice_hash = secret;
            SELECT p.* INTO found_intent FROM public.payment_intent AS p
            WHERE p.id = found_refund.intent_id AND p.provider = kind;
        END IF;
    ELSIF intent IS NOT NULL THEN
        SELECT * INTO found_intent FROM public.payment_intent AS p
        WHERE p.id = intent AND p.provider = kind;
    ELSIF named <> '' THEN
        SELECT * INTO found_intent FROM public.payment_intent AS p
        WHERE p.reference = named AND p.provider = kind;
    ELSIF paid_as <> '' THEN
        SELECT * INTO found_intent FROM public.payment_intent AS p
        WHERE p.receipt = paid_as AND p.provider = kind;
    END IF;
    IF found_intent.id IS NULL OR intent <> found_intent.id
        OR found_refund.id IS NULL AND named <> found_intent.reference AND named <> '' THEN
        RETURN;
    END IF;
    over := about = 'refund' AND found_refund.id IS NULL
        OR about = 'payment' AND found_refund.id IS NULL
            AND found_intent.status IN ('succeeded', 'partly_refunded', 'refunded');
    INSERT INTO public.provider_event (id, organization_id, provider, event_id, intent_id, refund_id,
        topic, subject, type, body, received_at, handled_at)
    VALUES (gen_random_uuid(), found_intent.organization_id, kind, message, found_intent.id,
        found_refund.id, about, what, said, content, instant, CASE WHEN over THEN instant END)
    ON CONFLICT (provider, event_id) DO NOTHING;
    IF FOUND AND found_refund.id IS NOT NULL THEN
        UPDATE public.refund SET check_at = instant
        WHERE id = found_refund.id AND status = 'requested';
    ELSIF FOUND AND about = 'refund' THEN
        UPDATE public.refund SET check_at = instant
        WHERE intent_id = found_intent.id AND status = 'requested';
    ELSIF FOUND AND about = 'payment' AND NOT over THEN
        UPDATE public.payment_intent SET check_at = instant,
            reference = CASE WHEN secret IS NULL THEN reference
                ELSE coalesce(reference, nullif(named, '')) END
        WHERE id = found_intent.id;
    END IF;
    RETURN QUERY SELECT found_intent.organization_id, found_intent.id, found_refund.id;
END $$;
REVOKE EXECUTE ON FUNCTION hear(text, text, uuid, text, text, bytea, text, text, text, jsonb,
    timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hear(text, text, uuid, text, text, bytea, text, text, text, jsonb,
    timestamptz) TO makao_app, makao_worker;

-- The organizations in which there is something to do at `instant`; each look is one probe of an index.
CREATE OR REPLACE FUNCTION organizations_due(kind text, instant timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    condition text := CASE kind
        WHEN 'events' THEN 'event AS r WHERE r.organization_id = o.id AND r.relayed_at IS NULL'
        WHEN 'deliveries' THEN 'delivery AS r WHERE r.organization_id = o.id'
            ' AND r.done_at IS NULL AND r.parked_at IS NULL AND r.due_at <= $1'
        WHEN 'payments' THEN 'payment_intent AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
        WHEN 'refunds' THEN 'refund AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
        WHEN 'disputes' THEN 'provider_event AS r WHERE r.organization_id = o.id'
            ' AND r.handled_at IS NULL AND r.topic = ''dispute'' AND r.received_at <= $1'
        WHEN 'sagas' THEN 'saga AS r WHERE r.organization_id = o.id AND r.finished_at IS NULL'
            ' AND r.status <> ''parked'' AND r.due_at <= $1'
        WHEN 'dispatches' THEN 'dispatch AS r WHERE r.organization_id = o.id'
            ' AND r.sent_at IS NULL AND r.failed_at IS NULL AND r.due_at <= $1'
        WHEN 'holds' THEN 'booking AS r WHERE r.organization_id = o.id AND r.status = ''pending'''
            ' AND r.hold_until <= $1'
        WHEN 'imports' THEN 'import_run AS r WHERE r.organization_id = o.id'
            ' AND r.status = ''running'''
    END;
BEGIN
    IF condition IS NULL THEN
        RAISE EXCEPTION 'no such work: %', kind;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT o.id FROM public.organization AS o WHERE EXISTS (SELECT FROM public.' || condition
        || ') ORDER BY o.id' USING instant;
END $$;
