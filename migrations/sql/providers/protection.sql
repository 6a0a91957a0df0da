-- Disputes are told by providers, to jobs: people read them, and nobody writes them by hand.
SELECT protect('payment_dispute');
SELECT protect_party('payment_dispute', 'party_id');
SELECT audited('payment_dispute', 'warning');
SELECT staff_write('payment_dispute');
SELECT staff_may('payment_dispute', '{}', NULL, NULL, NULL);
GRANT SELECT ON payment_dispute TO makao_reader;
GRANT SELECT, INSERT, UPDATE ON payment_dispute TO makao_app, makao_worker;

-- The audit trail takes in the new columns; a secret's hash is of no use to who reads it.
SELECT audited('payment_intent', 'warning', 'organization_id', ARRAY['notice_hash']);
SELECT audited('refund', 'warning', 'organization_id', ARRAY['notice_hash']);

-- A payment is meant, or given up; whether it was made is for the provider and for staff to say.
DROP TRIGGER portal_insert ON payment_intent;
DROP TRIGGER portal_update ON payment_intent;
DROP TRIGGER portal_delete ON payment_intent;
DROP FUNCTION portal_insert_payment_intent();
DROP FUNCTION portal_update_payment_intent();
DROP FUNCTION portal_delete_payment_intent();
SELECT portal_may('payment_intent',
    $$ n.status = 'pending' AND n.refunded_amount = 0 AND n.succeeded_at IS NULL
       AND n.reference IS NULL AND n.receipt = '' AND n.called_at IS NULL AND n.notice_hash IS NULL
       AND n.method IN ('card', 'bank_transfer', 'mobile_money') $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,check_at,return_url,note,updated_at}')
       AND (n.status = o.status
           OR (o.status, n.status, n.method) = ('pending', 'requires_action', 'bank_transfer')
           OR n.status = 'cancelled' AND o.status IN ('pending', 'requires_action')) $$,
    NULL);
REVOKE EXECUTE ON FUNCTION portal_insert_payment_intent(), portal_update_payment_intent(),
    portal_delete_payment_intent(), audit_payment_dispute(), staff_insert_payment_dispute(),
    staff_update_payment_dispute(), staff_delete_payment_dispute() FROM PUBLIC;
