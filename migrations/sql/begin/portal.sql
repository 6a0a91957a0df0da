-- The third lock: what a member of the portal can do to a row of their own, whatever the code
-- believes. Staff and jobs are not asked; what has no rule here is theirs alone.

-- Whether the statement at hand is a portal member's own, and not one of the owner's functions.
CREATE FUNCTION portal_acts() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN current_user = 'makao_app' AND NOT public.acting_for_all();
END $$;

-- Whether a row is what it was, but for some columns.
CREATE FUNCTION kept(old jsonb, new jsonb, free text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN old - free = new - free;

-- Give a table the rules of a lock: conditions over `n`, the row as it becomes, and `o`, as it was, for
-- whoever is `asked`. They are asked once a statement, and see what its user sees. NULL allows nothing.
CREATE FUNCTION judged(kind regclass, lock_name text, asked text, inserts text, updates text, deletes text)
RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $make$
DECLARE
    body text := $body$
BEGIN
    IF %1$s AND EXISTS (SELECT FROM %2$s WHERE (%3$s) IS NOT TRUE) THEN
        RAISE EXCEPTION '% of % is not for whoever asks', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '%4$s';
    END IF;
    RETURN NULL;
END $body$;
    act record;
BEGIN
    FOR act IN SELECT * FROM (VALUES
        ('insert', 'NEW TABLE AS new_rows', 'new_rows AS n', inserts),
        ('update', 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
            'new_rows AS n LEFT JOIN old_rows AS o USING (id)', updates),
        ('delete', 'OLD TABLE AS old_rows', 'old_rows AS o', deletes)
    ) AS acts(verb, rows, source, rule) LOOP
        EXECUTE format('CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql'
            ' SET search_path = public, pg_temp AS %L', lock_name || '_' || act.verb || '_' || kind,
            replace(replace(replace(replace(body, '%1$s', asked), '%2$s', act.source),
                '%3$s', coalesce(act.rule, 'false')), '%4$s', lock_name || '_may'));
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s REFERENCING %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION %I()', lock_name || '_' || act.verb, act.verb, kind,
            act.rows, lock_name || '_' || act.verb || '_' || kind);
    END LOOP;
END $make$;

-- Give a table its rules for members of the portal.
CREATE FUNCTION portal_may(kind regclass, inserts text, updates text, deletes text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp
RETURN judged(kind, 'portal', 'public.portal_acts()', inserts, updates, deletes);

-- Whether a hold ends when the project says, or earlier; a minute is for clocks that differ.
CREATE FUNCTION hold_ends(until timestamptz, original uuid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN until IS NULL OR until <= now() + make_interval(mins => 1 + coalesce((
    SELECT p.hold_minutes FROM apartment AS a
    JOIN project AS p ON p.organization_id = a.organization_id AND p.id = a.project_id
    WHERE a.id = original), 60));

-- Take an apartment that is for sale, at its price; choose while it is pending, at the prices of
-- the catalogue; confirm or cancel.
SELECT portal_may('booking',
    $$ n.status = 'pending' AND n.package_id IS NULL AND n.package_price = 0 AND n.addons_price = 0
       AND n.plan_id IS NULL AND n.confirmed_at IS NULL AND n.assigned_to_id IS NULL
       AND hold_ends(n.hold_until, n.original_id)
       AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.original_id AND a.source_id IS NULL
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,status_at,hold_until,confirmed_at,apartment_id,
           package_id,package_price,plan_id,payment_method,reason,total,updated_at}')
       AND CASE o.status
           WHEN 'pending' THEN (n.status IN ('pending', 'in_progress', 'cancelled')
                   OR n.status = 'expired' AND o.hold_until <= now())
               AND (n.apartment_id IS NOT DISTINCT FROM o.apartment_id OR o.apartment_id IS NULL)
               AND (n.hold_until = o.hold_until OR n.hold_until IS NULL
                   OR o.hold_until IS NULL AND hold_ends(n.hold_until, n.original_id))
               AND ((n.package_id, n.package_price)
                       IS NOT DISTINCT FROM (o.package_id, o.package_price)
                   OR n.package_price = (SELECT price FROM package WHERE id = n.package_id))
           ELSE (n.status = o.status OR o.status = 'in_progress' AND n.status = 'cancelled')
               AND o.status IN ('in_progress', 'cancelled', 'expired')
               AND kept(to_jsonb(o), to_jsonb(n), '{status,status_at,hold_until,confirmed_at,reason,
                   updated_at}') AND (o.confirmed_at IS NULL OR n.confirmed_at = o.confirmed_at)
           END $$,
    NULL);
SELECT portal_may('booking_addon',
    $$ n.price_per_unit = (SELECT price_per_unit FROM addon WHERE id = n.addon_id)
       AND EXISTS (SELECT FROM booking AS b WHERE b.id = n.booking_id AND b.status = 'pending') $$,
    NULL,
    $$ EXISTS (SELECT FROM booking AS b WHERE b.id = o.booking_id AND b.status = 'pending') $$);
SELECT portal_may('booking_invoice',
    $$ EXISTS (SELECT FROM invoice AS i WHERE i.id = n.invoice_id AND i.status = 'draft') $$,
    NULL,
    $$ EXISTS (SELECT FROM invoice AS i WHERE i.id = o.invoice_id AND i.status = 'draft') $$);

-- The original passes into one's own hands and back; the clone is made and given up.
SELECT portal_may('apartment',
    $$ n.status = 'booked' AND n.customer_id = acting_party()
       AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.source_id AND a.source_id IS NULL
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,customer_id,updated_at}')
       AND CASE n.status
           WHEN 'in_progress' THEN o.status = 'for_sale' AND n.customer_id = acting_party()
           WHEN 'for_sale' THEN o.customer_id = acting_party() AND NOT EXISTS (
               SELECT FROM booking AS b WHERE b.original_id = n.id AND b.hold_until IS NOT NULL
               OR b.original_id = n.id AND b.status IN ('in_progress', 'under_review', 'approved'))
           WHEN 'released' THEN o.customer_id = acting_party() AND EXISTS (
               SELECT FROM booking AS b WHERE b.apartment_id = n.id AND b.status IN ('cancelled', 'expired'))
           END $$,
    NULL);

-- Invoices follow their booking: drafted while it is pending, issued when it is confirmed, closed
-- when it is cancelled. What is paid on them is not for the payer to write.
SELECT portal_may('invoice',
    $$ n.status = 'draft' AND n.number IS NULL AND n.total = 0 AND n.paid_amount = 0 $$,
    $$ kept(to_jsonb(o), to_jsonb(n),
           '{status,number,issued_at,due_on,payment_method,closed_at,reason,due_amount,updated_at}')
       AND (n.status = o.status OR EXISTS (SELECT FROM booking_invoice AS l
           JOIN booking AS b ON b.organization_id = l.organization_id AND b.id = l.booking_id
           WHERE l.invoice_id = n.id AND CASE b.status
               WHEN 'in_progress' THEN (o.status, n.status) = ('draft', 'issued')
               WHEN 'expired' THEN (o.status, n.status) = ('draft', 'void')
               WHEN 'cancelled' THEN (o.status, n.status) IN (('draft', 'void'), ('issued', 'void'),
                   ('partly_paid', 'written_off'))
               END)) $$,
    $$ o.status = 'draft' $$);
SELECT portal_may('invoice_line', 'true', 'true', 'true');  -- a draft's alone, for everybody

-- A payment is meant, or given up; whether it was made is for the provider and for staff to say.
SELECT portal_may('payment_intent',
    $$ n.status = 'pending' AND n.refunded_amount = 0 AND n.succeeded_at IS NULL
       AND n.reference IS NULL AND n.method IN ('card', 'bank_transfer') $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,check_at,return_url,note,updated_at}')
       AND (n.status = o.status
           OR (o.status, n.status, n.method) = ('pending', 'requires_action', 'bank_transfer')
           OR n.status = 'cancelled' AND o.status IN ('pending', 'requires_action')) $$,
    NULL);
SELECT portal_may('payment_allocation',
    $$ EXISTS (SELECT FROM invoice AS i WHERE i.id = n.invoice_id AND n.amount <= i.total) $$,
    NULL, NULL);

-- A booking that is cancelled after money was paid goes back step by step, by a job.
CREATE FUNCTION cancels_by_rule(kind text, booking_id uuid, status text, step int, data jsonb)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN kind = 'cancel_booking' AND status = 'running' AND step = 0
    AND data = jsonb_build_object('percent', (
        SELECT coalesce(p.refund_percent, 90)::text FROM booking AS b
        JOIN apartment AS a ON a.organization_id = b.organization_id AND a.id = b.original_id
        LEFT JOIN project AS p ON p.organization_id = a.organization_id AND p.id = a.project_id
        WHERE b.id = booking_id AND b.status = 'cancelled'));
SELECT portal_may('saga', 'cancels_by_rule(n.kind, n.subject_id, n.status, n.step, n.data)', NULL, NULL);

-- Facts are told under one's own name, of what one may do.
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
           AND EXISTS (SELECT FROM saga AS s WHERE s.id = n.subject_id)) $$,
    NULL, NULL);
SELECT portal_may('document',
    $$ n.use IN ('contract', 'receipt', 'invoice') $$, NULL, NULL);

-- What is not for members of the portal at all: `read` says what of it they see.
CREATE FUNCTION staff_write(kind regclass, read text DEFAULT 'true') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE POLICY portal_read ON %s AS RESTRICTIVE FOR SELECT TO makao_app'
        ' USING ((SELECT acting_for_all()) OR (%s))', kind, read);
    EXECUTE format('CREATE POLICY portal_insert ON %s AS RESTRICTIVE FOR INSERT TO makao_app'
        ' WITH CHECK ((SELECT acting_for_all()))', kind);
    EXECUTE format('CREATE POLICY portal_update ON %s AS RESTRICTIVE FOR UPDATE TO makao_app'
        ' USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()))', kind);
    EXECUTE format('CREATE POLICY portal_delete ON %s AS RESTRICTIVE FOR DELETE TO makao_app'
        ' USING ((SELECT acting_for_all()))', kind);
END $$;
SELECT staff_write(kind) FROM unnest(ARRAY['party', 'refund', 'apartment_owner', 'provider_event',
    'book']::regclass[]) AS kind;
SELECT staff_write(kind, 'false') FROM unnest(ARRAY['delivery', 'dispatch']::regclass[]) AS kind;
CREATE POLICY portal_read ON saga AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all())
        OR EXISTS (SELECT FROM booking WHERE booking.id = subject_id));
CREATE POLICY portal_insert ON notification AS RESTRICTIVE FOR INSERT TO makao_app
    WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY own_delete ON notification AS RESTRICTIVE FOR DELETE TO makao_app
    USING (profile_id = (SELECT acting_profile()));
CREATE POLICY admins_remove ON setting AS RESTRICTIVE FOR DELETE TO makao_app
    USING ((SELECT acting_admin()));
