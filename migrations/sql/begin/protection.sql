-- Which table is under which lock. Every table of an organization is named here.
SELECT protect('organization', 'id');
SELECT protect_catalogue('organization', 'true', 'id', '(SELECT acting_admin())');
SELECT protect(kind) FROM unnest(ARRAY['membership', 'member_invitation', 'setting', 'counter',
    'party', 'event', 'delivery', 'audit_entry', 'seal', 'saga', 'idempotency_key', 'document',
    'record_comment', 'record_follower', 'notification', 'dispatch', 'saved_view', 'import_run',
    'import_row', 'book', 'account', 'journal_entry', 'posting', 'invoice', 'invoice_line', 'payment_intent',
    'payment_allocation', 'provider_event', 'refund', 'project', 'package_level', 'package',
    'addon_category', 'addon', 'apartment', 'apartment_package', 'apartment_addon',
    'apartment_owner', 'booking', 'booking_addon', 'booking_invoice', 'instalment_plan',
    'instalment_step', 'row_count']::regclass[]) AS kind;

-- Rows of parties, and what hangs on them.
SELECT protect_party('party', 'id');
SELECT protect_party('booking', 'customer_id');
SELECT protect_party('invoice', 'party_id');
SELECT protect_party('payment_intent', 'party_id');
SELECT protect_party('refund', 'party_id');
SELECT protect_party('apartment_owner', 'owner_id');
SELECT protect_through('booking_addon', 'booking_id', 'booking');
SELECT protect_through('booking_invoice', 'booking_id', 'booking');
SELECT protect_through('invoice_line', 'invoice_id', 'invoice');
SELECT protect_through('payment_allocation', 'intent_id', 'payment_intent');
SELECT protect_through('provider_event', 'intent_id', 'payment_intent');

-- The catalogue. A buyer sees the clones that are or were theirs, and takes an original by booking.
SELECT protect_catalogue('project', 'published');
SELECT protect_catalogue(kind) FROM unnest(ARRAY['package_level', 'package', 'addon_category',
    'addon', 'apartment_package', 'apartment_addon', 'instalment_plan', 'instalment_step'
    ]::regclass[]) AS kind;
SELECT protect_catalogue('apartment',
    'source_id IS NULL AND type <> ''template'' AND status <> ''withdrawn'''
    ' OR customer_id = (SELECT acting_party())'
    ' OR EXISTS (SELECT FROM booking WHERE booking.organization_id = apartment.organization_id'
    ' AND booking.apartment_id = apartment.id)', 'organization_id', 'true');
SELECT protect_catalogue('document',
    'use IN (''photo'', ''logo'') OR EXISTS (SELECT FROM booking WHERE booking.id = subject_id)'
    ' OR EXISTS (SELECT FROM invoice WHERE invoice.id = subject_id)'
    ' OR EXISTS (SELECT FROM payment_intent WHERE payment_intent.id = subject_id)',
    'organization_id', 'true');

-- What only staff read. Others still write it: their acts are announced and recorded.
CREATE POLICY staff ON event AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
CREATE POLICY staff ON audit_entry AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
CREATE POLICY staff ON seal AS RESTRICTIVE FOR SELECT TO makao_app USING ((SELECT acting_for_all()));
CREATE POLICY staff ON row_count AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
CREATE POLICY staff ON account AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()) OR party_id = (SELECT acting_party()));
CREATE POLICY staff ON posting AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()) OR EXISTS (SELECT FROM account WHERE account.id = account_id));
CREATE POLICY staff ON journal_entry AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
CREATE POLICY staff ON record_comment AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY staff ON record_follower AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY staff ON import_run AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY staff ON import_row AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));
CREATE POLICY staff ON saved_view AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_for_all())) WITH CHECK ((SELECT acting_for_all()));

-- Who belongs and what they may do is for administrators to say.
CREATE POLICY members_seen ON membership AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()) OR staff OR profile_id = (SELECT acting_profile()));
CREATE POLICY admins_add ON membership AS RESTRICTIVE FOR INSERT TO makao_app
    WITH CHECK ((SELECT acting_admin()));
CREATE POLICY admins_change ON membership AS RESTRICTIVE FOR UPDATE TO makao_app
    USING ((SELECT acting_admin())) WITH CHECK ((SELECT acting_admin()));
CREATE POLICY admins_remove ON membership AS RESTRICTIVE FOR DELETE TO makao_app
    USING ((SELECT acting_admin()));
CREATE POLICY admins ON member_invitation AS RESTRICTIVE TO makao_app
    USING ((SELECT acting_admin())) WITH CHECK ((SELECT acting_admin()));
CREATE POLICY admins_write ON setting AS RESTRICTIVE FOR INSERT TO makao_app
    WITH CHECK ((SELECT acting_admin()));
CREATE POLICY admins_change ON setting AS RESTRICTIVE FOR UPDATE TO makao_app
    USING ((SELECT acting_admin())) WITH CHECK ((SELECT acting_admin()));

-- What is one person's own.
CREATE POLICY own ON notification AS RESTRICTIVE FOR SELECT TO makao_app
    USING (profile_id = (SELECT acting_profile()));
CREATE POLICY own_update ON notification AS RESTRICTIVE FOR UPDATE TO makao_app
    USING (profile_id = (SELECT acting_profile()))
    WITH CHECK (profile_id = (SELECT acting_profile()));
CREATE POLICY own ON idempotency_key AS RESTRICTIVE TO makao_app
    USING (profile_id = (SELECT acting_profile()))
    WITH CHECK (profile_id = (SELECT acting_profile()));
CREATE POLICY own_or_shared ON saved_view AS RESTRICTIVE FOR SELECT TO makao_app
    USING (shared OR profile_id = (SELECT acting_profile()));

-- The platform's own rows: users, profiles, sign-ins, runs of the schedule.
CREATE FUNCTION protect_platform(kind regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kind);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', kind);
    EXECUTE format('CREATE POLICY owner ON %s TO makao_owner USING (true) WITH CHECK (true)', kind);
END $$;
SELECT protect_platform(kind)
FROM unnest(ARRAY['profile', 'credential', 'ab_user', 'scheduled_run']::regclass[]) AS kind;
-- Its comment names the screens and roles for which permissions were last written.
CREATE SEQUENCE permissions_mark;

-- Flask-AppBuilder's own: what is not used here is the door's alone, roles and permissions are read.
SELECT protect_platform(kind) FROM unnest(ARRAY['ab_api_key', 'ab_group', 'ab_group_role',
    'ab_register_user', 'ab_user_role', 'ab_user_group', 'ab_role', 'ab_permission',
    'ab_view_menu', 'ab_permission_view', 'ab_permission_view_role',
    'alembic_version']::regclass[]) AS kind;
CREATE POLICY door ON ab_user_role TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY door ON ab_user_group TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY read_by_all ON ab_role FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY read_by_all ON ab_permission FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY read_by_all ON ab_view_menu FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY read_by_all ON ab_permission_view FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY read_by_all ON ab_permission_view_role FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY read_by_all ON alembic_version FOR SELECT
    TO makao_app, makao_worker, makao_auth, makao_reader USING (true);
CREATE POLICY door ON profile TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY door ON credential TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY door ON ab_user TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY door ON membership FOR SELECT TO makao_auth USING (true);
CREATE POLICY door ON member_invitation FOR SELECT TO makao_auth USING (true);
CREATE POLICY door ON organization FOR SELECT TO makao_auth USING (true);
CREATE POLICY reader ON profile FOR SELECT TO makao_reader USING (true);
CREATE POLICY reader ON scheduled_run FOR SELECT TO makao_reader USING (true);
CREATE POLICY known ON profile FOR SELECT TO makao_app USING (
    id = (SELECT acting_profile())
    OR EXISTS (SELECT FROM membership WHERE membership.profile_id = profile.id));
CREATE POLICY members ON profile FOR SELECT TO makao_worker USING (
    EXISTS (SELECT FROM membership WHERE membership.profile_id = profile.id));
CREATE POLICY own ON profile FOR UPDATE TO makao_app
    USING (id = (SELECT acting_profile())) WITH CHECK (id = (SELECT acting_profile()));
CREATE POLICY own ON ab_user FOR SELECT TO makao_app USING (id = (SELECT acting_user()));
CREATE POLICY jobs ON scheduled_run TO makao_worker USING (true) WITH CHECK (true);

-- The audit trail of every table whose rows people or money depend on.
SELECT audited(kind) FROM unnest(ARRAY['party', 'document', 'record_comment', 'import_run',
    'saved_view', 'project', 'package_level', 'addon_category', 'apartment', 'apartment_package',
    'apartment_addon', 'instalment_plan', 'instalment_step', 'booking_addon', 'booking_invoice',
    'invoice_line', 'saga']::regclass[]) AS kind;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['package', 'addon', 'booking', 'invoice',
    'payment_allocation', 'apartment_owner']::regclass[]) AS kind;
SELECT audited(kind, 'warning') FROM unnest(ARRAY['payment_intent', 'refund', 'membership',
    'setting', 'book']::regclass[]) AS kind;
SELECT audited('member_invitation', 'warning', 'organization_id', ARRAY['code_hash']);
SELECT audited('organization', 'warning', 'id');
SELECT audited('profile', 'warning', '',
    ARRAY['two_factor_secret', 'recovery_codes', 'two_factor_last_step', 'failed_login_attempts']);
SELECT audited('credential', 'notice', 'organization_id',
    ARRAY['secret_hash', 'data', 'last_seen_at']);

-- The facts of one subject are counted, so that their order is known to whoever hears of them.
CREATE FUNCTION event_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT coalesce(max(sequence), 0) + 1 INTO NEW.sequence FROM public.event
    WHERE organization_id = NEW.organization_id AND subject_id = NEW.subject_id;
    RETURN NEW;
END $$;
CREATE TRIGGER counts BEFORE INSERT ON event FOR EACH ROW
    WHEN (NEW.sequence IS NULL OR NEW.sequence = 0) EXECUTE FUNCTION event_counts();

CREATE VIEW trial_balance WITH (security_invoker = true) AS
SELECT a.organization_id, a.book_id, a.code, a.type, a.currency, sum(p.amount) AS balance
FROM account AS a JOIN posting AS p ON p.organization_id = a.organization_id AND p.account_id = a.id
GROUP BY a.organization_id, a.book_id, a.code, a.type, a.currency;
