-- Withdrawals that a provider pays out: what is asked of it a job writes down, its word comes to a secret
-- address, and nobody of the staff settles what it may be sending.

SELECT audited('wallet_order', 'notice', 'organization_id', ARRAY['account_locked', 'notice_hash']);

DROP TRIGGER portal_insert ON wallet_order;
DROP TRIGGER portal_update ON wallet_order;
DROP TRIGGER portal_delete ON wallet_order;
DROP FUNCTION portal_insert_wallet_order();
DROP FUNCTION portal_update_wallet_order();
DROP FUNCTION portal_delete_wallet_order();
SELECT portal_may('wallet_order',
    $$ n.status = 'requested' AND n.kind <> 'bill' AND n.hold_id IS NULL AND n.intent_id IS NULL
       AND n.provider = '' AND n.sent_as IS NULL AND n.called_at IS NULL AND n.check_at IS NULL
       AND n.notice_hash IS NULL AND n.attempts = 0 AND n.reference = '' AND n.failure = ''
       AND n.asked_by_id = acting_profile() AND pin_proved(n.wallet_id) $$,
    NULL, NULL);
DROP TRIGGER staff_insert ON wallet_order;
DROP TRIGGER staff_update ON wallet_order;
DROP TRIGGER staff_delete ON wallet_order;
DROP FUNCTION staff_insert_wallet_order();
DROP FUNCTION staff_update_wallet_order();
DROP FUNCTION staff_delete_wallet_order();
SELECT staff_may('wallet_order', '{}', NULL,
    $$ acting_as('{Admin,Accountant}') AND o.status = 'set_aside' AND n.status IN ('set_aside', 'done', 'failed')
       AND (o.provider = '' OR o.called_at < now() - interval '1 day')
       AND kept(to_jsonb(o), to_jsonb(n), '{status,failure,reference,done_at,check_at}') $$, NULL);
REVOKE EXECUTE ON FUNCTION portal_insert_wallet_order(), portal_update_wallet_order(),
    portal_delete_wallet_order(), staff_insert_wallet_order(), staff_update_wallet_order(),
    staff_delete_wallet_order(), audit_wallet_order() FROM PUBLIC;

-- A provider's message is about a payment or about a payout; of the latter the owner of the wallet may know.
DROP POLICY party ON provider_event;
CREATE POLICY party ON provider_event AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())
        OR EXISTS (SELECT FROM payment_intent AS parent WHERE parent.id = intent_id)
        OR EXISTS (SELECT FROM wallet_order AS parent WHERE parent.id = order_id))
    WITH CHECK ((SELECT acting_for_all())
        OR EXISTS (SELECT FROM payment_intent AS parent WHERE parent.id = intent_id)
        OR EXISTS (SELECT FROM wallet_order AS parent WHERE parent.id = order_id));

-- Keep word of a payout, which came to its own secret address, and make it due. As `hear` does.
CREATE FUNCTION hear_payout(teller text, message text, secret bytea, said text, content jsonb,
    instant timestamptz)
RETURNS TABLE (home uuid, heard_order uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_order public.wallet_order;
BEGIN
    SELECT * INTO found_order FROM public.wallet_order AS o
    WHERE o.notice_hash = secret AND o.provider = teller;
    IF found_order.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.provider_event (id, organization_id, provider, event_id, order_id, topic, subject,
        type, body, received_at)
    VALUES (gen_random_uuid(), found_order.organization_id, teller, message, found_order.id, 'payout', '',
        said, content, instant)
    ON CONFLICT (provider, event_id) DO NOTHING;
    IF FOUND THEN
        UPDATE public.wallet_order SET check_at = instant
        WHERE id = found_order.id AND status = 'set_aside';
    END IF;
    RETURN QUERY SELECT found_order.organization_id, found_order.id;
END $$;
REVOKE EXECUTE ON FUNCTION hear_payout(text, text, bytea, text, jsonb, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hear_payout(text, text, bytea, text, jsonb, timestamptz)
    TO makao_app, makao_worker;

-- The organizations in which a payout is due; the probe of an index each.
CREATE FUNCTION payout_homes(instant timestamptz) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.id FROM public.organization AS o WHERE EXISTS (SELECT FROM public.wallet_order AS r
        WHERE r.organization_id = o.id AND r.check_at <= instant) ORDER BY o.id;
END;
REVOKE EXECUTE ON FUNCTION payout_homes(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payout_homes(timestamptz) TO makao_worker;
