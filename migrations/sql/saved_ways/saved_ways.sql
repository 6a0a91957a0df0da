-- Cards that payers have saved: kept by jobs as the provider tells of them, removed by their owner for
-- ever, charged by jobs alone, and only for what is agreed to.

SELECT protect('saved_way');
SELECT protect_party('saved_way', 'party_id');
REVOKE DELETE ON saved_way FROM makao_app, makao_worker;
SELECT portal_may('saved_way', NULL,
    $$ kept(to_jsonb(o), to_jsonb(n), '{revoked_at,forget_at}')
       AND o.revoked_at IS NULL AND n.revoked_at IS NOT NULL AND n.forget_at IS NOT NULL $$,
    NULL);
SELECT staff_may('saved_way', '{}', NULL, NULL, NULL);
SELECT audited('saved_way', 'warning', 'organization_id', ARRAY['token_locked']);
SELECT audited('payment_intent', 'warning', 'organization_id', ARRAY['notice_hash']);
SELECT audited('autopay', 'notice');
SELECT audited('autopay_run', 'notice');

-- A card is kept where a payer has agreed to that, with a payment that was made. Whose it is, and of
-- which provider, never changes; what was removed stays removed.
CREATE FUNCTION saved_way_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM payment_intent AS i
            WHERE i.organization_id = NEW.organization_id AND i.party_id = NEW.party_id
              AND i.provider = NEW.provider AND i.currency = NEW.currency AND i.saves
              AND i.recorded_by_id = NEW.agreed_by_id AND i.succeeded_at IS NOT NULL) THEN
            RAISE EXCEPTION 'nobody has agreed to that' USING
                ERRCODE = 'restrict_violation', CONSTRAINT = 'saved_way_stays';
        END IF;
    ELSIF NOT kept(to_jsonb(OLD), to_jsonb(NEW), '{token_locked,brand,last_four,expires_on,revoked_at,
           forget_at,tries,custom}') OR OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL THEN
        RAISE EXCEPTION 'a saved card stays whose it is, and removed' USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'saved_way_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER saved_way_stays BEFORE UPDATE ON saved_way
    FOR EACH ROW EXECUTE FUNCTION saved_way_stays();
CREATE TRIGGER saved_way_is_agreed_to AFTER INSERT ON saved_way
    FOR EACH ROW EXECUTE FUNCTION saved_way_stays();

-- A saved card is charged by jobs alone, while who saved it has agreed to that, and never more than the
-- limit; to have a card saved is for the payer alone to say, when the payment is begun.
CREATE FUNCTION charge_is_agreed_to() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.saved_way_id, NEW.saves) IS DISTINCT FROM (OLD.saved_way_id, OLD.saves)
            OR NEW.saved_way_id IS NOT NULL
            AND (NEW.amount, NEW.currency, NEW.party_id, NEW.provider)
                IS DISTINCT FROM (OLD.amount, OLD.currency, OLD.party_id, OLD.provider) THEN
            RAISE EXCEPTION 'how a payment is made is said when it is begun' USING
                ERRCODE = 'restrict_violation', CONSTRAINT = 'charge_is_agreed_to';
        END IF;
    ELSIF NEW.saves AND NOT portal_acts() AND current_user = 'makao_app'
        OR NEW.saved_way_id IS NOT NULL AND (current_user = 'makao_app' OR NOT EXISTS (
            SELECT FROM saved_way AS w
            JOIN autopay AS a ON a.organization_id = w.organization_id AND a.saved_way_id = w.id
            WHERE w.id = NEW.saved_way_id AND w.revoked_at IS NULL
              AND a.active AND a.agreed_by_id = w.agreed_by_id AND a.currency = NEW.currency
              AND (a.most IS NULL OR NEW.amount <= a.most))) THEN
        RAISE EXCEPTION 'nobody has agreed to that' USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'charge_is_agreed_to';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER charge_is_agreed_to BEFORE INSERT OR UPDATE OF saved_way_id, saves, amount, currency,
    party_id, provider ON payment_intent FOR EACH ROW EXECUTE FUNCTION charge_is_agreed_to();

-- Whether the person at hand has saved this card, and not removed it.
CREATE FUNCTION saved_by_oneself(which uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN EXISTS (SELECT FROM saved_way AS w
    WHERE w.id = which AND w.revoked_at IS NULL AND w.agreed_by_id = acting_profile());

-- Automatic payment: as before out of a wallet, with the PIN; by a saved card, by who saved it.
DROP FUNCTION portal_insert_autopay(), portal_update_autopay(), portal_delete_autopay() CASCADE;
SELECT portal_may('autopay',
    $$ n.active AND n.agreed_by_id = acting_profile()
       AND CASE WHEN n.saved_way_id IS NULL THEN pin_proved(n.wallet_id)
           ELSE saved_by_oneself(n.saved_way_id) END $$,
    $$ NOT n.active AND kept(to_jsonb(o), to_jsonb(n), '{active,stopped_at}')
       OR kept(to_jsonb(o), to_jsonb(n), '{active,stopped_at,most,days_before,since,agreed_by_id}')
       AND n.agreed_by_id = acting_profile()
       AND CASE WHEN n.saved_way_id IS NULL THEN pin_proved(n.wallet_id)
           ELSE saved_by_oneself(n.saved_way_id) END $$,
    NULL);

REVOKE EXECUTE ON FUNCTION portal_insert_saved_way(), portal_update_saved_way(),
    portal_delete_saved_way(), staff_insert_saved_way(), staff_update_saved_way(),
    staff_delete_saved_way(), audit_saved_way(), audit_payment_intent(), audit_autopay(),
    audit_autopay_run(), saved_way_stays(), charge_is_agreed_to(), saved_by_oneself(uuid),
    portal_insert_autopay(), portal_update_autopay(), portal_delete_autopay() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION saved_by_oneself(uuid) TO makao_app, makao_worker;
