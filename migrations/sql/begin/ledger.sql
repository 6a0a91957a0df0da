-- The ledger's own judge and its one door.

-- Postings come in whole: those of one statement sum to zero in each entry and currency. As it holds
-- for each statement it holds for all of them together, and nothing is added up again at the end.
CREATE FUNCTION entries_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT entry_id INTO wrong FROM fresh GROUP BY entry_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'entry % is out of balance', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_balances';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_balance AFTER INSERT ON posting REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();

CREATE FUNCTION entry_has_postings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.posting
        WHERE organization_id = NEW.organization_id AND entry_id = NEW.id) THEN
        RAISE EXCEPTION 'entry % has no postings', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_has_postings';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER has_postings AFTER INSERT ON journal_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_has_postings();

SELECT keep_for_ever('journal_entry');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Names are bound when it is made, so it needs no search_path, and can be written into the statements
-- that use it: over a hundred thousand rows that is seconds. A date is the same text in any session.
CREATE FUNCTION entry_digest(salt bytea, entry uuid, organization uuid, book uuid, key text,
    memo text, source uuid, booked date, posted timestamptz, reverses uuid, legs text)
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(salt || convert_to(concat_ws(E'\x1f', entry, organization, book, key, memo, source,
    to_char(booked, 'YYYY-MM-DD'), extract(epoch FROM posted)::text, reverses, legs), 'UTF8'));

-- How the postings of an entry are written into its digest.
CREATE FUNCTION entry_legs(organization uuid, entry uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT string_agg(account_id || ':' || currency || ':' || amount, ',' ORDER BY account_id, amount)
    FROM public.posting WHERE organization_id = organization AND entry_id = entry;
END;

-- Whether an entry says what has just become of an invoice, and is of somebody who may bring that
-- about: of the portal member whose invoice it is, or of staff that books. What the party owes (1200)
-- goes up or down by what is due on it, and no leg is another party's.
CREATE FUNCTION follows_invoice(home uuid, new_key text, kind text, source uuid, codes text[],
    parties uuid[], amounts numeric[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT kind = 'invoice' AND i.id IS NOT NULL
        AND new_key = 'invoice:' || i.id || ':' || i.status
        AND NOT EXISTS (SELECT FROM unnest(codes, parties, amounts) AS leg(code, party, amount)
            WHERE leg.party IS DISTINCT FROM i.party_id
                  AND (leg.party IS NOT NULL OR leg.code = '1200' OR i.party_id = public.acting_party())
               OR (leg.code = '1200') IS DISTINCT FROM ((leg.amount > 0) = (i.status = 'issued')))
        AND (SELECT sum(amount) FROM unnest(amounts) AS amount WHERE amount > 0)
            = i.total - i.paid_amount
    FROM (VALUES (1)) AS one
    LEFT JOIN public.invoice AS i ON i.organization_id = home AND i.id = source
        AND (i.party_id = public.acting_party() OR public.acting_as('{Manager,Sales}'));
END;

-- Find an account by what it is, or open it; of two who open it at once one waits, and finds it.
CREATE FUNCTION ledger_account(home uuid, book uuid, holder uuid, line text, kind text, money text,
    OUT account uuid, OUT keeps boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.account (id, organization_id, book_id, code, type, party_id, currency, balance)
    VALUES (public.uuid_now(), home, book, line, kind, nullif(holder, home), money,
        CASE WHEN holder <> home THEN 0 END)
    ON CONFLICT (organization_id, book_id, holder_id, code, currency) DO NOTHING;
    SELECT id, balance IS NOT NULL INTO STRICT account, keeps FROM public.account AS a
    WHERE a.organization_id = home AND a.book_id = book AND a.holder_id = holder
      AND a.code = line AND a.currency = money;
END $$;

-- Write one entry with its postings, the balances it moves and the event that tells of it. Nobody
-- else writes these tables: `makao_app` and `makao_worker` may only call this.
-- Returns the entry and whether it is new. Where an earlier one has the key, that one is returned: not
-- as new if it says the same, and with nothing said (NULL) if it says something else.
-- Leg by leg: a join over all legs is planned when nobody knows yet how many accounts there will be,
-- and would go on reading all of them.
CREATE FUNCTION ledger_post(new_id uuid, home uuid, book uuid, new_key text, new_memo text,
    kind text, source uuid, booked date, posted timestamptz, reverses uuid, money text,
    codes text[], types text[], parties uuid[], amounts numeric[], event uuid, who text,
    correlation uuid, OUT entry uuid, OUT fresh boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    salted bytea := uuid_send(gen_random_uuid());
    accounts uuid[];
    moved uuid[] := '{}';
    debits numeric := 0;
    touched uuid;
    keeps boolean;
    legs text;
BEGIN
    IF home IS DISTINCT FROM public.acting_organization() THEN
        RAISE EXCEPTION 'not your organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT public.acting_as('{Admin,Accountant}')
       AND NOT public.follows_invoice(home, new_key, kind, source, codes, parties, amounts) THEN
        RAISE EXCEPTION 'not your entry' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR n IN 1..cardinality(codes) LOOP
        SELECT id, balance IS NOT NULL INTO touched, keeps FROM public.account AS a
        WHERE a.organization_id = home AND a.book_id = book AND a.holder_id = coalesce(parties[n], home)
          AND a.code = codes[n] AND a.currency = money;
        IF NOT FOUND THEN
            SELECT * INTO touched, keeps FROM public.ledger_account(
                home, book, coalesce(parties[n], home), codes[n], types[n], money);
        END IF;
        accounts[n] := touched;
        IF keeps THEN
            moved := moved || touched;
        END IF;
        debits := debits + greatest(amounts[n], 0);
    END LOOP;
    SELECT string_agg(a || ':' || money || ':' || m, ',' ORDER BY a, m) INTO legs
    FROM unnest(accounts, amounts::numeric(19, 4)[]) AS leg(a, m);
    INSERT INTO public.journal_entry (id, organization_id, book_id, key, memo, source_table,
        source_id, actor, booked_on, posted_at, reverses_id, salt, digest)
    VALUES (new_id, home, book, new_key, new_memo, kind, source, who, booked, posted, reverses,
        salted, public.entry_digest(salted, new_id, home, book, new_key, new_memo, source, booked,
            posted, reverses, legs))
    ON CONFLICT (organization_id, key) DO NOTHING;
    IF NOT FOUND THEN
        SELECT id INTO entry FROM public.journal_entry
        WHERE organization_id = home AND journal_entry.key = new_key;
        fresh := CASE WHEN public.entry_legs(home, entry) = legs THEN false END;
        RETURN;
    END IF;
    INSERT INTO public.posting (id, organization_id, entry_id, account_id, currency, amount)
    SELECT public.uuid_now(), home, new_id, a, money, m
    FROM unnest(accounts, amounts) AS leg(a, m);
    -- In the order of their ids, so that two postings do not wait for each other in a ring.
    IF cardinality(moved) > 1 THEN
        moved := ARRAY(SELECT DISTINCT a FROM unnest(moved) AS a ORDER BY a);
    END IF;
    FOREACH touched IN ARRAY moved LOOP
        UPDATE public.account SET balance = balance + (
            SELECT sum(m) FROM unnest(accounts, amounts) AS leg(a, m) WHERE a = touched)
        WHERE id = touched;
    END LOOP;
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    VALUES (event, home, 'ledger.entry.created', 'journal_entry', new_id, 1, jsonb_build_object(
        'entry_id', new_id, 'book_id', book, 'key', new_key, 'source_id', source,
        'currency', money, 'amount', debits::text),
        who, correlation, posted, 'ledger');
    entry := new_id;
    fresh := true;
END $$;

-- Many entries of two legs in one statement: what a run over thousands of invoices posts. Both legs
-- are the party's own accounts, or `credit_common` makes the second one everybody's. Amounts may be
-- negative: then the entry goes the other way. Returns how many entries are new.
CREATE FUNCTION ledger_post_many(home uuid, book uuid, kind text, booked date, posted timestamptz,
    who text, correlation uuid, money text, debit_code text, debit_type text, credit_code text,
    credit_type text, credit_common boolean, sources uuid[], keys text[], memos text[],
    parties uuid[], amounts numeric[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    count int;
BEGIN
    IF home IS DISTINCT FROM public.acting_organization()
       OR NOT public.acting_as('{Admin,Manager,Accountant}') THEN
        RAISE EXCEPTION 'not your organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.account (id, organization_id, book_id, code, type, party_id, currency, balance)
    SELECT public.uuid_now(), home, book, side.code, side.type, side.party, money,
        CASE WHEN side.party IS NOT NULL THEN 0 END
    FROM (SELECT debit_code AS code, debit_type AS type, party FROM unnest(parties) AS party
          UNION SELECT credit_code, credit_type, CASE WHEN NOT credit_common THEN party END
          FROM unnest(parties) AS party ORDER BY 1, 3) AS side
    ON CONFLICT (organization_id, book_id, holder_id, code, currency) DO NOTHING;
    CREATE TEMP TABLE fresh ON COMMIT DROP AS
    SELECT public.uuid_now() AS id, uuid_send(gen_random_uuid()) AS salt, e.key, e.memo, e.source,
        e.amount::numeric(19, 4) AS amount, d.id AS debit, c.id AS credit
    FROM unnest(sources, keys, memos, parties, amounts) AS e(source, key, memo, party, amount)
    JOIN public.account AS d ON d.organization_id = home AND d.book_id = book
     AND d.holder_id = e.party AND d.code = debit_code AND d.currency = money
    JOIN public.account AS c ON c.organization_id = home AND c.book_id = book
     AND c.holder_id = CASE WHEN credit_common THEN home ELSE e.party END
     AND c.code = credit_code AND c.currency = money
    WHERE NOT EXISTS (SELECT FROM public.journal_entry AS known
        WHERE known.organization_id = home AND known.key = e.key);
    INSERT INTO public.journal_entry (id, organization_id, book_id, key, memo, source_table,
        source_id, actor, booked_on, posted_at, salt, digest)
    SELECT id, home, book, key, memo, kind, source, who, booked, posted, salt,
        public.entry_digest(salt, id, home, book, key, memo, source, booked, posted, NULL,
            CASE WHEN (debit, amount) < (credit, -amount)
                THEN debit || ':' || money || ':' || amount || ',' || credit || ':' || money || ':' || -amount
                ELSE credit || ':' || money || ':' || -amount || ',' || debit || ':' || money || ':' || amount
            END)
    FROM fresh;
    GET DIAGNOSTICS count = ROW_COUNT;
    INSERT INTO public.posting (id, organization_id, entry_id, account_id, currency, amount)
    SELECT public.uuid_now(), home, id, debit, money, amount FROM fresh
    UNION ALL SELECT public.uuid_now(), home, id, credit, money, -amount FROM fresh;
    PERFORM FROM public.account WHERE balance IS NOT NULL
        AND id IN (SELECT debit FROM fresh UNION SELECT credit FROM fresh)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE public.account SET balance = balance + change.amount
    FROM (SELECT a, sum(m) AS amount FROM (SELECT debit AS a, amount AS m FROM fresh
          UNION ALL SELECT credit, -amount FROM fresh) AS leg GROUP BY a) AS change
    WHERE account.id = change.a AND account.balance IS NOT NULL;
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    SELECT public.uuid_now(), home, 'ledger.entry.created', 'journal_entry', id, 1,
        jsonb_build_object('entry_id', id, 'book_id', book, 'key', key, 'source_id', source,
            'currency', money, 'amount', abs(amount)::text), who, correlation, posted, 'ledger'
    FROM fresh;
    DROP TABLE fresh;
    RETURN count;
END $$;
