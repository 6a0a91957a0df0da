-- Bills of estates: staff keep them, jobs issue them. Members of the portal see the invoices alone.

SELECT protect(kind) FROM unnest(ARRAY['bill', 'billing_cycle', 'bill_charge']::regclass[]) AS kind;
SELECT staff_write(kind, 'false')
FROM unnest(ARRAY['bill', 'billing_cycle', 'bill_charge']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Manager,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['bill', 'billing_cycle', 'bill_charge']::regclass[]) AS kind;
REVOKE DELETE ON billing_cycle FROM makao_app, makao_worker;
REVOKE UPDATE, DELETE ON bill_charge FROM makao_app, makao_worker;
SELECT audited('bill', 'notice');
SELECT audited('billing_cycle', 'notice', 'organization_id', ARRAY['issued', 'taken_back', 'kept']);

-- What a cycle asks for is settled when it is planned.
CREATE FUNCTION billing_cycle_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status <> 'planned' AND (NEW.bill_id, NEW.period_on, NEW.currency, NEW.charges, NEW.total)
        IS DISTINCT FROM (OLD.bill_id, OLD.period_on, OLD.currency, OLD.charges, OLD.total)
       OR OLD.status IN ('discarded', 'taken_back') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'a cycle is planned once' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'billing_cycle_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON billing_cycle
    FOR EACH ROW EXECUTE FUNCTION billing_cycle_stays();
CREATE FUNCTION bill_charge_planned() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh JOIN public.billing_cycle AS c
        ON c.organization_id = fresh.organization_id AND c.id = fresh.cycle_id
        WHERE c.status <> 'planned') THEN
        RAISE EXCEPTION 'a cycle is planned once' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'billing_cycle_stays';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER planned AFTER INSERT ON bill_charge REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION bill_charge_planned();

-- The organizations in which a bill is being issued or taken back.
CREATE FUNCTION billing_homes() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.id FROM public.organization AS o WHERE EXISTS (SELECT FROM public.billing_cycle AS c
        WHERE c.organization_id = o.id AND c.status IN ('running', 'taking_back')) ORDER BY o.id;
END;
GRANT EXECUTE ON FUNCTION billing_homes() TO makao_worker;

-- Post what many invoices say, each once: that they were issued, or are void (`word`). The amounts are
-- theirs, none is handed in. Entries, legs, digests, balances and events are those of `ledger_post`.
-- Returns how many entries are new.
CREATE FUNCTION post_invoices(home uuid, book uuid, word text, booked date, posted timestamptz, who text,
    correlation uuid, invoices uuid[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    count int;
    sign int := CASE word WHEN 'issued' THEN 1 WHEN 'void' THEN -1 END;
BEGIN
    IF home IS DISTINCT FROM public.acting_organization() OR sign IS NULL
       OR NOT public.acting_as('{Admin,Manager,Accountant}') THEN
        RAISE EXCEPTION 'not your organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    CREATE TEMP TABLE fresh ON COMMIT DROP AS
    SELECT public.uuid_now() AS id, uuid_send(gen_random_uuid()) AS salt, i.id AS source, i.party_id,
        i.unit_id, i.currency, sign * i.total AS total, 'invoice:' || i.id || ':' || word AS key,
        left('Invoice ' || i.number || CASE word WHEN 'issued' THEN ', ' || i.subject
            ELSE ' ' || word END, 200) AS memo
    FROM public.invoice AS i
    WHERE i.organization_id = home AND i.id = ANY (invoices) AND i.status = word
      AND i.paid_amount = 0 AND i.total > 0
      AND NOT EXISTS (SELECT FROM public.journal_entry AS e
          WHERE e.organization_id = home AND e.key = 'invoice:' || i.id || ':' || word);
    CREATE TEMP TABLE leg ON COMMIT DROP AS
    SELECT f.id AS entry, f.unit_id, f.currency, '1200'::text AS code, f.party_id AS holder,
        f.total AS amount
    FROM fresh AS f
    UNION ALL
    SELECT f.id, f.unit_id, f.currency, l.code, CASE l.code WHEN '2100' THEN f.party_id ELSE home END,
        -sign * sum(l.amount)
    FROM fresh AS f
    JOIN (SELECT n.invoice_id, n.code, n.net_amount AS amount FROM public.invoice_line AS n
        WHERE n.organization_id = home AND n.invoice_id = ANY (invoices)
        UNION ALL
        SELECT n.invoice_id, t.account, n.tax_amount FROM public.invoice_line AS n
        JOIN public.tax AS t ON t.organization_id = home AND t.id = n.tax_id
        WHERE n.organization_id = home AND n.invoice_id = ANY (invoices)) AS l
        ON l.invoice_id = f.source
    GROUP BY f.id, f.unit_id, f.currency, l.code, f.party_id HAVING sum(l.amount) <> 0;
    ANALYZE fresh;
    ANALYZE leg;
    INSERT INTO public.account (id, organization_id, book_id, code, type, party_id, currency, balance)
    SELECT public.uuid_now(), home, book, l.code, NULL, nullif(l.holder, home), l.currency,
        CASE WHEN l.holder <> home THEN 0 END
    FROM (SELECT DISTINCT code, holder, currency FROM leg ORDER BY 1, 2, 3) AS l
    ON CONFLICT (organization_id, book_id, holder_id, code, currency) DO NOTHING;
    CREATE TEMP TABLE side ON COMMIT DROP AS
    SELECT l.entry, l.unit_id, l.currency, l.amount, a.id AS account, a.balance IS NOT NULL AS keeps
    FROM leg AS l
    JOIN public.account AS a ON a.organization_id = home AND a.book_id = book
     AND a.holder_id = l.holder AND a.code = l.code AND a.currency = l.currency;
    INSERT INTO public.journal_entry (id, organization_id, book_id, key, memo, source_table,
        source_id, actor, booked_on, posted_at, salt, digest)
    SELECT f.id, home, book, f.key, f.memo, 'invoice', f.source, who, booked, posted, f.salt,
        public.entry_digest(f.salt, f.id, home, book, f.key, f.memo, f.source, booked, posted, NULL,
            s.legs)
    FROM fresh AS f JOIN (SELECT entry, string_agg(account || ':' || currency || ':' || amount
            || coalesce('@' || unit_id, ''), ',' ORDER BY account, amount, unit_id) AS legs
        FROM side GROUP BY entry) AS s ON s.entry = f.id;
    GET DIAGNOSTICS count = ROW_COUNT;
    INSERT INTO public.posting (id, organization_id, entry_id, account_id, currency, amount, unit_id)
    SELECT public.uuid_now(), home, entry, account, currency, amount, unit_id FROM side;
    PERFORM FROM public.account WHERE id IN (SELECT account FROM side WHERE keeps)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE public.account SET balance = balance + change.amount
    FROM (SELECT account, sum(amount) AS amount FROM side WHERE keeps GROUP BY account) AS change
    WHERE account.id = change.account;
    INSERT INTO public.event (id, organization_id, type, subject_table, subject_id, sequence, data,
        actor, correlation_id, happened_at, source)
    SELECT public.uuid_now(), home, 'ledger.entry.created', 'journal_entry', f.id, 1,
        jsonb_build_object('entry_id', f.id, 'book_id', book, 'key', f.key, 'source_id', f.source,
            'currency', f.currency, 'amount', s.debits::text), who, correlation, posted, 'ledger'
    FROM fresh AS f JOIN (SELECT entry, sum(greatest(amount, 0)) AS debits FROM side
        GROUP BY entry) AS s ON s.entry = f.id;
    DROP TABLE fresh, leg, side;
    RETURN count;
END $$;
GRANT EXECUTE ON FUNCTION post_invoices(uuid, uuid, text, date, timestamptz, text, uuid, uuid[])
    TO makao_app, makao_worker;
