-- Wallets: opened here alone, spent from by who has proved a PIN in the same transaction, and with a
-- chain over their movements that says when one was changed behind our back.

SELECT protect(kind) FROM unnest(ARRAY['wallet', 'wallet_pin', 'wallet_order', 'wallet_transaction'
    ]::regclass[]) AS kind;
SELECT protect_party('wallet', 'party_id');
SELECT protect_party('wallet_transaction', 'party_id');
SELECT protect_through('wallet_order', 'wallet_id', 'wallet');
SELECT audited('wallet', 'warning', 'organization_id', ARRAY['checksum', 'position']);
SELECT audited('wallet_order', 'notice', 'organization_id', ARRAY['account_locked']);
SELECT audited('payment_intent', 'warning', 'organization_id', ARRAY['notice_hash']);
GRANT SELECT ON wallet, wallet_pin, wallet_order, wallet_transaction TO makao_reader;
GRANT SELECT, UPDATE ON wallet TO makao_app, makao_worker;
GRANT SELECT, INSERT, UPDATE ON wallet_order TO makao_app, makao_worker;
GRANT SELECT, INSERT ON wallet_transaction TO makao_app, makao_worker;
REVOKE INSERT, DELETE ON wallet FROM makao_app, makao_worker;
REVOKE DELETE ON wallet_order FROM makao_app, makao_worker;
REVOKE UPDATE, DELETE ON wallet_transaction FROM makao_app, makao_worker;
REVOKE ALL ON wallet_pin FROM makao_app, makao_worker;
REVOKE SELECT ON wallet_pin FROM makao_reader;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Whether whoever asks has given the PIN of a wallet rightly in this very transaction.
CREATE FUNCTION pin_proved(which uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (SELECT FROM public.wallet_pin AS p
        WHERE p.organization_id = public.acting_organization() AND p.wallet_id = which
          AND p.profile_id = public.acting_profile()
          AND p.proved_in = pg_current_xact_id()::text);
END;

-- The owner asks for money to move, a job moves it. Staff freeze and close, and never spend; what was
-- asked they settle as paid out or not.
SELECT portal_may('wallet', NULL, NULL, NULL);
SELECT staff_may('wallet', '{Admin,Accountant}', NULL, NULL, NULL);
SELECT portal_may('wallet_order',
    $$ n.status = 'requested' AND n.kind <> 'bill' AND n.hold_id IS NULL AND n.intent_id IS NULL
       AND n.asked_by_id = acting_profile() AND pin_proved(n.wallet_id) $$,
    NULL, NULL);
SELECT portal_may('wallet_transaction', NULL, NULL, NULL);
SELECT staff_may('wallet_transaction', '{Admin,Accountant}', NULL, NULL, NULL);
SELECT staff_may('wallet_order', '{}', NULL,
    $$ acting_as('{Admin,Accountant}') AND o.status = 'set_aside' AND n.status IN ('set_aside', 'done', 'failed')
       AND kept(to_jsonb(o), to_jsonb(n), '{status,failure,reference,done_at}') $$, NULL);

-- What a wallet is stays; it is closed when nothing is in it. Its chain follows from its movements.
CREATE FUNCTION wallet_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(OLD) - ARRAY['status', 'status_at', 'reason', 'position', 'checksum', 'custom']
        <> to_jsonb(NEW) - ARRAY['status', 'status_at', 'reason', 'position', 'checksum', 'custom'] THEN
        RAISE EXCEPTION 'a wallet is not changed' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'wallet_stays';
    END IF;
    IF NEW.status = 'closed' AND OLD.status <> 'closed' AND EXISTS (SELECT FROM public.account AS a
        WHERE a.organization_id = NEW.organization_id AND a.id = NEW.account_id
          AND (a.balance <> 0 OR a.held <> 0) FOR UPDATE) THEN
        RAISE EXCEPTION 'there is money in it' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'wallet_is_empty';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON wallet FOR EACH ROW EXECUTE FUNCTION wallet_stays();
CREATE FUNCTION wallet_chain_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user IN ('makao_app', 'makao_worker')
       AND (NEW.position, NEW.checksum) IS DISTINCT FROM (OLD.position, OLD.checksum) THEN
        RAISE EXCEPTION 'the chain is written by its movements' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_stays BEFORE UPDATE ON wallet FOR EACH ROW EXECUTE FUNCTION wallet_chain_stays();

-- Nothing moves in a wallet that is closed. Out of one, money goes by a job that its owner asked with
-- their PIN: nobody on the web moves it, staff the least. Nothing leaves one that is frozen. In both
-- cases but for what is set aside to be paid out, and has only to be booked.
CREATE FUNCTION wallet_is_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_wallet public.wallet;
BEGIN
    SELECT * INTO found_wallet FROM public.wallet AS w
    WHERE w.organization_id = NEW.organization_id AND w.account_id = NEW.id;
    IF found_wallet.status = 'closed'
       OR (found_wallet.status = 'frozen' OR session_user = 'makao_app')
       AND (NEW.held > OLD.held OR NEW.balance > OLD.balance AND NOT EXISTS (
           SELECT FROM public.wallet_order AS o WHERE o.organization_id = NEW.organization_id
               AND o.wallet_id = found_wallet.id AND o.status = 'set_aside'
               AND o.amount = NEW.balance - OLD.balance)) THEN
        RAISE EXCEPTION 'wallet % is %', found_wallet.name, found_wallet.status
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'wallet_is_open';
    END IF;
    RETURN NULL;
END $$;
-- After the update: a trigger before it would make each posting lock the account as if its keys
-- changed, and two of them would wait for each other in a ring.
CREATE TRIGGER wallet_is_open AFTER UPDATE OF balance, held ON account FOR EACH ROW
    WHEN (NEW.code = '2500' AND (NEW.balance, NEW.held) IS DISTINCT FROM (OLD.balance, OLD.held))
    EXECUTE FUNCTION wallet_is_open();

-- Open the wallet of a party in a currency: once, empty, guarded, with the organization's cap.
CREATE FUNCTION open_wallet(home uuid, new_id uuid, owner uuid, called text, money text,
    instant timestamptz, event uuid, who text, correlation uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept uuid;
    found_wallet uuid;
BEGIN
    IF home IS DISTINCT FROM public.acting_organization()
       OR owner IS DISTINCT FROM public.acting_party() AND NOT public.acting_as('{Admin,Accountant}')
       OR NOT EXISTS (SELECT FROM public.party AS p WHERE p.organization_id = home AND p.id = owner) THEN
        RAISE EXCEPTION 'not your wallet' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT l.account INTO kept FROM public.ledger_account(home, (SELECT b.id FROM public.book AS b
        WHERE b.organization_id = home AND b.name = 'main'), owner, '2500', 'liability', money) AS l;
    PERFORM FROM public.account WHERE id = kept FOR UPDATE;
    SELECT w.id INTO found_wallet FROM public.wallet AS w
    WHERE w.organization_id = home AND w.account_id = kept;
    IF found_wallet IS NOT NULL THEN
        RETURN found_wallet;
    END IF;
    UPDATE public.account SET guarded = true, cap = coalesce((SELECT nullif(s.value::text, '')::numeric
        FROM public.setting AS s WHERE s.organization_id = home AND s.key = 'wallet.cap'), 500000)
    WHERE organization_id = home AND id = kept;
    INSERT INTO public.wallet (id, organization_id, name, party_id, account_id, currency, status,
        status_at, created_at, custom)
    VALUES (new_id, home, called, owner, kept, money, 'active', instant, instant, '{}');
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    VALUES (event, home, 'wallet.opened', 'wallet', new_id, 1, jsonb_build_object('wallet_id', new_id,
        'party_id', owner, 'name', called, 'currency', money), who, correlation, instant, 'wallets');
    RETURN new_id;
END $$;

-- Whose wallet has a name: what somebody who means to send to it may know.
CREATE FUNCTION wallet_called(home uuid, called text, OUT id uuid, OUT holder text, OUT money text,
    OUT status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT w.id, p.name, w.currency, w.status FROM public.wallet AS w
    JOIN public.party AS p ON p.organization_id = w.organization_id AND p.id = w.party_id
    WHERE w.organization_id = home AND w.name = called AND home = public.acting_organization();
END;

-- The salt of one's own PIN; nothing where there is none.
CREATE FUNCTION wallet_pin_salt(which uuid) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.salt FROM public.wallet_pin AS p
    WHERE p.organization_id = public.acting_organization() AND p.wallet_id = which
      AND p.profile_id = public.acting_profile();
END;

-- Try a PIN: 'right', 'wrong', 'locked' or 'none'. Who tries at once waits here, so that each try is
-- counted. The fifth wrong one locks it for a quarter of an hour.
CREATE FUNCTION try_wallet_pin(which uuid, proof bytea, instant timestamptz, event uuid, who text,
    correlation uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine public.wallet_pin;
BEGIN
    SELECT * INTO mine FROM public.wallet_pin AS p
    WHERE p.organization_id = public.acting_organization() AND p.wallet_id = which
      AND p.profile_id = public.acting_profile() FOR UPDATE;
    IF mine.id IS NULL THEN
        RETURN 'none';
    ELSIF mine.locked_until > now() THEN
        RETURN 'locked';
    ELSIF sha256(proof) = mine.digest THEN
        UPDATE public.wallet_pin SET tries = 0, locked_until = NULL,
            proved_in = pg_current_xact_id()::text WHERE id = mine.id;
        RETURN 'right';
    ELSIF mine.tries < 4 THEN
        UPDATE public.wallet_pin SET tries = tries + 1 WHERE id = mine.id;
        RETURN 'wrong';
    END IF;
    UPDATE public.wallet_pin SET tries = 0, locked_until = now() + interval '15 minutes'
    WHERE id = mine.id;
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    SELECT event, w.organization_id, 'wallet.pin_locked', 'wallet', w.id, 0, jsonb_build_object(
        'wallet_id', w.id, 'party_id', w.party_id, 'profile_id', mine.profile_id), who, correlation,
        instant, 'wallets'
    FROM public.wallet AS w WHERE w.organization_id = mine.organization_id AND w.id = which;
    RETURN 'locked';
END $$;

-- Set somebody's PIN: only for the door, which has checked their password.
CREATE FUNCTION set_wallet_pin(who uuid, which uuid, new_salt bytea, new_digest bytea,
    instant timestamptz, event uuid, correlation uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    theirs public.wallet;
BEGIN
    SELECT w.* INTO theirs FROM public.wallet AS w
    JOIN public.membership AS m ON m.organization_id = w.organization_id AND m.party_id = w.party_id
    WHERE w.id = which AND m.profile_id = who AND m.active;
    IF theirs.id IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO public.wallet_pin AS p (id, organization_id, wallet_id, profile_id, salt, digest, set_at)
    VALUES (public.uuid_now(), theirs.organization_id, which, who, new_salt, new_digest, instant)
    ON CONFLICT (organization_id, wallet_id, profile_id) DO UPDATE SET salt = excluded.salt,
        digest = excluded.digest, tries = 0, locked_until = NULL, proved_in = '', set_at = excluded.set_at;
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    VALUES (event, theirs.organization_id, 'wallet.pin_set', 'wallet', which, 0, jsonb_build_object(
        'wallet_id', which, 'party_id', theirs.party_id, 'profile_id', who), 'user:' || who,
        correlation, instant, 'wallets');
    RETURN true;
END $$;
