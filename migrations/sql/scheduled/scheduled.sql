-- Bills of one's own: written by their owner alone, and paid out of their wallet. That money may leave
-- without being asked for each time is agreed to with the PIN, as each single payment is.

SELECT protect(kind) FROM unnest(ARRAY['scheduled_bill', 'scheduled_payment', 'user_configuration'
    ]::regclass[]) AS kind;
SELECT protect_party('scheduled_bill', 'party_id');
SELECT protect_through('scheduled_payment', 'bill_id', 'scheduled_bill');
CREATE POLICY own ON user_configuration AS RESTRICTIVE TO makao_app
    USING (profile_id = (SELECT acting_profile()))
    WITH CHECK (profile_id = (SELECT acting_profile()));
REVOKE DELETE ON scheduled_bill, scheduled_payment FROM makao_app, makao_worker;
SELECT audited('scheduled_bill', 'notice', 'organization_id', ARRAY['account_locked']);
SELECT audited('scheduled_payment');
SELECT audited('user_configuration');

SELECT portal_may('scheduled_bill',
    $$ n.mode <> 'pay' OR pin_proved(n.wallet_id) $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{active,mode,remind_days}')
       AND (n.mode <> 'pay' OR NOT n.active OR pin_proved(n.wallet_id)
           OR (n.mode, n.active) = (o.mode, o.active)) $$,
    NULL);
SELECT portal_may('scheduled_payment', NULL,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,tries,try_at,failure}')
       AND (n.status = 'skipped' AND o.status IN ('waiting', 'approved', 'failed')
           OR n.status = 'approved' AND o.status IN ('waiting', 'failed') AND EXISTS (
               SELECT FROM scheduled_bill AS b WHERE b.id = n.bill_id AND pin_proved(b.wallet_id))) $$,
    NULL);
SELECT portal_may('user_configuration', 'true', 'n.profile_id = o.profile_id', 'true');
SELECT staff_may('scheduled_bill', '{}', NULL, NULL, NULL);
SELECT staff_may('scheduled_payment', '{}', NULL, NULL, NULL);

-- What members of the portal may tell: as before, and how they answer for their own bills.
DROP FUNCTION portal_insert_event(), portal_update_event(), portal_delete_event() CASCADE;
SELECT portal_may('event',
    $$ n.actor = acting_name() AND (
       n.type IN ('booking.created', 'booking.package_assigned', 'booking.addons_changed',
           'booking.confirmed', 'booking.status_changed', 'booking.cancelled', 'booking.expired',
           'booking.released')
           AND EXISTS (SELECT FROM booking AS b WHERE b.id = n.subject_id)
       OR n.type = 'apartment.status_changed'
           AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.subject_id)
       OR n.type IN ('invoice.issued', 'invoice.voided', 'invoice.written_off')
           AND EXISTS (SELECT FROM invoice AS i WHERE i.id = n.subject_id)
       OR n.type IN ('payment.initiated', 'payment.failed')
           AND EXISTS (SELECT FROM payment_intent AS p WHERE p.id = n.subject_id)
       OR n.type = 'document.attached'
           AND EXISTS (SELECT FROM document AS d WHERE d.id = n.subject_id)
       OR n.type = 'saga.status_changed'
           AND EXISTS (SELECT FROM saga AS s WHERE s.id = n.subject_id)
       OR n.type = 'scheduled_bill.status_changed'
           AND EXISTS (SELECT FROM scheduled_payment AS p WHERE p.id = n.subject_id)) $$,
    NULL, NULL);
REVOKE EXECUTE ON FUNCTION portal_insert_event(), portal_update_event(), portal_delete_event() FROM PUBLIC;
