-- Automatic payment: agreed to by who has proved the PIN in the same transaction, stopped by its owner
-- without one, or by staff; tried by jobs alone, once for each due day and number of the try.

SELECT protect(kind) FROM unnest(ARRAY['autopay', 'autopay_run']::regclass[]) AS kind;
SELECT protect_party(kind, 'party_id') FROM unnest(ARRAY['autopay', 'autopay_run']::regclass[]) AS kind;
SELECT portal_may('autopay',
    'n.active AND n.agreed_by_id = acting_profile() AND pin_proved(n.wallet_id)',
    $$ NOT n.active AND kept(to_jsonb(o), to_jsonb(n), '{active,stopped_at}')
       OR kept(to_jsonb(o), to_jsonb(n), '{active,stopped_at,most,days_before,since,agreed_by_id}')
       AND n.agreed_by_id = acting_profile() AND pin_proved(n.wallet_id) $$,
    NULL);
SELECT staff_may('autopay', '{}', NULL,
    $$ acting_as('{Admin,Accountant}') AND NOT n.active
       AND kept(to_jsonb(o), to_jsonb(n), '{active,stopped_at}') $$, NULL);
SELECT portal_may('autopay_run', NULL, NULL, NULL);
SELECT staff_may('autopay_run', '{}', NULL, NULL, NULL);
REVOKE DELETE ON autopay FROM makao_app, makao_worker;
REVOKE UPDATE, DELETE ON autopay_run FROM makao_app, makao_worker;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['autopay', 'autopay_run']::regclass[]) AS kind;
