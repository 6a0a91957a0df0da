-- What each role may do at all. Row-level security narrows it further.
GRANT USAGE ON SCHEMA public TO makao_app, makao_worker, makao_auth, makao_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO makao_reader;
REVOKE SELECT ON credential FROM makao_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO makao_app, makao_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO makao_app, makao_worker, makao_auth;

-- Money, the audit trail and the chains have one door each, a function.
REVOKE INSERT, UPDATE, DELETE ON counter, account, journal_entry, posting, audit_entry, seal,
    row_count
    FROM makao_app, makao_worker;
REVOKE DELETE ON event, booking, payment_intent, provider_event, refund
    FROM makao_app, makao_worker;
REVOKE UPDATE ON event FROM makao_app, makao_worker;
GRANT UPDATE (relayed_at) ON event TO makao_worker;
REVOKE INSERT, DELETE ON organization FROM makao_app, makao_worker;
REVOKE ALL ON scheduled_run FROM makao_app;

-- Who may sign in, and as whom, is the door's alone.
REVOKE ALL ON credential FROM makao_app, makao_worker;
REVOKE INSERT, UPDATE, DELETE ON profile FROM makao_app, makao_worker;
REVOKE INSERT, UPDATE, DELETE ON ab_user FROM makao_app, makao_worker;
GRANT UPDATE (name, phone, locale, email_notices) ON profile TO makao_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON credential, profile, ab_user, ab_user_role, ab_user_group,
    ab_register_user, ab_api_key TO makao_auth;
GRANT SELECT ON membership, member_invitation, organization TO makao_auth;
GRANT SELECT ON ab_role, ab_group, ab_group_role, ab_permission, ab_view_menu, ab_permission_view,
    ab_permission_view_role TO makao_auth;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION uuid_now(), standing(), acting_organization(), acting_for_all(), acting_party(),
    portal_acts(), staff_acts(), acting_as(text[]),
    cancels_by_rule(text, uuid, text, int, jsonb),
    kept(jsonb, jsonb, text[]), hold_ends(timestamptz, uuid), acting_profile(), acting_user(), acting_admin(), reading_organization(), own_memberships(),
    public_organization(text), next_number(uuid, text, int), accept_invitation(text, uuid),
    read_invitation(text) TO makao_app, makao_worker, makao_auth, makao_reader;
GRANT EXECUTE ON FUNCTION found_organization(uuid, uuid, uuid, text, text, uuid),
    ledger_post(uuid, uuid, uuid, text, text, text, uuid, date, timestamptz, uuid, text, text[],
        text[], uuid[], numeric[], uuid, text, uuid),
    ledger_post_many(uuid, uuid, text, date, timestamptz, text, uuid, text, text, text, text, text,
        boolean, uuid[], text[], text[], uuid[], numeric[]),
    entry_legs(uuid, uuid), acting_name() TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION all_organizations(), seal_audit(uuid, int), seal_ledger(uuid, uuid, int),
    organizations_due(text, timestamptz), event_envelope(event), fold_row_counts() TO makao_worker;
GRANT EXECUTE ON FUNCTION take_notice(text, text, uuid, text, jsonb, timestamptz)
    TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION entry_digest(bytea, uuid, uuid, uuid, text, text, uuid, date, timestamptz,
    uuid, text), audit_digest(bytea, uuid, text, uuid, text, jsonb, jsonb, text[],
    text, text, text, text, timestamptz),
    entry_legs(uuid, uuid) TO makao_reader;
GRANT EXECUTE ON FUNCTION trigrams(text), apartment_found(text, int), party_found(text, int),
    booking_found(text, int), invoice_found(text, int), payment_intent_found(text, int) TO makao_app, makao_worker;
