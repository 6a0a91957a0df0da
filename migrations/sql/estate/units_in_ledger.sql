-- Postings know the unit of an estate that they are about. Of an entry that is about none, nothing is
-- written otherwise than before: its digest, too, is the same.

-- How the postings of an entry are written into its digest.
CREATE OR REPLACE FUNCTION entry_legs(organization uuid, entry uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT string_agg(account_id || ':' || currency || ':' || amount || coalesce('@' || unit_id, ''), ','
        ORDER BY account_id, amount, unit_id)
    FROM public.posting WHERE organization_id = organization AND entry_id = entry;
END;

DROP FUNCTION ledger_post(uuid, uuid, uuid, text, text, text, uuid, date, timestamptz, uuid, text, text[],
    text[], uuid[], numeric[], uuid, text, uuid);
DROP FUNCTION follows_invoice(uuid, text, text, uuid, text[], uuid[], numeric[]);

-- Whether an entry says what has just become of an invoice, and is of somebody who may bring that
-- about: of the portal member whose invoice it is, or of staff that books. What the party owes (1200)
-- goes up or down by what is due on it, no leg is another party's, and all are of the invoice's unit.
CREATE FUNCTION follows_invoice(home uuid, new_key text, kind text, source uuid, codes text[],
    parties uuid[], amounts numeric[], units uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT kind = 'invoice' AND i.id IS NOT NULL
        AND new_key = 'invoice:' || i.id || ':' || i.status
        AND NOT EXISTS (SELECT FROM unnest(codes, parties, amounts, units)
                AS leg(code, party, amount, unit)
            WHERE leg.unit IS DISTINCT FROM i.unit_id OR leg.party IS DISTINCT FROM i.party_id
                  AND (leg.party IS NOT NULL OR leg.code = '1200' OR i.party_id = public.acting_party())
               OR (leg.code = '1200') IS DISTINCT FROM ((leg.amount > 0) = (i.status = 'issued')))
        AND (SELECT sum(amount) FROM unnest(amounts) AS amount WHERE amount > 0)
            = i.total - i.paid_amount
    FROM (VALUES (1)) AS one
    LEFT JOIN public.invoice AS i ON i.organization_id = home AND i.id = source
        AND (i.party_id = public.acting_party() OR public.acting_as('{Manager,Sales}'));
END;

-- Write one entry with its postings, the balances it moves and the event that tells of it. Nobody
-- else writes these tables: `makao_app` and `makao_worker` may only call this.
-- Returns the entry and whether it is new. Where an earlier one has the key, that one is returned: not
-- as new if it says the same, and with nothing said (NULL) if it says something else.
-- `units` says leg by leg which unit it is about; NULL where none is about any.
-- Leg by leg: a join over all legs is planned when nobody knows yet how many accounts there will be,
-- and would go on reading all of them.
CREATE FUNCTION ledger_post(new_id uuid, home uuid, book uuid, new_key text, new_memo text,
    kind text, source uuid, booked date, posted timestamptz, reverses uuid, money text,
    codes text[], types text[], parties uuid[], amounts numeric[], event uuid, who text,
    correlation uuid, units uuid[] DEFAULT NULL, OUT entry uuid, OUT fresh boolean)
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
       AND NOT public.follows_invoice(home, new_key, kind, source, codes, parties, amounts,
           units) THEN
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
    SELECT string_agg(a || ':' || money || ':' || m || coalesce('@' || u, ''), ',' ORDER BY a, m, u)
    INTO legs FROM unnest(accounts, amounts::numeric(19, 4)[], units) AS leg(a, m, u);
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
    INSERT INTO public.posting (id, organization_id, entry_id, account_id, currency, amount, unit_id)
    SELECT public.uuid_now(), home, new_id, a, money, m, u
    FROM unnest(accounts, amounts, units) AS leg(a, m, u);
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

GRANT EXECUTE ON FUNCTION ledger_post(uuid, uuid, uuid, text, text, text, uuid, date, timestamptz, uuid,
    text, text[], text[], uuid[], numeric[], uuid, text, uuid, uuid[]) TO makao_app, makao_worker;

CREATE OR REPLACE FUNCTION invoice_frozen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.number, NEW.party_id, NEW.currency, NEW.total, NEW.issued_at,
        NEW.subject, NEW.due_on, NEW.unit_id) IS DISTINCT FROM (OLD.number, OLD.party_id, OLD.currency,
        OLD.total, OLD.issued_at, OLD.subject, OLD.due_on, OLD.unit_id) THEN
        RAISE EXCEPTION 'the invoice is issued' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'invoice_frozen';
    END IF;
    IF OLD.status IN ('void', 'rejected', 'written_off') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'the invoice is closed' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'invoice_closed';
    END IF;
    RETURN NEW;
END $$;
