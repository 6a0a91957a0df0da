-- What members of the portal may tell: as before, and that they want to leave what they rent.
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
           AND EXISTS (SELECT FROM scheduled_payment AS p WHERE p.id = n.subject_id)
       OR n.type IN ('signature.code_asked', 'signature.signed', 'signature.refused')
           AND signs(n.subject_id)
       OR n.type = 'lease.notice_asked' AND n.data ->> 'party_id' = acting_party()::text
           AND EXISTS (SELECT FROM lease_party AS p WHERE p.lease_id = n.subject_id
               AND p.party_id = acting_party() AND p.role = 'principal')) $$,
    NULL, NULL);
REVOKE EXECUTE ON FUNCTION portal_insert_event(), portal_update_event(), portal_delete_event() FROM PUBLIC;
