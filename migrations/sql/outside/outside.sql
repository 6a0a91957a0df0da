-- Who somebody is at a provider of identities is the door's alone.
SELECT protect_platform('outside_identity');
REVOKE ALL ON outside_identity FROM makao_app, makao_worker;
REVOKE SELECT ON outside_identity FROM makao_reader;
CREATE POLICY door ON outside_identity TO makao_auth USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON outside_identity TO makao_auth;
SELECT audited('outside_identity', 'warning', '');
