-- The fourth lock: what members of the staff can do to money, approvals and prices, whatever the code
-- believes. The roles are those of services/access.py; a test holds the two against each other. What
-- has no rule here is open to all staff of the organization.

-- Whether the statement at hand is of a member of the staff, and not of one of the owner's functions.
CREATE FUNCTION staff_acts() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN current_user = 'makao_app' AND public.acting_for_all();
END $$;

-- Give a table its rules for staff: `free` are the roles that are not asked.
CREATE FUNCTION staff_may(kind regclass, free text[], inserts text, updates text, deletes text)
RETURNS void
LANGUAGE sql SET search_path = public, pg_temp
RETURN judged(kind, 'staff', format('public.staff_acts() AND NOT public.acting_as(%L)', free),
    inserts, updates, deletes);

-- Money that came in is said by who may record it. Who ends a booking gives up what nobody has paid.
SELECT staff_may('payment_intent', '{Admin,Accountant}', NULL,
    $$ acting_as('{Manager,Sales}') AND kept(to_jsonb(o), to_jsonb(n), '{status,updated_at}')
       AND (n.status = o.status OR n.status = 'cancelled') $$, NULL);
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['payment_allocation', 'provider_event']::regclass[]) AS kind;

-- Refunds are asked for by jobs, as the rule of the project says; a manager may have one tried again.
SELECT staff_may('refund', '{Admin,Accountant}', NULL,
    $$ acting_as('{Manager}') AND kept(to_jsonb(o), to_jsonb(n),
           '{status,check_at,failure,attempts,updated_at}')
       AND (o.status, n.status) = ('failed', 'requested') $$, NULL);
SELECT staff_may('saga', '{Admin,Manager}',
    $$ acting_as('{Sales}') AND cancels_by_rule(n.kind, n.subject_id, n.status, n.step, n.data) $$,
    NULL, NULL);

-- What is paid on an invoice follows from payments alone.
SELECT staff_may('invoice', '{Admin,Accountant}',
    $$ acting_as('{Manager,Sales}') AND n.status = 'draft' AND n.paid_amount = 0 $$,
    $$ acting_as('{Manager,Sales}') AND n.paid_amount = o.paid_amount
       AND (n.status = o.status OR n.status NOT IN ('paid', 'partly_paid')) $$,
    $$ acting_as('{Manager,Sales}') $$);
SELECT staff_may('invoice_line', '{Admin,Accountant,Manager,Sales}', NULL, NULL, NULL);

-- Prices, what is sold at them, and who owns are a manager's; sales staff book at these prices.
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['project', 'package_level', 'package', 'addon_category', 'addon', 'apartment_package',
    'apartment_addon', 'apartment_owner', 'instalment_plan', 'instalment_step', 'import_run',
    'import_row']::regclass[]) AS kind;
SELECT staff_may('apartment', '{Admin,Manager}',
    $$ acting_as('{Sales}') AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.source_id
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ acting_as('{Sales}') AND kept(to_jsonb(o), to_jsonb(n), '{status,customer_id,updated_at}') $$,
    NULL);
SELECT staff_may('booking', '{Admin,Manager}',
    $$ acting_as('{Sales}') AND n.status = 'pending' AND n.package_price = 0 AND n.addons_price = 0
       AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.original_id
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ acting_as('{Sales}') AND kept(to_jsonb(o), to_jsonb(n), '{status,status_at,hold_until,
           confirmed_at,apartment_id,package_id,package_price,plan_id,payment_method,assigned_to_id,
           assigned_at,reason,total,updated_at}')
       AND (n.status = o.status OR n.status NOT IN ('approved', 'rejected'))
       AND ((n.package_id, n.package_price) IS NOT DISTINCT FROM (o.package_id, o.package_price)
           OR n.package_price = (SELECT price FROM package WHERE id = n.package_id)) $$,
    NULL);
SELECT staff_may('booking_addon', '{Admin,Manager}',
    $$ acting_as('{Sales}')
       AND n.price_per_unit = (SELECT price_per_unit FROM addon WHERE id = n.addon_id) $$,
    $$ acting_as('{Sales}') AND n.price_per_unit = o.price_per_unit AND n.addon_id = o.addon_id $$,
    $$ acting_as('{Sales}') $$);
-- An accountant asks again for what was rejected.
SELECT staff_may('booking_invoice', '{Admin,Manager,Sales}', $$ acting_as('{Accountant}') $$, NULL, NULL);
SELECT staff_may('party', '{Admin,Manager,Sales}', NULL, NULL, NULL);

-- Nobody tells a fact in another's name.
SELECT staff_may('event', '{}', 'n.actor = acting_name()', NULL, NULL);
