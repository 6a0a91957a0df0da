-- Links to a new password, and mails about accounts, are the door's alone.
SELECT protect_platform(kind) FROM unnest(ARRAY['password_link', 'account_mail']::regclass[]) AS kind;
CREATE POLICY door ON password_link TO makao_auth USING (true) WITH CHECK (true);
CREATE POLICY door ON account_mail TO makao_auth USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON password_link, account_mail TO makao_auth;
SELECT audited('password_link', 'warning', '', ARRAY['code_hash']);
SELECT audited('profile', 'warning', '',
    ARRAY['two_factor_secret', 'recovery_codes', 'two_factor_last_step', 'failed_login_attempts']);

-- Whoever came by an invitation to their address has shown that it is theirs.
ALTER TABLE profile DISABLE TRIGGER USER;
UPDATE profile SET email_confirmed_at = i.accepted_at
FROM member_invitation AS i JOIN membership AS m ON m.organization_id = i.organization_id
WHERE m.profile_id = profile.id AND i.accepted_at IS NOT NULL AND lower(i.email) = lower(profile.email);
ALTER TABLE profile ENABLE TRIGGER USER;
