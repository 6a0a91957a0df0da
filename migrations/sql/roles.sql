-- Four roles. The owner migrates; web, jobs and the door of sign-in connect as the others, which
-- own nothing. Made once per cluster by whoever may; passwords are set by the command that migrates.
DO $$
BEGIN
    IF to_regrole('makao_owner') IS NULL THEN
        CREATE ROLE makao_owner NOLOGIN;
    END IF;
    IF to_regrole('makao_app') IS NULL THEN
        CREATE ROLE makao_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF to_regrole('makao_worker') IS NULL THEN
        CREATE ROLE makao_worker LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF to_regrole('makao_auth') IS NULL THEN
        CREATE ROLE makao_auth LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF to_regrole('makao_reader') IS NULL THEN
        CREATE ROLE makao_reader NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'makao_owner', 'MEMBER') THEN
        EXECUTE format('GRANT makao_owner TO %I', current_user);
    END IF;
    IF NOT pg_has_role('makao_worker', 'makao_reader', 'MEMBER') THEN
        GRANT makao_reader TO makao_worker;
    END IF;
END $$;
