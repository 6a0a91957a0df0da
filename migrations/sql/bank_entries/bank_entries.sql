-- A line may be an entry that the books have already; what is suggested of it may change.
CREATE OR REPLACE FUNCTION bank_line_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_jsonb(OLD) - ARRAY['status', 'matched_amount', 'suggestion', 'suggested_invoice_id',
            'suggested_intent_id', 'suggested_rule_id', 'suggested_entry_id', 'score']
        <> to_jsonb(NEW) - ARRAY['status', 'matched_amount', 'suggestion', 'suggested_invoice_id',
            'suggested_intent_id', 'suggested_rule_id', 'suggested_entry_id', 'score'] THEN
        RAISE EXCEPTION 'what the bank said stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'bank_line_stays';
    END IF;
    IF current_user IN ('makao_app', 'makao_worker')
       AND (NEW.status, NEW.matched_amount) IS DISTINCT FROM (OLD.status, OLD.matched_amount) THEN
        RAISE EXCEPTION 'what is matched follows from matches' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
