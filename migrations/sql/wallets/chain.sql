-- The chain over what moved in a wallet: each link covers the one before it, the entry's own digest,
-- and what the movement says. Whoever changes a figure anywhere breaks it.

CREATE FUNCTION wallet_link(previous bytea, wallet uuid, place int, entry bytea, record text,
    amount numeric, money text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(previous || convert_to(concat_ws(E'\x1f', wallet, place, encode(entry, 'hex'), record,
    amount::numeric(19, 4), money), 'UTF8'));

-- A movement that succeeded takes the next place in its wallet's chain, and has to be what its entry
-- says of the wallet's account.
CREATE FUNCTION wallet_transaction_chained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept public.wallet;
    moved numeric;
    sealed bytea;
BEGIN
    IF session_user IN ('makao_app', 'makao_worker')
       AND NEW.organization_id IS DISTINCT FROM public.acting_organization() THEN
        RETURN NEW;  -- the policy refuses it
    END IF;
    NEW.position := NULL;
    NEW.checksum := NULL;
    IF NEW.status <> 'success' THEN
        RETURN NEW;
    END IF;
    SELECT * INTO kept FROM public.wallet
    WHERE organization_id = NEW.organization_id AND id = NEW.wallet_id FOR NO KEY UPDATE;
    SELECT sum(p.amount) INTO moved FROM public.posting AS p
    WHERE p.organization_id = NEW.organization_id AND p.entry_id = NEW.entry_id
      AND p.account_id = kept.account_id;
    SELECT digest INTO sealed FROM public.journal_entry
    WHERE organization_id = NEW.organization_id AND id = NEW.entry_id;
    IF moved IS DISTINCT FROM (CASE NEW.record_type WHEN 'debit' THEN NEW.amount ELSE -NEW.amount END)
       OR NEW.currency IS DISTINCT FROM kept.currency THEN
        RAISE EXCEPTION 'the entry says something else' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'wallet_transaction_is_its_entry';
    END IF;
    NEW.position := kept.position + 1;
    NEW.checksum := public.wallet_link(kept.checksum, NEW.wallet_id, NEW.position, sealed,
        NEW.record_type, NEW.amount, NEW.currency);
    UPDATE public.wallet SET position = NEW.position, checksum = NEW.checksum
    WHERE organization_id = NEW.organization_id AND id = NEW.wallet_id;
    RETURN NEW;
END $$;
CREATE TRIGGER chained BEFORE INSERT ON wallet_transaction
    FOR EACH ROW EXECUTE FUNCTION wallet_transaction_chained();

-- What is wrong with a wallet, in a few words; nothing where all fits: its chain, the entries behind
-- it, and the balance of its account.
CREATE FUNCTION wallet_flaw(home uuid, which uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept public.wallet;
    moved record;
    link bytea := '';
    place int := 0;
    total numeric := 0;
BEGIN
    SELECT * INTO kept FROM public.wallet WHERE organization_id = home AND id = which;
    IF kept.id IS NULL OR session_user IN ('makao_app', 'makao_worker') AND (
        home IS DISTINCT FROM public.acting_organization() OR NOT public.acting_for_all()
        AND kept.party_id IS DISTINCT FROM public.acting_party()) THEN
        RETURN NULL;
    END IF;
    FOR moved IN SELECT t.*, e.digest AS sealed, sums.total AS came, e.digest IS DISTINCT FROM public.entry_digest(
            e.salt, e.id, e.organization_id, e.book_id, e.key, e.memo, e.source_id, e.booked_on,
            e.posted_at, e.reverses_id, public.entry_legs(e.organization_id, e.id)) AS changed
        FROM public.wallet_transaction AS t
        LEFT JOIN public.journal_entry AS e ON e.organization_id = home AND e.id = t.entry_id
        LEFT JOIN LATERAL (SELECT sum(p.amount) AS total FROM public.posting AS p
            WHERE p.organization_id = home AND p.entry_id = t.entry_id
              AND p.account_id = kept.account_id) AS sums ON true
        WHERE t.organization_id = home AND t.wallet_id = which AND t.status = 'success'
        ORDER BY t.position LOOP
        place := place + 1;
        total := total + CASE moved.record_type WHEN 'debit' THEN moved.amount ELSE -moved.amount END;
        link := public.wallet_link(link, which, place, moved.sealed, moved.record_type, moved.amount,
            moved.currency);
        IF moved.changed OR moved.position <> place OR link IS DISTINCT FROM moved.checksum
           OR moved.came IS DISTINCT FROM
               (CASE moved.record_type WHEN 'debit' THEN moved.amount ELSE -moved.amount END) THEN
            RETURN format('movement %s was changed', place);
        END IF;
    END LOOP;
    IF place <> kept.position OR link IS DISTINCT FROM kept.checksum THEN
        RETURN 'movements are missing';
    END IF;
    IF total IS DISTINCT FROM (SELECT a.balance FROM public.account AS a
        WHERE a.organization_id = home AND a.id = kept.account_id)
       OR place <> (SELECT count(DISTINCT p.entry_id) FROM public.posting AS p
        WHERE p.organization_id = home AND p.account_id = kept.account_id) THEN
        RETURN 'the balance is not that of its movements';
    END IF;
    RETURN NULL;
END $$;

-- The organizations with orders to carry out.
CREATE FUNCTION wallet_homes() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.id FROM public.organization AS o WHERE EXISTS (SELECT FROM public.wallet_order AS w
        WHERE w.organization_id = o.id AND w.status = 'requested') ORDER BY o.id;
END;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallet_pin_salt(uuid), try_wallet_pin(uuid, bytea, timestamptz, uuid, text,
    uuid) TO makao_app;
GRANT EXECUTE ON FUNCTION pin_proved(uuid) TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION open_wallet(uuid, uuid, uuid, text, text, timestamptz, uuid, text, uuid),
    wallet_called(uuid, text) TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION wallet_flaw(uuid, uuid) TO makao_app, makao_worker;
GRANT EXECUTE ON FUNCTION set_wallet_pin(uuid, uuid, bytea, bytea, timestamptz, uuid, uuid)
    TO makao_auth;
GRANT EXECUTE ON FUNCTION wallet_homes() TO makao_worker;
