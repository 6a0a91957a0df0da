-- Bank statements: what a bank said stays as it was said, and each line is matched once.

SELECT protect(kind) FROM unnest(ARRAY['bank_account', 'bank_statement', 'bank_line', 'bank_match',
    'bank_rule']::regclass[]) AS kind;
SELECT staff_write(kind, 'false') FROM unnest(ARRAY['bank_account', 'bank_statement', 'bank_line',
    'bank_match', 'bank_rule']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['bank_account', 'bank_statement', 'bank_line', 'bank_match', 'bank_rule'
    ]::regclass[]) AS kind;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['bank_account', 'bank_statement', 'bank_match',
    'bank_rule']::regclass[]) AS kind;
REVOKE DELETE ON bank_account, bank_line, bank_match, bank_statement FROM makao_app, makao_worker;

CREATE FUNCTION bank_line_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(OLD) - ARRAY['status', 'matched_amount', 'suggestion', 'suggested_invoice_id',
            'suggested_intent_id', 'suggested_rule_id', 'score']
        <> to_jsonb(NEW) - ARRAY['status', 'matched_amount', 'suggestion', 'suggested_invoice_id',
            'suggested_intent_id', 'suggested_rule_id', 'score'] THEN
        RAISE EXCEPTION 'what the bank said stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'bank_line_stays';
    END IF;
    IF current_user IN ('makao_app', 'makao_worker')
       AND (NEW.status, NEW.matched_amount) IS DISTINCT FROM (OLD.status, OLD.matched_amount) THEN
        RAISE EXCEPTION 'what is matched follows from matches' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON bank_line FOR EACH ROW EXECUTE FUNCTION bank_line_stays();

-- Of two who match the same line at once the second waits here, and sees what is left.
CREATE FUNCTION bank_match_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
        OR to_jsonb(OLD) - 'undone_at' <> to_jsonb(NEW) - 'undone_at') THEN
        RAISE EXCEPTION 'a match is undone once, and not changed' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'bank_match_stays';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.undone_at IS NOT NULL THEN
        RAISE EXCEPTION 'a match begins as one' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'bank_match_stays';
    END IF;
    UPDATE public.bank_line AS l SET matched_amount = l.matched_amount + moved.by, status = CASE
        WHEN l.matched_amount + moved.by = l.amount THEN 'matched'
        WHEN l.matched_amount + moved.by = 0 THEN 'unmatched' ELSE 'part' END
    FROM (SELECT CASE TG_OP WHEN 'INSERT' THEN NEW.amount ELSE -NEW.amount END AS by) AS moved
    WHERE l.organization_id = NEW.organization_id AND l.id = NEW.line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER counts AFTER INSERT OR UPDATE ON bank_match
    FOR EACH ROW EXECUTE FUNCTION bank_match_counts();

-- It is written down when a payment was taken back.
SELECT audited('payment_intent', 'warning', 'organization_id', ARRAY['notice_hash']);
