-- A match is with what moved on that account of the bank, in its book: once, and not with what was
-- taken back.
CREATE FUNCTION bank_match_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here public.bank_account;
BEGIN
    -- Of two who match one entry at once the second waits here, and sees the other's.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.entry_id::text, 0));
    SELECT b.* INTO here FROM public.bank_line AS l
    JOIN public.bank_account AS b ON b.organization_id = l.organization_id AND b.id = l.bank_account_id
    WHERE l.organization_id = NEW.organization_id AND l.id = NEW.line_id;
    IF NEW.amount <> coalesce((SELECT sum(p.amount) FROM public.posting AS p
            JOIN public.account AS a ON a.organization_id = p.organization_id AND a.id = p.account_id
            WHERE p.organization_id = NEW.organization_id AND p.entry_id = NEW.entry_id
              AND a.book_id = here.book_id AND a.code = here.code AND a.currency = NEW.currency), 0)
       OR EXISTS (SELECT FROM public.journal_entry AS e
            WHERE e.organization_id = NEW.organization_id AND e.reverses_id = NEW.entry_id) THEN
        RAISE EXCEPTION 'not of this line' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'bank_match_fits';
    END IF;
    IF EXISTS (SELECT FROM public.bank_match AS m
        JOIN public.bank_line AS l ON l.organization_id = m.organization_id AND l.id = m.line_id
        WHERE m.organization_id = NEW.organization_id AND m.entry_id = NEW.entry_id
          AND m.undone_at IS NULL AND l.bank_account_id = here.id
          AND (m.intent_id IS NULL OR m.intent_id IS DISTINCT FROM NEW.intent_id)) THEN
        RAISE EXCEPTION 'matched already' USING ERRCODE = 'unique_violation',
            CONSTRAINT = 'bank_match_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON bank_match FOR EACH ROW EXECUTE FUNCTION bank_match_fits();

-- A cheque may clear more than once: by a match that is undone.
ALTER TABLE cheque DISABLE TRIGGER USER;
UPDATE cheque SET clearings = 1 WHERE cleared_on IS NOT NULL;
ALTER TABLE cheque ENABLE TRIGGER USER;
CREATE OR REPLACE FUNCTION cheque_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status = 'bounced' AND NEW.status <> 'bounced' OR NEW.clearings < OLD.clearings
       OR to_jsonb(OLD) - ARRAY['status', 'deposited_on', 'cleared_on', 'bounced_on', 'reason',
            'fee_invoice_id', 'clearings', 'custom']
        <> to_jsonb(NEW) - ARRAY['status', 'deposited_on', 'cleared_on', 'bounced_on', 'reason',
            'fee_invoice_id', 'clearings', 'custom'] THEN
        RAISE EXCEPTION 'what stands on a cheque stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'cheque_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION cheque_not_before_its_day() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the cheque is of a later day' USING ERRCODE = 'check_violation',
        CONSTRAINT = 'cheque_not_before_its_day';
END $$;
CREATE TRIGGER not_before_its_day BEFORE INSERT OR UPDATE OF deposited_on, cleared_on ON cheque
    FOR EACH ROW WHEN (least(NEW.deposited_on, NEW.cleared_on) < NEW.written_on)
    EXECUTE FUNCTION cheque_not_before_its_day();

-- Where a tax is owed stays, once a line carries it: what closes an invoice later posts there, too.
CREATE FUNCTION tax_keeps_its_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.invoice_line AS l
        WHERE l.organization_id = NEW.organization_id AND l.tax_id = NEW.id) THEN
        RAISE EXCEPTION 'lines carry it' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'tax_keeps_its_account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keeps_its_account BEFORE UPDATE OF account ON tax
    FOR EACH ROW WHEN (NEW.account <> OLD.account) EXECUTE FUNCTION tax_keeps_its_account();
